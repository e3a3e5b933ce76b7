"""How figures are written on a terminal."""

from __future__ import annotations

__all__ = ["NOTHING", "percent", "significant", "times"]

#: What stands where a figure is undefined.
NOTHING = "–"


def percent(fraction: float | None) -> str:
    """Write a fraction in percent with the paper's two decimals."""
    return NOTHING if fraction is None else f"{100 * fraction:.2f}%"


def significant(value: float | None) -> str:
    """Write a divergence in nats, or a norm, with four significant digits."""
    return NOTHING if value is None else f"{value:.4g}"


def times(value: float | None, decimals: int = 2) -> str:
    """Write a factor."""
    return NOTHING if value is None else f"{value:.{decimals}f}×"
