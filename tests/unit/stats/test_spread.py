"""Standard deviations of intervals: exact at both ends, or never too narrow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize

from plip.errors import MeasureError
from plip.stats import Interval, sd_bounds
from plip.stats import spread as module
from plip.stats.spread import root

pytestmark = pytest.mark.fast


def intervals(*ends: tuple[float, float]) -> list[Interval]:
    return [Interval(Fraction(low), Fraction(high)) for low, high in ends]


def points(*values: float) -> list[Interval]:
    return [Interval.point(Fraction(value)) for value in values]


def brute_force_largest(parts: Sequence[Interval], ddof: int) -> float:
    corners = product(*((float(p.low), float(p.high)) for p in parts))
    return max(float(np.std(corner, ddof=ddof)) for corner in corners)


def numerical_least(parts: Sequence[Interval], ddof: int) -> float:
    def squares(x: np.ndarray) -> float:
        return float(((x - x.mean()) ** 2).sum())

    start = [float(p.low + p.high) / 2 for p in parts]
    bounds = [(float(p.low), float(p.high)) for p in parts]
    found = minimize(squares, start, bounds=bounds, method="L-BFGS-B", tol=1e-14)
    return math.sqrt(found.fun / (len(parts) - ddof))


CASES = {
    "one width": intervals(*((x, x + 0.5) for x in (0.0, 0.25, 0.75, 3.0, 3.25))),
    "all alike": intervals(*[(1.0, 2.0)] * 5),
    "nested": intervals((0, 8), (3, 4), (3.5, 3.75), (2, 6)),
    "apart": intervals((0, 1), (5, 5.5), (10, 13)),
    "with points": [*points(1, 2, 2, 5), *intervals((0, 3), (4, 4.5))],
    "below zero": intervals((-3, -2), (-2.5, 1), (0, 0.5)),
}


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_both_ends_are_those_of_brute_force(case: str, ddof: int) -> None:
    parts = CASES[case]
    found = sd_bounds(parts, ddof=ddof)
    assert float(found.high) == pytest.approx(brute_force_largest(parts, ddof), rel=1e-12)
    assert float(found.low) == pytest.approx(numerical_least(parts, ddof), abs=1e-6)
    assert float(found.low) <= numerical_least(parts, ddof) + 1e-12


def test_of_exact_values_it_is_the_standard_deviation() -> None:
    values = [0.0033607015, 0.00039765003, 0.00077565154, 0.0011]
    for ddof in (0, 1):
        found = sd_bounds(points(*values), ddof=ddof)
        assert float(found.low) == pytest.approx(np.std(values, ddof=ddof), rel=1e-12)
        assert float(found.high - found.low) <= 1e-15


def test_textbook_value() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population standard deviation 2 exactly.
    assert sd_bounds(points(2, 4, 4, 4, 5, 5, 7, 9), ddof=0) == Interval.point(Fraction(2))


def test_values_that_may_be_equal_may_have_no_spread() -> None:
    assert sd_bounds(intervals((0, 2), (1, 3), (2, 5))).low == 0
    assert sd_bounds(points(3, 3, 3)) == Interval.point(Fraction(0))


def test_too_many_corners_are_bounded_from_above(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = {case: sd_bounds(parts) for case, parts in CASES.items()}
    monkeypatch.setattr(module, "_CORNERS", 0)
    for case, parts in CASES.items():
        bounded = sd_bounds(parts)
        assert bounded.low == exact[case].low
        assert exact[case].high <= bounded.high <= Fraction(3, 2) * exact[case].high


@pytest.mark.parametrize(("count", "ddof"), [(0, 0), (0, 1), (1, 1)])
def test_too_few_values(count: int, ddof: int) -> None:
    message = f"standard deviation: wanted at least {ddof + 1} values, found {count}"
    with pytest.raises(MeasureError, match=message):
        sd_bounds(points(*[1] * count), ddof=ddof)


def test_one_value_of_a_population_has_none() -> None:
    assert sd_bounds(points(7), ddof=0) == Interval.point(Fraction(0))


@pytest.mark.parametrize("value", [Fraction(2), Fraction(1, 3 * 10**18), Fraction(10**20 + 1)])
def test_root_is_held_between_both_sides(value: Fraction) -> None:
    low, high = root(value, up=False), root(value, up=True)
    assert low**2 < value < high**2
    assert (high - low) / high < Fraction(1, 10**14)


def test_root_of_a_square_is_exact() -> None:
    assert root(Fraction(49, 36), up=True) == root(Fraction(49, 36), up=False) == Fraction(7, 6)
