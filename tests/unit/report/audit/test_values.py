"""Numbers, intervals and rows in words."""

from __future__ import annotations

import math

import pytest

from plip.report.audit.values import interval, number, shown

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (1 / 3, "0.333333"),
        (-1.5, "−1.5"),
        (1.5e-9, "1.5e−09"),
        (math.nan, "undefined"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_intervals() -> None:
    assert interval((1.0, 2.5)) == "[1, 2.5]"
    assert interval((0.0, 0.0)) == "0"
    assert interval((-math.inf, 1.0)) == "[−∞, 1]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (12345678, "12345678"),
        (-3, "−3"),
        (0.1234567, "0.123457"),
        ("a-b", "a-b"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_what_rows_hold(value: object, text: str) -> None:
    assert shown(value) == text  # type: ignore[arg-type]  # any JSON
