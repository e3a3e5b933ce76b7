"""What checks of plain statements share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip.claims.checks.base import Check, Kind, Quantities, differing_units
from plip.claims.checks.options import Count, count_faults, count_sources, whole
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict

__all__ = ["Statement", "called", "order"]


class Statement(Check):
    """A check of a statement, which may be without a figure and may speak of `total` cases."""

    needs_figure: ClassVar[bool] = False
    kind: ClassVar[Kind] = Kind.RECOMPUTE
    total: Count | None = None
    """How many cases the statement speaks of; fewer at hand cannot carry it."""

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        entries = [i for i in self.inputs() if i not in count_sources(self.total)]
        first = next((i for i in entries if not is_reference(i)), None)
        if first is not None:
            yield from differing_units(given[first].figure.unit, given, tuple(entries))
        yield from count_faults(self.total, given)

    def covered(
        self, count: int, outcome: Verdict, reason: str, given: Given
    ) -> tuple[Verdict, str]:
        """Withdraw support from a statement about more cases than there are values for."""
        total = None if self.total is None else whole(self.total, given)
        if total is None or count >= total or outcome is Verdict.CONTRADICTED:
            return outcome, reason
        return (
            Verdict.UNSUPPORTED,
            f"{reason}; the statement is about {total}, of which {count} are known",
        )


def order(x: Reading, y: Reading) -> Verdict:
    """Judge x > y; printed ranges that overlap support no order."""
    if (x.finest - y.finest).high <= 0:
        return Verdict.CONTRADICTED
    at_face = x.at_face - y.at_face
    if at_face.low > 0:
        return Verdict.HOLDS
    return Verdict.ROUNDING if at_face.high <= 0 else Verdict.UNSUPPORTED


def called(reading: Reading) -> str:
    """Name a value, with what it belongs to where that has a name and not a mere number."""
    named = reading.label and not reading.label.replace("/", "").isdigit()
    return f"{reading.printed} ({reading.label})" if named else reading.printed
