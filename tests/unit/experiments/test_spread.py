"""Means with their spread."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from plip.experiments.spread import mean_and_sd, spread
from plip.records import Spread

pytestmark = pytest.mark.fast

VALUES = [0.5, 1.25, 3.0, 0.125, 8.0, 2.5]


def test_mean_and_sd_are_those_of_the_statistics_module() -> None:
    assert mean_and_sd(VALUES) == (
        pytest.approx(statistics.fmean(VALUES), rel=1e-15),
        pytest.approx(statistics.stdev(VALUES), rel=1e-15),
    )


def test_what_is_undefined_is_none() -> None:
    assert mean_and_sd([]) == (None, None)
    assert mean_and_sd([0.25]) == (0.25, None)


def test_the_interval_holds_the_mean_and_is_reproducible() -> None:
    found = spread(VALUES, seed=3)
    assert found == spread(VALUES, seed=3)
    assert found != spread(VALUES, seed=4)
    assert found.n == 6
    assert found.mean == statistics.fmean(VALUES)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert min(VALUES) < found.ci_low < found.mean < found.ci_high < max(VALUES)
    assert found.undefined is None


def test_a_higher_confidence_is_wider() -> None:
    narrow, wide = (spread(VALUES, seed=0, confidence=level) for level in (0.5, 0.99))
    assert narrow.ci_low is not None
    assert wide.ci_low is not None
    assert narrow.ci_high is not None
    assert wide.ci_high is not None
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        found = spread(rng.normal(1.0, 2.0, size=30).tolist(), seed=trial, resamples=400)
        assert found.ci_low is not None
        assert found.ci_high is not None
        covered += found.ci_low <= 1.0 <= found.ci_high
    # Binomial(200, 0.95) lies in 178 … 198 with probability 0.999; small samples undercover a bit.
    assert 174 <= covered <= 198


def test_constant_values_have_the_interval_of_that_value() -> None:
    expected = Spread(n=10, mean=0.0, sd=0.0, ci_low=0.0, ci_high=0.0, undefined=None)
    assert spread([0.0] * 10, seed=0) == expected
    assert spread([0.3] * 3, seed=0).ci_high == pytest.approx(0.3, rel=1e-15)


def test_nearly_constant_values_do_not_give_nan() -> None:
    found = spread([1.0] * 9 + [1.0 + 1e-15], seed=0)
    assert (found.ci_low is None) == (found.undefined is not None)
    assert found.mean == pytest.approx(1.0)


def test_one_value_has_no_interval() -> None:
    assert spread([0.25], seed=0) == Spread(
        n=1,
        mean=0.25,
        sd=None,
        ci_low=None,
        ci_high=None,
        undefined="a single sample has no standard deviation",
    )


def test_no_value_has_no_mean() -> None:
    assert spread([], seed=0) == Spread(
        n=0, mean=None, sd=None, ci_low=None, ci_high=None, undefined="no sample"
    )


def test_infinite_values_leave_nothing_defined() -> None:
    assert spread([1.0, float("inf"), float("inf")], seed=0) == Spread(
        n=3, mean=None, sd=None, ci_low=None, ci_high=None, undefined="infinite in 2 of 3 samples"
    )
