"""Checks that recompute a figure from two others."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Count, count_faults, count_sources, whole
from plip.claims.checks.recompute import compared
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.stats import Interval

__all__ = ["DifferenceOf", "RatioOf", "ShareOf"]


class RatioOf(Check):
    """The figure is the ratio of two others, as far as possible from the figures behind them."""

    name: ClassVar[str] = "ratio_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    numerator: str
    denominator: str

    def inputs(self) -> tuple[str, ...]:
        return (self.numerator, self.denominator)

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        if self.references():
            return None
        above, below = given[self.numerator], given[self.denominator]
        if below.finest.contains(Fraction(0)):
            return None
        return above.finest / below.finest, above.finest_at_face / below.finest_at_face

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if not is_reference(self.numerator):
            unit = given[self.numerator].figure.unit
            yield from differing_units(unit, given, (self.denominator,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure = claim.figure
        above, below = given.reading(self.numerator), given.reading(self.denominator)
        if below.finest.contains(Fraction(0)):
            reason = f"the denominator, {below.printed}, may be 0, so that no ratio is defined"
            return self.result(Verdict.UNSUPPORTED, reason)
        ratio, at_face = above.finest / below.finest, above.at_face / below.at_face
        what = f"{above.printed} / {below.printed}"
        if not self.references():
            tops, bottoms = given[self.numerator].figure, given[self.denominator].figure
            as_printed = Interval.point(tops.at_face.low / bottoms.at_face.low)
            what += (
                f" is {figure.show(as_printed)} as printed; from the finest figures behind them it"
            )
        outcome, reason = compared(figure, what, ratio, at_face, printed=ratio.low < ratio.high)
        return self.result(outcome, reason, ratio)


class DifferenceOf(Check):
    """The figure is the difference of two others: minuend − subtrahend."""

    name: ClassVar[str] = "difference_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    minuend: str
    subtrahend: str

    def inputs(self) -> tuple[str, ...]:
        return (self.minuend, self.subtrahend)

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        if self.references():
            return None
        one, other = given[self.minuend], given[self.subtrahend]
        return one.finest - other.finest, one.finest_at_face - other.finest_at_face

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from differing_units(claim.figure.unit, given, self.inputs())

    def run(self, claim: Entry, given: Given) -> CheckResult:
        one, other = given.reading(self.minuend), given.reading(self.subtrahend)
        gap = one.finest - other.finest
        outcome, reason = compared(
            claim.figure,
            f"{one.printed} less {other.printed}",
            gap,
            one.at_face - other.at_face,
            printed=gap.low < gap.high,
        )
        return self.result(outcome, reason, gap)


class ShareOf(Check):
    """The figure is the percentage that a count is of n: 100 count / n."""

    name: ClassVar[str] = "share_of"
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    count: Count
    n: Count

    def inputs(self) -> tuple[str, ...]:
        return count_sources(self.count, self.n)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.count, given, least=0)
        yield from count_faults(self.n, given)
        if claim.figure.unit != "%":
            yield f"wanted a claim in '%', found it in {claim.figure.unit!r}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        count, n = whole(self.count, given, least=0), whole(self.n, given)
        if count > n:
            reason = f"{count} is more than the {n} that it is said to be a part of"
            return self.result(Verdict.CONTRADICTED, reason)
        share = Interval.point(Fraction(100 * count, n))
        outcome, reason = compared(claim.figure, f"{count} of {n}", share, share, printed=False)
        return self.result(outcome, reason, share)
