"""How far p of a test of two groups can move within the rounding of their values."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from plip.claims.evidence import Reading
from plip.errors import MeasureError
from plip.stats import Interval

if TYPE_CHECKING:
    from plip.stats.groups import Alternative, GroupTest

__all__ = ["rounding_bounds"]


def rounding_bounds(
    test: GroupTest, one: Sequence[Reading], other: Sequence[Reading], alternative: Alternative
) -> Interval:
    """Hold p of a test of two groups over all that their values stand for.

    Of Welch's and Student's from the bounds of means and standard deviations, never too narrow; of
    Mann–Whitney's over the values at face and at both extremes; a permutation's is at face value.

    Args:
        test: what the values at face gave.
        one: of the first group.
        other: of the second.
        alternative: that of the test.
    """
    if test.name == "permutation" or all(
        r.finest.low == r.finest.high == r.at_face.low for r in (*one, *other)
    ):
        return Interval.point(Fraction(test.p))
    if test.name == "mann_whitney":
        return _over_extremes(test, one, other, alternative)
    from plip.stats.reported import p_bounds, upper_tail_bounds, welch_bounds
    from plip.stats.spread import sd_bounds

    groups = [[reading.finest for reading in readings] for readings in (one, other)]
    try:
        t, df = welch_bounds(
            (Interval.mean(groups[0]), Interval.mean(groups[1])),
            (sd_bounds(groups[0]), sd_bounds(groups[1])),
            (len(one), len(other)),
            equal_variances=test.name == "student",
        )
    except MeasureError:
        # Within their rounding, the values of each group may be one and the same.
        return Interval(Fraction(0), Fraction(1))
    if alternative == "two-sided":
        return p_bounds("t", t, [df])
    return upper_tail_bounds(t if alternative == "greater" else -t, df)


def _over_extremes(
    test: GroupTest, one: Sequence[Reading], other: Sequence[Reading], alternative: Alternative
) -> Interval:
    """U rises with every value of the first group and falls with every one of the second."""
    import numpy as np

    from plip.stats.groups import rank_test

    ends = [
        [np.array([float(end(r)) for r in readings]) for end in (_low, _high)]
        for readings in (one, other)
    ]
    extremes = [
        rank_test(ends[0][0], ends[1][1], alternative),
        rank_test(ends[0][1], ends[1][0], alternative),
    ]
    ps = [test.p, *(each.p for each in extremes)]
    middle = len(one) * len(other) / 2
    if alternative == "two-sided" and (extremes[0].statistic <= middle <= extremes[1].statistic):
        ps.append(1.0)
    return Interval(Fraction(min(ps)), Fraction(max(ps)))


def _low(reading: Reading) -> Fraction:
    return reading.finest.low


def _high(reading: Reading) -> Fraction:
    return reading.finest.high
