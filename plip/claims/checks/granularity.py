"""Checks on whether n whole outcomes can have a mean, a standard deviation or a percentage.

Each is about the digits as printed: an entry's own figure, never its value from finer figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar, Literal

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, count_faults, count_sources, whole
from plip.claims.evidence import Given
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.stats import Interval
from plip.stats.granularity import debit, grim, grimmer, whole_counts

__all__ = ["Debit", "Grim", "Grimmer", "WholeCount"]


class _Granular(Check):
    """A check of a figure of n whole outcomes; a claim that others decide does without it where it
    cannot fail."""

    kind: ClassVar[Kind] = Kind.GRANULARITY
    optional: ClassVar[bool] = True
    n: Count

    def inputs(self) -> tuple[str, ...]:
        return count_sources(self.n)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given)


class WholeCount(_Granular):
    """The figure is the percentage, or the fraction, that a whole count is of n: k / n."""

    name: ClassVar[str] = "whole_count"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure, n = claim.figure, whole(self.n, given)
        unit = _unit(figure)
        if _fine(figure, Fraction(unit, n)):
            return self.result(Verdict.NOT_CHECKABLE, _powerless(figure, n))
        counts = whole_counts(_scaled(figure.interval, unit), n)
        if counts:
            some = " or ".join(f"{k} ({_show(figure, Fraction(unit * k, n))})" for k in counts)
            hull = Interval(Fraction(unit * counts[0], n), Fraction(unit * counts[-1], n))
            return self.result(Verdict.HOLDS, f"{figure.printed} of {n} is {some}", hull)
        below = min(max(int(figure.at_face.low * n / unit), 0), n)
        near = " and ".join(
            f"{k} ({_show(figure, Fraction(unit * k, n))})" for k in (below, below + 1) if k <= n
        )
        reason = f"no whole number of {n} is {figure.printed}; the nearest are {near}"
        return self.result(Verdict.CONTRADICTED, reason)


class Grim(_Granular):
    """The figure is the mean of n values, each the mean of `items` whole numbers: S / (n · items).

    Source: Brown and Heathers 2017 (GRIM).
    """

    name: ClassVar[str] = "grim"
    items: Count = 1

    def inputs(self) -> tuple[str, ...]:
        return count_sources(self.n, self.items)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        yield from count_faults(self.items, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure, n, items = claim.figure, whole(self.n, given), whole(self.items, given)
        number = n * items
        if _fine(figure, Fraction(1, number)):
            return self.result(Verdict.NOT_CHECKABLE, _powerless(figure, number))
        sums = grim(figure.interval, n, items=items)
        if sums:
            reason = f"{figure.printed} is {sums[0]} / {number}, a mean of whole numbers"
            hull = Interval(Fraction(sums[0], number), Fraction(sums[-1], number))
            return self.result(Verdict.HOLDS, reason, hull)
        below = int(figure.at_face.low * number // 1)
        near = " and ".join(
            f"{s} / {number} = {_show(figure, Fraction(s, number))}" for s in (below, below + 1)
        )
        reason = f"no {number} whole numbers have the mean {figure.printed}; the nearest are {near}"
        return self.result(Verdict.CONTRADICTED, reason)


class _OfMean(_Granular):
    """A check of a standard deviation beside its mean."""

    mean: str
    """The entry with the mean as printed."""
    ddof: Literal[0, 1] = 1
    """1 for a sample's standard deviation, 0 for a whole population's."""

    def inputs(self) -> tuple[str, ...]:
        return (self.mean, *count_sources(self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given, least=self.ddof + 1)
        if is_reference(self.mean):
            yield f"wanted the id of an entry for the mean, found {self.mean!r}"
        elif (unit := given[self.mean].figure.unit) != claim.figure.unit:
            yield f"wanted the mean in {claim.figure.unit!r}, found it in {unit!r}"


class Grimmer(_OfMean):
    """The figure is the standard deviation of n values, each the mean of `items` whole numbers.

    Source: Anaya 2016, Allard 2018 (GRIMMER); over every sum that rounds to the mean.
    """

    name: ClassVar[str] = "grimmer"
    items: Count = 1

    def inputs(self) -> tuple[str, ...]:
        return (self.mean, *count_sources(self.n, self.items))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from super().faults(claim, given)
        yield from count_faults(self.items, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        sd, mean = claim.figure, given[self.mean].figure
        n, items = whole(self.n, given, least=self.ddof + 1), whole(self.items, given)
        stage = grimmer(mean.interval, sd.interval, n, items=items, ddof=self.ddof)
        numbers = f"{n} whole numbers" if items == 1 else f"{n} means of {items} whole numbers"
        both = f"the mean {mean.printed} and the standard deviation {sd.printed}"
        if stage is None:
            return self.result(Verdict.HOLDS, f"{numbers} can have {both}")
        why = {
            "mean": f"no whole sum gives the mean {mean.printed}",
            "sum of squares": "no whole sum of squares gives the standard deviation",
            "parity": "every sum of squares that gives it is odd where the sum is even, or even "
            "where it is odd",
        }[stage]
        return self.result(Verdict.CONTRADICTED, f"no {numbers} have {both}: {why}")


class Debit(_OfMean):
    """The figure is the standard deviation of n zeros and ones: √(k (n − k) / (n (n − ddof))).

    Source: Heathers and Brown 2019 (DEBIT).
    """

    name: ClassVar[str] = "debit"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        sd, mean = claim.figure, given[self.mean].figure
        n, unit = whole(self.n, given, least=self.ddof + 1), _unit(sd)
        counts = debit(_scaled(mean.interval, unit), _scaled(sd.interval, unit), n, ddof=self.ddof)
        both = f"the mean {mean.printed} and the standard deviation {sd.printed}"
        if counts:
            span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
            return self.result(Verdict.HOLDS, f"{span} ones among {n} have {both}")
        return self.result(Verdict.CONTRADICTED, f"no {n} zeros and ones have {both}")


def _unit(figure: Figure) -> int:
    return 100 if figure.unit == "%" else 1


def _scaled(interval: Interval, unit: int) -> Interval:
    return Interval(interval.low / unit, interval.high / unit)


def _fine(figure: Figure, step: Fraction) -> bool:
    """Tell whether every figure with these digits is possible, so that the check cannot fail."""
    return figure.interval.high - figure.interval.low >= step


def _powerless(figure: Figure, number: int) -> str:
    return (
        f"{number} whole numbers can have every value that is printed like {figure.printed}, "
        "so that this cannot fail"
    )


def _show(figure: Figure, value: Fraction) -> str:
    return figure.show(Interval.point(value))
