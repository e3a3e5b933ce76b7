"""Comparing two groups of figures, and one group under two conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plip.errors import MeasureError

__all__ = ["Comparison", "max_t", "paired", "unpaired"]

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two means, their difference, and how easily chance gives it.

    Args:
        n: how many figures each side has.
        difference: mean of the first side − mean of the second.
        t: Welch's statistic, or that of the differences where the sides are paired.
        df: its degrees of freedom.
        p_t: two-sided, by Student's distribution.
        p_permutation: two-sided, by exchanging labels, or signs where the sides are paired.
    """

    n: tuple[int, int]
    difference: float
    t: float
    df: float
    p_t: float
    p_permutation: float


def unpaired(
    one: Sequence[float], other: Sequence[float], *, seed: int, resamples: int = 9999
) -> Comparison:
    """Compare two independent groups by Welch's test and by permutation of the labels.

    Every permutation is gone through where there are no more than `resamples`; otherwise that many
    are drawn, and p = (1 + how many are as far from 0) / (1 + how many).

    Args:
        one: at least two finite figures.
        other: likewise.
        seed: of the permutations that are drawn.
        resamples: the most permutations.

    Raises:
        MeasureError: fewer than two figures on a side, one that is not finite, or no spread.
    """
    a, b = _values("first group", one), _values("second group", other)
    _check_spread(a, b)
    welch = stats.ttest_ind(a, b, equal_var=False)
    exchanged = stats.permutation_test(
        (a, b),
        _difference,
        permutation_type="independent",
        vectorized=True,
        n_resamples=resamples,
        alternative="two-sided",
        rng=np.random.default_rng(seed),
    )
    return Comparison(
        (len(a), len(b)),
        float(a.mean() - b.mean()),
        float(welch.statistic),
        float(welch.df),
        float(welch.pvalue),
        float(exchanged.pvalue),
    )


def paired(
    one: Sequence[float], other: Sequence[float], *, seed: int, resamples: int = 9999
) -> Comparison:
    """Compare two conditions of the same units, by a t test of the differences and by their signs.

    Arguments and errors are those of `unpaired`; both sides have the same units in the same order.
    """
    a, b = _values("first condition", one), _values("second condition", other)
    if len(a) != len(b):
        raise MeasureError(
            "paired comparison",
            wanted="the same units under both conditions",
            found=f"{len(a)} and {len(b)}",
            advice="leave out units that lack one of the two",
        )
    _check_spread(a - b, np.zeros(1))
    test = stats.ttest_rel(a, b)
    flipped = stats.permutation_test(
        (a, b),
        _difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        alternative="two-sided",
        rng=np.random.default_rng(seed),
    )
    return Comparison(
        (len(a), len(b)),
        float((a - b).mean()),
        float(test.statistic),
        float(test.df),
        float(test.pvalue),
        float(flipped.pvalue),
    )


def max_t(
    one: Sequence[Sequence[float]],
    other: Sequence[Sequence[float]],
    *,
    seed: int,
    resamples: int = 9999,
) -> tuple[float, ...]:
    """Adjust for having searched: p of each figure against the largest |t| of them all.

    Labels of whole units are exchanged, so that figures stay as dependent on each other as they
    are. p_j = (1 + #{permutations with max_i |t_i| ≥ |t_j|}) / (1 + resamples).

    Args:
        one: for each unit of the first group, its figures, such as one a layer.
        other: likewise for the second group.
        seed: of the permutations.
        resamples: how many are drawn.

    Returns:
        A p for each figure, family-wise, two-sided; a figure without any spread has 1.

    Raises:
        MeasureError: fewer than two units in a group, figures that are not finite or differ in
            number.

    Source: Westfall and Young 1993, single-step max-T.
    """
    a, b = _table("first group", one), _table("second group", other)
    if a.shape[1] != b.shape[1]:
        raise MeasureError(
            "max-T",
            wanted="the same figures in both groups",
            found=f"{a.shape[1]} and {b.shape[1]}",
            advice="measure every unit in every way",
        )
    whole = np.concatenate([a, b])
    observed = _welch(a, b)
    rng = np.random.default_rng(seed)
    reached = np.zeros(a.shape[1])
    for _ in range(resamples):
        order = rng.permutation(len(whole))
        largest = _welch(whole[order[: len(a)]], whole[order[len(a) :]]).max()
        # A permutation that repeats the observed one may be rounded apart from it.
        reached += largest >= observed - 1e-12 * np.abs(observed)
    return tuple(((1 + reached) / (1 + resamples)).tolist())


def _welch(a: Values, b: Values) -> Values:
    """Return |t| of every column, 0 where nothing varies."""
    error = np.sqrt(a.var(0, ddof=1) / len(a) + b.var(0, ddof=1) / len(b))
    gap = np.abs(a.mean(0) - b.mean(0))
    found: Values = np.divide(gap, error, out=np.zeros_like(gap), where=error > 0)
    return found


def _difference(one: Values, other: Values, axis: int) -> Values:
    gap: Values = np.mean(one, axis=axis) - np.mean(other, axis=axis)
    return gap


def _values(who: str, values: Sequence[float]) -> Values:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all():
        raise MeasureError(
            who,
            wanted="at least two finite figures",
            found=f"{len(found)}, {int(np.isfinite(found).sum())} of them finite",
            advice="measure more samples, or leave out those without a finite figure",
        )
    return found


def _table(who: str, rows: Sequence[Sequence[float]]) -> Values:
    if len({len(row) for row in rows}) > 1:
        raise MeasureError(
            who,
            wanted="as many figures of one unit as of another",
            found=f"{sorted({len(row) for row in rows})}",
            advice="leave out units that lack some",
        )
    found = np.asarray(rows, dtype=np.float64)
    if len(found) < 2 or found.ndim != 2 or found.shape[1] == 0 or not np.isfinite(found).all():
        raise MeasureError(
            who,
            wanted="at least two units with finite figures",
            found=f"{len(rows)} units",
            advice="measure more samples, or leave out those without a finite figure",
        )
    return found


def _check_spread(one: Values, other: Values) -> None:
    if one.std() == 0 and other.std() == 0:
        raise MeasureError(
            "comparison",
            wanted="figures that vary",
            found="the same figure throughout each side",
            advice="a test needs spread; compare the values themselves",
        )
