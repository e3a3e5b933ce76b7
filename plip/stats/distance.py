"""Figures at a distance at which they were not measured, but between distances that were."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from plip.errors import MeasureError

__all__ = ["at_distance", "common_range"]


def at_distance(distances: Sequence[float], figures: Sequence[float], at: float) -> float:
    """Interpolate a figure linearly in the logarithm of the distance; never extrapolate.

    Args:
        distances: where it was measured, above 0, ascending.
        figures: what was measured there.
        at: the distance wanted, within them.

    Raises:
        MeasureError: a distance outside the measured ones, or distances that do not ascend.
    """
    ascending = all(one < other for one, other in pairwise(distances))
    if not distances or len(distances) != len(figures) or not ascending or distances[0] <= 0:
        raise MeasureError(
            "distances",
            wanted="distances above 0 that ascend, each with a figure",
            found=f"{list(distances)} with {len(figures)} figures",
            advice="measure at more distances",
        )
    if not distances[0] <= at <= distances[-1]:
        raise MeasureError(
            f"distance {at:g}",
            wanted=f"one within {distances[0]:g} … {distances[-1]:g}, where it was measured",
            found=f"{at:g}",
            advice="take a distance in between, or measure farther",
        )
    return float(np.interp(math.log(at), np.log(distances), figures))


def common_range(ranges: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Find what all ranges have in common: from the largest low end to the smallest high end.

    Raises:
        MeasureError: there is no range, or no distance lies within all of them.
    """
    known = list(ranges)
    low = max((low for low, _ in known), default=math.inf)
    high = min((high for _, high in known), default=-math.inf)
    if low > high:
        raise MeasureError(
            "common distance",
            wanted="a distance that lies within every range",
            found=f"ranges that end at {high:g} and begin at {low:g}" if known else "no range",
            advice="give more lines of filler",
        )
    return low, high
