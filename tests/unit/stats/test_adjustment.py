"""Adjusted comparisons: statsmodels, brute force, and groups that nothing can adjust."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from plip.errors import MeasureError
from plip.stats import adjust, common_support, dose_for, match_pairs, stratified_permutation

pytestmark = pytest.mark.fast


def test_adjust() -> None:
    rng = np.random.default_rng(0)
    group = np.array([True] * 9 + [False] * 11)
    x, z = rng.normal(100, 30, size=20), rng.normal(size=20)
    y = 0.7 * group + 0.02 * x + rng.normal(size=20) * (1 + group)
    found = adjust(y.tolist(), group.tolist(), [x.tolist(), z.tolist()], confidence=0.9)
    frame = pd.DataFrame({"y": y, "g": group.astype(float), "x": x, "z": z})
    fit = ols("y ~ g + x + z", frame).fit(cov_type="HC3", use_t=True)
    assert found.effect == pytest.approx(fit.params["g"], rel=1e-9)
    assert found.p == pytest.approx(fit.pvalues["g"], rel=1e-6)
    low, high = fit.conf_int(0.1).loc["g"]
    assert (found.low, found.high, found.df) == pytest.approx((low, high, 16), rel=1e-6)


def test_a_covariate_explains_a_difference_away() -> None:
    x = [float(i) for i in range(20)]
    group = [i % 4 != 0 and i < 12 for i in range(20)]
    noise = np.random.default_rng(1).normal(size=20) * 0.1
    y = [a + e for a, e in zip(x, noise, strict=True)]
    assert adjust(y, group, []).p < 0.05
    assert adjust(y, group, [x]).p > 0.05


@pytest.mark.parametrize(
    ("values", "group", "covariates", "found"),
    [
        ([1.0] * 4, [True, True, False, False], [[1, 2, 3, 4]], "4 samples of 3"),
        ([1.0, 2, 3, 4, 5, 6], [True] * 6, [], "some that the others determine"),
        (
            [1.0, 2, 3, 4, 5, 6],
            [True] * 3 + [False] * 3,
            [[1, 1, 1, 2, 2, 2]],
            "some that the others determine",
        ),
        (
            [1.0, 2, 3, 4, 5, 6],
            [True] * 5 + [False],
            [],
            "one sample that determines it",
        ),
        ([1.0, 2, 3, 4, 5, math.nan], [True] * 3 + [False] * 3, [], "6 samples of 2"),
        ([1.0, 2, 3], [True], [], "lists of different lengths"),
    ],
)
def test_no_adjustment(
    values: list[float], group: list[bool], covariates: list[list[float]], found: str
) -> None:
    with pytest.raises(MeasureError, match=found):
        adjust(values, group, covariates)


def test_common_support() -> None:
    assert common_support([5, 6, 9], [8, 20, 30, 7]) == (1, 2)
    assert common_support([1, 2], [3, 4]) == (0, 0)
    assert common_support([2, 2], [2]) == (2, 1)
    with pytest.raises(MeasureError, match="0 and 1"):
        common_support([], [1.0])


def test_stratified_permutation() -> None:
    """All exchanges within strata, by hand."""
    y = [3.0, 1.0, 2.0, 9.0, 7.0, 6.0, 8.0, 100.0]
    group = [True, False, False, True, True, False, False, True]
    strata = ["a", "a", "a", "b", "b", "b", "b", "c"]
    p, used = stratified_permutation(y, group, strata, seed=0, resamples=20000)
    a, b = np.array(y[:3]) - np.mean(y[:3]), np.array(y[3:7]) - np.mean(y[3:7])
    sums = [a[i] + b[list(pair)].sum() for i in range(3) for pair in combinations(range(4), 2)]
    observed = a[0] + b[0] + b[1]
    exact = np.mean([abs(s) >= abs(observed) - 1e-9 for s in sums])
    assert p == pytest.approx(exact, abs=0.02)
    assert used == 7


def test_strata_of_one_group_tell_nothing() -> None:
    p, used = stratified_permutation([1, 2], [True, False], ["a", "b"], seed=0)
    assert math.isnan(p)
    assert used == 0
    p, _ = stratified_permutation([1, 1, 1, 1], [True, False] * 2, ["a"] * 4, seed=0, resamples=9)
    assert p == 1
    with pytest.raises(MeasureError, match="lists of different lengths"):
        stratified_permutation([1], [True], [], seed=0)


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_as_many_and_as_near_as_can_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(0, 10, size=4).tolist(), rng.uniform(0, 10, size=5).tolist()
    found = match_pairs(one, other, caliper=1.5)

    def worth(pairs: list[tuple[int, int]]) -> tuple[int, float]:
        near = [p for p in pairs if abs(one[p[0]] - other[p[1]]) <= 1.5]
        return -len(near), sum(abs(one[i] - other[j]) for i, j in near)

    best = min(worth(list(enumerate(order))) for order in permutations(range(5), 4))
    assert worth(list(found)) == pytest.approx(best)
    assert len(found) == -best[0]


def test_no_pairs() -> None:
    assert match_pairs([1.0], [9.0], caliper=1) == ()
    assert match_pairs([], [9.0], caliper=1) == ()
    assert match_pairs([1.0, 2.0], [2.0, 1.0], caliper=0) == ((0, 1), (1, 0))
    with pytest.raises(MeasureError, match="a caliper from 0, found -1"):
        match_pairs([1.0], [9.0], caliper=-1)


def test_dose_for() -> None:
    doses, values = [1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0, 8.0]
    assert dose_for(doses, values, 3.0) == pytest.approx(3)
    assert dose_for(doses, values, 1.0) == 1
    assert dose_for(doses, values, 8.0) == 8
    assert dose_for(doses, values, 2.0) == 2
    bent = [s * 0.2 / (1 + (s - 1) * 0.2) for s in doses]
    assert dose_for(doses, bent, 3 * 0.2 / 1.4) == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("doses", "values", "level", "found"),
    [
        ([1, 2], [1, 2], 2.5, "2.5"),
        ([1, 2], [1, 2], 0.5, "0.5"),
        ([1, 2], [2, 1], 1.5, r"\[2, 1\] at \[1, 2\]"),
        ([1, 1], [1, 2], 1.5, r"\[1, 2\] at \[1, 1\]"),
        ([1], [1], 1, r"\[1\] at \[1\]"),
        ([], [], 1, r"\[\] at \[\]"),
    ],
)
def test_no_dose(doses: list[float], values: list[float], level: float, found: str) -> None:
    with pytest.raises(MeasureError, match=f"found {found}"):
        dose_for(doses, values, level)
