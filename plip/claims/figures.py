"""A figure as a paper prints it, and the values it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from plip.errors import LedgerError
from plip.stats import Interval

__all__ = ["Figure", "Quantity", "parse_figure"]

_NUMBER = r"\d+(?:\.\d+)?"
_PRINTED = re.compile(
    rf"[~≈]?±?(?P<low>{_NUMBER})(?:[-–](?P<high>{_NUMBER}))?(?P<sign>[%×])?", re.ASCII
)
# Units that the paper prints right after the number, so that quote and unit can be compared.
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
    the check to say. ± marks a spread and is not part of the number.

    Raises:
        LedgerError: no such figure can be read, its range runs backwards, or it is printed in
            another unit than `unit`.
    """
    found = _PRINTED.fullmatch(printed)
    if found is None:
        raise _fault(printed, "a number or range such as 5.70%, ±332.08 or ~2-3×", repr(printed))
    sign = found["sign"] or ""
    if sign != (unit if unit in _SIGNS else ""):
        raise _fault(printed, f"the unit of the entry, {unit!r}", f"{sign!r} after the number")
    low = found["low"]
    high = found["high"] or low
    if Fraction(low) > Fraction(high):
        raise _fault(printed, "a range from its lower to its upper end", repr(printed))
    at_face = Interval(Fraction(low), Fraction(high))
    rounded = Interval(Interval.reported(low).low, Interval.reported(high).high)
    return Figure(
        printed=printed,
        unit=unit,
        decimals=max(len(end.partition(".")[2]) for end in (low, high)),
        interval=at_face if exact else rounded,
        at_face=at_face,
    )


def _fault(printed: str, wanted: str, found: str) -> LedgerError:
    return LedgerError(
        f"figure {printed!r}",
        wanted=wanted,
        found=found,
        advice="quote the figure as the paper prints it",
    )
