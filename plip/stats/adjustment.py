"""Whether two groups differ beyond what they differ in otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from plip.errors import MeasureError

__all__ = ["Adjusted", "adjust", "common_support", "match_pairs", "stratified_permutation"]

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The difference of the first group from the second at equal covariates.

    Args:
        effect: coefficient of belonging to the first group, in the unit of the values.
        low: lower end of its interval.
        high: upper end.
        p: two-sided.
        df: residual degrees of freedom.
    """

    effect: float
    low: float
    high: float
    p: float
    df: int


def adjust(
    values: Sequence[float],
    first: Sequence[bool],
    covariates: Sequence[Sequence[float]],
    *,
    confidence: float = 0.95,
) -> Adjusted:
    """Regress values on group and covariates: y = α + β [first] + Σ γ_j x_j.

    Ordinary least squares, standard errors that allow for unequal variances (HC3), Student's
    distribution.

    Args:
        values: one a sample, finite.
        first: whether the sample belongs to the first group.
        covariates: each with one figure a sample.
        confidence: level of the interval.

    Raises:
        MeasureError: lists of different lengths, figures that are not finite, fewer than three
            samples more than coefficients, a group or covariate that the others determine, or a
            sample that determines a coefficient by itself.
    """
    from statsmodels.regression.linear_model import OLS

    y = np.asarray(values, dtype=np.float64)
    group = np.asarray(first, dtype=np.float64)
    columns = [np.asarray(column, dtype=np.float64) for column in covariates]
    if any(column.shape != y.shape for column in (group, *columns)):
        raise _unusable("one figure a sample", "lists of different lengths")
    # Centred and scaled, so that the rank does not hang on units; the group's effect is the same.
    spread = [(column - column.mean()) / (column.std() or 1.0) for column in columns]
    x = np.column_stack([np.ones_like(y), group, *spread])
    df = len(y) - x.shape[1]
    if df < 3 or not np.isfinite(x).all() or not np.isfinite(y).all():
        raise _unusable("finite figures of more samples", f"{len(y)} samples of {x.shape[1]}")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise _unusable("covariates that vary within the groups", "some that the others determine")
    leverage = np.einsum("ij,ji->i", x, np.linalg.pinv(x))
    if leverage.max() > 1 - 1e-9:
        raise _unusable("several samples behind each coefficient", "one sample that determines it")
    fit = OLS(y, x).fit(cov_type="HC3", use_t=True)
    low, high = fit.conf_int(alpha=1 - confidence)[1]
    return Adjusted(float(fit.params[1]), float(low), float(high), float(fit.pvalues[1]), df)


def common_support(one: Sequence[float], other: Sequence[float]) -> tuple[int, int]:
    """Count the samples of each group within the range of the other.

    Where there are none, the groups cannot be compared at equal covariate, only by extrapolating.

    Raises:
        MeasureError: an empty group.
    """
    if not one or not other:
        raise _unusable("two groups with samples", f"{len(one)} and {len(other)}")
    inside = [
        sum(min(theirs) <= value <= max(theirs) for value in ours)
        for ours, theirs in ((one, other), (other, one))
    ]
    return inside[0], inside[1]


def stratified_permutation(
    values: Sequence[float],
    first: Sequence[bool],
    strata: Sequence[Hashable],
    *,
    seed: int,
    resamples: int = 9999,
) -> tuple[float, int]:
    """Compare the groups by exchanging labels only among samples of the same stratum.

    The statistic is Σ over the first group of the values less their stratum's mean.

    Args:
        values: one a sample.
        first: whether the sample belongs to the first group.
        strata: what samples must share to be exchanged.
        seed: of the permutations.
        resamples: how many are drawn; p = (1 + how many are as far from 0) / (1 + resamples).

    Returns:
        p, two-sided, and how many samples are in strata that have both groups; NaN and 0 where no
        stratum has.

    Raises:
        MeasureError: lists of different lengths.
    """
    y, group = np.asarray(values, dtype=np.float64), np.asarray(first, dtype=bool)
    if not len(y) == len(group) == len(strata):
        raise _unusable("one figure a sample", "lists of different lengths")
    members: dict[Hashable, list[int]] = {}
    for index, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(index)
    mixed = [np.array(m) for m in members.values() if 0 < group[m].sum() < len(m)]
    if not mixed:
        return float("nan"), 0
    rng = np.random.default_rng(seed)
    observed, drawn = 0.0, np.zeros(resamples)
    for inside in mixed:
        centred, count = y[inside] - y[inside].mean(), int(group[inside].sum())
        observed += float(centred[group[inside]].sum())
        order = rng.permuted(np.tile(centred, (resamples, 1)), axis=1)
        drawn += order[:, :count].sum(1)
    reached = int((np.abs(drawn) >= abs(observed) * (1 - 1e-9)).sum())
    return (1 + reached) / (1 + resamples), sum(len(inside) for inside in mixed)


def match_pairs(
    one: Sequence[float], other: Sequence[float], *, caliper: float
) -> tuple[tuple[int, int], ...]:
    """Pair samples of two groups so that as many as possible are alike, at the least distance.

    Args:
        one: covariate of the first group.
        other: of the second.
        caliper: the largest difference within a pair, ≥ 0.

    Returns:
        Indices in the first and in the second group, each at most once.

    Raises:
        MeasureError: a caliper that is negative.
    """
    if not caliper >= 0:
        raise _unusable("a caliper from 0", str(caliper))
    if not one or not other:
        return ()
    distance = np.abs(np.subtract.outer(np.asarray(one), np.asarray(other)))
    allowed = distance <= caliper
    # A pair that is not allowed costs more than all that are.
    cost = np.where(allowed, distance, 1 + distance[allowed].sum() + caliper)
    rows, columns = optimize.linear_sum_assignment(cost)
    return tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j])


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "adjusted comparison",
        wanted=wanted,
        found=found,
        advice="leave covariates out, or measure more samples",
    )
