"""Checks that recompute a figure from many finer ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import ClassVar, Literal

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import (
    Count,
    Sources,
    count_faults,
    count_sources,
    known_count,
    located,
    whole,
)
from plip.claims.evidence import Given, Reading
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, compare, worst
from plip.stats import Interval
from plip.stats.granularity import whole_counts
from plip.stats.spread import sd_bounds

__all__ = ["CountOf", "MeanOf", "RangeOf", "SdOf", "compared"]


def compared(
    stated: Figure, what: str, value: Interval, at_face: Interval, *, printed: bool = True
) -> tuple[Verdict, str]:
    """Compare a printed figure with what was recomputed, and say so in one sentence.

    Args:
        stated: the figure.
        what: what was recomputed, in words.
        value: every value it may have.
        at_face: the same if its inputs were exact.
        printed: whether its inputs are printed figures, with their rounding.
    """
    outcome = compare(stated.interval, value, at_face)
    lies = f"lies in {stated.show(value)}" if printed else f"is {stated.show(value)}"
    if outcome is Verdict.HOLDS:
        return outcome, f"{what} {lies}; {stated.printed} fits"
    if outcome is Verdict.ROUNDING:
        return outcome, (
            f"{what} is {stated.show(at_face)} at face value, not {stated.printed}; "
            f"only their rounding, {stated.show(value)}, admits it"
        )
    return outcome, f"{what} {lies}; {stated.printed} does not fit"


class _Many(Check):
    """A check that reads many values of one quantity."""

    of: Sources

    def inputs(self) -> tuple[str, ...]:
        return self.of

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from differing_units(claim.figure.unit, given, self.of)

    @property
    def _printed(self) -> bool:
        return not self.references()

    def _named(self, readings: Sequence[Reading]) -> str:
        """Name the values as the readers of the paper find them."""
        word = "printed figure" if self._printed else "value"
        return f"the one {word}" if len(readings) == 1 else f"the {len(readings)} {word}s"


class MeanOf(_Many):
    """The figure is the mean of other figures: mean = Σ x_i / n."""

    name: ClassVar[str] = "mean_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    trials: Count | None = None
    """How many outcomes each is a percentage of, which then are known as whole counts."""

    def inputs(self) -> tuple[str, ...]:
        return (*self.of, *count_sources(self.trials))

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        if self.references():
            return None
        trials = None if self.trials is None else known_count(self.trials, given)
        return _mean([(given[i].finest, given[i].finest_at_face) for i in self.of], trials)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        yield from count_faults(self.trials, given)
        if self.trials is not None and claim.figure.unit != "%":
            yield f"wanted percentages beside 'trials', found {claim.figure.unit!r}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.of)
        trials = None if self.trials is None else whole(self.trials, given)
        mean, at_face = _mean([(each.finest, each.at_face) for each in readings], trials)
        what = f"the mean of {self._named(readings)}"
        if trials is not None:
            what += f", each a whole number of {trials},"
        outcome, reason = compared(
            claim.figure, what, mean, at_face, printed=self._printed and mean.low < mean.high
        )
        return self.result(outcome, reason, mean)


def _mean(
    values: Sequence[tuple[Interval, Interval]], trials: int | None
) -> tuple[Interval, Interval]:
    if trials is not None:
        values = [_attained(value, at_face, trials) for value, at_face in values]
    return (
        Interval.mean(value for value, _ in values),
        Interval.mean(at_face for _, at_face in values),
    )


def _attained(value: Interval, at_face: Interval, trials: int) -> tuple[Interval, Interval]:
    """Narrow a percentage to those of a whole count; one that is none is left as it is."""
    counts = whole_counts(Interval(value.low / 100, value.high / 100), trials)
    if not counts:
        return value, at_face
    hull = Interval(Fraction(100 * counts[0], trials), Fraction(100 * counts[-1], trials))
    return hull, hull


class SdOf(_Many):
    """The figure is the standard deviation of other figures: √(Σ (x_i − mean)² / (n − ddof))."""

    name: ClassVar[str] = "sd_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    ddof: Literal[0, 1] = 1
    """1 for a sample's, 0 for a whole population's."""

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        if self.references() or len(self.of) <= self.ddof:
            return None
        return (
            _sd([given[i].finest for i in self.of], self.ddof),
            _sd([given[i].finest_at_face for i in self.of], self.ddof),
        )

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.of)
        what = f"the standard deviation of {self._named(readings)}, with n − {self.ddof} below,"
        if len(readings) <= self.ddof:
            return self.result(Verdict.UNSUPPORTED, f"{what} is not defined")
        sd = _sd([each.finest for each in readings], self.ddof)
        at_face = _sd([each.at_face for each in readings], self.ddof)
        outcome, reason = compared(claim.figure, what, sd, at_face, printed=sd.low < sd.high)
        return self.result(outcome, reason, sd)


def _sd(values: Sequence[Interval], ddof: int) -> Interval:
    """Return the bounds of the SD; of exact values one number, right to 15 decimals or more."""
    sd = sd_bounds(values, ddof=ddof)
    if all(value.low == value.high for value in values):
        return Interval.point((sd.low + sd.high) / 2)
    return sd


class RangeOf(_Many):
    """The figure, printed "a-b", is the range of other figures: a = min x_i, b = max x_i."""

    name: ClassVar[str] = "range_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure, found = claim.figure, located(self.of, given)
        readings = [each for _, each in found]
        least = min(readings, key=lambda each: each.at_face.low)
        greatest = max(readings, key=lambda each: each.at_face.high)
        low = Interval.minimum(each.finest for each in readings)
        high = Interval.maximum(each.finest for each in readings)
        stated_low, stated_high = _ends(figure)
        outcome = worst(
            (
                compare(stated_low, low, Interval.minimum(each.at_face for each in readings)),
                compare(stated_high, high, Interval.maximum(each.at_face for each in readings)),
            )
        )
        fits = {
            Verdict.HOLDS: "fits",
            Verdict.ROUNDING: "fits only by their rounding",
            Verdict.CONTRADICTED: "does not fit",
        }[outcome]
        reason = (
            f"{self._named(readings)} go from {least.printed} to {greatest.printed}; "
            f"{figure.printed} {fits}"
        )
        return self.result(
            outcome,
            reason,
            Interval(low.low, high.high),
            rows=tuple({"of": place, "value": each.value} for place, each in found),
        )


def _ends(figure: Figure) -> tuple[Interval, Interval]:
    """Return what each end of a printed range stands for; a single number is both."""
    low, high = figure.at_face.low, figure.at_face.high
    return (
        Interval(figure.interval.low, 2 * low - figure.interval.low),
        Interval(2 * high - figure.interval.high, figure.interval.high),
    )


class CountOf(Check):
    """The figure is how many values a data file has at a place."""

    name: ClassVar[str] = "count_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    of: Sources

    def inputs(self) -> tuple[str, ...]:
        return self.of

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from (f"wanted a reference into a data file, found {i!r}" for i in self.entries())

    def run(self, claim: Entry, given: Given) -> CheckResult:
        number = Interval.point(Fraction(sum(len(given.select(source)) for source in self.of)))
        outcome, reason = compared(claim.figure, "the count", number, number, printed=False)
        return self.result(outcome, reason, number)
