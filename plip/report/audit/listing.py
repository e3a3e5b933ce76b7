"""The checks that a ledger may ask for, as a list for the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from plip.claims import Check, Kind
from plip.report.audit.meanings import KINDS

__all__ = ["first_sentence", "render_check", "render_checks"]


def render_checks(checks: Mapping[str, type[Check]]) -> RenderableType:
    """Return every kind with its question, and under it its checks, each with what it asks."""
    parts: list[RenderableType] = []
    for kind in Kind:
        found = sorted(name for name, check in checks.items() if check.kind is kind)
        if not found:
            continue
        parts.append(Text(f"{kind}: {KINDS[kind].question}", style="bold"))
        for name in found:
            parts.append(Padding(Text(name, style="bold"), (0, 0, 0, 2)))
            parts.append(Padding(Text(first_sentence(checks[name])), (0, 0, 0, 4)))
    return Group(*parts)


def render_check(name: str, check: type[Check]) -> RenderableType:
    """Return one check in full: its kind, what it does, its options."""
    parts: list[RenderableType] = [
        Text(f"{name} ({check.kind})", style="bold"),
        Text("\n\n".join(_paragraphs(check))),
        Text("\noptions:", style="bold"),
    ]
    schema = check.model_json_schema()
    required = schema.get("required", [])
    for option, about in schema.get("properties", {}).items():
        default = "required" if option in required else f"default {about.get('default')!r}"
        line = Text("  ").append(option, style="bold").append(f": {_type(about)}, {default}")
        parts.append(line)
        if "description" in about:
            parts.append(Padding(Text(about["description"]), (0, 0, 0, 4)))
    return Group(*parts)


def first_sentence(check: type[Check]) -> str:
    """Return the first paragraph of a check's docstring on one line."""
    return next(_paragraphs(check), "")


def _paragraphs(check: type[Check]) -> Iterator[str]:
    """Yield each paragraph of a docstring on one line, to be cut where the terminal ends."""
    for paragraph in (inspect.getdoc(check) or "").split("\n\n"):
        yield " ".join(paragraph.split())


def _type(about: Mapping[str, object]) -> str:
    """Write the type of an option as a ledger's author needs it."""
    branches = about.get("anyOf")
    if isinstance(branches, list):
        return " or ".join(_type(branch) for branch in branches)
    if "enum" in about or "const" in about:
        values = about.get("enum", [about.get("const")])
        return " or ".join(map(repr, values if isinstance(values, list) else [values]))
    kind = about.get("type", "table")
    items = about.get("items")
    pair = about.get("prefixItems")
    if isinstance(pair, list):
        return f"list of {len(pair)} of {_type(pair[0])}"
    if kind == "array" and isinstance(items, Mapping):
        return f"list of {_type(items)}"
    return str(kind)
