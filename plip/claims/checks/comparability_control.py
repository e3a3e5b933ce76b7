"""Whether a control could have come out otherwise at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import model_validator

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, count_faults, count_sources, whole
from plip.claims.checks.samples import overturned
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict

__all__ = ["VacuousControl"]


class VacuousControl(Check):
    """The control changes something that can reach what is measured.

    It cannot where it changes no edge; where its dose is the one that changes nothing; or where
    what it changes comes too late: a row of attention reaches the prediction at another position
    only through a later layer, and never one before it. A control that cannot come out otherwise
    tells nothing about the intervention that it stands beside.
    """

    name: ClassVar[str] = "vacuous_control"
    kind: ClassVar[Kind] = Kind.COMPARABILITY
    needs_figure: ClassVar[bool] = False
    edges: tuple[str, ...] = ()
    """How much the control changed, one number a sample."""
    doses: tuple[str, ...] = ()
    """The control's dose or doses."""
    identity: float = 1.0
    """The dose that changes nothing."""
    query: Count | None = None
    """The position whose row is changed, from 0."""
    predicted: Count | None = None
    """The position whose prediction is measured, from 0."""
    layer: Count | None = None
    """The layer in which it is changed, from 0."""
    layers: Count | None = None
    """How many layers the model has."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        place = (self.query, self.predicted, self.layer, self.layers)
        if any(each is not None for each in place) and None in place:
            raise ValueError("wanted all of 'query', 'predicted', 'layer' and 'layers', or none")
        if not self.edges and not self.doses and self.query is None:
            raise ValueError("wanted 'edges', 'doses' or a place: what the control changes")
        return self

    def inputs(self) -> tuple[str, ...]:
        place = count_sources(self.query, self.predicted, self.layer, self.layers)
        return (*self.edges, *self.doses, *place)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        for count in (self.query, self.predicted, self.layer):
            yield from count_faults(count, given, least=0)
        yield from count_faults(self.layers, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        rows = [
            {"control": each.label, "value": each.printed, "can differ": each.value != nothing}
            for sources, nothing in ((self.edges, 0.0), (self.doses, self.identity))
            for each in given.readings(*sources)
        ]
        barred = self._barred(given)
        free = [row for row in rows if row["can differ"]]
        fixed = len(rows) - len(free)
        if barred is not None:
            reason = f"{barred}: the control cannot come out otherwise"
        elif rows and not free:
            what = "changes nothing" if self.edges else f"is at dose {self.identity:g}"
            reason = (
                f"the control {what} in all cases ({fixed}): its outcome is fixed by construction"
            )
        else:
            reason = "what the control changes can reach what is measured"
            if rows:
                reason = f"in {len(free)} of {len(rows)} cases the control could come out otherwise"
            return self.result(Verdict.HOLDS, reason, rows=tuple(rows))
        return self.result(
            Verdict.UNSUPPORTED,
            reason,
            rows=tuple(rows),
            decision_changes=overturned(claim, True),
        )

    def _barred(self, given: Given) -> str | None:
        """Say why a change at this place cannot reach the prediction."""
        place = (self.query, self.predicted, self.layer)
        if self.layers is None or None in place:
            return None
        query, predicted, layer = (
            whole(count, given, least=0) for count in place if count is not None
        )
        layers = whole(self.layers, given)
        if query > predicted:
            return f"position {query} lies behind {predicted}, whose prediction is measured"
        if layer >= layers - 1 and query != predicted:
            return (
                f"layer {layer} is the last of {layers}: the row of position {query} reaches "
                f"nothing but its own prediction, and that of {predicted} is measured"
            )
        return None
