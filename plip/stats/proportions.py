"""Proportions: their intervals, their differences, and pairs of outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from plip.errors import MeasureError

__all__ = ["cluster_bootstrap", "difference_interval", "mcnemar", "wilson"]


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Compute Wilson's score interval of a proportion, without correction for continuity.

    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)

    Args:
        successes: 0 … n.
        n: how many independent trials, ≥ 1.
        confidence: level, in (0, 1).

    Returns:
        Its ends, fractions in [0, 1].

    Raises:
        MeasureError: no trial, or more successes than trials.

    Source: Wilson 1927.
    """
    _check(successes, n)
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def difference_interval(
    one: tuple[int, int], other: tuple[int, int], *, confidence: float = 0.95
) -> tuple[float, float]:
    """Compute Newcombe's hybrid score interval of p₁ − p₂ of two independent proportions.

    low = d − √((p₁ − l₁)² + (u₂ − p₂)²), high = d + √((u₁ − p₁)² + (p₂ − l₂)²), Wilson's l and u

    Args:
        one: successes and trials of the first.
        other: of the second.
        confidence: level, in (0, 1).

    Raises:
        MeasureError: as `wilson`.

    Source: Newcombe 1998, method 10.
    """
    low1, high1 = wilson(*one, confidence=confidence)
    low2, high2 = wilson(*other, confidence=confidence)
    p1, p2 = one[0] / one[1], other[0] / other[1]
    below = math.hypot(p1 - low1, high2 - p2)
    above = math.hypot(high1 - p1, p2 - low2)
    return p1 - p2 - below, p1 - p2 + above


def mcnemar(gained: int, lost: int) -> float:
    """Test pairs of outcomes: exact, two-sided p of McNemar's test.

    p = 2 P(X ≤ min(gained, lost)), X ~ Binomial(gained + lost, ½), at most 1; 1 without such a pair

    Args:
        gained: pairs with the outcome under the second condition only.
        lost: pairs with it under the first only.

    Raises:
        MeasureError: a negative count.

    Source: McNemar 1947, in its exact form.
    """
    if gained < 0 or lost < 0:
        raise MeasureError(
            "pairs",
            wanted="counts from 0",
            found=f"{gained} gained and {lost} lost",
            advice="count the pairs of each kind",
        )
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(gained, gained + lost, 0.5).pvalue)


def cluster_bootstrap(
    figures: Sequence[float],
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
) -> tuple[float, float]:
    """Compute a percentile bootstrap interval of a mean over clusters, such as prompts.

    Whole clusters are drawn with replacement, each with all of its observations, which have become
    one figure; every cluster has as many. With few clusters the interval is too narrow: of six it
    is about a third shorter than Student's.

    Args:
        figures: one for each cluster, such as the rate of a prompt; at least two, finite.
        rng: draws the clusters.
        confidence: level, in (0, 1).
        resamples: how often.

    Raises:
        MeasureError: fewer than two clusters, or figures that are not finite.
    """
    values = np.asarray(figures, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        raise MeasureError(
            "cluster bootstrap",
            wanted="finite figures of at least two clusters",
            found=f"{len(values)}, {int(np.isfinite(values).sum())} of them finite",
            advice="measure more clusters",
        )
    drawn = rng.integers(len(values), size=(resamples, len(values)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(values[drawn].mean(1), [tail, 1 - tail])
    return float(low), float(high)


def _check(successes: int, n: int) -> None:
    if n < 1 or not 0 <= successes <= n:
        raise MeasureError(
            "proportion",
            wanted="at least one trial, and no more successes than trials",
            found=f"{successes} of {n}",
            advice="count the trials",
        )
