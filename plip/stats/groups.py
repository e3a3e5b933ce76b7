"""Several tests of one pair of groups, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plip.errors import MeasureError

__all__ = ["Alternative", "GroupTest", "TestName", "group_tests", "rank_test", "t_test"]

TestName: TypeAlias = Literal["welch", "student", "mann_whitney", "permutation"]
Alternative: TypeAlias = Literal["two-sided", "greater", "less"]

Values = NDArray[np.float64]

# Relabellings that are gone through one by one; of more, some are drawn.
_RELABELLINGS = 200_000
_DRAWN = 9_999


@dataclass(frozen=True, slots=True)
class GroupTest:
    """One test of two groups.

    Args:
        name: which test.
        statistic: t, U of the first group, or the difference of the means.
        df: degrees of freedom; NaN of a test without.
        p: of the alternative asked for.
    """

    name: TestName
    statistic: float
    df: float
    p: float


def group_tests(
    one: Sequence[float],
    other: Sequence[float],
    *,
    alternative: Alternative = "two-sided",
    seed: int = 0,
) -> tuple[GroupTest, ...]:
    """Test two independent groups by Welch, Student, Mann–Whitney and permutation of the means.

    Mann–Whitney's p is exact for small groups without ties, else normal with a correction for ties.
    Up to 200000 relabellings are gone through one by one; of more, 9999 are drawn and
    p = (1 + how many are as extreme) / (1 + how many).

    Args:
        one: at least two finite figures.
        other: likewise.
        alternative: that the means differ, or that of the first group is greater, or less.
        seed: of relabellings that are drawn.

    Raises:
        MeasureError: fewer than two figures in a group, one that is not finite, or no spread.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    finite = bool(np.isfinite(a).all() and np.isfinite(b).all())
    if min(len(a), len(b)) < 2 or not finite:
        raise _unusable("at least two finite figures in each", f"{len(a)} and {len(b)}")
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        raise _unusable("figures that vary", "the same figure throughout each group")
    difference = float(a.mean() - b.mean())
    return (
        t_test("welch", a, b, alternative),
        t_test("student", a, b, alternative),
        rank_test(a, b, alternative),
        GroupTest("permutation", difference, math.nan, _permutation(a, b, alternative, seed)),
    )


def t_test(
    name: Literal["welch", "student"],
    a: Values,
    b: Values,
    alternative: Alternative = "two-sided",
) -> GroupTest:
    """Run a t test of two groups of which one varies at least.

    scipy's own warns where the other is constant, which is sound.
    """
    n1, n2 = len(a), len(b)
    one, other = float(a.var(ddof=1)), float(b.var(ddof=1))
    if name == "student":
        df = float(n1 + n2 - 2)
        pooled = ((n1 - 1) * one + (n2 - 1) * other) / df
        one, other = pooled / n1, pooled / n2
    else:
        one, other = one / n1, other / n2
        df = (one + other) ** 2 / (one**2 / (n1 - 1) + other**2 / (n2 - 1))
    t = float(a.mean() - b.mean()) / math.sqrt(one + other)
    p = {
        "two-sided": 2 * float(stats.t.sf(abs(t), df)),
        "greater": float(stats.t.sf(t, df)),
        "less": float(stats.t.cdf(t, df)),
    }[alternative]
    return GroupTest(name, t, df, p)


def rank_test(a: Values, b: Values, alternative: Alternative = "two-sided") -> GroupTest:
    """Run Mann–Whitney's test, exact for small groups without ties."""
    found = stats.mannwhitneyu(a, b, alternative=alternative)
    return GroupTest("mann_whitney", float(found.statistic), math.nan, float(found.pvalue))


def _permutation(a: Values, b: Values, alternative: Alternative, seed: int) -> float:
    whole = np.concatenate([a, b])
    size, total = len(a), float(whole.sum())
    count = math.comb(len(whole), size)
    if count <= _RELABELLINGS:
        chosen = np.fromiter(combinations(range(len(whole)), size), dtype=(np.int64, size))
        extra = 0
    else:
        rng = np.random.default_rng(seed)
        order = rng.random((_DRAWN, len(whole))).argpartition(size - 1, axis=1)
        chosen, count, extra = order[:, :size], _DRAWN, 1
    sums = whole[chosen].sum(1)
    # The first group's sum, less what equal means would give it, orders the differences.
    expected = total * size / len(whole)
    off, observed = sums - expected, float(a.sum()) - expected
    if alternative == "two-sided":
        off, observed = np.abs(off), abs(observed)
    elif alternative == "less":
        off, observed = -off, -observed
    # A relabelling that repeats the observed one may be rounded apart from it.
    reached = int((off >= observed - 1e-12 * float(np.abs(whole).sum())).sum())
    return (extra + reached) / (extra + count)


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "comparison of two groups",
        wanted=wanted,
        found=found,
        advice="measure more samples, or compare the values themselves",
    )
