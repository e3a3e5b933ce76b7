"""The audit as a JSON document, schema "plip.audit/2"; docs/audit/json.md has every field."""

from __future__ import annotations

import json
from typing import Any

from plip.claims import AuditReport

__all__ = ["audit_document"]


def audit_document(report: AuditReport) -> dict[str, Any]:
    """Return the audit as what JSON holds; a number that is not finite is null."""
    document: dict[str, Any] = json.loads(report.model_dump_json())
    return document
