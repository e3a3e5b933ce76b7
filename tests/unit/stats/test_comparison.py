"""Comparisons of groups, against scipy's other roads, full enumeration and figures by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import max_t, paired, unpaired

pytestmark = pytest.mark.fast

ONE = [4.1, 5.0, 3.2, 6.6, 5.5]
OTHER = [2.0, 3.9, 1.1, 2.7]


def test_welch_by_hand() -> None:
    found = unpaired([1, 2, 3], [5, 7, 9, 11], seed=0)
    # Means 2 and 8, variances 1 and 20/3 over 3 and 4.
    error = 1 / 3 + 20 / 3 / 4
    df = error**2 / ((1 / 3) ** 2 / 2 + (20 / 12) ** 2 / 3)
    assert found.n == (3, 4)
    assert found.difference == -6
    assert found.t == pytest.approx(-6 / math.sqrt(error))
    assert found.df == pytest.approx(df)
    assert found.p_t == pytest.approx(2 * stats.t.sf(6 / math.sqrt(error), df))


def test_every_exchange_of_labels_is_gone_through() -> None:
    whole = np.array(ONE + OTHER)
    observed = abs(np.mean(ONE) - np.mean(OTHER))
    far = count = 0
    for chosen in itertools.combinations(range(9), 5):
        mine = np.isin(range(9), chosen)
        gap = abs(whole[mine].mean() - whole[~mine].mean())
        far += gap >= observed - 1e-12
        count += 1
    found = unpaired(ONE, OTHER, seed=0)
    assert count == 126
    # scipy doubles the smaller tail, so that it may differ where the tails do.
    assert found.p_permutation == pytest.approx(far / count, abs=1 / count)


def test_every_exchange_of_signs_is_gone_through() -> None:
    one, other = ONE, [3.9, 5.2, 2.0, 4.0, 5.1]
    gaps = np.subtract(one, other)
    far = [
        abs((gaps * signs).mean()) >= abs(gaps.mean()) - 1e-12
        for signs in itertools.product((1, -1), repeat=5)
    ]
    found = paired(one, other, seed=0)
    assert found.p_permutation == pytest.approx(sum(far) / 32)
    assert (found.n, found.df) == ((5, 5), 4)
    assert found.difference == pytest.approx(gaps.mean())
    assert found.t == pytest.approx(gaps.mean() / (gaps.std(ddof=1) / math.sqrt(5)))
    assert found.p_t == pytest.approx(stats.ttest_1samp(gaps, 0).pvalue)


def test_pairs_are_not_independent_groups() -> None:
    base = np.arange(8.0) * 10
    assert paired(base + 1 + base / 1000, base, seed=0).p_t < 1e-6
    assert unpaired(base + 1 + base / 1000, base, seed=0).p_t > 0.9


def test_draws_depend_on_the_seed_alone() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.5, 1, 20), rng.normal(0, 1, 20)
    first = unpaired(one, other, seed=3, resamples=499)
    assert unpaired(one, other, seed=3, resamples=499) == first
    others = {unpaired(one, other, seed=seed, resamples=499).p_permutation for seed in range(8)}
    assert len(others) > 1
    # Drawn permutations are counted with the observed one: p is never 0.
    far = unpaired(one + 100, other, seed=3, resamples=499)
    assert far.p_permutation == pytest.approx(2 / 500)


def test_of_one_figure_max_t_is_the_permutation_test_of_t() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(1, 1, 6), rng.normal(0, 1, 6)
    whole = np.concatenate([one, other])

    def welch(a: np.ndarray, b: np.ndarray) -> float:
        return abs(float(stats.ttest_ind(a, b, equal_var=False).statistic))

    far = [
        welch(whole[list(chosen)], np.delete(whole, list(chosen))) >= welch(one, other) - 1e-12
        for chosen in itertools.combinations(range(12), 6)
    ]
    (found,) = max_t([[x] for x in one], [[x] for x in other], seed=0, resamples=4999)
    assert found == pytest.approx(sum(far) / len(far), abs=0.02)


def test_searching_more_raises_p() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(0, 1, (8, 12)), rng.normal(0, 1, (8, 12))
    one[:, 0] += 1.5
    alone = max_t(one[:, :1], other[:, :1], seed=0, resamples=999)[0]
    among = max_t(one, other, seed=0, resamples=999)
    assert among[0] > 2 * alone
    # Twelve times the same figure is one figure.
    repeated = max_t(np.repeat(one[:, :1], 12, 1), np.repeat(other[:, :1], 12, 1), seed=0)
    assert repeated[0] == pytest.approx(alone, abs=0.02)
    assert len(set(repeated)) == 1
    assert min(among) > 0


def test_drawn_permutations_are_counted_with_the_observed_one() -> None:
    one, other = [[float(x)] for x in range(100, 112)], [[float(x)] for x in range(12)]
    assert max_t(one, other, seed=0, resamples=99) == (0.01,)


def test_a_figure_that_never_varies_has_p_1() -> None:
    one = [[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]
    other = [[11.0, 5.0], [12.0, 5.0], [13.0, 5.0]]
    varying, constant = max_t(one, other, seed=0, resamples=199)
    assert constant == 1
    assert varying < 0.3


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        ([1.0], [1.0, 2.0], "first group: wanted at least two finite figures, found 1, 1 of them"),
        ([1.0, 2.0], [1.0, math.nan], "second group: wanted at least two finite figures, found 2"),
        ([1.0, math.inf], [1.0, 2.0], "found 2, 1 of them finite"),
        ([1.0, 1.0], [2.0, 2.0], "found the same figure throughout each side"),
    ],
)
def test_what_cannot_be_compared(one: list[float], other: list[float], text: str) -> None:
    with pytest.raises(MeasureError) as raised:
        unpaired(one, other, seed=0)
    assert text in str(raised.value)


def test_pairs_need_the_same_units_and_a_spread_of_differences() -> None:
    with pytest.raises(MeasureError, match="wanted the same units under both conditions, found 2"):
        paired([1.0, 2.0], [1.0, 2.0, 3.0], seed=0)
    with pytest.raises(MeasureError, match="the same figure throughout"):
        paired([1.0, 2.0], [2.0, 3.0], seed=0)


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0], [2.0, 3.0]], "first group: wanted at least two units"),
        ([[1.0], [2.0]], [[1.0], [math.nan]], "second group: wanted at least two units"),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0]], "as many figures of one unit as of another"),
        ([[1.0], [2.0]], [[1.0, 2.0], [2.0, 3.0]], "the same figures in both groups, found 1 and"),
        ([[], []], [[], []], "first group: wanted at least two units"),
    ],
)
def test_what_max_t_cannot_take(
    one: list[list[float]], other: list[list[float]], text: str
) -> None:
    with pytest.raises(MeasureError) as raised:
        max_t(one, other, seed=0)
    assert text in str(raised.value)
