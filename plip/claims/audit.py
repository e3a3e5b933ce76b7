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

from plip.claims.checks import CheckResult
from plip.claims.ledger import Entry, Ledger
from plip.claims.verdict import Verdict, worst

__all__ = ["AuditReport", "AuditSummary", "ClaimResult", "audit", "live_claim"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClaimResult(_Frozen):
    """One claim with its verdict."""

    id: str
    section: str
    """Of the paper, or "live" for what was computed on a checkpoint at hand."""
    quoted: str
    """As printed in the paper; empty for a live claim."""
    statement: str
    verdict: Verdict
    """The worst outcome of the checks."""
    reason: str
    """That of the first check with that outcome."""
    checks: tuple[CheckResult, ...] = Field(min_length=1)


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


class AuditReport(_Frozen):
    """Every claim of a paper with its verdict; in JSON the key of its format is "schema"."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["plip.audit/1"] = Field(default="plip.audit/1", alias="schema")
    paper: str
    title: str
    claims: tuple[ClaimResult, ...]
    summary: AuditSummary

    @property
    def failing(self) -> tuple[ClaimResult, ...]:
        """The claims that do not stand: contradicted, unsupported or not checkable here."""
        return tuple(claim for claim in self.claims if not claim.verdict.stands)

    @model_serializer(mode="wrap")
    def _schema_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A field named "schema" would hide a method of pydantic's base class.
        fields = handler(self)
        rest = {name: value for name, value in fields.items() if name not in ("format", "schema")}
        return {"schema": self.format, **rest}


def audit(ledger: Ledger, *, live: Sequence[ClaimResult] = ()) -> AuditReport:
    """Run every check of a ledger.

    Args:
        ledger: the paper's figures and claims.
        live: what was found by running a model at hand, as `live_claim` makes them; listed after
            the paper's claims and counted with them.
    """
    claims = (*(_judge(claim, ledger) for claim in ledger.claims), *live)
    return AuditReport(
        paper=ledger.paper,
        title=ledger.title,
        claims=claims,
        summary=AuditSummary(
            figures=sum(len(entry.figures) for entry in ledger.entries.values()),
            inputs=sum(len(entry.figures) for entry in ledger.inputs),
            claims=len(claims),
            verdicts={
                verdict: sum(claim.verdict is verdict for claim in claims) for verdict in Verdict
            },
        ),
    )


def live_claim(claim_id: str, statement: str, checks: Sequence[CheckResult]) -> ClaimResult:
    """Return a claim about a run made here rather than about a printed figure.

    Args:
        claim_id: unique within the report, such as "live/scale_closed_form".
        statement: what should be so, in one sentence.
        checks: what was found, at least one.
    """
    return _conclude(claim_id, "live", "", statement, tuple(checks))


def _judge(claim: Entry, ledger: Ledger) -> ClaimResult:
    checks = tuple(check.run(claim, ledger.quantities(check)) for check in claim.checks)
    return _conclude(claim.id, claim.section, claim.quoted, claim.statement, checks)


def _conclude(
    claim_id: str, section: str, quoted: str, statement: str, checks: tuple[CheckResult, ...]
) -> ClaimResult:
    verdict = worst(check.outcome for check in checks)
    return ClaimResult(
        id=claim_id,
        section=section,
        quoted=quoted,
        statement=statement,
        verdict=verdict,
        reason=next(check.reason for check in checks if check.outcome is verdict),
        checks=checks,
    )
