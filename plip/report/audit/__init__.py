"""Reports of an audit: for the terminal, other programs, authors. The page is `report.page`."""

from plip.report.audit.checklist import render_checklist
from plip.report.audit.document import audit_document
from plip.report.audit.junit import audit_junit
from plip.report.audit.lint import render_lint
from plip.report.audit.listing import render_check, render_checks
from plip.report.audit.select import check_sections, select_claims
from plip.report.audit.table import render_audit

__all__ = [
    "audit_document",
    "audit_junit",
    "check_sections",
    "render_audit",
    "render_check",
    "render_checklist",
    "render_checks",
    "render_lint",
    "select_claims",
]
