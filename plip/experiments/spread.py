"""Means over samples, with how much the samples differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import bootstrap

from plip.records import Spread

__all__ = ["mean_and_sd", "spread"]


def mean_and_sd(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the mean and the standard deviation (n − 1), None where they are undefined."""
    n = len(values)
    if n == 0:
        return None, None
    mean = math.fsum(values) / n
    if n == 1:
        return mean, None
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))


def spread(
    values: Sequence[float], *, seed: int, confidence: float = 0.95, resamples: int = 9999
) -> Spread:
    """Describe values by mean, standard deviation and a bootstrap interval of the mean.

    The interval is bias-corrected and accelerated (BCa). Values that are all the same have the
    interval of that one value, as every resampling of them has.

    Args:
        values: one per sample; infinity is allowed, and leaves the figures undefined.
        seed: of the resampling.
        confidence: level of the interval.
        resamples: how many are drawn.

    Returns:
        The figures, None with a reason where one is undefined.
    """
    n = len(values)
    infinite = sum(math.isinf(value) for value in values)
    if infinite:
        return _partly(n, f"infinite in {infinite} of {n} samples")
    mean, sd = mean_and_sd(values)
    if n < 2:
        reason = "no sample" if n == 0 else "a single sample has no standard deviation"
        return _partly(n, reason, mean=mean)
    if len(set(values)) == 1:
        return Spread(n=n, mean=mean, sd=sd, ci_low=mean, ci_high=mean, undefined=None)
    interval = bootstrap(
        (np.asarray(values),),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = float(interval.low), float(interval.high)
    if math.isnan(low) or math.isnan(high):
        return _partly(n, "the bootstrap gives no interval", mean=mean, sd=sd)
    return Spread(n=n, mean=mean, sd=sd, ci_low=low, ci_high=high, undefined=None)


def _partly(n: int, reason: str, *, mean: float | None = None, sd: float | None = None) -> Spread:
    return Spread(n=n, mean=mean, sd=sd, ci_low=None, ci_high=None, undefined=reason)
