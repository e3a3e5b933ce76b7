"""Everything that is wrong with a ledger folder, told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from plip.claims.artifacts import Artifacts
from plip.claims.evidence import Evidence
from plip.claims.ledger import Ledger
from plip.claims.loader import read_ledger
from plip.claims.orphans import TextReport, orphans
from plip.errors import LedgerError, PlipError

__all__ = ["LintReport", "lint"]


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found wrong with a ledger.

    Args:
        faults: what keeps an audit from being made; none if it can be.
        ledger: as it was read; None where it could not be.
        text: the ledger beside the paper's text; None without either.
    """

    faults: tuple[str, ...]
    ledger: Ledger | None = None
    text: TextReport | None = None


def lint(
    folder: Traversable, *, artifacts: Artifacts | None = None, text: str | None = None
) -> LintReport:
    """Read a ledger and, where the paper's repository is at hand, make every check of it once.

    Args:
        folder: the ledger's.
        artifacts: a checkout of the repository that its references point into.
        text: the paper's Markdown.
    """
    try:
        ledger = read_ledger(folder)
    except LedgerError as error:
        return LintReport(tuple(error.details["faults"]))
    faults = () if artifacts is None else tuple(_unreadable(ledger, artifacts))
    return LintReport(faults, ledger, None if text is None else orphans(ledger, text))


def _unreadable(ledger: Ledger, artifacts: Artifacts) -> Iterator[str]:
    """Yield what checks want of data files and do not find there."""
    evidence = Evidence(artifacts)
    for claim in ledger.claims:
        for check in claim.checks:
            lacking = evidence.missing(check.references())
            if lacking is not None:
                yield f"{claim.id}: {check.name}: {lacking}"
                continue
            try:
                check.run(claim, ledger.given(check, evidence))
            except PlipError as error:
                yield f"{claim.id}: {check.name}: {error}"
