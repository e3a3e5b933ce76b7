"""Numbers as they stand in a text."""

from __future__ import annotations

import pytest

from plip.claims.printed import find_numerals, read_numeral

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Layer-20 of Qwen-7B", [("20", "20", 0, ""), ("7", "7", 0, "")]),
        ("from −5% to -2.5", [("-5", "-5", 0, "%"), ("-2.5", "-2.5", 0, "")]),
        ("(−5–3)", [("-5", "3", 0, "")]),
        ("1,000–2,500 tokens", [("1000", "2500", 0, "")]),
        ("1,5 and 12,34", [("1", "1", 0, ""), ("5", "5", 0, ""), ("12", "12", 0, "")]),
        ("×3.0, 4× and 2-3×", [("3.0", "3.0", 0, "×"), ("4", "4", 0, "×"), ("2", "3", 0, "×")]),
        ("3 × 10⁻⁵ or 3e-5", [("3", "3", -5, ""), ("3", "3", -5, "")]),
        ("1.1.0", [("1.1", "1.1", 0, ""), ("0", "0", 0, "")]),
        ("none", []),
    ],
)
def test_numbers_of_a_text(text: str, found: list[tuple[str, str, int, str]]) -> None:
    keys = [numeral.key for numeral in find_numerals(text)]
    assert keys[: len(found)] == found
    assert len(keys) >= len(found)
    for numeral in find_numerals(text):
        assert text[numeral.start : numeral.end].strip() != ""


def test_where_a_number_stands() -> None:
    (numeral,) = find_numerals("about −5.5% of")
    assert (numeral.start, numeral.end) == (6, 11)


@pytest.mark.parametrize("text", ["5.70% ", "about 5", "", "5 %", "p < 5", "-", "5-"])
def test_what_is_no_figure_alone(text: str) -> None:
    assert read_numeral(text) is None
