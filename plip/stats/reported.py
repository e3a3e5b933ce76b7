"""What a reported test implies: p of a statistic, and Welch's test from means, SDs and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Literal, TypeAlias

from scipy import stats

from plip.errors import MeasureError
from plip.stats.intervals import Interval

__all__ = ["Statistic", "p_bounds", "p_value", "upper_tail_bounds", "welch_bounds"]

Statistic: TypeAlias = Literal["t", "F", "chi2", "z", "r"]

_DFS: dict[str, int] = {"t": 1, "F": 2, "chi2": 1, "z": 0, "r": 1}
# What floating point may be off by, relative, in what is computed here.
_SLACK = 1e-9


def p_value(test: Statistic, value: float, df: Sequence[float] = (), *, tails: int = 2) -> float:
    """Compute p of a statistic.

    t, z and r are taken by their size: of one tail, p is that of the side where the value lies. F
    and chi2 have one tail only, the upper, and p is the same whatever `tails` is. r is tested by
    t = r √(df / (1 − r²)), df = n − 2.

    Args:
        test: which distribution.
        value: the statistic.
        df: degrees of freedom, above 0: one of t, chi2 and r, two of F, none of z.
        tails: 1 or 2.

    Raises:
        MeasureError: the wrong number of degrees of freedom, or a value out of range.
    """
    if len(df) != _DFS[test] or not all(each > 0 for each in df):
        raise _unusable(test, f"{_DFS[test]} degrees of freedom above 0", f"{list(df)}")
    if test == "F":
        return float(stats.f.sf(value, *df))
    if test == "chi2":
        return float(stats.chi2.sf(value, *df))
    size = abs(value)
    if test == "z":
        return tails * float(stats.norm.sf(size))
    if test == "r":
        if size > 1:
            raise _unusable(test, "a correlation from −1 to 1", f"{value:g}")
        size = math.inf if size == 1 else size * math.sqrt(df[0] / (1 - size**2))
    return tails * float(stats.t.sf(size, *df))


def p_bounds(
    test: Statistic, value: Interval, df: Sequence[Interval] = (), *, tails: int = 2
) -> Interval:
    """Hold p of a statistic and degrees of freedom that are known to printed precision.

    p falls with the size of the statistic, and rises or falls throughout with the degrees of
    freedom of t, chi2 and r, so that the ends suffice; of F the middles are gone through too.

    Args, Raises: as `p_value`.
    """
    small, large = abs(value).low, abs(value).high
    if test in ("F", "chi2"):
        small, large = max(value.low, Fraction(0)), max(value.high, Fraction(0))
    if test == "r":
        large = min(large, Fraction(1))
    places = [_grid(each) for each in df]
    ps = [
        p_value(test, float(size), point, tails=tails)
        for size in (small, large)
        for point in product(*places)
    ]
    return _around(min(ps), min(max(ps), 1.0))


def upper_tail_bounds(t: Interval, df: Interval) -> Interval:
    """Hold P(T ≥ t) of Student's distribution: p of the alternative that t is above 0.

    It falls with t; with the degrees of freedom it rises or falls throughout.
    """
    ps = [
        float(stats.t.sf(float(value), float(degrees)))
        for value in (t.low, t.high)
        for degrees in (df.low, df.high)
    ]
    return _around(min(ps), min(max(ps), 1.0))


def welch_bounds(
    means: tuple[Interval, Interval],
    sds: tuple[Interval, Interval],
    ns: tuple[int, int],
    *,
    equal_variances: bool = False,
) -> tuple[Interval, Interval]:
    """Hold t and its degrees of freedom from means and standard deviations as printed.

    t = (m₁ − m₂) / √(v₁ + v₂), v = s² / n;
    df = 1 / (w² / (n₁ − 1) + (1 − w)² / (n₂ − 1)), w = v₁ / (v₁ + v₂)

    With equal variances, Student's: the pooled one, df = n₁ + n₂ − 2.

    Args:
        means: of both groups.
        sds: of samples, with n − 1 below.
        ns: how many each, ≥ 2.
        equal_variances: whether they are pooled.

    Raises:
        MeasureError: fewer than two in a group, or both standard deviations may be 0.

    Source: Welch 1947.
    """
    if min(ns) < 2:
        raise _unusable("Welch's test", "at least two in each group", f"{ns[0]} and {ns[1]}")
    low = [float(max(sd.low, Fraction(0))) ** 2 for sd in sds]
    high = [float(max(sd.high, Fraction(0))) ** 2 for sd in sds]
    if low[0] == low[1] == 0:
        raise _unusable("Welch's test", "some spread", "standard deviations that may both be 0")
    n1, n2 = ns
    total = n1 + n2 - 2
    if equal_variances:
        pooled = [((n1 - 1) * v[0] + (n2 - 1) * v[1]) / total for v in (low, high)]
        errors = [math.sqrt(v * (1 / n1 + 1 / n2)) for v in pooled]
        df = Interval.point(Fraction(total))
    else:
        errors = [math.sqrt(v[0] / n1 + v[1] / n2) for v in (low, high)]
        df = _welch_df((low[0] / n1, high[0] / n1), (low[1] / n2, high[1] / n2), ns)
    gap = means[0] - means[1]
    ts = [float(end) / error for end in (gap.low, gap.high) for error in errors]
    return _around(min(ts), max(ts)), df


def _welch_df(
    one: tuple[float, float], other: tuple[float, float], ns: tuple[int, int]
) -> Interval:
    """Bound the degrees of freedom, which rise with w up to (n₁ − 1) / (n₁ + n₂ − 2), then fall."""
    n1, n2 = ns

    def df(w: float) -> float:
        return 1 / (w**2 / (n1 - 1) + (1 - w) ** 2 / (n2 - 1))

    def share(a: float, b: float) -> float:
        return a / (a + b) if a + b > 0 else 0.0

    low, high = share(one[0], other[1]), share(one[1], other[0])
    best = (n1 - 1) / (n1 + n2 - 2)
    found = [df(low), df(high), *([df(best)] if low <= best <= high else [])]
    return _around(min(found), max(found))


def _grid(value: Interval) -> list[float]:
    middle = (value.low + value.high) / 2
    return sorted({float(value.low), float(middle), float(value.high)})


def _around(low: float, high: float) -> Interval:
    """Hold both ends, and what rounding in floating point may have taken away from them."""
    one, other = Fraction(low), Fraction(high)
    slack = Fraction(_SLACK)
    return Interval(one - abs(one) * slack, other + abs(other) * slack)


def _unusable(who: str, wanted: str, found: str) -> MeasureError:
    return MeasureError(who, wanted=wanted, found=found, advice="give the test as it was reported")
