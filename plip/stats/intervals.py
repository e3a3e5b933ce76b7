"""Closed intervals with exact bounds, for figures known only to their printed precision."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from plip.errors import MeasureError

__all__ = ["Interval"]

_DECIMAL = re.compile(r"\d+(?:\.(?P<decimals>\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval [low, high] of exact rationals; whatever it is about lies in it.

    Raises:
        MeasureError: `low` is above `high`.
    """

    low: Fraction
    high: Fraction

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise MeasureError(
                "interval",
                wanted="a lower bound that is not above the upper one",
                found=f"[{self.low}, {self.high}]",
                advice="give the bounds in order",
            )

    @classmethod
    def point(cls, value: Fraction) -> Interval:
        """Hold one value exactly: [value, value]."""
        return cls(value, value)

    @classmethod
    def reported(cls, printed: str) -> Interval:
        """Hold every value that rounds to a printed decimal number.

        "2.32" stands for [2.315, 2.325]: half a unit of the last printed digit on both sides, the
        ends included, since a tie may have been rounded either way.

        Raises:
            MeasureError: `printed` is not a plain decimal number.
        """
        found = _DECIMAL.fullmatch(printed)
        if found is None:
            raise MeasureError(
                f"figure {printed!r}",
                wanted="a plain decimal number such as 2.32",
                found=f"{printed!r}",
                advice="give the digits without unit or sign",
            )
        value = Fraction(printed)
        half_unit = Fraction(1, 2 * 10 ** len(found["decimals"] or ""))
        return cls(value - half_unit, value + half_unit)

    @classmethod
    def mean(cls, parts: Iterable[Interval]) -> Interval:
        """Hold the mean of values of which one lies in each part: [mean of lows, mean of highs].

        Raises:
            MeasureError: there are no parts.
        """
        known = _some(parts, "mean")
        n = len(known)
        return cls(
            sum(p.low for p in known) / Fraction(n), sum(p.high for p in known) / Fraction(n)
        )

    @classmethod
    def minimum(cls, parts: Iterable[Interval]) -> Interval:
        """Hold the least of values of which one lies in each part: [least low, least high].

        Raises:
            MeasureError: there are no parts.
        """
        known = _some(parts, "minimum")
        return cls(min(p.low for p in known), min(p.high for p in known))

    @classmethod
    def maximum(cls, parts: Iterable[Interval]) -> Interval:
        """Hold the greatest of values of which one lies in each part: [greatest low, … high].

        Raises:
            MeasureError: there are no parts.
        """
        known = _some(parts, "maximum")
        return cls(max(p.low for p in known), max(p.high for p in known))

    def __sub__(self, other: Interval) -> Interval:
        """Hold the difference: [low − other.high, high − other.low]."""
        return Interval(self.low - other.high, self.high - other.low)

    def __truediv__(self, other: Interval) -> Interval:
        """Hold the ratio, whose extremes are ratios of the ends.

        Raises:
            MeasureError: `other` contains 0, so that the ratio has no bounds.
        """
        if other.contains(Fraction(0)):
            raise MeasureError(
                "ratio",
                wanted="a denominator that cannot be 0",
                found=f"one in {other.show(4)}",
                advice="compare the two figures by their difference",
            )
        corners = [n / d for n in (self.low, self.high) for d in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    def __neg__(self) -> Interval:
        """Hold the value with the other sign."""
        return Interval(-self.high, -self.low)

    def __abs__(self) -> Interval:
        """Hold the absolute value."""
        far = max(abs(self.low), abs(self.high))
        if self.contains(Fraction(0)):
            return Interval(Fraction(0), far)
        return Interval(min(abs(self.low), abs(self.high)), far)

    def contains(self, value: Fraction) -> bool:
        """Tell whether a value lies in the interval, its ends included."""
        return self.low <= value <= self.high

    def within(self, other: Interval) -> bool:
        """Tell whether every value here lies in `other` too."""
        return other.low <= self.low and self.high <= other.high

    def overlaps(self, other: Interval) -> bool:
        """Tell whether some value lies in both."""
        return self.low <= other.high and other.low <= self.high

    def show(self, decimals: int) -> str:
        """Write the interval with `decimals` decimals, rounded outwards so that it still holds.

        A point that needs rounding is written rounded to nearest, as one number.
        """
        unit = 10**decimals
        if self.low == self.high:
            return _decimal(round(self.low * unit), decimals)
        low = _decimal(math.floor(self.low * unit), decimals)
        high = _decimal(math.ceil(self.high * unit), decimals)
        return f"[{low}, {high}]"


def _some(parts: Iterable[Interval], what: str) -> list[Interval]:
    known = list(parts)
    if not known:
        raise MeasureError(
            what,
            wanted="at least one figure",
            found="none",
            advice="give the figures that it is taken over",
        )
    return known


def _decimal(units: int, decimals: int) -> str:
    """Write `units` · 10^−decimals exactly."""
    digits = f"{abs(units):0{decimals + 1}d}"
    sign = "−" if units < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
