"""Intervals: what a printed figure stands for, and arithmetic on it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from plip.errors import MeasureError
from plip.stats import Interval

pytestmark = pytest.mark.fast


def interval(low: str, high: str) -> Interval:
    return Interval(Fraction(low), Fraction(high))


@pytest.mark.parametrize(
    ("printed", "low", "high"),
    [
        ("2.32", "2.315", "2.325"),
        ("2.30", "2.295", "2.305"),
        ("2.3", "2.25", "2.35"),
        ("20", "19.5", "20.5"),
        ("0.00", "-0.005", "0.005"),
        ("469.96", "469.955", "469.965"),
    ],
)
def test_reported_is_half_a_unit_on_both_sides(printed: str, low: str, high: str) -> None:
    assert Interval.reported(printed) == interval(low, high)


@pytest.mark.parametrize("printed", ["", "5.70%", "-1", "1e3", "1.", ".5", "nan", "٣", "1/2"])
def test_reported_refuses_what_is_no_plain_number(printed: str) -> None:
    with pytest.raises(MeasureError) as caught:
        Interval.reported(printed)
    assert str(caught.value) == (
        f"figure {printed!r}: wanted a plain decimal number such as 2.32, "
        f"found {printed!r}; give the digits without unit or sign"
    )


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(MeasureError, match="lower bound that is not above the upper one"):
        interval("2", "1")


def test_arithmetic() -> None:
    a, b = interval("1", "2"), interval("-1", "4")
    assert Interval.mean([a, b]) == interval("0", "3")
    assert Interval.minimum([a, b]) == interval("-1", "2")
    assert a - b == interval("-3", "3")
    assert a / interval("2", "4") == Interval(Fraction(1, 4), Fraction(1))
    assert b / interval("-2", "-1") == interval("-4", "1")


@pytest.mark.parametrize("zero", [("-1", "1"), ("0", "1"), ("-1", "0")])
def test_a_ratio_with_a_denominator_that_may_be_zero_is_refused(zero: tuple[str, str]) -> None:
    with pytest.raises(MeasureError, match="wanted a denominator that cannot be 0, found one in"):
        interval("1", "2") / interval(*zero)


@pytest.mark.parametrize("what", ["mean", "minimum"])
def test_nothing_has_no_mean_and_no_minimum(what: str) -> None:
    with pytest.raises(MeasureError) as caught:
        getattr(Interval, what)([])
    assert str(caught.value).startswith(f"{what}: wanted at least one figure, found none;")


def test_comparisons_include_the_ends() -> None:
    a = interval("1", "2")
    assert a.contains(Fraction(1))
    assert a.contains(Fraction(2))
    assert not a.contains(Fraction(201, 100))
    assert a.overlaps(interval("2", "3"))
    assert interval("2", "3").overlaps(a)
    assert not a.overlaps(interval("2.01", "3"))
    assert not interval("2.01", "3").overlaps(a)
    assert a.within(interval("1", "2"))
    assert not a.within(interval("1.1", "2"))
    assert not a.within(interval("1", "1.9"))


@pytest.mark.parametrize(
    ("low", "high", "decimals", "text"),
    [
        ("5.697", "5.707", 3, "[5.697, 5.707]"),
        ("5.697", "5.707", 2, "[5.69, 5.71]"),
        ("-0.005", "0.005", 3, "[−0.005, 0.005]"),
        ("-0.005", "0.005", 2, "[−0.01, 0.01]"),
        ("0.04", "12.5", 0, "[0, 13]"),
        ("2", "2", 1, "2.0"),
        ("2.449", "2.449", 2, "2.45"),
    ],
)
def test_shown_rounded_outwards(low: str, high: str, decimals: int, text: str) -> None:
    assert interval(low, high).show(decimals) == text


def test_maximum_is_the_greatest_of_both_ends() -> None:
    parts = [interval("1", "4"), interval("2", "3")]
    assert Interval.maximum(parts) == interval("2", "4")
    with pytest.raises(MeasureError, match="maximum: wanted at least one figure, found none"):
        Interval.maximum([])


def test_other_sign_and_size() -> None:
    assert -interval("-1", "3") == interval("-3", "1")
    assert abs(interval("-1", "3")) == interval("0", "3")
    assert abs(interval("-4", "3")) == interval("0", "4")
    assert abs(interval("-4", "-3")) == interval("3", "4")
    assert abs(interval("3", "4")) == interval("3", "4")
