"""What every check is: typed options from the ledger, and one pure function to a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

from plip.claims.chart import Chart
from plip.claims.figures import Quantity
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.stats import Interval

if TYPE_CHECKING:
    from plip.claims.evidence import Given
    from plip.claims.ledger import Entry

__all__ = ["Check", "CheckResult", "Kind", "Quantities"]

Quantities: TypeAlias = Mapping[str, Quantity]


class Kind(StrEnum):
    """What sort of question a check answers."""

    RECOMPUTE = "recompute"
    """Does the figure follow from finer ones?"""
    AGREEMENT = "agreement"
    """Is the same quantity the same everywhere?"""
    GRANULARITY = "granularity"
    """Can a mean, SD or percentage of n whole outcomes have this value at all?"""
    TEST = "test"
    """Do statistic, degrees of freedom and p belong together, and to the data?"""
    DESIGN = "design"
    """Does the test fit how the data were made?"""
    SELECTION = "selection"
    """Was the best of many chosen on the data that then test it?"""
    ABSENCE = "absence"
    """Can the evidence show that there is no effect?"""
    IDENTITY = "identity"
    """Is a divergence 0 where nothing is changed, and within what its definition allows?"""
    FEASIBILITY = "feasibility"
    """Can the intervention, as described, reach this value from any data?"""
    TARGET = "target"
    """Is a stated level reached where it is said to be?"""
    PRECISION = "precision"
    """Is the effect above the rounding of the numbers it was measured in?"""
    SENSITIVITY = "sensitivity"
    """Does the decision survive other reasonable choices?"""
    COMPARABILITY = "comparability"
    """Do the groups differ in something else, and could the control have come out otherwise?"""
    RERUN = "rerun"
    """Does the experiment, run again, give the figure?"""
    DIAGNOSIS = "diagnosis"
    """Does a suspected mechanism give the figure that the named quantity cannot?"""


class CheckResult(BaseModel):
    """What one check found of one claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    """The check's name in the registry."""
    kind: Kind | None = None
    """None for a check of a run made here, which is about no printed figure."""
    outcome: Verdict
    """What it found."""
    computed: tuple[float, float] | None = None
    """Bounds of the recomputed value, in the unit of the figures compared; of what is compared
    for `approximately` (a ratio) and `monotone_in_dose` (the smallest step)."""
    reason: str
    """One sentence that a reader with the paper in hand can follow."""
    decision_changes: bool | None = None
    """Whether what the paper decides would be decided otherwise; None where it decides nothing
    here, or where that cannot be told."""
    rows: tuple[dict[str, JsonValue], ...] = ()
    """What the reason rests on, such as several tests of the same data: one row each, all with the
    same keys."""
    chart: Chart | None = None
    """The same as a picture, where people would rather look."""


class Check(BaseModel, ABC):
    """One check on one claim, its options as the ledger gives them.

    A new check is a subclass with a name, a kind and a `run`, and a line in the registry. An option
    that names a source of numbers holds the id of an entry or a reference into a data file,
    `@FILE#…` (`plip.claims.references`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    kind: ClassVar[Kind]
    needs_figure: ClassVar[bool] = True
    """Whether the claim must have exactly one figure of its own."""
    optional: ClassVar[bool] = False
    """Whether a claim that other checks decide does without this one where it cannot be made."""
    if_at_hand: bool = False
    """The same for this one use of a check, such as one beside others that reads a data file."""

    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Return every source of numbers: ids of entries, and references into data files."""

    @abstractmethod
    def run(self, claim: Entry, given: Given) -> CheckResult:
        """Check the claim against its inputs; a pure function. Every file that it refers to is at
        hand; otherwise it is not called."""

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        """Return the claim's value from its inputs (as an interval, at face value).

        None for a check that only bounds or compares, and for one that reads data files.
        """
        return None

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        """Yield what makes the check meaningless for these entries; `run` may rely on there being
        nothing. Data files are not at hand here."""
        return iter(())

    def entries(self) -> tuple[str, ...]:
        """Return the ids among the inputs."""
        return tuple(source for source in self.inputs() if not is_reference(source))

    def references(self) -> tuple[str, ...]:
        """Return the references among the inputs."""
        return tuple(source for source in self.inputs() if is_reference(source))

    def result(
        self, outcome: Verdict, reason: str, computed: Interval | None = None, **details: Any
    ) -> CheckResult:
        """Return a result under this check's name.

        Args:
            outcome: the verdict.
            reason: why, in one sentence.
            computed: what was recomputed.
            details: `decision_changes`, `rows`, `chart` of `CheckResult`.
        """
        bounds = None if computed is None else (float(computed.low), float(computed.high))
        return CheckResult(
            check=self.name,
            kind=self.kind,
            outcome=outcome,
            computed=bounds,
            reason=reason,
            **details,
        )


def differing_units(unit: str, given: Quantities, ids: tuple[str, ...]) -> Iterator[str]:
    """Yield a fault for each of the entries among `ids` that is in another unit than `unit`."""
    for entry_id in ids:
        if not is_reference(entry_id) and (found := given[entry_id].figure.unit) != unit:
            yield f"wanted {entry_id!r} in {unit!r}, found it in {found!r}"
