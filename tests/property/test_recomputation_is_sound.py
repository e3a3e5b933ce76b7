"""What was computed soundly and printed to some digits is never contradicted."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from true_claims import figure, judge

from plip.claims import Verdict

pytestmark = pytest.mark.fast

numbers = st.decimals(-1000, 1000, places=4).map(Fraction)
decimals = st.integers(0, 4)


def named(values: list[Fraction], places: list[int]) -> dict[str, object]:
    return {
        f"x{i}": figure(value, digits)
        for i, (value, digits) in enumerate(zip(values, places, strict=False))
    }


@st.composite
def samples(draw: st.DrawFn, least: int = 1) -> tuple[list[Fraction], dict[str, object]]:
    values = draw(st.lists(numbers, min_size=least, max_size=8))
    digits = draw(decimals)
    mixed = draw(st.booleans())
    places = [draw(decimals) if mixed else digits for _ in values]
    return values, named(values, places)


@given(samples(least=2), decimals, st.integers(0, 1))
def test_a_true_standard_deviation(drawn, digits: int, ddof: int) -> None:  # type: ignore[no-untyped-def]  # drawn
    values, known = drawn
    sd = (statistics.stdev if ddof else statistics.pstdev)(values)
    result = judge("sd_of", figure(Fraction(sd), digits), known, of=list(known), ddof=ddof)
    assert result.outcome.stands, result.reason


@given(samples(), decimals, decimals)
def test_a_true_range(drawn, low: int, high: int) -> None:  # type: ignore[no-untyped-def]  # drawn
    values, known = drawn
    least, greatest = figure(min(values), low), figure(max(values), high)
    assume(least.figure.at_face.low < greatest.figure.at_face.low)
    claim = figure(f"{least.figure.printed}–{greatest.figure.printed}")
    result = judge("range_of", claim, known, of=list(known))
    assert result.outcome.stands, result.reason


@given(numbers, numbers, decimals, decimals, decimals)
def test_a_true_difference(a: Fraction, b: Fraction, one: int, other: int, digits: int) -> None:
    known = {"a": figure(a, one), "b": figure(b, other)}
    result = judge("difference_of", figure(a - b, digits), known, minuend="a", subtrahend="b")
    assert result.outcome.stands, result.reason


@given(st.integers(1, 500), st.data(), st.integers(0, 2))
def test_a_true_percentage(n: int, data: st.DataObject, digits: int) -> None:
    count = data.draw(st.integers(0, n))
    claim = figure(Fraction(100 * count, n), digits, unit="%")
    assert judge("share_of", claim, {}, count=count, n=n).outcome.stands
    whole = judge("whole_count", claim, {}, n=n)
    assert whole.outcome in (Verdict.HOLDS, Verdict.NOT_CHECKABLE), whole.reason


@given(st.integers(1, 60), st.data(), st.integers(0, 1))
def test_a_true_mean_of_percentages(n: int, data: st.DataObject, digits: int) -> None:
    counts = data.draw(st.lists(st.integers(0, n), min_size=1, max_size=5))
    known = {f"x{i}": figure(Fraction(100 * k, n), 0, unit="%") for i, k in enumerate(counts)}
    claim = figure(Fraction(100 * sum(counts), n * len(counts)), digits, unit="%")
    for trials in (None, n):
        result = judge("mean_of", claim, known, of=list(known), trials=trials)
        assert result.outcome.stands, result.reason


@given(
    st.integers(2, 30),
    st.data(),
    st.integers(1, 3),
    st.integers(0, 1),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_the_mean_and_sd_of_true_answers(
    n: int, data: st.DataObject, items: int, ddof: int, one: int, other: int
) -> None:
    totals = data.draw(st.lists(st.integers(-9, 30), min_size=n, max_size=n))
    values = [Fraction(total, items) for total in totals]
    mean = figure(statistics.mean(values), one)
    sd = figure(Fraction((statistics.stdev if ddof else statistics.pstdev)(values)), other)
    grim = judge("grim", mean, {}, n=n, items=items)
    assert grim.outcome in (Verdict.HOLDS, Verdict.NOT_CHECKABLE), grim.reason
    grimmer = judge("grimmer", sd, {"m": mean}, mean="m", n=n, items=items, ddof=ddof)
    assert grimmer.outcome is Verdict.HOLDS, grimmer.reason


@given(st.integers(2, 200), st.data(), st.integers(0, 1), st.integers(1, 3), st.integers(1, 3))
def test_the_mean_and_sd_of_true_outcomes(
    n: int, data: st.DataObject, ddof: int, one: int, other: int
) -> None:
    k = data.draw(st.integers(0, n))
    sd = math.sqrt(k * (n - k) / (n * (n - ddof)))
    known = {"m": figure(Fraction(k, n), one)}
    result = judge("debit", figure(Fraction(sd), other), known, mean="m", n=n, ddof=ddof)
    assert result.outcome is Verdict.HOLDS, result.reason


@given(samples(least=2))
def test_true_orders(drawn) -> None:  # type: ignore[no-untyped-def]  # drawn
    values, known = drawn
    assume(len(set(values)) == len(values))
    order = sorted(range(len(values)), key=lambda i: values[i])
    rising = [f"x{i}" for i in order]
    for direction, ids in (("up", rising), ("down", rising[::-1])):
        result = judge("rises", None, known, values=ids, direction=direction)
        assert result.outcome.stands, result.reason
    result = judge("greater", None, known, values=rising[1:], than=rising[:-1])
    assert result.outcome.stands, result.reason


@given(samples(), st.integers(0, 50))
def test_true_ranges(drawn, more: int) -> None:  # type: ignore[no-untyped-def]  # drawn
    values, known = drawn
    low, high = min(values) - Fraction(more, 1000), max(values) + Fraction(more, 1000)
    bounds = {"low": str(float(low)), "high": str(float(high))}
    result = judge("all_within", None, known, values=list(known), **bounds)
    assert result.outcome.stands, result.reason


@given(
    st.integers(2, 900),
    st.lists(st.integers(-500, 500), min_size=1, max_size=6),
    st.integers(500, 999),
    decimals,
    decimals,
)
def test_a_true_level(
    level: int, thousandths: list[int], tolerance: int, one: int, other: int
) -> None:
    values = [level * (1 + Fraction(off, 1000)) for off in thousandths]
    known = named(values, [one] * len(values)) | {"level": figure(Fraction(level), other)}
    result = judge(
        "flat",
        None,
        known,
        values=[i for i in known if i != "level"],
        level="level",
        tolerance=f"0.{tolerance}",
    )
    assert result.outcome.stands, result.reason
