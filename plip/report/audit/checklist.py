"""A reproducibility checklist in Markdown, filled in from an audit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plip.claims import AuditReport, ClaimResult, Verdict, worst
from plip.claims.references import is_reference, parse_reference
from plip.report.audit.counts import counted, worst_first
from plip.report.audit.items import ITEMS, SOURCES, Item

__all__ = ["render_checklist"]

_UNTOLD = "cannot be told by the audit"
# Claims that are named under an item; the JSON has all.
_NAMED = 5
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&])")


@dataclass(frozen=True, slots=True)
class _Answer:
    word: str
    why: str
    against: tuple[tuple[ClaimResult, str], ...] = ()
    """Claims that speak against it, each with the reason."""


def render_checklist(report: AuditReport) -> str:
    """Write the checklist: every item with an answer computed from the audit.

    "yes" where every check that bears on the item stands, "no" where one is contradicted or
    unsupported, "in part" where some stand and the rest could not be made; where no check bears on
    the item, or none could be made, it cannot be told.
    """
    answers = [(item, _answer(item, report)) for item in ITEMS]
    lines = [
        f"# Reproducibility checklist: {_plain(report.title)}",
        "",
        f"Filled in from {counted(len(report.claims), 'audited claim')}. The answers say what the "
        "audit found, not what the authors would answer. The items are written in other words; "
        "they come from:",
        "",
        *(f"- {source}" for source in SOURCES),
        "",
        "| item | answer |",
        "| --- | --- |",
        *(f"| {item.title} | {answer.word} |" for item, answer in answers),
    ]
    for item, answer in answers:
        lines += _item(item, answer)
    return "\n".join(lines) + "\n"


def _item(item: Item, answer: _Answer) -> Iterator[str]:
    yield from ("", f"## {item.title}", "", item.question, "")
    yield f"**{answer.word}**: {answer.why}"
    if answer.against:
        yield ""
    for claim, reason in answer.against[:_NAMED]:
        quoted = f" “{_plain(claim.quoted)}”" if claim.quoted else ""
        yield f"- {_code(claim.id)}{quoted}: {_plain(reason)}"
    if (more := len(answer.against) - _NAMED) > 0:
        yield f"- and {counted(more, 'more claim')}"
    yield from ("", f"Asked for by {item.source}.")


def _answer(item: Item, report: AuditReport) -> _Answer:
    if item.files:
        return _files(report)
    if not item.kinds and not item.states:
        return _Answer(_UNTOLD, "it reads figures and data, not descriptions.")
    found = list(_outcomes(item, report))
    if not found:
        return _Answer(_UNTOLD, "the ledger has no check that bears on it.")
    what = "claim" if item.states else "claim with such checks"
    counts = [
        f"{n} {verdict}"
        for verdict in worst_first()
        if (n := sum(outcome is verdict for _, outcome, _ in found))
    ]
    why = f"{_plural(len(found), what)}: {', '.join(counts)}."
    against = tuple(
        (claim, reason)
        for verdict in (Verdict.CONTRADICTED, Verdict.UNSUPPORTED, Verdict.NOT_CHECKABLE)
        for claim, outcome, reason in found
        if outcome is verdict
    )
    outcomes = {outcome for _, outcome, _ in found}
    if outcomes & {Verdict.CONTRADICTED, Verdict.UNSUPPORTED}:
        return _Answer("no", why, against)
    if outcomes == {Verdict.NOT_CHECKABLE}:
        return _Answer(_UNTOLD, why, against)
    return _Answer("in part" if Verdict.NOT_CHECKABLE in outcomes else "yes", why, against)


def _outcomes(item: Item, report: AuditReport) -> Iterator[tuple[ClaimResult, Verdict, str]]:
    """Yield the claims that bear on an item, with the worst of what bears on it; none about a run
    made here does."""
    for claim in report.claims:
        if item.states:
            if claim.states in item.states:
                yield claim, claim.verdict, claim.reason
            continue
        checks = [check for check in claim.checks if check.kind in item.kinds]
        if checks:
            verdict = worst(check.outcome for check in checks)
            yield claim, verdict, next(c.reason for c in checks if c.outcome is verdict)


def _files(report: AuditReport) -> _Answer:
    sources = {i.source for claim in report.claims for i in claim.inputs}
    needed = sorted({parse_reference(source).file for source in sources if is_reference(source)})
    if not needed:
        return _Answer(_UNTOLD, "no claim of the ledger rests on a data file.")
    read = [file for file in needed if file in report.artifacts]
    why = f"{len(read)} of {counted(len(needed), 'data file')} that claims rest on could be read"
    missing = [file for file in needed if file not in report.artifacts]
    why += f"; not at hand: {_list(missing)}." if missing else "."
    if not read:
        return _Answer(_UNTOLD, why)
    return _Answer("in part" if missing else "yes", why)


def _list(files: Sequence[str]) -> str:
    named = ", ".join(_code(file) for file in files[:_NAMED])
    more = len(files) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _plural(n: int, what: str) -> str:
    head, _, rest = what.partition(" ")
    return f"{counted(n, head)}{' ' if rest else ''}{rest}"


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def _plain(text: str) -> str:
    """Write a text such that Markdown takes nothing in it for markup."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
