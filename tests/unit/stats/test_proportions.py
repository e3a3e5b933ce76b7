"""Proportions: closed forms, statsmodels, published examples."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from plip.errors import MeasureError
from plip.stats import cluster_bootstrap, difference_interval, mcnemar, wilson

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("count", "n"), [(0, 30), (1, 7), (11, 30), (30, 30), (23, 30), (1, 1)])
def test_wilson(count: int, n: int, confidence: float) -> None:
    low, high = wilson(count, n, confidence=confidence)
    expected = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-12)
    z = norm.ppf((1 + confidence) / 2)
    p = count / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=1e-12)
    assert 0 <= low <= p <= high <= 1


@pytest.mark.parametrize(("count", "n"), [(0, 0), (4, 3), (-1, 3)])
def test_no_proportion(count: int, n: int) -> None:
    with pytest.raises(MeasureError, match=f"found {count} of {n}"):
        wilson(count, n)
    with pytest.raises(MeasureError):
        difference_interval((1, 2), (count, n))


@pytest.mark.parametrize(
    ("one", "other"), [((22, 30), (23, 30)), ((0, 30), (30, 30)), ((5, 8), (1, 90))]
)
def test_difference(one: tuple[int, int], other: tuple[int, int]) -> None:
    found = difference_interval(one, other, confidence=0.9)
    expected = confint_proportions_2indep(*one, *other, method="newcomb", alpha=0.1)
    assert found == pytest.approx(expected, abs=1e-10)
    mirrored = difference_interval(other, one, confidence=0.9)
    assert found == pytest.approx((-mirrored[1], -mirrored[0]))


def test_difference_of_newcombes_example() -> None:
    """Newcombe 1998, table II, example (a), method 10: 56/70 − 48/80."""
    assert difference_interval((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_mcnemar() -> None:
    for gained, lost in product(range(7), range(7)):
        expected = reference_mcnemar([[3, lost], [gained, 5]], exact=True).pvalue
        found = mcnemar(gained, lost)
        assert found == pytest.approx(1.0 if gained + lost == 0 else expected)
        assert found <= 1
    assert mcnemar(5, 0) == pytest.approx(2 / 32)
    with pytest.raises(MeasureError, match="found -1 gained and 2 lost"):
        mcnemar(-1, 2)


def test_cluster_bootstrap() -> None:
    figures = [0.1, 0.5, 0.4, 0.9]
    low, high = cluster_bootstrap(figures, np.random.default_rng(3), confidence=0.9, resamples=4000)
    # Every resample of four, in full.
    means = np.sort([np.mean(drawn) for drawn in product(figures, repeat=4)])
    exact = np.quantile(means, [0.05, 0.95])
    assert (low, high) == pytest.approx(tuple(exact), abs=0.026)
    middle = cluster_bootstrap(figures, np.random.default_rng(3), confidence=0.5, resamples=4000)
    assert middle == pytest.approx(tuple(np.quantile(means, [0.25, 0.75])), abs=0.026)
    again = cluster_bootstrap(figures, np.random.default_rng(3), confidence=0.9, resamples=4000)
    assert again == (low, high)
    wide = cluster_bootstrap(figures, np.random.default_rng(3), confidence=0.99, resamples=4000)
    assert wide[0] < low < high < wide[1]


def test_clusters_that_do_not_differ() -> None:
    assert cluster_bootstrap([0.25, 0.25], np.random.default_rng(0)) == (0.25, 0.25)


@pytest.mark.parametrize("figures", [[], [0.5], [0.5, math.nan], [0.5, math.inf]])
def test_too_few_clusters(figures: list[float]) -> None:
    with pytest.raises(MeasureError, match="finite figures of at least two clusters"):
        cluster_bootstrap(figures, np.random.default_rng(0))
