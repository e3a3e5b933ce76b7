"""Checks that recompute a figure from finer ones, or compare it with the same one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.evidence import Given
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, compare
from plip.stats import Interval

__all__ = ["MeanOf", "RatioOf", "SameAs"]


def explain(outcome: Verdict, stated: Figure, what: str, computed: str, face: str) -> str:
    """Say in one sentence how a printed figure compares with what was recomputed."""
    if outcome is Verdict.HOLDS:
        return f"{what} lies in {computed}; {stated.printed} fits"
    if outcome is Verdict.ROUNDING:
        return (
            f"{what} is {face} at face value, not {stated.printed}; "
            f"only their rounding, {computed}, admits it"
        )
    return f"{what} lies in {computed}; {stated.printed} does not fit"


class MeanOf(Check):
    """The figure is the mean of other figures: mean = Σ x_i / n."""

    name: ClassVar[str] = "mean_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    of: tuple[str, ...] = Field(min_length=1)

    def inputs(self) -> tuple[str, ...]:
        return self.of

    def recompute(self, given: Quantities) -> tuple[Interval, Interval]:
        return (
            Interval.mean(given[i].finest for i in self.of),
            Interval.mean(given[i].finest_at_face for i in self.of),
        )

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        return differing_units(claim.figure.unit, given, self.of)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure = claim.figure
        mean, at_face = self.recompute(given)
        outcome = compare(figure.interval, mean, at_face)
        what = f"the mean of the {len(self.of)} printed figures"
        reason = explain(outcome, figure, what, figure.show(mean), figure.show(at_face))
        return self.result(outcome, reason, mean)


class RatioOf(Check):
    """The figure is the ratio of two others, as far as possible from the figures behind them."""

    name: ClassVar[str] = "ratio_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    numerator: str
    denominator: str

    def inputs(self) -> tuple[str, ...]:
        return (self.numerator, self.denominator)

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        above, below = given[self.numerator], given[self.denominator]
        if below.finest.contains(Fraction(0)):
            return None
        return above.finest / below.finest, above.finest_at_face / below.finest_at_face

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        unit = given[self.numerator].figure.unit
        return differing_units(unit, given, (self.denominator,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure = claim.figure
        above, below = given[self.numerator].figure, given[self.denominator].figure
        recomputed = self.recompute(given)
        if recomputed is None:
            reason = f"the denominator, {below.printed}, may be 0, so that no ratio is defined"
            return self.result(Verdict.UNSUPPORTED, reason)
        ratio, at_face = recomputed
        outcome = compare(figure.interval, ratio, at_face)
        as_printed = figure.show(Interval.point(above.at_face.low / below.at_face.low))
        what = (
            f"{above.printed} / {below.printed} is {as_printed} as printed; "
            "from the finest figures behind them it"
        )
        reason = explain(outcome, figure, what, figure.show(ratio), figure.show(at_face))
        return self.result(outcome, reason, ratio)


class SameAs(Check):
    """The figure is the same quantity as one printed elsewhere.

    One value rounded twice to the same decimals gives the same digits; between different decimals,
    what each stands for must meet.
    """

    name: ClassVar[str] = "same_as"
    kind: ClassVar[Kind] = Kind.AGREEMENT
    other: str

    def inputs(self) -> tuple[str, ...]:
        return (self.other,)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        return differing_units(claim.figure.unit, given, (self.other,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure, other = claim.figure, given[self.other].figure
        outcome = compare(figure.interval, other.interval, other.at_face)
        if figure.decimals == other.decimals and figure.at_face != other.at_face:
            outcome = Verdict.CONTRADICTED
        agrees = {
            Verdict.HOLDS: "agrees with",
            Verdict.ROUNDING: "agrees only by rounding with",
            Verdict.CONTRADICTED: "does not agree with",
        }[outcome]
        reason = f"{figure.printed} {agrees} the same quantity at {self.other}, {other.printed}"
        return self.result(outcome, reason, other.interval)
