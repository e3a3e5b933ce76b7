"""The ledger of published figures, the checks on them, and the verdicts. No torch."""

from plip.claims.artifacts import Artifacts
from plip.claims.audit import (
    AuditReport,
    AuditSummary,
    ClaimInput,
    ClaimResult,
    audit,
    live_claim,
)
from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks import CHECKS, Check, CheckResult, Kind
from plip.claims.evidence import Evidence, Given, Reading
from plip.claims.figures import Figure, Quantity, parse_figure
from plip.claims.folders import bundled_papers, ledger_folder, ledger_hashes
from plip.claims.ledger import Entry, Ledger
from plip.claims.lint import LintReport, lint
from plip.claims.loader import bundled_ledger, read_ledger
from plip.claims.orphans import TextFigure, TextReport, Unfound, orphans, sections
from plip.claims.reruns import Rerun, RerunKey
from plip.claims.scaffold import new_ledger
from plip.claims.verdict import Verdict, compare, worst

__all__ = [
    "CHECKS",
    "Artifacts",
    "AuditReport",
    "AuditSummary",
    "Chart",
    "ChartLine",
    "ChartSeries",
    "Check",
    "CheckResult",
    "ClaimInput",
    "ClaimResult",
    "Entry",
    "Evidence",
    "Figure",
    "Given",
    "Kind",
    "Ledger",
    "LintReport",
    "Quantity",
    "Reading",
    "Rerun",
    "RerunKey",
    "TextFigure",
    "TextReport",
    "Unfound",
    "Verdict",
    "audit",
    "bundled_ledger",
    "bundled_papers",
    "compare",
    "ledger_folder",
    "ledger_hashes",
    "lint",
    "live_claim",
    "new_ledger",
    "orphans",
    "parse_figure",
    "read_ledger",
    "sections",
    "worst",
]
