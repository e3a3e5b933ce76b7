"""The dose at which a rising curve through measured points passes a level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from plip.errors import MeasureError

__all__ = ["dose_for"]


def dose_for(doses: Sequence[float], values: Sequence[float], level: float) -> float:
    """Interpolate where a rising curve first reaches a level.

    Piecewise cubic, shape-preserving (PCHIP): between two points it rises as they do.

    Args:
        doses: at least two, ascending.
        values: at those doses, ascending.
        level: within the values.

    Raises:
        MeasureError: doses or values that do not ascend, or a level that the values do not reach.

    Source: Fritsch and Carlson 1980.
    """
    x, y = np.asarray(doses, dtype=np.float64), np.asarray(values, dtype=np.float64)
    rising = x.shape == y.shape and x.size > 1 and (np.diff(x) > 0).all() and (np.diff(y) > 0).all()
    if not rising:
        raise MeasureError(
            "dose-response curve",
            wanted="at least two doses, and values that rise with them",
            found=f"{list(values)} at {list(doses)}",
            advice="take the part of the curve that rises",
        )
    if not y[0] <= level <= y[-1]:
        raise MeasureError(
            f"level {level:g}",
            wanted=f"one within {y[0]:g} … {y[-1]:g}, which the curve passes",
            found=f"{level:g}",
            advice="measure at lower or higher doses",
        )
    hits = np.flatnonzero(y == level)
    if hits.size:
        return float(x[hits[0]])
    return float(PchipInterpolator(x, y).solve(level, extrapolate=False)[0])
