"""An audit made by hand: every verdict, rows, charts, long texts, odd characters."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from plip.claims import (
    AuditReport,
    AuditSummary,
    Chart,
    ChartLine,
    ChartSeries,
    CheckResult,
    ClaimInput,
    ClaimResult,
    Kind,
    TextFigure,
    TextReport,
    Unfound,
    Verdict,
)
from plip.records import AuditManifest, SubjectRecord, Versions

ODD = "<script>alert('x')</script> & \"quoted\" [bold]b[/bold] {{ 7 * 7 }} $x_1$ \u202e \U0001f600"
LONG = "a reason that goes on and on, " * 20 + "and ends"


@pytest.fixture(scope="session")
def charts() -> tuple[Chart, ...]:
    """Charts with everything that charts may have."""
    dose = Chart(
        title="Attention by dose",
        x="scale (×)",
        y="attention (%)",
        series=(
            ChartSeries(
                name="feasible",
                x=(0.5, 1, 2, 3),
                y=(None, None, None, None),
                low=(1.0, 2.0, 3.0, 4.0),
                high=(1.2, 2.4, 4.4, 6.2),
                style="band",
            ),
            ChartSeries(
                name="published",
                x=(0.5, 1, 2, 3),
                y=(1.1, 2.3, None, 9.5),
                low=(1.0, 2.2, None, 9.4),
                high=(1.2, 2.4, None, 9.6),
                style="line",
            ),
        ),
        lines=(ChartLine(name="target", axis="y", at=5.7), ChartLine(name="s", axis="x", at=1)),
    )
    layers = Chart(
        title=f"p by layer {ODD}",
        x="layer",
        y="p",
        series=(
            ChartSeries(
                name="_$p$ <of> each layer",
                x=tuple(float(n) for n in range(24)),
                y=tuple(0.5 / (n + 1) for n in range(24)),
            ),
        ),
        lines=(ChartLine(name="0.05 / 24", axis="y", at=0.05 / 24),),
        y_log=True,
    )
    rates = Chart(
        title="Rates",
        x="distance",
        y="rate, 0 included",
        series=(ChartSeries(name="rate", x=(0, 1, 2), y=(0.0, 1e-3, 0.5)),),
        x_ticks=((0, "close to the marker"), (1, "medium"), (2, "far")),
        y_log=True,
    )
    return dose, layers, rates


def claim(
    claim_id: str,
    verdict: Verdict,
    *,
    section: str = "1.1",
    quoted: str = "5.70%",
    kind: Kind = Kind.RECOMPUTE,
    **details: object,
) -> ClaimResult:
    """Make a claim with one check."""
    reason = str(details.pop("reason", f"the reason of {claim_id}"))
    check = {name: details.pop(name) for name in ("rows", "chart", "computed") if name in details}
    found = CheckResult(check="mean_of", kind=kind, outcome=verdict, reason=reason, **check)
    return ClaimResult.model_validate(
        {
            "id": claim_id,
            "section": section,
            "quoted": quoted,
            "figures": (quoted,) if quoted else (),
            "unit": "%",
            "statement": "The mean is this.",
            "verdict": verdict,
            "reason": reason,
            "checks": (found,),
            **details,
        }
    )


def manifest() -> AuditManifest:
    """Make a manifest with a model."""
    return AuditManifest(
        versions=Versions(
            plip="0.1.0",
            python="3.11.2",
            torch="2.13.0",
            transformers="5.23.0",
            numpy="2.4.6",
            scipy="1.17.1",
            platform="Linux-x86_64",
        ),
        command=("plip", "audit", "--text", "a <b>.md"),
        started=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        finished=datetime(2026, 2, 3, 4, 5, 9, tzinfo=UTC),
        ledger={"paper.toml": "a" * 64, "1.toml": "b" * 64},
        subject=SubjectRecord(
            model="bundled:transformer",
            revision=None,
            architecture="Qwen2ForCausalLM",
            weight_hash="c" * 64,
            tokenizer_hash="d" * 64,
            dtype="float32",
            device="cpu",
            attention="sdpa",
        ),
    )


def text_report() -> TextReport:
    """Make a text with an orphan and a quote that is not in it."""
    return TextReport(
        sha256="e" * 64,
        figures=9,
        quoted=8,
        excluded={"year": 3},
        orphans=(
            TextFigure(section="1.2", line=12, printed="44%", context="in <b>44%</b> of cases"),
        ),
        unfound=(Unfound(id="2/none", section="2", quoted="0.018"),),
        findings=("the text is not the one that the ledger was made from",),
    )


def made(claims: tuple[ClaimResult, ...], **more: object) -> AuditReport:
    """Count claims and put them into a report."""
    verdicts = {v: sum(c.verdict is v for c in claims) for v in Verdict}
    figures = {v: sum(len(c.figures) for c in claims if c.verdict is v) for v in Verdict}
    summary = AuditSummary(
        figures=12,
        inputs=4,
        claims=len(claims),
        verdicts=verdicts,
        figure_verdicts=figures,
        paper_figures=9,
        orphans=1,
    )
    return AuditReport.model_validate(
        {"paper": "study", "title": "A made study", "claims": claims, "summary": summary, **more}
    )


@pytest.fixture(scope="session")
def report(charts: tuple[Chart, ...]) -> AuditReport:
    """The audit of nine claims in four sections and of one run here."""
    dose, layers, rates = charts
    claims = (
        claim("1.1/mean", Verdict.HOLDS, computed=(5.697, 5.707)),
        claim("1.1/ratio", Verdict.ROUNDING, quoted="2.46×", section="1.1"),
        claim(
            "1.2/no effect",
            Verdict.UNSUPPORTED,
            section="1.2",
            quoted="there is no effect",
            kind=Kind.ABSENCE,
            states="equivalence",
            decides="steering is safe",
            decision_changes=True,
            rows=(
                {"test": "t", "p": 0.31, "n": 10, "paired": False, "note": None},
                {"test": "TOST", "p": 1e-7, "n": 10, "paired": True, "note": ODD},
            ),
            reason="a p of 0.31 does not show that there is no effect",
        ),
        claim(
            "2/kl",
            Verdict.CONTRADICTED,
            section="2",
            quoted="469.96",
            kind=Kind.IDENTITY,
            chart=dose,
            computed=(0.0, 0.0),
            inputs=(
                ClaimInput(source="1.1/mean", section="1.1", printed="5.70%"),
                ClaimInput(source="1.9/raw", section="1.2", printed="7.1%"),
                ClaimInput(source="@out/scan.json#results[layer=20].p"),
            ),
        ),
        claim(
            "2/p",
            Verdict.CONTRADICTED,
            section="2",
            quoted="p = 0.018",
            kind=Kind.SELECTION,
            states="test",
            decides="the layer matters",
            decision_changes=True,
            chart=layers,
            reason="0.018 × 24 is 0.43",
        ),
        claim("2/rates", Verdict.HOLDS, section="2", chart=rates, kind=Kind.DESIGN),
        claim("2/odd id <&>", Verdict.CONTRADICTED, section="2", quoted=ODD, reason=ODD),
        claim("2.10/long", Verdict.UNSUPPORTED, section="2.10", reason=LONG, quoted=LONG),
        claim(
            "2.10/wide",
            Verdict.NOT_CHECKABLE,
            section="2.10",
            quoted="8%",
            reason="needs artifacts: out/scan.json",
            decides="nothing much",
            decision_changes=False,
            kind=Kind.TEST,
            rows=({f"column {n}": n / 3 for n in range(9)},),
        ),
        ClaimResult(
            id="live/rows",
            section="live",
            quoted="",
            statement="Rows sum to 1.",
            verdict=Verdict.HOLDS,
            reason="the largest error is 1e-7",
            checks=(
                CheckResult(
                    check="row_sums",
                    outcome=Verdict.HOLDS,
                    computed=(0.0, math.inf),
                    reason="the largest error is 1e-7",
                ),
            ),
        ),
    )
    return made(
        claims, manifest=manifest(), text=text_report(), artifacts={"out/scan.json": "f" * 64}
    )


@pytest.fixture(scope="session")
def empty() -> AuditReport:
    """A report without claims, and without anything that may be left out."""
    summary = AuditSummary(figures=0, inputs=0, claims=0, verdicts=dict.fromkeys(Verdict, 0))
    return AuditReport(paper="p", title="T", claims=(), summary=summary)


@pytest.fixture
def make_claim() -> Callable[..., ClaimResult]:
    """Make a claim with one check."""
    return claim


@pytest.fixture
def make_report() -> Callable[..., AuditReport]:
    """Put claims into a report."""
    return made
