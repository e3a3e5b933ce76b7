"""What is true of the values behind printed figures is contained in their intervals."""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plip.stats import Interval

pytestmark = pytest.mark.fast

values = st.decimals(min_value=0, max_value=1000, allow_nan=False, places=6)
rounding = st.sampled_from([ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN])
places = st.integers(min_value=0, max_value=4)


def printed(value: Decimal, decimals: int, rule: str = ROUND_HALF_EVEN) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-decimals), rounding=rule):f}"


@given(values, places, rounding)
def test_a_value_lies_in_what_its_rounding_stands_for(
    value: Decimal, decimals: int, rule: str
) -> None:
    reported = Interval.reported(printed(value, decimals, rule))
    assert reported.contains(Fraction(value))
    assert reported.high - reported.low == Fraction(1, 10**decimals)


@given(values, places)
def test_a_value_outside_rounds_to_another_figure(value: Decimal, decimals: int) -> None:
    text = printed(value, decimals)
    step = Decimal("0.51").scaleb(-decimals)
    off = Decimal(text) + step
    assert not Interval.reported(text).contains(Fraction(off))
    assert printed(off, decimals) != text


@given(st.lists(st.tuples(values, places), min_size=1, max_size=12))
def test_the_true_mean_and_minimum_are_contained(true: list[tuple[Decimal, int]]) -> None:
    parts = [Interval.reported(printed(value, decimals)) for value, decimals in true]
    exact = [Fraction(value) for value, _ in true]
    assert Interval.mean(parts).contains(sum(exact) / Fraction(len(exact)))
    assert Interval.minimum(parts).contains(min(exact))


@given(values, values.filter(lambda v: v > 1), places)
def test_the_true_ratio_and_difference_are_contained(
    above: Decimal, below: Decimal, decimals: int
) -> None:
    a, b = (Interval.reported(printed(v, decimals)) for v in (above, below))
    assert (a - b).contains(Fraction(above) - Fraction(below))
    assert (a / b).contains(Fraction(above) / Fraction(below))


@given(
    st.tuples(st.fractions(), st.fractions()).map(sorted),
    st.tuples(st.fractions(), st.fractions()).map(sorted),
    st.fractions(0, 1),
    st.fractions(0, 1),
)
def test_a_ratio_is_contained_whatever_the_signs(
    top: list[Fraction], bottom: list[Fraction], along: Fraction, across: Fraction
) -> None:
    a, b = Interval(*top), Interval(*bottom)
    if b.contains(Fraction(0)):
        return
    x = a.low + along * (a.high - a.low)
    y = b.low + across * (b.high - b.low)
    assert (a / b).contains(x / y)


@given(st.tuples(values, values).map(sorted), places)
def test_what_is_shown_holds_the_interval(ends: list[Decimal], decimals: int) -> None:
    known = Interval(Fraction(ends[0]), Fraction(ends[1]))
    if known.low == known.high:
        return
    low, high = known.show(decimals).strip("[]").split(", ")
    assert known.within(Interval(Fraction(low), Fraction(high)))
    assert Fraction(high) - Fraction(low) <= known.high - known.low + Fraction(2, 10**decimals)
