"""Max-T of paired differences, against full enumeration, single tests and chance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import max_t_paired, paired

pytestmark = pytest.mark.fast


def test_against_every_flip() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal([0.0, 0.4, 0.8], size=(9, 3))

    def t(values: np.ndarray) -> np.ndarray:
        return np.abs(values.mean(0) / values.std(0, ddof=1))

    largest = np.array(
        [t(x * np.array(signs)[:, None]).max() for signs in itertools.product((1, -1), repeat=9)]
    )
    wanted = [(largest >= value - 1e-12).mean() for value in t(x)]
    found = max_t_paired(x.tolist(), seed=0, resamples=20000)
    assert found == pytest.approx(wanted, abs=0.015)


def test_a_single_figure_is_a_paired_comparison() -> None:
    gaps = np.random.default_rng(1).normal(0.4, 1, 30)
    (found,) = max_t_paired([[gap] for gap in gaps], seed=0, resamples=20000)
    single = paired(gaps.tolist(), [0.0] * 30, seed=0, resamples=20000)
    assert found == pytest.approx(single.p_permutation, abs=0.01)


def test_copies_of_a_figure_cost_nothing_and_other_figures_do() -> None:
    rng = np.random.default_rng(2)
    gaps = rng.normal(0.4, 1, 25)
    alone = max_t_paired([[gap] for gap in gaps], seed=3)[0]
    copies = max_t_paired([[gap, 2 * gap, -gap] for gap in gaps], seed=3)
    assert copies == (alone, alone, alone)
    others = np.column_stack([gaps, rng.normal(size=(25, 9))])
    assert max_t_paired(others.tolist(), seed=3)[0] > 2 * alone


def test_without_an_effect_a_rejection_is_rare() -> None:
    rng = np.random.default_rng(4)
    smallest = [
        min(max_t_paired(rng.normal(size=(12, 8)).tolist(), seed=s, resamples=199))
        for s in range(200)
    ]
    assert stats.kstest(smallest, "uniform").pvalue > 0.01


def test_the_observed_signs_count() -> None:
    assert max_t_paired([[5.0]] * 3, seed=0, resamples=1)[0] in (0.5, 1.0)
    found = max_t_paired([[5.0 + at] for at in range(40)], seed=0, resamples=999)
    assert found == (1 / 1000,)


def test_a_flip_that_repeats_the_observed_signs_counts() -> None:
    """Two of the eight flips of three units are as extreme as three of one sign."""
    (found,) = max_t_paired([[0.1], [0.2], [0.7]], seed=0)
    assert found == pytest.approx(1 / 4, abs=0.02)


def test_what_never_varies() -> None:
    """A figure that is 0 throughout says nothing; one that is the same throughout is extreme."""
    rng = np.random.default_rng(5)
    rows = [[0.0, 2.0, float(value)] for value in rng.normal(size=20)]
    zero, same, _ = max_t_paired(rows, seed=0, resamples=999)
    assert zero == 1
    assert same == 1 / 1000


def test_the_number_of_draws_that_fit_a_block_does_not_matter() -> None:
    gaps = [[float(value)] for value in np.random.default_rng(6).normal(0.3, 1, 15)]
    found = [max_t_paired(gaps, seed=0, resamples=count)[0] for count in (999, 1000, 1001, 2500)]
    assert found == pytest.approx([found[-1]] * 4, abs=0.05)
    counts = [p * (1 + n) for p, n in zip(found, (999, 1000, 1001, 2500), strict=True)]
    assert counts == pytest.approx([round(count) for count in counts])


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], "found 0 units with"),
        ([[1.0]], "found 1 units with"),
        ([[1.0], [1.0, 2.0]], r"found 2 units with \[1, 2\] figures"),
        ([[], []], r"found 2 units with \[0\] figures"),
        ([[1.0], [math.nan]], "found figures that are not finite"),
    ],
)
def test_what_is_refused(rows: list[list[float]], found: str) -> None:
    with pytest.raises(MeasureError, match=found):
        max_t_paired(rows, seed=0)
