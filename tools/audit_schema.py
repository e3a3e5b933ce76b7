"""Write the JSON Schema of `plip audit --json`, and the tables of its fields in docs/audit/json.md.

python -m tools.audit_schema
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

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

ROOT = Path(__file__).parents[1]
SCHEMA = "docs/audit/audit.schema.json"
FIELDS = "docs/audit/json.md"
_BEGIN, _END = "<!-- fields: python -m tools.audit_schema -->", "<!-- end of fields -->"

MODELS: tuple[type[BaseModel], ...] = (
    AuditReport,
    AuditSummary,
    ClaimResult,
    CheckResult,
    ClaimInput,
    Chart,
    ChartSeries,
    ChartLine,
    TextReport,
    TextFigure,
    Unfound,
    AuditManifest,
    Versions,
    SubjectRecord,
)
ENUMS: tuple[type[Enum], ...] = (Verdict, Kind)


def audit_schema() -> dict[str, Any]:
    """Return the schema of the document: every key is always there."""
    schema: dict[str, Any] = AuditReport.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "plip.audit/2"
    models = {model.__name__: model for model in MODELS}
    _complete(schema, AuditReport)
    for name, definition in schema["$defs"].items():
        if name in models:
            _complete(definition, models[name])
    # A bound that is not finite is null.
    bound = {"anyOf": [{"type": "number"}, {"type": "null"}]}
    computed = schema["$defs"]["CheckResult"]["properties"]["computed"]["anyOf"][0]
    computed["prefixItems"] = [bound, bound]
    return schema


def _complete(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Require every key, and describe each as the code does."""
    words = docstrings(model)
    names = {field.alias or name: name for name, field in model.model_fields.items()}
    for key, about in definition["properties"].items():
        about.pop("default", None)
        if names[key] in words:
            about["description"] = words[names[key]]
    definition["required"] = list(definition["properties"])


def docstrings(kind: type[object]) -> dict[str, str]:
    """Return what a class says below each of its fields, base classes first."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("plip."):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            target = getattr(field, "target", None) or next(iter(getattr(field, "targets", [])), 0)
            if isinstance(target, ast.Name) and isinstance(below, ast.Expr):
                value = getattr(below.value, "value", None)
                if isinstance(value, str):
                    found[target.id] = " ".join(value.split())
    return found


def field_tables() -> str:
    """Return every part of the document with its fields, in Markdown."""
    schema = audit_schema()
    lines: list[str] = []
    for model in MODELS:
        definition = schema if model is AuditReport else schema["$defs"][model.__name__]
        name = "The document" if model is AuditReport else model.__name__
        lines += ["", f"## {name}", "", (inspect.getdoc(model) or "").splitlines()[0], ""]
        lines += ["| field | type | meaning |", "| --- | --- | --- |"]
        for key, about in definition["properties"].items():
            lines.append(f"| `{key}` | {_type(about)} | {about.get('description', '')} |")
    for enum in ENUMS:
        lines += ["", f"## {enum.__name__}", "", inspect.getdoc(enum) or "", ""]
        lines += ["| value | meaning |", "| --- | --- |"]
        words = docstrings(enum)
        lines += [f"| `{member.value}` | {words[member.name]} |" for member in enum]
    return "\n".join(lines).strip() + "\n"


def _type(about: dict[str, Any]) -> str:
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return "any JSON" if name == "JsonValue" else f"[{name}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(_type(branch) for branch in about["anyOf"])
    if "const" in about:
        return f"`{json.dumps(about['const'])}`"
    if "enum" in about:
        return ", ".join(f"`{json.dumps(value)}`" for value in about["enum"])
    if "prefixItems" in about:
        return f"[{', '.join(_type(item) for item in about['prefixItems'])}]"
    if about.get("type") == "array":
        return f"list of {_type(about['items'])}"
    if about.get("type") == "object" and "additionalProperties" in about:
        values = about["additionalProperties"]
        return f"object of {_type(values)}" if isinstance(values, dict) else "object"
    if about.get("format") == "date-time":
        return "time, ISO 8601"
    return str(about.get("type", "any JSON"))


def main() -> None:
    """Write both files."""
    (ROOT / SCHEMA).write_text(
        json.dumps(audit_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    document = ROOT / FIELDS
    head, _, rest = document.read_text("utf-8").partition(_BEGIN)
    tail = rest.partition(_END)[2]
    document.write_text(f"{head}{_BEGIN}\n\n{field_tables()}\n{_END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
