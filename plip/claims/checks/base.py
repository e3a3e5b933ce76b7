"""What every check is: typed options from the ledger, and one pure function to a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict

from plip.claims.figures import Quantity
from plip.claims.verdict import Verdict
from plip.stats import Interval

if TYPE_CHECKING:
    from plip.claims.ledger import Entry

__all__ = ["Check", "CheckResult", "Quantities"]

Quantities: TypeAlias = Mapping[str, Quantity]


class CheckResult(BaseModel):
    """What one check found of one claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    """The check's name in the registry."""
    outcome: Verdict
    computed: tuple[float, float] | None = None
    """Bounds of the recomputed value, in the unit of the figures compared; of what is compared
    for `approximately` (a ratio) and `monotone_in_dose` (the smallest step)."""
    reason: str
    """One sentence that a reader with the paper in hand can follow."""


class Check(BaseModel, ABC):
    """One check on one claim, its options as the ledger gives them.

    A new check is a subclass with a name and a `run`, and a line in the registry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    needs_figure: ClassVar[bool] = True
    """Whether the claim must have exactly one figure of its own."""

    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Return the ids of the entries that the check reads."""

    @abstractmethod
    def run(self, claim: Entry, given: Quantities) -> CheckResult:
        """Check the claim against its inputs; a pure function."""

    def recompute(self, given: Quantities) -> tuple[Interval, Interval] | None:
        """Return the claim's value from its inputs (as an interval, at face value).

        None for a check that only bounds or compares.
        """
        return None

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        """Yield what makes the check meaningless for these inputs; `run` may rely on there being
        nothing."""
        return iter(())

    def result(
        self, outcome: Verdict, reason: str, computed: Interval | None = None
    ) -> CheckResult:
        """Return a result under this check's name."""
        bounds = None if computed is None else (float(computed.low), float(computed.high))
        return CheckResult(check=self.name, outcome=outcome, computed=bounds, reason=reason)


def differing_units(unit: str, given: Quantities, ids: tuple[str, ...]) -> Iterator[str]:
    """Yield a fault for each of the inputs `ids` that is in another unit than `unit`."""
    for entry_id in ids:
        if (found := given[entry_id].figure.unit) != unit:
            yield f"wanted {entry_id!r} in {unit!r}, found it in {found!r}"
