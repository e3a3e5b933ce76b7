"""Checks on plain statements of place: all within a range, flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from plip.claims.checks.base import CheckResult, Quantities, differing_units
from plip.claims.checks.options import Sources, count_sources
from plip.claims.checks.orders_statement import Statement, called
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, worst
from plip.stats import Interval

__all__ = ["AllWithin", "Flat"]


class AllWithin(Statement):
    """Every value lies in a stated range: low ≤ x_i ≤ high, or on one side of a bound.

    Without `low` and `high`, the range is the claim's own figure.
    """

    name: ClassVar[str] = "all_within"
    values: Sources
    low: Decimal | None = None
    high: Decimal | None = None

    def inputs(self) -> tuple[str, ...]:
        return (*self.values, *count_sources(self.total))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        if self.low is not None and self.high is not None and self.low > self.high:
            yield f"wanted a range from low to high, found {self.low} to {self.high}"
        if self.low is None and self.high is None:
            if len(claim.figures) != 1:
                yield "wanted 'low' or 'high', or a claim with one figure"
            else:
                yield from differing_units(claim.figure.unit, given, self.values)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.values)
        stated, words = self._stated(claim, readings)
        outcomes = [_inside(each.finest, each.at_face, stated) for each in readings]
        outcome = worst(outcomes)
        inside = sum(found.stands for found in outcomes)
        if outcome is Verdict.HOLDS:
            reason = f"all {len(readings)} values lie {words}"
        else:
            where = next(
                each for each, found in zip(readings, outcomes, strict=True) if found is outcome
            )
            only = {
                Verdict.ROUNDING: "does so only by rounding",
                Verdict.UNSUPPORTED: "reaches beyond",
                Verdict.CONTRADICTED: "does not",
            }[outcome]
            reason = f"{inside} of {len(readings)} values lie {words}; {called(where)} {only}"
        outcome, reason = self.covered(len(readings), outcome, reason, given)
        span = Interval(
            min(each.finest.low for each in readings), max(each.finest.high for each in readings)
        )
        rows = tuple(
            {"of": each.label, "value": each.value, "within": found.stands}
            for each, found in zip(readings, outcomes, strict=True)
        )
        return self.result(outcome, reason, span, rows=rows)

    def _stated(self, claim: Entry, readings: Sequence[Reading]) -> tuple[Interval, str]:
        if self.low is None and self.high is None:
            return claim.figure.interval, f"within {claim.figure.printed}"
        # A side without a bound reaches as far as any value.
        low = min(each.finest.low for each in readings) if self.low is None else Fraction(self.low)
        high = (
            max(each.finest.high for each in readings) if self.high is None else Fraction(self.high)
        )
        if self.low is None:
            return Interval(min(low, high), high), f"at or below {self.high}"
        if self.high is None:
            return Interval(low, max(low, high)), f"at or above {self.low}"
        return Interval(low, high), f"between {self.low} and {self.high}"


def _inside(value: Interval, at_face: Interval, stated: Interval) -> Verdict:
    if not value.overlaps(stated):
        return Verdict.CONTRADICTED
    if at_face.within(stated):
        return Verdict.HOLDS
    # A printed range that lies in it partly is no matter of rounding.
    return Verdict.ROUNDING if at_face.low == at_face.high else Verdict.UNSUPPORTED


class Flat(Statement):
    """The values stay within `tolerance` of one level: |x_i / level − 1| ≤ tolerance.

    How flat is flat, papers seldom say; the tolerance is the ledger's reading. This describes a
    column and no more: that an effect is absent takes an equivalence test with a margin.
    """

    name: ClassVar[str] = "flat"
    values: Sources
    level: str | None = None
    """The stated level; the middle of the values' range without it."""
    tolerance: Decimal = Field(gt=0, lt=1)

    def inputs(self) -> tuple[str, ...]:
        level = () if self.level is None else (self.level,)
        return (*self.values, *level, *count_sources(self.total))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.values)
        least = min(readings, key=lambda each: each.value)
        greatest = max(readings, key=lambda each: each.value)
        if self.level is None:
            middle = (Fraction(least.value) + Fraction(greatest.value)) / 2
            level = face = Interval.point(middle)
            words = f"{float(middle):.6g}"
        else:
            found = given.reading(self.level)
            level, face, words = found.finest, found.at_face, found.printed
        if level.contains(Fraction(0)):
            return self.result(
                Verdict.UNSUPPORTED, f"the level, {words}, may be 0, so that nothing is near it"
            )
        slack = Fraction(self.tolerance)
        stated = Interval(1 - slack, 1 + slack)
        shares = [each.finest / level for each in readings]
        outcome = worst(
            _inside(share, each.at_face / face, stated)
            for share, each in zip(shares, readings, strict=True)
        )
        spread = (greatest.value - least.value) / abs(float(face.low + face.high) / 2)
        stay = {
            Verdict.HOLDS: "stay",
            Verdict.ROUNDING: "stay only by rounding",
            Verdict.UNSUPPORTED: "need not stay",
            Verdict.CONTRADICTED: "do not stay",
        }[outcome]
        reason = (
            f"the {len(readings)} values go from {least.printed} to {greatest.printed}, which is "
            f"{_percent(spread)} of the level {words}: they {stay} within "
            f"{float(100 * slack):g}% of it; "
            "that describes the column, and is no test that nothing changes"
        )
        outcome, reason = self.covered(len(readings), outcome, reason, given)
        return self.result(
            outcome,
            reason,
            Interval(min(share.low for share in shares), max(share.high for share in shares)),
            rows=tuple({"of": each.label, "value": each.value} for each in readings),
        )


def _percent(share: float) -> str:
    """Write a share in percent with two significant digits, never as a power of ten."""
    return f"{100 * share:.0f}%" if share >= 1 else f"{100 * share:.2g}%"
