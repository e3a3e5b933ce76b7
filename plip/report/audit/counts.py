"""What an audit counts, once for all of its reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from plip.claims import AuditReport, ClaimResult, Verdict

__all__ = [
    "by_section",
    "changed_decisions",
    "counted",
    "figure_counts",
    "section_name",
    "verdict_counts",
    "worst_first",
]


def counted(n: int, what: str) -> str:
    """Write such as "1 claim" and "2 claims"."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def worst_first() -> tuple[Verdict, ...]:
    """Return the verdicts from worst to best, the order in which they are of interest."""
    return tuple(reversed(Verdict))


def changed_decisions(claims: Iterable[ClaimResult]) -> tuple[ClaimResult, ...]:
    """Return the claims of which the paper's decision would be another."""
    return tuple(claim for claim in claims if claim.decision_changes)


def by_section(claims: Iterable[ClaimResult]) -> Mapping[str, tuple[ClaimResult, ...]]:
    """Return each section with its claims, in the order in which sections first occur."""
    found: dict[str, list[ClaimResult]] = {}
    for claim in claims:
        found.setdefault(claim.section, []).append(claim)
    return {section: tuple(claims) for section, claims in found.items()}


def section_name(section: str) -> str:
    """Write a section for readers: its number, its title where it has none, "run here" for live."""
    if section == "live":
        return "Run here"
    return f"Section {section}" if section[:1].isdigit() else section


def figure_counts(report: AuditReport) -> Iterator[tuple[int, str]]:
    """Yield how many figures there are of which sort, in words; what nobody knows is left out."""
    summary = report.summary
    for count, where in (
        (summary.paper_figures, "in the paper"),
        (summary.figures, "in the ledger"),
        (summary.inputs, "taken as given"),
        (summary.orphans, "that no entry quotes"),
    ):
        if count is not None:
            yield count, f"figure{'' if count == 1 else 's'} {where}"


def verdict_counts(report: AuditReport) -> Iterator[tuple[Verdict, int, int]]:
    """Yield each verdict, the worst first, with its number of claims and of figures."""
    for verdict in worst_first():
        yield (
            verdict,
            report.summary.verdicts[verdict],
            report.summary.figure_verdicts.get(verdict, 0),
        )
