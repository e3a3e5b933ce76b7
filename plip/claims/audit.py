"""From a ledger to a verdict for each claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from plip.claims.checks import Check, CheckResult
from plip.claims.evidence import Evidence
from plip.claims.ledger import Entry, Ledger, States
from plip.claims.orphans import TextReport, orphans
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict, worst
from plip.records import AuditManifest

__all__ = ["AuditReport", "AuditSummary", "ClaimInput", "ClaimResult", "audit", "live_claim"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimInput(_Frozen):
    """Something that the checks of a claim read."""

    source: str
    """The id of an entry, or a reference into a data file."""
    section: str | None = None
    """Where the entry stands in the paper; None for a data file."""
    printed: str | None = None
    """The entry's figure as printed; None for a data file."""


class ClaimResult(_Frozen):
    """One claim with its verdict."""

    id: str
    """Unique in the report; of a paper's claim, that of its entry in the ledger."""
    section: str
    """Of the paper, or "live" for what was computed on a checkpoint at hand."""
    quoted: str
    """As printed in the paper; empty for a live claim."""
    figures: tuple[str, ...] = ()
    """The figures of the quote that this claim answers for."""
    unit: str | None = None
    """Of these figures; None where there are none."""
    statement: str
    """What is stated there, in one sentence."""
    states: States = "value"
    """What sort of statement it is."""
    decides: str | None = None
    """What the paper concludes from it, where it concludes something."""
    verdict: Verdict
    """The worst outcome of the checks; one that could not be made counts unless it is optional."""
    reason: str
    """That of the first check with that outcome."""
    decision_changes: bool | None = None
    """Whether what the paper decides would be decided otherwise; None where no check can tell."""
    checks: tuple[CheckResult, ...] = Field(min_length=1)
    """Every check of the claim, in the ledger's order."""
    inputs: tuple[ClaimInput, ...] = ()
    """What the checks read, each once."""


class AuditSummary(_Frozen):
    """The counts of an audit."""

    figures: int
    """Figures in the ledger."""
    inputs: int
    """Those of them that no check applies to: taken as given, without a verdict."""
    claims: int
    """Claims with a verdict, live ones among them."""
    verdicts: Mapping[Verdict, int]
    """Claims of each verdict, every verdict listed."""
    figure_verdicts: Mapping[Verdict, int] = Field(default_factory=dict)
    """Figures of each verdict: a figure has that of the claim that answers for it."""
    paper_figures: int | None = None
    """Figures in the paper's text: counted where it was at hand, else as the ledger states; None
    if it does not."""
    orphans: int | None = None
    """Those of them that no entry quotes; None without the text."""


class AuditReport(_Frozen):
    """Every claim of a paper with its verdict; in JSON the key of its format is "schema"."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["plip.audit/2"] = Field(default="plip.audit/2", alias="schema")
    """The format's name and number."""
    paper: str
    """The name of the ledger's folder."""
    title: str
    """The paper's title."""
    claims: tuple[ClaimResult, ...]
    """In the paper's order, then those about runs made here."""
    summary: AuditSummary
    """What is counted."""
    artifacts: Mapping[str, str] = Field(default_factory=dict)
    """SHA-256 of every data file of the paper's repository that was read, by its path in it."""
    text: TextReport | None = None
    """What became of the numbers of the paper's text; None where it was not at hand."""
    manifest: AuditManifest | None = None
    """What the audit was made from and with; None where nobody said."""

    @property
    def failing(self) -> tuple[ClaimResult, ...]:
        """The claims that do not stand: contradicted, unsupported or not checkable here."""
        return tuple(claim for claim in self.claims if not claim.verdict.stands)

    def with_live(self, live: Sequence[ClaimResult]) -> AuditReport:
        """Return the report with claims about a run made here, listed last and counted with it."""
        verdicts = {
            verdict: count + sum(claim.verdict is verdict for claim in live)
            for verdict, count in self.summary.verdicts.items()
        }
        counts = {"claims": self.summary.claims + len(live), "verdicts": verdicts}
        summary = self.summary.model_copy(update=counts)
        return self.model_copy(update={"claims": (*self.claims, *live), "summary": summary})

    @model_serializer(mode="wrap")
    def _schema_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A field named "schema" would hide a method of pydantic's base class.
        fields = handler(self)
        rest = {name: value for name, value in fields.items() if name not in ("format", "schema")}
        return {"schema": self.format, **rest}


