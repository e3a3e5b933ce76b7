"""Checks that the same quantity is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict, compare

__all__ = ["SameAs"]


class SameAs(Check):
    """The figure is the same quantity as one printed elsewhere, or as it stands in a data file.

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
        figure = claim.figure
        if is_reference(self.other):
            found = given.reading(self.other)
            printed, interval, at_face = found.printed, found.finest, found.at_face
        else:
            other = given[self.other].figure
            printed, interval, at_face = other.printed, other.interval, other.at_face
        outcome = compare(figure.interval, interval, at_face)
        if not is_reference(self.other) and (
            figure.decimals == given[self.other].figure.decimals and figure.at_face != at_face
        ):
            outcome = Verdict.CONTRADICTED
        agrees = {
            Verdict.HOLDS: "agrees with",
            Verdict.ROUNDING: "agrees only by rounding with",
            Verdict.CONTRADICTED: "does not agree with",
        }[outcome]
        reason = f"{figure.printed} {agrees} the same quantity at {self.other}, {printed}"
        return self.result(outcome, reason, interval)
