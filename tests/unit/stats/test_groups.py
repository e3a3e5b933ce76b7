"""Four tests of two groups, against scipy and R."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import group_tests

pytestmark = pytest.mark.fast

# R, help(sleep), as in test_reported; wilcox.test(..., exact = FALSE) gives W = 25.5, p = 0.06933.
SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)


def test_values_of_r() -> None:
    welch, student, ranks, _ = group_tests(*SLEEP)
    assert (welch.statistic, welch.df, welch.p) == pytest.approx(
        (-1.8608, 17.776, 0.07939), abs=5e-4
    )
    assert (student.statistic, student.df, student.p) == pytest.approx(
        (-1.8608, 18, 0.07919), abs=5e-4
    )
    assert (ranks.statistic, ranks.p) == pytest.approx((25.5, 0.06933), abs=5e-6)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("sizes", [(10, 10), (3, 8), (2, 2)])
def test_each_is_that_of_scipy(sizes: tuple[int, int], alternative: str) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.lognormal(size=sizes[0]), rng.lognormal(0.5, size=sizes[1])
    found = {each.name: each for each in group_tests(a, b, alternative=alternative)}
    for name, equal in (("welch", False), ("student", True)):
        wanted = stats.ttest_ind(a, b, equal_var=equal, alternative=alternative)
        assert found[name].statistic == pytest.approx(wanted.statistic)
        assert found[name].df == pytest.approx(wanted.df)
        assert found[name].p == pytest.approx(wanted.pvalue)
    ranks = stats.mannwhitneyu(a, b, alternative=alternative)
    assert (found["mann_whitney"].statistic, found["mann_whitney"].p) == tuple(ranks)
    assert math.isnan(found["mann_whitney"].df)
    exact = (
        stats.permutation_test(
            (a, b), lambda x, y: x.mean() - y.mean(), n_resamples=10**6, alternative=alternative
        )
        if sizes != (10, 10)
        else None
    )
    assert found["permutation"].statistic == pytest.approx(a.mean() - b.mean())
    if exact is not None:
        # scipy doubles the smaller tail; here what is as far from 0 counts, on either side.
        if alternative != "two-sided":
            assert found["permutation"].p == pytest.approx(exact.pvalue)
        else:
            null = exact.null_distribution
            reached = (np.abs(null) >= abs(a.mean() - b.mean()) - 1e-12).mean()
            assert found["permutation"].p == pytest.approx(reached)


def test_permutation_by_hand() -> None:
    # Of the 20 ways to choose 3 of 6, one puts all large ones first and one all small ones.
    assert group_tests([4, 5, 6], [1, 2, 3])[3].p == pytest.approx(2 / 20)
    assert group_tests([4, 5, 6], [1, 2, 3], alternative="greater")[3].p == pytest.approx(1 / 20)
    assert group_tests([4, 5, 6], [1, 2, 3], alternative="less")[3].p == pytest.approx(1)


def test_permutations_of_large_groups_are_drawn() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=40), rng.normal(0.4, size=40)
    one, again = (group_tests(a, b, seed=1)[3].p for _ in range(2))
    assert one == again
    assert one == pytest.approx(stats.ttest_ind(a, b).pvalue, abs=0.02)
    far = group_tests(a, b + 10, seed=1)[3].p
    assert far == 1 / 10_000  # never 0: what was seen is one of the relabellings


def test_ties_and_one_constant_group() -> None:
    welch, student, ranks, permuted = group_tests([5, 5, 5], [1, 2, 3])
    assert (welch.statistic, welch.df) == pytest.approx((math.sqrt(27), 2))
    assert student.df == 4
    assert ranks.statistic == 9
    assert 0 < ranks.p < 0.1
    assert permuted.p == pytest.approx(0.1)


def test_swapping_the_groups_changes_signs_only() -> None:
    for one, other in zip(group_tests(*SLEEP), group_tests(*SLEEP[::-1]), strict=True):
        assert one.p == pytest.approx(other.p)
        if one.name != "mann_whitney":
            assert one.statistic == pytest.approx(-other.statistic)


@pytest.mark.parametrize(
    ("one", "other", "wanted", "found"),
    [
        ([], [1, 2], "at least two finite figures in each", "0 and 2"),
        ([1], [1, 2], "at least two finite figures in each", "1 and 2"),
        ([1, math.nan], [1, 2], "at least two finite figures in each", "2 and 2"),
        ([1, math.inf], [1, 2], "at least two finite figures in each", "2 and 2"),
        ([1, 1], [2, 2], "figures that vary", "the same figure throughout each group"),
        ([1, 1], [1, 1], "figures that vary", "the same figure throughout each group"),
    ],
)
def test_refused(one: list[float], other: list[float], wanted: str, found: str) -> None:
    with pytest.raises(MeasureError) as caught:
        group_tests(one, other)
    assert str(caught.value) == (
        f"comparison of two groups: wanted {wanted}, found {found}; "
        "measure more samples, or compare the values themselves"
    )
