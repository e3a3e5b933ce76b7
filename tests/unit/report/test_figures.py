"""How figures are written."""

from __future__ import annotations

import pytest

from plip.report.figures import percent, significant, times

pytestmark = pytest.mark.fast


def test_percent_has_the_papers_two_decimals() -> None:
    assert percent(0.0232) == "2.32%"
    assert percent(1.0) == "100.00%"
    assert percent(0.0) == "0.00%"


def test_divergences_and_norms_have_four_digits() -> None:
    assert significant(470.4249) == "470.4"
    assert significant(1.23456e-7) == "1.235e-07"
    assert significant(0.0) == "0"


def test_factors() -> None:
    assert times(2.4568) == "2.46×"


def test_what_is_undefined_is_a_dash() -> None:
    assert percent(None) == significant(None) == times(None) == "–"
