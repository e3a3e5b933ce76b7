"""Equivalence: statsmodels, textbook values, and what has no spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from plip.errors import MeasureError
from plip.stats import (
    clopper_pearson,
    detectable_difference,
    detectable_rates,
    paired_equivalence,
    unpaired_equivalence,
)

pytestmark = pytest.mark.fast

ONE = (1.0, 2.5, 3.1, 4.4, 5.2, 2.2)
OTHER = (1.4, 2.4, 3.6, 4.1, 5.9, 2.6)


@pytest.mark.parametrize("margin", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_paired(margin: float, alpha: float) -> None:
    found = paired_equivalence(ONE, OTHER, alpha=alpha)
    p, *_ = ttost_paired(np.array(OTHER), np.array(ONE), -margin, margin)
    assert found.tost(margin) == pytest.approx(p, rel=1e-9)
    assert (found.tost(margin) <= alpha) == (-margin <= found.low and found.high <= margin)
    test = stats.ttest_rel(OTHER, ONE)
    interval = test.confidence_interval(1 - 2 * alpha)
    assert (found.low, found.high) == pytest.approx(tuple(interval), rel=1e-9)
    assert found.p == pytest.approx(test.pvalue, rel=1e-9)
    assert (found.n, found.df) == ((6, 6), 5)
    assert found.tost(found.smallest_margin) == pytest.approx(alpha)


@pytest.mark.parametrize("margin", [0.5, 2.0, 5.0])
def test_unpaired(margin: float) -> None:
    other = (*OTHER, 9.0)
    found = unpaired_equivalence(ONE, other)
    p, *_ = ttost_ind(np.array(other), np.array(ONE), -margin, margin, usevar="unequal")
    assert found.tost(margin) == pytest.approx(p, rel=1e-9)
    test = stats.ttest_ind(other, ONE, equal_var=False)
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval(0.9)), rel=1e-9)
    assert (found.p, found.df) == pytest.approx((test.pvalue, test.df), rel=1e-9)
    assert found.difference == pytest.approx(np.mean(other) - np.mean(ONE))


@pytest.mark.parametrize("n", [2, 3, 4, 10, 90, 1000])
def test_what_a_t_test_could_have_seen(n: int) -> None:
    found = detectable_difference(1 / math.sqrt(n), n - 1)
    expected = TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8, alternative="two-sided")
    assert found == pytest.approx(expected, rel=1e-4)


def test_what_two_groups_could_have_shown() -> None:
    expected = TTestIndPower().solve_power(nobs1=12, alpha=0.01, power=0.9)
    found = detectable_difference(math.sqrt(2 / 12), 22, alpha=0.01, power=0.9)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("rate", "n", "m"), [(48 / 90, 90, 90), (0.1, 30, 50), (0.0, 20, 20)])
def test_what_rates_could_have_shown(rate: float, n: int, m: int) -> None:
    """Plain loops over all outcomes give the power asked for at the rates found."""
    below, above = detectable_rates(rate, n, m)
    for second in (below, above):
        if math.isnan(second):
            continue
        power = 0.0
        for i in range(n + 1):
            for j in range(m + 1):
                pooled = (i + j) / (n + m)
                error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
                if error and abs(i / n - j / m) / error > stats.norm.isf(0.025):
                    chance = stats.binom.pmf(i, n, rate) * stats.binom.pmf(j, m, second)
                    power += float(chance)
        assert power == pytest.approx(0.8, abs=1e-6)
    assert above > rate
    assert math.isnan(below) == (rate < 0.15)


@pytest.mark.parametrize(("count", "n"), [(0, 5), (5, 5), (2, 7), (0, 1)])
def test_clopper_pearson(count: int, n: int) -> None:
    expected = proportion_confint(count, n, alpha=0.1, method="beta")
    assert clopper_pearson(count, n, confidence=0.9) == pytest.approx(expected, abs=1e-12)


def test_none_of_five() -> None:
    """1 − α^(1/n) on one side; the rule of three says 3/n of a large n."""
    assert clopper_pearson(0, 5, confidence=0.9) == pytest.approx((0, 1 - 0.05 ** (1 / 5)))
    assert clopper_pearson(0, 1000, confidence=0.9)[1] == pytest.approx(3 / 1000, rel=0.01)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ((1.0, 2.0), (1.0, 2.0, 3.0), "2 and 3"),
        ((1.0,), (2.0,), "1, 1 of them finite"),
        ((1.0, math.nan), (2.0, 2.0), "2, 1 of them finite"),
        ((1.0, 2.0), (2.0, 3.0), "a standard error of 0.0 with 1 degrees"),
    ],
)
def test_no_pairs(one: tuple[float, ...], other: tuple[float, ...], found: str) -> None:
    with pytest.raises(MeasureError, match=found):
        paired_equivalence(one, other)


def test_no_groups() -> None:
    with pytest.raises(MeasureError, match=r"a standard error of 0.0"):
        unpaired_equivalence((1.0, 1.0), (2.0, 2.0))
    with pytest.raises(MeasureError, match="0, 0 of them finite"):
        unpaired_equivalence((), (2.0, 2.0))
    with pytest.raises(MeasureError, match=r"found 0; say how large"):
        paired_equivalence(ONE, OTHER).tost(0)
    with pytest.raises(MeasureError, match="0 of 0"):
        clopper_pearson(0, 0)
    with pytest.raises(MeasureError, match=r"1.5 of 5 and 5"):
        detectable_rates(1.5, 5, 5)
