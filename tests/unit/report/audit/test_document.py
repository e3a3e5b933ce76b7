"""The audit as JSON, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plip.claims import AuditReport
from plip.report import audit_document, to_json
from tools.audit_schema import FIELDS, SCHEMA, audit_schema, field_tables

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[4]


def test_it_has_everything(report: AuditReport) -> None:
    document = audit_document(report)
    assert document["schema"] == "plip.audit/2"
    assert [claim["id"] for claim in document["claims"]] == [claim.id for claim in report.claims]
    assert document["manifest"]["subject"]["model"] == "bundled:transformer"
    assert document["manifest"]["started"] == "2026-02-03T04:05:06Z"
    assert document["text"]["orphans"][0]["printed"] == "44%"
    assert document["claims"][3]["inputs"][2] == {
        "source": "@out/scan.json#results[layer=20].p",
        "section": None,
        "printed": None,
    }
    assert document["claims"][2]["checks"][0]["rows"][1]["p"] == 1e-7


def test_what_is_not_finite_is_null(report: AuditReport) -> None:
    text = to_json(audit_document(report))
    assert audit_document(report)["claims"][-1]["checks"][0]["computed"] == [0.0, None]
    assert "Infinity" not in text
    assert json.loads(text) == audit_document(report)


def test_it_is_read_back(report: AuditReport) -> None:
    finite = report.model_copy(update={"claims": report.claims[:-1]})
    assert AuditReport.model_validate(audit_document(finite)) == finite


def test_a_report_without_a_manifest(empty: AuditReport) -> None:
    assert audit_document(empty)["manifest"] is None


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads((ROOT / SCHEMA).read_text("utf-8")) == audit_schema(), (
        "run python -m tools.audit_schema"
    )


def test_every_field_is_documented() -> None:
    assert field_tables() in (ROOT / FIELDS).read_text("utf-8"), "run python -m tools.audit_schema"


def test_every_field_has_a_meaning() -> None:
    schema = audit_schema()
    parts = {"document": schema, **schema["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, about in part.get("properties", {}).items()
        if not about.get("description")
    ]
    assert bare == []


def test_a_document_has_the_fields_of_the_schema(report: AuditReport) -> None:
    schema = audit_schema()
    found: set[str] = set()
    _walk(audit_document(report), schema, schema["$defs"], found)
    assert {"Chart", "ChartLine", "ClaimInput", "TextFigure", "SubjectRecord"} <= found


def _walk(value: object, schema: dict, definitions: dict, found: set[str]) -> None:  # type: ignore[type-arg]  # JSON
    """Follow a document along its schema; every key must be there, and no other."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found.add(name)
        schema = definitions[name]
    if "anyOf" in schema:
        if value is not None:
            branches = [b for b in schema["anyOf"] if b.get("type") != "null"]
            _walk(value, branches[0], definitions, found)
        return
    if "properties" in schema:
        assert isinstance(value, dict)
        assert set(value) == set(schema["properties"]) == set(schema["required"])
        for key, part in schema["properties"].items():
            _walk(value[key], part, definitions, found)
    elif schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        assert isinstance(value, list)
        for item in value:
            _walk(item, schema["items"], definitions, found)
