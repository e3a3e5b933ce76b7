"""How far apart two ratios of means are, by resampling the samples behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plip.errors import MeasureError

__all__ = ["RatioOfRatios", "ratio_of_ratios"]

Values = NDArray[np.float64]
Sides = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class RatioOfRatios:
    """Two ratios of means and their ratio, each with a bootstrap interval.

    Args:
        first: mean of the first side / mean of the second, under the first condition.
        second: likewise under the second condition.
        ratio: second / first.
        intervals: of these three, in this order.
    """

    first: float
    second: float
    ratio: float
    intervals: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def ratio_of_ratios(
    first: Sides,
    second: Sides,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> RatioOfRatios:
    """Compare the ratio of two groups' means under two conditions of the same samples.

    Percentile bootstrap: each group's samples are drawn with replacement, the same draws under both
    conditions. With ten samples a group the interval is somewhat too narrow.

    Args:
        first: both groups' values under the first condition, all above 0.
        second: the same samples, in the same order, under the second.
        confidence: level of the intervals.
        resamples: draws.
        seed: of the draws.

    Raises:
        MeasureError: groups of different length under the conditions, fewer than two samples, or
            values that are not above 0, so that a ratio may be undefined.
    """
    tables = [np.asarray(pair, dtype=np.float64).T for pair in zip(first, second, strict=True)]
    for table in tables:
        if table.ndim != 2 or len(table) < 2 or not (np.isfinite(table) & (table > 0)).all():
            raise MeasureError(
                "ratio of ratios",
                wanted="two or more samples above 0 in both groups",
                found=f"{table.shape[0]} samples, the least {table.min(initial=np.inf):g}",
                advice="compare differences where values may be 0",
            )
    rng = np.random.default_rng(seed)
    means = [
        table[rng.integers(len(table), size=(resamples, len(table)))].mean(axis=1)
        for table in tables
    ]
    drawn = means[0] / means[1]
    columns = (drawn[:, 0], drawn[:, 1], drawn[:, 1] / drawn[:, 0])
    tail = (1 - confidence) / 2
    intervals = [(float(np.quantile(c, tail)), float(np.quantile(c, 1 - tail))) for c in columns]
    one, other = (float(v) for v in tables[0].mean(axis=0) / tables[1].mean(axis=0))
    return RatioOfRatios(one, other, other / one, (intervals[0], intervals[1], intervals[2]))
