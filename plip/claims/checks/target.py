"""Whether a curve reaches a stated level where it is said to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from plip import stats
from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.base import CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.dose import Curve
from plip.claims.checks.samples import between, overturned
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, compare
from plip.errors import MeasureError
from plip.stats import Interval

__all__ = ["ReachesTarget"]


Points: TypeAlias = list[tuple[Reading, Reading]]


class ReachesTarget(Curve):
    """At the stated dose the curve reaches the target, or with a tolerance is about at it.

    Without a tolerance: value ≥ target. With one: |value / target − 1| ≤ tolerance. Between printed
    doses a rising curve lies between its neighbours, and no more is relied on. The dose that the
    target would need is interpolated (PCHIP, which rises where the points do), its interval from
    the ends of what the printed values and the target stand for.
    """

    name: ClassVar[str] = "reaches_target"
    kind: ClassVar[Kind] = Kind.TARGET
    target: str
    at: str | Annotated[Decimal, Field(gt=0)] | None = None
    """The stated dose: a number, or an entry with one; the claim's own figure without it."""
    tolerance: Decimal | None = Field(default=None, gt=0, lt=1)

    def inputs(self) -> tuple[str, ...]:
        at = (self.at,) if isinstance(self.at, str) else ()
        return (*super().inputs(), self.target, *at)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        if self.references():
            return
        yield from differing_units(given[self.values[0]].figure.unit, given, (self.target,))
        if self.at is None and len(claim.figures) != 1:
            yield "wanted 'at', the stated dose, or a claim with one figure"
        elif isinstance(self.at, str):
            unit = given[self.scales[0]].figure.unit
            yield from differing_units(unit, given, (self.at,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        pairs = zip(given.readings(*self.scales), given.readings(*self.values), strict=True)
        points = sorted(pairs, key=lambda pair: pair[0].value)
        target = given.reading(self.target)
        dose, shown = self._dose(claim, given)
        needed, where = _needed(points, target)
        chart = _chart(points, target, given[self.values[0]].figure.unit, float(dose))
        if target.finest.contains(Fraction(0)):
            reason = f"the target, {target.printed}, may be 0: any value reaches it"
            return self.result(Verdict.UNSUPPORTED, reason, needed, chart=chart)
        measured = [value for scale, value in points if scale.at_face.low == dose]
        if measured:
            outcome, found = self._measured(measured[0], target)
        else:
            outcome, found = self._bracketed(points, dose, target)
        reason = f"at {shown} {found}; {where}"
        return self.result(
            outcome,
            reason,
            needed,
            chart=chart,
            rows=tuple(
                {
                    "dose": scale.printed,
                    "value": each.printed,
                    "times the target": each.value / target.value,
                }
                for scale, each in points
            ),
            decision_changes=overturned(claim, not outcome.stands),
        )

    def _measured(self, value: Reading, target: Reading) -> tuple[Verdict, str]:
        """Judge a dose of the table."""
        ratio, face = value.finest / target.finest, value.at_face / target.at_face
        if self.tolerance is None:
            reached = Interval(Fraction(1), max(ratio.high, face.high, Fraction(1)))
            outcome = compare(reached, ratio, face)
            wanted = "it reaches it" if outcome.stands else "it does not reach it"
        else:
            slack = Fraction(self.tolerance)
            outcome = compare(Interval(1 - slack, 1 + slack), ratio, face)
            wanted = f"{'within' if outcome.stands else 'not within'} {100 * slack}% of it"
        if outcome is Verdict.ROUNDING:
            wanted += " only by rounding"
        words = f"the value is {value.printed}, {face.show(3)} times the target {target.printed}"
        return outcome, f"{words}: {wanted}"

    def _bracketed(self, points: Points, dose: Fraction, target: Reading) -> tuple[Verdict, str]:
        """Judge a dose between those of the table, by what a rising curve can be there."""
        value, words = _around(points, dose)
        if value is None:
            return Verdict.UNSUPPORTED, words
        ratio = value / target.finest
        slack = None if self.tolerance is None else Fraction(self.tolerance)
        low = Fraction(1) if slack is None else 1 - slack
        high = None if slack is None else 1 + slack
        words += f", {ratio.show(3)} times the target {target.printed}"
        if ratio.high < low or (high is not None and ratio.low > high):
            return Verdict.CONTRADICTED, words
        if ratio.low >= low and (high is None or ratio.high <= high):
            return Verdict.HOLDS, words
        return Verdict.UNSUPPORTED, f"{words}, which does not settle it"

    def _dose(self, claim: Entry, given: Given) -> tuple[Fraction, str]:
        if self.at is None:
            return claim.figure.at_face.low, claim.figure.printed
        if isinstance(self.at, str):
            found = given.reading(self.at)
            return found.at_face.low, found.printed
        return Fraction(self.at), f"{self.at}×"


def _around(points: Points, dose: Fraction) -> tuple[Interval | None, str]:
    """Bound the value of a rising curve at a dose that is not in the table by its neighbours."""
    values = [value.value for _, value in points]
    if any(after <= before for before, after in pairwise(values)):
        return None, "the table has no such dose, and its curve does not rise"
    below = [value for scale, value in points if scale.at_face.low < dose]
    above = [value for scale, value in points if scale.at_face.low > dose]
    if not above:
        return None, f"the table ends before it, at {below[-1].printed}"
    low = below[-1].finest.low if below else Fraction(0)
    words = f"between {below[-1].printed} and " if below else "at most "
    return Interval(min(low, above[0].finest.high), above[0].finest.high), (
        f"the value is {words}{above[0].printed}"
    )


def _needed(points: Points, target: Reading) -> tuple[Interval | None, str]:
    """Return the doses that would just reach the target, and say so."""
    doses = [scale.value for scale, _ in points]
    found = []
    for end, level in (("high", "low"), ("value", "value"), ("low", "high")):
        values = [_end(value, end) for _, value in points]
        try:
            found.append(stats.dose_for(doses, values, _end(target, level)))
        except MeasureError:
            highest = max(points, key=lambda pair: pair[1].value)
            if highest[1].value < target.value:
                return None, f"no dose of the table reaches {target.printed}"
            return None, f"which dose {target.printed} needs the table does not tell"
    needed = between(min(found), max(found))
    return needed, f"the curve passes {target.printed} at {found[1]:.2f}× {needed.show(2)}"


def _end(reading: Reading, end: str) -> float:
    if end == "value":
        return reading.value
    return float(reading.finest.low if end == "low" else reading.finest.high)


def _chart(points: Points, target: Reading, unit: str, dose: float) -> Chart:
    return Chart(
        title="Dose-response curve and target",
        x="scale (×)",
        y=f"value ({unit})",
        series=(
            ChartSeries(
                name="published",
                x=tuple(scale.value for scale, _ in points),
                y=tuple(value.value for _, value in points),
                low=tuple(_end(value, "low") for _, value in points),
                high=tuple(_end(value, "high") for _, value in points),
            ),
        ),
        lines=(
            ChartLine(name="target", axis="y", at=target.value),
            ChartLine(name="stated dose", axis="x", at=dose),
        ),
    )
