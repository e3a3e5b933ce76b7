"""How what checks found is written in words: numbers, intervals, whatever a row holds."""

from __future__ import annotations

import json
import math

from pydantic import JsonValue

from plip.report.figures import NOTHING

__all__ = ["interval", "number", "shown"]


def number(value: float) -> str:
    """Write a number with six significant digits; what is not finite in words."""
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.6g}".replace("-", "−")


def interval(bounds: tuple[float, float]) -> str:
    """Write a closed interval; a point as one number.

    Without a unit: for some checks it is not that of the claim's figure.
    """
    low, high = (number(bound) for bound in bounds)
    return low if low == high else f"[{low}, {high}]"


def shown(value: JsonValue) -> str:
    """Write the value of a row."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value).replace("-", "−")
    if isinstance(value, float):
        return number(value)
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
