"""Reports: results as tables for the terminal and as JSON documents."""

from plip.report.ablation import ablation_document, render_ablation
from plip.report.audit import (
    audit_document,
    audit_junit,
    check_sections,
    render_audit,
    render_check,
    render_checklist,
    render_checks,
    render_lint,
    select_claims,
)
from plip.report.calibration import render_calibration
from plip.report.contrast import render_contrast
from plip.report.contrast_document import contrast_document
from plip.report.documents import calibration_document, dose_response_document, to_json
from plip.report.dose_response import render_dose_response
from plip.report.generation import generation_document, render_generation
from plip.report.models import render_models
from plip.report.persistence import persistence_document, render_persistence
from plip.report.scan import head_list, render_scan, scan_document

__all__ = [
    "ablation_document",
    "audit_document",
    "audit_junit",
    "calibration_document",
    "check_sections",
    "contrast_document",
    "dose_response_document",
    "generation_document",
    "head_list",
    "persistence_document",
    "render_ablation",
    "render_audit",
    "render_calibration",
    "render_check",
    "render_checklist",
    "render_checks",
    "render_contrast",
    "render_dose_response",
    "render_generation",
    "render_lint",
    "render_models",
    "render_persistence",
    "render_scan",
    "scan_document",
    "select_claims",
    "to_json",
]
