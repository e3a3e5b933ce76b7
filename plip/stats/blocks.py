"""Levels compared over units, such as prompts, each of which has one figure a level."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plip.errors import MeasureError

__all__ = ["crossed_levels", "free_contrasts", "mean_interval", "nested_levels", "units_needed"]

Values = NDArray[np.float64]

_MOST = 1_000_000


def crossed_levels(table: Sequence[Sequence[float]]) -> float:
    """Test whether levels differ where every unit has been through all of them.

    F = MS_level / MS_residual, after the units' own means are taken out; (L − 1) and
    (L − 1)(k − 1) degrees of freedom (analysis of variance of randomised blocks).

    Args:
        table: k ≥ 2 units, each with its figures at the same L ≥ 2 levels.

    Returns:
        p; 1 where neither levels nor residuals vary, 0 where levels do and residuals do not.

    Raises:
        MeasureError: fewer than two units or levels, or figures that are lacking.
    """
    if len({len(row) for row in table}) != 1:
        raise _unusable("every unit at every level", f"{sorted({len(row) for row in table})}")
    y = np.asarray(table, dtype=np.float64)
    if min(y.shape) < 2 or not np.isfinite(y).all():
        raise _unusable("at least two units at two levels", f"{y.shape[0]} at {y.shape[-1]}")
    k, levels = y.shape
    of_levels = y.mean(0) - y.mean()
    residual = y - y.mean(1, keepdims=True) - of_levels
    within = (levels - 1) * (k - 1)
    return _f(k * float((of_levels**2).sum()), levels - 1, float((residual**2).sum()), within, y)


def nested_levels(groups: Sequence[Sequence[float]]) -> float:
    """Test whether levels differ where each unit has been through one of them only.

    F = MS_level / MS_units, L − 1 and K − L degrees of freedom for K units (one-way analysis of
    variance of the units' figures).

    Args:
        groups: for each of L ≥ 2 levels the figures of its units, at least one of which has two.

    Returns:
        p; 1 where nothing varies, 0 where levels do and units within them do not.

    Raises:
        MeasureError: fewer than two levels, an empty one, one unit a level, or figures that are not
            finite.
    """
    sizes = [len(group) for group in groups]
    if len(groups) < 2 or min(sizes) < 1 or sum(sizes) <= len(groups):
        raise _unusable("two levels, one of which has two units", f"levels with {sizes} units")
    values = [np.asarray(group, dtype=np.float64) for group in groups]
    whole = np.concatenate(values)
    if not np.isfinite(whole).all():
        raise _unusable("finite figures", "others")
    between = sum(len(v) * float((v.mean() - whole.mean()) ** 2) for v in values)
    within = sum(float(((v - v.mean()) ** 2).sum()) for v in values)
    return _f(between, len(groups) - 1, within, len(whole) - len(groups), whole)


def mean_interval(figures: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float]:
    """Compute Student's interval of the mean of units: mean ± t s/√k, k − 1 degrees of freedom.

    Args:
        figures: one a unit, at least two, finite.
        confidence: level, in (0, 1).

    Raises:
        MeasureError: fewer than two units, or figures that are not finite.
    """
    values = np.asarray(figures, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        raise _unusable("finite figures of at least two units", f"{len(values)} units")
    half = float(stats.t.isf((1 - confidence) / 2, len(values) - 1))
    half *= float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def free_contrasts(factor: Sequence[str], other: Sequence[str]) -> int:
    """Count the contrasts between a factor's levels that another factor does not determine.

    rank [1 F O] − rank [1 O], F and O the indicators of the levels.

    Args:
        factor: its level in each condition.
        other: the other factor's.

    Returns:
        0 … levels − 1.

    Raises:
        MeasureError: no condition, or factors of different lengths.
    """
    if not factor or len(factor) != len(other):
        raise _unusable("both factors in every condition", f"{len(factor)} and {len(other)}")
    return _rank(factor, other) - _rank(other)


def units_needed(gap: float, sd: float, *, confidence: float = 0.95) -> int:
    """Count the units a level for which a gap of this size would leave the interval of no gap.

    The smallest k ≥ 2 with t_{k} sd √(2/k) ≤ gap, t at 2(k − 1) degrees of freedom: the half-width
    of Student's interval of the difference of two levels is then no wider than the gap.

    Args:
        gap: difference of two levels, > 0.
        sd: of units around their level's mean, ≥ 0, in the same unit.
        confidence: level, in (0, 1).

    Raises:
        MeasureError: a gap that is not positive, a negative spread, or more than a million units.
    """
    if not (gap > 0 and sd >= 0 and math.isfinite(sd)):
        raise _unusable("a positive gap and a spread", f"{gap} and {sd}")
    k = 2
    while stats.t.isf((1 - confidence) / 2, 2 * (k - 1)) * sd * math.sqrt(2 / k) > gap:
        # Far from the answer, the normal distribution tells how many are needed at least.
        least = 2 * (stats.norm.isf((1 - confidence) / 2) * sd / gap) ** 2
        if least > _MOST:
            raise _unusable(f"no more than {_MOST} units", f"{least:.0f}")
        k = max(k + 1, math.floor(least))
    return k


def _rank(*factors: Sequence[str]) -> int:
    columns = [[1.0] * len(factors[0])]
    for factor in factors:
        columns += [[float(item == level) for item in factor] for level in sorted(set(factor))]
    return int(np.linalg.matrix_rank(np.array(columns)))


def _f(between: float, df_between: int, within: float, df_within: int, values: Values) -> float:
    # What is left of equal figures after subtracting their mean is rounding.
    noise = (1e-13 * float(np.abs(values).max())) ** 2 * values.size
    if within <= noise:
        return 1.0 if between <= noise else 0.0
    statistic = (between / df_between) / (within / df_within)
    return float(stats.f.sf(statistic, df_between, df_within))


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "comparison over units", wanted=wanted, found=found, advice="measure more units"
    )
