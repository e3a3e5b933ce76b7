"""Checks on the attention that scaling reaches.

One head's attention to target k is a_k, and m = Σ a_k ≤ 1 the mass of all steered edges of its
row. Scaled by s and renormalised it is s·a_k / (1 + (s − 1)·m). The published figures are means of
this over targets, heads and samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar, Self

from pydantic import Field, model_validator

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.evidence import Given
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, compare
from plip.stats import Interval

__all__ = ["Approximately", "Curve", "DoseBound", "MonotoneInDose", "ScaleNeeded"]


class DoseBound(Check):
    """The figure is an attention that scaling can reach from the baseline.

    1 + (s − 1)·m lies between 1 and s, so that each term, and the mean A(s) with it, lies between
    A(1) and s·A(1), whatever the heads. This is necessary only: the value within the bounds is the
    model's.
    """

    name: ClassVar[str] = "dose_bound"
    kind: ClassVar[Kind] = Kind.FEASIBILITY
    baseline: str
    scale: str

    def inputs(self) -> tuple[str, ...]:
        return (self.baseline, self.scale)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        return differing_units(claim.figure.unit, given, (self.baseline,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure, baseline, scale = claim.figure, given[self.baseline], given[self.scale].figure
        reach = _reach(baseline.finest, scale.at_face.low)
        outcome = compare(
            figure.interval, reach, _reach(baseline.finest_at_face, scale.at_face.low)
        )
        can = {
            Verdict.HOLDS: "is possible",
            Verdict.ROUNDING: "is possible only because the baseline is rounded",
            Verdict.CONTRADICTED: "is not possible",
        }[outcome]
        reason = (
            f"scaling by {scale.printed} takes a mean of {baseline.figure.printed} to some value "
            f"in {figure.show(reach, more=0)}, whatever the heads; {figure.printed} {can}"
        )
        return self.result(outcome, reason, reach)


def _reach(baseline: Interval, scale: Fraction) -> Interval:
    """Bound the mean attention after scaling by `scale`: between A(1) and s·A(1)."""
    one = Fraction(1)
    return Interval(min(one, scale) * baseline.low, max(one, scale) * baseline.high)


class Curve(Check):
    """A check that reads a printed dose-response table: the value reached at each scale."""

    needs_figure: ClassVar[bool] = False
    scales: tuple[str, ...] = Field(min_length=2)
    values: tuple[str, ...]

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.scales) != len(self.values):
            raise ValueError(f"{len(self.scales)} scales but {len(self.values)} values")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (*self.scales, *self.values)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if self.references():
            yield f"wanted the ids of entries, found {self.references()[0]!r}"
            return
        yield from differing_units(given[self.values[0]].figure.unit, given, self.values)
        if len({given[i].figure.at_face for i in self.scales}) < len(self.scales):
            yield "wanted each scale once, found one twice"

    def curve(self, given: Quantities) -> list[tuple[Figure, Figure]]:
        """Return (scale, value) by rising scale."""
        pairs = zip(self.scales, self.values, strict=True)
        found = [(given[scale].figure, given[value].figure) for scale, value in pairs]
        return sorted(found, key=lambda pair: pair[0].at_face.low)


class MonotoneInDose(Curve):
    """The attention rises with the scale: A(s) < A(t) for s < t.

    Each term s·a / (1 + (s − 1)·m) rises with s unless its row has no other mass (m = 1).
    """

    name: ClassVar[str] = "monotone_in_dose"
    kind: ClassVar[Kind] = Kind.RECOMPUTE

    def run(self, claim: Entry, given: Given) -> CheckResult:
        steps = list(pairwise(self.curve(given)))
        smallest = Interval.minimum(b.interval - a.interval for (_, a), (_, b) in steps)
        (scale, before), (next_scale, after) = min(
            steps, key=lambda step: step[1][1].at_face.low - step[0][1].at_face.low
        )
        at_face = after.at_face.low - before.at_face.low
        if smallest.high <= 0:
            outcome, found = Verdict.CONTRADICTED, "not every step is a rise"
        elif at_face > 0:
            outcome, found = Verdict.HOLDS, "every step is a rise"
        else:
            outcome, found = Verdict.ROUNDING, "not every step is a rise at face value"
        reason = (
            f"{found}; the smallest is from {before.printed} at {scale.printed} "
            f"to {after.printed} at {next_scale.printed}"
        )
        return self.result(outcome, reason, smallest)


class ScaleNeeded(Curve):
    """The stated range of scales holds the one at which the curve first reaches the target.

    The curve rises with the scale (`MonotoneInDose`), so that the scale needed lies after the last
    printed dose that falls short of the target and not after the first one that reaches it. The
    printed doses support no more than that bracket.
    """

    name: ClassVar[str] = "scale_needed"
    kind: ClassVar[Kind] = Kind.TARGET
    needs_figure: ClassVar[bool] = True
    target: str

    def inputs(self) -> tuple[str, ...]:
        return (*super().inputs(), self.target)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        if self.references():
            return
        yield from differing_units(claim.figure.unit, given, self.scales)
        yield from differing_units(given[self.values[0]].figure.unit, given, (self.target,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        stated, curve, target = claim.figure, self.curve(given), given[self.target].figure
        at_face, where = _first_reached(curve, target)
        if at_face is not None and at_face[0] > at_face[1]:
            return self.result(Verdict.UNSUPPORTED, f"{where}, so that no one scale is needed")
        # Doses that are short of the target, or reach it, whatever their unprinted digits.
        short = [s.at_face.low for s, v in curve if v.interval.high < target.interval.low]
        reached = [s.at_face.low for s, v in curve if v.interval.low >= target.interval.high]
        bracket = Interval(short[-1], reached[0]) if short and reached else None
        too_low = bool(short) and stated.interval.high <= short[-1]
        too_high = bool(reached) and stated.interval.low > reached[0]
        if too_low or too_high:
            reason = f"{where}, outside {stated.printed}"
            return self.result(Verdict.CONTRADICTED, reason, bracket)
        if at_face is not None and Interval(*at_face).within(stated.interval):
            return self.result(Verdict.HOLDS, f"{where}, within {stated.printed}", bracket)
        reason = f"{where}; the printed doses do not place it within {stated.printed}"
        return self.result(Verdict.UNSUPPORTED, reason, bracket)


def _first_reached(
    curve: list[tuple[Figure, Figure]], target: Figure
) -> tuple[tuple[Fraction, Fraction] | None, str]:
    """Find the last dose short of the target and the first that reaches it, at face value.

    None where the doses are all on one side. A curve that falls back below the target has its last
    short dose after the first that reaches it.
    """
    level = target.at_face.low
    short = [dose for dose in curve if dose[1].at_face.low < level]
    reached = [dose for dose in curve if dose[1].at_face.low >= level]
    if not reached:
        scale, value = short[-1]
        return None, f"{target.printed} is not reached by {scale.printed} ({value.printed})"
    until, above = reached[0]
    if not short:
        return None, f"{target.printed} is reached by {until.printed} ({above.printed}) already"
    after, below = short[-1]
    low, high = after.at_face.low, until.at_face.low
    verb = "is first reached between" if low < high else "is reached, then missed, between"
    (first, at_first), (second, at_second) = sorted(
        [(after, below), (until, above)], key=lambda dose: dose[0].at_face.low
    )
    where = (
        f"{target.printed} {verb} {first.printed} ({at_first.printed}) "
        f"and {second.printed} ({at_second.printed})"
    )
    return (low, high), where


class Approximately(Check):
    """One figure is about another: |value / reference − 1| ≤ tolerance.

    A paper that writes ≈ seldom says how close; the tolerance is the ledger's reading, and the
    reason states it.
    """

    name: ClassVar[str] = "approximately"
    kind: ClassVar[Kind] = Kind.TARGET
    needs_figure: ClassVar[bool] = False
    value: str
    reference: str
    tolerance: Decimal = Field(gt=0, lt=1)

    def inputs(self) -> tuple[str, ...]:
        return (self.value, self.reference)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        return differing_units(given[self.value].figure.unit, given, (self.reference,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        value, reference = given[self.value], given[self.reference]
        if reference.finest.contains(Fraction(0)):
            reason = f"the reference, {reference.figure.printed}, may be 0; nothing is near it"
            return self.result(Verdict.UNSUPPORTED, reason)
        ratio = value.finest / reference.finest
        slack = Fraction(self.tolerance)
        stated = Interval(1 - slack, 1 + slack)
        at_face = value.finest_at_face / reference.finest_at_face
        outcome = compare(stated, ratio, at_face)
        near = {
            Verdict.HOLDS: "within",
            Verdict.ROUNDING: "only by rounding within",
            Verdict.CONTRADICTED: "not within",
        }[outcome]
        reason = (
            f"{value.figure.printed} is {at_face.show(3)} times {reference.figure.printed} "
            f"({ratio.show(3)}), {near} {100 * slack}% of it"
        )
        return self.result(outcome, reason, ratio)