def audit(
    ledger: Ledger,
    evidence: Evidence | None = None,
    *,
    live: Sequence[ClaimResult] = (),
    text: str | None = None,
) -> AuditReport:
    """Run every check of a ledger.

    Args:
        ledger: the paper's figures and claims.
        evidence: what else is at hand; None for nothing.
        live: what was found by running a model at hand, as `live_claim` makes them; listed after
            the paper's claims and counted with them.
        text: the paper's Markdown, where it is at hand: its figures are counted, and orphans found.

    Raises:
        ArtifactError: a data file that is at hand does not hold what a claim reads from it.
    """
    at_hand = Evidence() if evidence is None else evidence
    claims = tuple(_judge(claim, ledger, at_hand) for claim in ledger.claims)
    numbers = None if text is None else orphans(ledger, text)
    report = AuditReport(
        paper=ledger.paper,
        title=ledger.title,
        claims=claims,
        summary=_summary(ledger, claims, numbers),
        text=numbers,
        artifacts=at_hand.artifacts.hashes if at_hand.artifacts is not None else {},
    )
    return report.with_live(live)


def _summary(
    ledger: Ledger, claims: Sequence[ClaimResult], numbers: TextReport | None
) -> AuditSummary:
    found = [(claim.verdict, len(claim.figures)) for claim in claims]
    stated = None if ledger.text is None else ledger.text.figures
    return AuditSummary(
        figures=sum(len(entry.figures) for entry in ledger.entries.values()),
        inputs=sum(len(entry.figures) for entry in ledger.inputs),
        claims=len(claims),
        verdicts={v: sum(verdict is v for verdict, _ in found) for v in Verdict},
        figure_verdicts={v: sum(n for verdict, n in found if verdict is v) for v in Verdict},
        paper_figures=stated if numbers is None else numbers.figures,
        orphans=None if numbers is None else len(numbers.orphans),
    )


def live_claim(claim_id: str, statement: str, checks: Sequence[CheckResult]) -> ClaimResult:
    """Return a claim about a run made here rather than about a printed figure.

    Args:
        claim_id: unique within the report, such as "live/scale_closed_form".
        statement: what should be so, in one sentence.
        checks: what was found, at least one.
    """
    return _conclude(
        ClaimResult(
            id=claim_id,
            section="live",
            quoted="",
            statement=statement,
            verdict=Verdict.NOT_CHECKABLE,
            reason="",
            checks=tuple(checks),
        ),
        tuple(checks),
    )


def _judge(claim: Entry, ledger: Ledger, evidence: Evidence) -> ClaimResult:
    results = [_run(check, claim, ledger, evidence) for check in claim.checks]
    decided = [
        result
        for check, result in zip(claim.checks, results, strict=True)
        if not ((check.optional or check.if_at_hand) and result.outcome is Verdict.NOT_CHECKABLE)
    ]
    return _conclude(
        ClaimResult(
            id=claim.id,
            states=claim.states,
            decides=claim.decides,
            section=claim.section,
            quoted=claim.quoted,
            figures=tuple(figure.printed for figure in claim.figures),
            unit=claim.figures[0].unit if claim.figures else None,
            statement=claim.statement,
            verdict=Verdict.NOT_CHECKABLE,
            reason="",
            checks=tuple(results),
            inputs=_inputs(claim, ledger),
        ),
        tuple(decided or results),
    )


def _inputs(claim: Entry, ledger: Ledger) -> tuple[ClaimInput, ...]:
    sources = dict.fromkeys(source for check in claim.checks for source in check.inputs())
    return tuple(
        ClaimInput(source=source)
        if is_reference(source)
        else ClaimInput(
            source=source,
            section=ledger.entries[source].section,
            printed=ledger.entries[source].figure.printed,
        )
        for source in sources
    )


def _run(check: Check, claim: Entry, ledger: Ledger, evidence: Evidence) -> CheckResult:
    lacking = evidence.missing(check.references())
    if lacking is not None:
        return check.result(Verdict.NOT_CHECKABLE, lacking)
    return check.run(claim, ledger.given(check, evidence))


def _conclude(claim: ClaimResult, decided: tuple[CheckResult, ...]) -> ClaimResult:
    """Give a claim the verdict of the checks that decide it."""
    verdict = worst(check.outcome for check in decided)
    told = [check.decision_changes for check in decided if check.decision_changes is not None]
    return claim.model_copy(
        update={
            "verdict": verdict,
            "reason": next(check.reason for check in decided if check.outcome is verdict),
            "decision_changes": any(told) if told else None,
        }
    )
