"""What a comparison that found nothing can say: intervals, equivalence, what would have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from plip.errors import MeasureError

__all__ = [
    "Equivalence",
    "clopper_pearson",
    "detectable_difference",
    "detectable_rates",
    "paired_equivalence",
    "summary_equivalence",
    "unpaired_equivalence",
]

Values = NDArray[np.float64]

# Quantiles over which a power is averaged: with 200, δ is right to 1e-4 of itself.
_NODES = 200


@dataclass(frozen=True, slots=True)
class Equivalence:
    """A difference of means with the interval that decides whether it is small.

    Args:
        n: how many figures each side has.
        difference: mean of the second side − mean of the first.
        se: its standard error.
        df: degrees of freedom of Student's distribution.
        low: lower end of the interval at level 1 − 2α, that of two one-sided tests at α.
        high: its upper end.
        p: two-sided, of no difference.
        detectable: the smallest true difference that a two-sided test at α finds with the power
            asked for, given this standard error.
    """

    n: tuple[int, int]
    difference: float
    se: float
    df: float
    low: float
    high: float
    p: float
    detectable: float

    @property
    def smallest_margin(self) -> float:
        """The smallest margin within which the sides are equivalent: max(|low|, |high|)."""
        return max(abs(self.low), abs(self.high))

    def tost(self, margin: float) -> float:
        """Compute p of two one-sided tests: the larger of P(T ≥ (d + δ)/se) and P(T ≤ (d − δ)/se).

        Args:
            margin: δ > 0; the sides are equivalent if the difference lies within ±δ.

        Raises:
            MeasureError: a margin that is not positive.

        Source: Schuirmann 1987.
        """
        if not margin > 0:
            raise MeasureError(
                "equivalence margin",
                wanted="a positive difference",
                found=str(margin),
                advice="say how large a difference would still count as none",
            )
        above = stats.t.sf((self.difference + margin) / self.se, self.df)
        below = stats.t.cdf((self.difference - margin) / self.se, self.df)
        return float(max(above, below))


def paired_equivalence(
    one: Sequence[float], other: Sequence[float], *, alpha: float = 0.05, power: float = 0.8
) -> Equivalence:
    """Compare two conditions of the same units by Student's interval of their differences.

    Args:
        one: at least two finite figures.
        other: the same units in the same order.
        alpha: level of each one-sided test.
        power: for the smallest difference that would have shown.

    Raises:
        MeasureError: sides of different lengths, fewer than two units, figures that are not finite,
            or differences that do not vary, which give no interval.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if a.shape != b.shape:
        raise _unusable("the same units under both conditions", f"{len(a)} and {len(b)}")
    _check(a, b)
    change = b - a
    se = _spread(
        float(change.std(ddof=1) / math.sqrt(len(change))), a.max(), b.max(), a.min(), b.min()
    )
    return _equivalence((len(a), len(b)), float(change.mean()), se, len(a) - 1, alpha, power)


def unpaired_equivalence(
    one: Sequence[float], other: Sequence[float], *, alpha: float = 0.05, power: float = 0.8
) -> Equivalence:
    """Compare two independent groups by Welch's interval.

    Arguments and errors are those of `paired_equivalence`, but for the units.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    _check(a, b)
    means, sds = (float(a.mean()), float(b.mean())), (float(a.std(ddof=1)), float(b.std(ddof=1)))
    return summary_equivalence(means, sds, (len(a), len(b)), alpha=alpha, power=power)


def summary_equivalence(
    means: tuple[float, float],
    sds: tuple[float, float],
    ns: tuple[int, int],
    *,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Equivalence:
    """Compare two independent groups by Welch's interval, from what is reported of them.

    Args:
        means: of each group.
        sds: of each, with n − 1 below.
        ns: how many figures each has, at least two.
        alpha: level of each one-sided test.
        power: for the smallest difference that would have shown.

    Raises:
        MeasureError: fewer than two figures, no spread, or something that is not finite.
    """
    if min(ns) < 2 or not all(map(math.isfinite, (*means, *sds))) or min(sds) < 0:
        raise _unusable("finite means and SDs of at least two figures", f"{means}, {sds}, {ns}")
    parts = [sd**2 / n for sd, n in zip(sds, ns, strict=True)]
    se = _spread(math.sqrt(sum(parts)), *means)
    df = math.nan
    if se > 0:
        df = sum(parts) ** 2 / sum(part**2 / (n - 1) for part, n in zip(parts, ns, strict=True))
    return _equivalence(ns, means[1] - means[0], se, df, alpha, power)


def detectable_difference(
    se: float, df: float, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Find the true difference that a two-sided t test at `alpha` finds with a given power.

    P(|T| > t_{1−α/2}) = power, T noncentral with δ/se

    Args:
        se: standard error of the difference, > 0.
        df: degrees of freedom, > 0.
        alpha: level of the test, two-sided.
        power: in (alpha, 1).

    Returns:
        δ in the unit of `se`.

    Raises:
        MeasureError: no spread, or no degree of freedom.
    """
    if not (se > 0 and df > 0):
        raise _unusable("figures that vary", f"a standard error of {se} with {df} degrees")
    critical = float(stats.t.isf(alpha / 2, df))
    # T = (Z + δ/se) / √(V/df): averaged over the quantiles of V, because the noncentral
    # distribution itself is lost to rounding at one or two degrees of freedom.
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    thresholds = critical * np.sqrt(stats.chi2.ppf((nodes + 1) / 2, df) / df)

    def lacking(ratio: float) -> float:
        found = stats.norm.sf(thresholds - ratio) + stats.norm.cdf(-thresholds - ratio)
        return float(weights @ found) / 2 - power

    enough = critical
    while lacking(enough) < 0:
        enough *= 2
    return float(se * optimize.brentq(lacking, 0.0, enough, xtol=1e-10))


