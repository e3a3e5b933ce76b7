"""Choosing claims by verdict and section, for the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from plip.claims import AuditReport, ClaimResult, Verdict
from plip.errors import ConfigError

__all__ = ["check_sections", "select_claims"]


def check_sections(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Check that each section asked for has a claim, or one below it has.

    Raises:
        ConfigError: one has none.
    """
    there = list(dict.fromkeys(known))
    for section in wanted:
        if not any(_within(name, (section,)) for name in there):
            raise ConfigError(
                f"section {section!r}",
                wanted=f"one of {', '.join(there)}",
                found="no claim in such a section",
                advice="name a section as the ledger does",
            )


def select_claims(
    report: AuditReport, *, only: Collection[Verdict] = (), sections: Collection[str] = ()
) -> tuple[ClaimResult, ...]:
    """Return the claims with one of some verdicts that stand in some sections.

    Args:
        report: with all claims.
        only: the verdicts; all of them where none is given.
        sections: as the ledger writes them, each with those below it ("3" takes "3.2" along); all
            of them where none is given.
    """
    return tuple(
        claim
        for claim in report.claims
        if (not only or claim.verdict in only)
        and (not sections or _within(claim.section, sections))
    )


def _within(section: str, wanted: Iterable[str]) -> bool:
    return any(section == name or section.startswith(f"{name}.") for name in wanted)
