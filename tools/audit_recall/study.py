"""A study in memory, and as a ledger folder with its data files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Entry", "Study"]


@dataclass
class Entry:
    """One `[[entry]]` of a ledger; without a unit it has no figure of its own."""

    quoted: str
    unit: str | None = None
    exact: bool = False
    section: str = "1"
    checks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Study:
    """What a made paper prints, and the data files behind it."""

    entries: dict[str, Entry] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)

    def add(self, entry_id: str, quoted: str, unit: str | None = None, **options: Any) -> None:
        """Print a figure, or a statement."""
        self.entries[entry_id] = Entry(quoted, unit, **options)

    def write(self, folder: Path) -> Path:
        """Write the ledger, and the data files into its folder `data`; returns the ledger's."""
        data = folder / "data"
        data.mkdir(parents=True)
        for name, content in self.files.items():
            (data / name).write_text(json.dumps(content), encoding="utf-8")
        ledger = folder / "made"
        ledger.mkdir()
        head = 'format = "plip.ledger/1"\ntitle = "A made study"\n'
        (ledger / "paper.toml").write_text(head, encoding="utf-8")
        entries = "\n".join(_toml(key, entry) for key, entry in self.entries.items())
        (ledger / "1.toml").write_text(entries, encoding="utf-8")
        return ledger


def _toml(entry_id: str, entry: Entry) -> str:
    lines = ["[[entry]]", f"id = {_value(entry_id)}", f"section = {_value(entry.section)}"]
    lines += [f"quoted = {_value(entry.quoted)}", 'statement = "It is so."']
    if entry.unit is None:
        lines.append("figures = []")
    else:
        lines += [f"unit = {_value(entry.unit)}", f"exact = {_value(entry.exact)}"]
    if entry.checks:
        lines.append(f"checks = {_value(entry.checks)}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A TOML value on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