def detectable_rates(
    rate: float, n: int, other: int, *, alpha: float = 0.05, power: float = 0.8
) -> tuple[float, float]:
    """Find the nearest rates that a test of two proportions tells from a given one.

    The score test with pooled variance, without correction for continuity; its power is computed
    exactly: Σ over all outcomes (i of n, j of m) that it rejects of their binomial probability.

    Args:
        rate: true rate of the first group, in [0, 1].
        n: its trials, ≥ 1.
        other: trials of the second group, ≥ 1.
        alpha: level of the test, two-sided.
        power: in (alpha, 1).

    Returns:
        The nearest rate below and above; NaN where none is far enough.

    Raises:
        MeasureError: no trial, or a rate outside [0, 1].
    """
    if n < 1 or other < 1 or not 0 <= rate <= 1:
        raise _unusable("a rate in [0, 1] of at least one trial", f"{rate} of {n} and {other}")
    i, j = np.arange(n + 1)[:, None], np.arange(other + 1)[None, :]
    pooled = (i + j) / (n + other)
    variance = pooled * (1 - pooled) * (1 / n + 1 / other)
    gap = np.abs(i / n - j / other)
    rejected = gap > stats.norm.isf(alpha / 2) * np.sqrt(variance)
    weight = stats.binom.pmf(np.arange(n + 1), n, rate) @ rejected

    def lacking(second: float) -> float:
        return float(weight @ stats.binom.pmf(np.arange(other + 1), other, second)) - power

    def nearest(end: float) -> float:
        if lacking(end) < 0:
            return math.nan
        return float(optimize.brentq(lacking, rate, end, xtol=1e-10))

    return nearest(0.0), nearest(1.0)


def clopper_pearson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the exact interval of a proportion.

    With no success of n its upper end is 1 − (α/2)^{1/n}; 3/n is the rule of thumb for one side.

    Args:
        successes: 0 … n.
        n: how many independent trials, ≥ 1.
        confidence: level, in (0, 1).

    Raises:
        MeasureError: no trial, or more successes than trials.

    Source: Clopper and Pearson 1934.
    """
    if n < 1 or not 0 <= successes <= n:
        raise _unusable("at least one trial, and no more successes", f"{successes} of {n}")
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)


def _equivalence(
    n: tuple[int, int], gap: float, se: float, df: float, alpha: float, power: float
) -> Equivalence:
    detectable = detectable_difference(se, df, alpha=alpha, power=power)
    half = float(stats.t.isf(alpha, df)) * se
    p = float(2 * stats.t.sf(abs(gap) / se, df))
    return Equivalence(n, gap, se, df, gap - half, gap + half, p, detectable)


def _spread(se: float, *sizes: float) -> float:
    """Return a standard error, 0 where it is but the rounding of equal figures of these sizes."""
    return se if se > 1e-14 * max(map(abs, sizes)) else 0.0


def _check(*sides: Values) -> None:
    for side in sides:
        if side.ndim != 1 or len(side) < 2 or not np.isfinite(side).all():
            raise _unusable(
                "at least two finite figures on each side",
                f"{side.size}, {int(np.isfinite(side).sum())} of them finite",
            )


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "equivalence",
        wanted=wanted,
        found=found,
        advice="measure more units, or compare the values themselves",
    )
