"""Which means, standard deviations and percentages n whole outcomes can have at all."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, TypeAlias

from plip.errors import MeasureError
from plip.stats.intervals import Interval

__all__ = ["Stage", "debit", "grim", "grimmer", "whole_counts"]

#: What a mean and standard deviation fail at, in this order; None if at nothing.
Stage: TypeAlias = Literal["mean", "sum of squares", "parity"] | None


def whole_counts(share: Interval, n: int) -> range:
    """Return every k of 0 … n whose k / n lies in the interval.

    Args:
        share: a fraction.
        n: how many outcomes, ≥ 1.

    Raises:
        MeasureError: no outcome.
    """
    _check(n, 1)
    return range(max(0, math.ceil(share.low * n)), min(n, math.floor(share.high * n)) + 1)


def grim(mean: Interval, n: int, *, items: int = 1) -> range:
    """Return every whole sum whose mean lies in the interval.

    mean = sum / (n · items): of n people, each the mean of `items` whole answers.

    Args:
        mean: all that the printed mean stands for.
        n: how many people, ≥ 1.
        items: answers of each, ≥ 1.

    Returns:
        The sums; none where no whole data have this mean.

    Raises:
        MeasureError: no person or no answer.

    Source: Brown and Heathers 2017.
    """
    _check(n, 1)
    _check(items, 1)
    return range(math.ceil(mean.low * n * items), math.floor(mean.high * n * items) + 1)


def grimmer(mean: Interval, sd: Interval, n: int, *, items: int = 1, ddof: int = 1) -> Stage:
    """Tell what keeps n whole numbers from having this mean and this standard deviation.

    Of whole numbers with the sum S and the sum of squares Q, (n − ddof) sd² = Q − S²/n; Q is whole,
    as even or odd as S, and no less than that of the n whole numbers with sum S that are as equal
    as they can be. Every S that rounds to the mean is tried: with one alone, sound data are
    refused.

    Args:
        mean: all that the printed mean stands for.
        sd: likewise, its standard deviation.
        n: how many people, > `ddof`.
        items: whole answers of each, whose mean is a person's value, ≥ 1.
        ddof: 1 of a sample, 0 of a whole population.

    Returns:
        "mean" where no sum fits, "sum of squares" where no whole Q fits any of them, "parity"
        where some does, but none of the right parity; None where one does.

    Raises:
        MeasureError: too few people, or no answer.

    Source: Anaya 2016; Allard 2018 (Analytic-GRIMMER), whose tests 1 and 2 are "sum of squares" and
    test 3 is "parity".
    """
    _check(n, ddof + 1)
    sums = grim(mean, n, items=items)
    if not sums:
        return "mean"
    # In the unit of one answer, where everything is whole.
    low = (n - ddof) * (max(sd.low, Fraction(0)) * items) ** 2
    high = (n - ddof) * (sd.high * items) ** 2 if sd.high >= 0 else Fraction(-1)
    any_square = False
    for total in sums:
        centre = Fraction(total * total, n)
        first = max(math.ceil(low + centre), _least_squares(total, n))
        last = math.floor(high + centre)
        if first > last:
            continue
        any_square = True
        if first < last or (first - total) % 2 == 0:
            return None
    return "parity" if any_square else "sum of squares"


def debit(mean: Interval, sd: Interval, n: int, *, ddof: int = 1) -> tuple[int, ...]:
    """Return the counts of ones among n zeros and ones that have this mean and this SD.

    (n − ddof) sd² = k (n − k) / n of k ones

    Args:
        mean: all that the printed mean stands for, a fraction.
        sd: likewise, its standard deviation.
        n: how many, > `ddof`.
        ddof: 1 of a sample, 0 of a whole population.

    Returns:
        Every such k, ascending; none where no zeros and ones do.

    Raises:
        MeasureError: too few values.

    Source: Heathers and Brown 2019.
    """
    _check(n, ddof + 1)
    low = max(sd.low, Fraction(0))
    return tuple(
        k
        for k in whole_counts(mean, n)
        if sd.high >= 0 and low**2 <= Fraction(k * (n - k), n * (n - ddof)) <= sd.high**2
    )


def _least_squares(total: int, n: int) -> int:
    """Return Σ x² of n whole numbers with this sum that differ by 1 at most."""
    each, rest = divmod(total, n)
    return rest * (each + 1) ** 2 + (n - rest) * each**2


def _check(number: int, least: int) -> None:
    if number < least:
        raise MeasureError(
            "granularity",
            wanted=f"a number from {least}",
            found=str(number),
            advice="give how many values there are",
        )
