"""The ledger of published figures, the checks on them, and the verdicts. No torch."""

from plip.claims.audit import AuditReport, AuditSummary, ClaimResult, audit, live_claim
from plip.claims.checks import CHECKS, Check, CheckResult
from plip.claims.figures import Figure, Quantity, parse_figure
from plip.claims.ledger import Entry, Ledger
from plip.claims.loader import bundled_ledger, read_ledger
from plip.claims.verdict import Verdict, compare, worst

__all__ = [
    "CHECKS",
    "AuditReport",
    "AuditSummary",
    "Check",
    "CheckResult",
    "ClaimResult",
    "Entry",
    "Figure",
    "Ledger",
    "Quantity",
    "Verdict",
    "audit",
    "bundled_ledger",
    "compare",
    "live_claim",
    "parse_figure",
    "read_ledger",
    "worst",
]
