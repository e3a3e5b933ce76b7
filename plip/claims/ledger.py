"""A paper's figures and claims, and what its figures are known to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plip.claims.evidence import Evidence, Given
from plip.claims.figures import Figure, Quantity

if TYPE_CHECKING:
    from plip.claims.checks.base import Check
    from plip.claims.schema import PaperText

__all__ = ["Entry", "Ledger", "States"]

#: What a claim states.
States = Literal[
    "value",
    "ratio",
    "order",
    "range",
    "test",
    "equivalence",
    "for-all",
    "causal",
    "design",
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a paper says: a claim if checks apply to it, otherwise an input of other claims."""

    id: str
    section: str
    quoted: str
    """The words or figures as printed."""
    statement: str
    """What the paper states there, in one sentence."""
    figures: tuple[Figure, ...]
    """The figures of the quote that this entry answers for; none if other entries have them."""
    checks: tuple[Check, ...]
    states: States = "value"
    """What sort of statement it is."""
    decides: str | None = None
    """What the paper concludes from it, in a few words, where it concludes something."""

    @property
    def figure(self) -> Figure:
        """The one figure of an entry that has one; the loader admits no check where this fails."""
        (figure,) = self.figures
        return figure


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every entry of a paper, by id, in the paper's order. `read_ledger` makes sound ones."""

    paper: str
    title: str
    entries: Mapping[str, Entry]
    text: PaperText | None = None
    """What the ledger says of the paper's text, where it does."""

    @property
    def claims(self) -> tuple[Entry, ...]:
        """The entries that checks apply to."""
        return tuple(entry for entry in self.entries.values() if entry.checks)

    @property
    def inputs(self) -> tuple[Entry, ...]:
        """The entries that are taken as given."""
        return tuple(entry for entry in self.entries.values() if not entry.checks)

    def quantity(self, entry_id: str) -> Quantity:
        """Return an entry's figure together with its value from the finest figures there are.

        A figure with a check that recomputes it (a mean of samples) is known more finely than it
        is printed; its inputs may be recomputed in turn.
        """
        entry = self.entries[entry_id]
        figure = entry.figure
        for check in entry.checks:
            finer = check.recompute(self.quantities(check))
            if finer is not None:
                return Quantity(figure, *finer)
        return Quantity(figure, figure.interval, figure.at_face)

    def quantities(self, check: Check) -> dict[str, Quantity]:
        """Return what a check reads, by id."""
        return {entry_id: self.quantity(entry_id) for entry_id in check.entries()}

    def given(self, check: Check, evidence: Evidence) -> Given:
        """Return what a check reads, and what else is at hand."""
        return Given(self.quantities(check), evidence)
