"""The grammar of a printed number: what a ledger quotes, and what is looked for in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from plip.stats import Interval

__all__ = ["Numeral", "find_numerals", "read_numeral"]

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_NUMERAL = (
    r"(?P<times>×)?(?:(?<![\w.)\]%×])(?P<minus>[-−]))?"
    rf"(?P<low>{_DIGITS})(?:[-–](?P<high>[-−]?{_DIGITS}))?"
    r"(?:[eE](?P<e>[-−+]?[0-9]+)|\s?[×·]\s?10(?:\^(?P<ten>[-−]?[0-9]+)|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?"
    r"(?P<sign>[%×])?"
)
_IN_TEXT = re.compile(_NUMERAL)
# A name and a sign of equality may stand before it, as in "p = 0.018", or a sign of nearness or
# of spread.
_ALONE = re.compile(rf"(?:[^\W\d_]+\s?[=≈~]\s?|[~≈]\s?)?±?{_NUMERAL}")
_PLAIN = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


@dataclass(frozen=True, slots=True)
class Numeral:
    """One number, or one range of numbers, as printed.

    Args:
        low: its digits, the point and a minus sign; of a range, the lower end's.
        high: of a range, the upper end's; else the same.
        power: of ten, which both are multiplied by.
        sign: "%" or "×" where it is printed at the number, else nothing.
        start: where it begins in the text that was searched.
        end: where it ends there.
    """

    low: str
    high: str
    power: int
    sign: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What two printings of one figure have in common, whatever stands around them."""
        return (self.low, self.high, self.power, self.sign)

    @property
    def decimals(self) -> int:
        """Printed after the point, as if there were no power of ten."""
        printed = max(len(end.partition(".")[2]) for end in (self.low, self.high))
        return max(printed - self.power, 0)

    @property
    def ends(self) -> tuple[Interval, Interval]:
        """All that rounds to the lower end, and to the upper one."""
        return self._rounded(self.low), self._rounded(self.high)

    @property
    def at_face(self) -> tuple[Fraction, Fraction]:
        """The ends as if they were exact."""
        return self._exact(self.low), self._exact(self.high)

    def _exact(self, digits: str) -> Fraction:
        return Fraction(digits) * Fraction(10) ** self.power

    def _rounded(self, digits: str) -> Interval:
        scale = Fraction(10) ** self.power
        held = Interval.reported(digits.removeprefix("-"))
        low, high = scale * held.low, scale * held.high
        return Interval(-high, -low) if digits.startswith("-") else Interval(low, high)


def read_numeral(printed: str) -> Numeral | None:
    """Read a figure that stands alone, such as "±332.08", "~2-3×" or "p = 0.018"; None if it is
    something else."""
    found = _ALONE.fullmatch(printed)
    return None if found is None else _numeral(found)


def find_numerals(text: str) -> Iterator[Numeral]:
    """Yield every number of a text from left to right, be it within a word or not."""
    return (_numeral(found) for found in _IN_TEXT.finditer(text))


def _numeral(found: re.Match[str]) -> Numeral:
    low = found["low"].replace(",", "")
    low = f"-{low}" if found["minus"] else low
    high = found["high"]
    power = (found["e"] or found["ten"] or found["raised"] or "0").translate(_PLAIN)
    return Numeral(
        low=low,
        high=high.replace(",", "").translate(_PLAIN) if high else low,
        power=int(power),
        sign=found["sign"] or found["times"] or "",
        start=found.start(),
        end=found.end(),
    )
