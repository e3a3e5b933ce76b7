"""A figure as a paper prints it, and the values it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from plip.claims.printed import read_numeral
from plip.errors import LedgerError
from plip.stats import Interval

__all__ = ["Figure", "Quantity", "parse_figure"]

# Units that papers print at the number, so that quote and unit can be compared.
_SIGNS = ("%", "×")


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed figure, in its printed unit."""

    printed: str
    """Exactly as in the paper, such as "5.70%", "±332.08" or "~2-3×"."""
    unit: str
    decimals: int
    """Printed after the point; of a range, the larger number of the two ends."""
    interval: Interval
    """Every value that the figure may stand for."""
    at_face: Interval
    """The printed number as if it were exact: a point, or the ends of a printed range."""

    def show(self, interval: Interval, *, more: int = 1) -> str:
        """Write an interval in this figure's unit, with `more` decimals than the figure has."""
        gap = "" if self.unit in _SIGNS else " "
        return f"{interval.show(self.decimals + more)}{gap}{self.unit}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure that a check reads, with what the finest figures behind it say of its value."""

    figure: Figure
    finest: Interval
    """Recomputed from the figures it was made of, where the ledger has them; else as printed."""
    finest_at_face: Interval


def parse_figure(printed: str, *, unit: str, exact: bool) -> Figure:
    """Read a printed figure.

    A number stands for all that round to it; a range "a-b" for everything from the least value
    that rounds to a to the greatest that rounds to b. An `exact` figure is a setting (a scale, a
    layer) and stands for itself. A leading ~ or ≈ widens nothing: how close is close enough is for
    the check to say. ± marks a spread and is not part of the number, nor is the name in
    "p = 0.018"; of "p < 0.05" the figure is the bare number, and the rest is for the check too.
    Thousands may be set off by commas, a power of ten written as e-5, × 10⁻⁵ or × 10^-5.

    Raises:
        LedgerError: no such figure can be read, its range runs backwards, or it is printed in
            another unit than `unit`.
    """
    found = read_numeral(printed)
    if found is None:
        raise _fault(printed, "a number or range such as 5.70%, ±332.08 or ~2-3×", repr(printed))
    # A factor without its sign ("scale=3.0") is the same number; a percentage is not.
    bare_factor = unit == "×" and not found.sign
    if not bare_factor and found.sign != (unit if unit in _SIGNS else ""):
        raise _fault(printed, f"the unit of the entry, {unit!r}", f"{found.sign!r} at the number")
    if found.at_face[0] > found.at_face[1]:
        raise _fault(printed, "a range from its lower to its upper end", repr(printed))
    at_face = Interval(*found.at_face)
    low, high = found.ends
    return Figure(
        printed=printed,
        unit=unit,
        decimals=found.decimals,
        interval=at_face if exact else Interval(low.low, high.high),
        at_face=at_face,
    )


def _fault(printed: str, wanted: str, found: str) -> LedgerError:
    return LedgerError(
        f"figure {printed!r}",
        wanted=wanted,
        found=found,
        advice="quote the figure as the paper prints it",
    )
