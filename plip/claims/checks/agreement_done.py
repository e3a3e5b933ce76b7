"""A check that what a paper leaves for later was not done already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Sources
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import parse_reference
from plip.claims.verdict import Verdict

__all__ = ["NotDone"]


class NotDone(Check):
    """What the paper says was not tested has no results in its repository.

    Results that are there contradict it. Where they are not, nothing is known: they may be
    elsewhere, and the verdict is that of a data file that is missing.
    """

    name: ClassVar[str] = "not_done"
    kind: ClassVar[Kind] = Kind.AGREEMENT
    needs_figure: ClassVar[bool] = False
    results: Sources
    """References to what such a test would have given."""

    def inputs(self) -> tuple[str, ...]:
        return self.results

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from (f"wanted a reference into a data file, found {i!r}" for i in self.entries())

    def run(self, claim: Entry, given: Given) -> CheckResult:
        found = {source: given.select(source) for source in self.results}
        where = ", ".join(
            f"{len(items)} in {parse_reference(source).file}" for source, items in found.items()
        )
        rows = tuple({"results": source, "values": len(items)} for source, items in found.items())
        reason = f"the repository has results of it: {where}"
        return self.result(Verdict.CONTRADICTED, reason, rows=rows)
