"""Reading a ledger folder, with every fault of it in one report."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from plip.claims.checks import CHECKS, Check
from plip.claims.figures import Figure, parse_figure
from plip.claims.folders import bundled_papers, ledger_files, ledger_folder
from plip.claims.ledger import Entry, Ledger
from plip.claims.references import is_reference, parse_reference
from plip.claims.schema import ClaimsFile, PaperFile, RawEntry
from plip.errors import LedgerError

__all__ = ["bundled_ledger", "read_ledger"]

_HEADER = "paper.toml"
_Model = TypeVar("_Model", bound=BaseModel)


def bundled_ledger(paper: str = "steering_results") -> Ledger:
    """Read a ledger that ships with plip.

    Raises:
        LedgerError: there is no such ledger.
    """
    known = bundled_papers()
    if paper not in known:
        raise LedgerError(
            f"ledger {paper!r}",
            wanted=f"one of {', '.join(known)}",
            found="no such ledger",
            advice="name one of these",
        )
    return read_ledger(ledger_folder(paper))


def read_ledger(folder: Traversable) -> Ledger:
    """Read a ledger folder: `paper.toml` and, in the order of their names, its other TOML files.

    Raises:
        LedgerError: the ledger has faults; `details["faults"]` lists all that can be told at once.
            What refers to a faulty entry is looked at only when that entry is mended.
    """
    faults: list[str] = []
    header, raw = _read_files(folder, faults)
    # Where an entry could not be read, an id that is not there may be that entry's.
    every_id_known = not faults
    bare, unread = _figures(raw, faults)
    entries = _attach_checks(bare, raw, unread, every_id_known, faults)
    faults += _cycles(entries)
    title, text = (header.title, header.text) if header else ("", None)
    ledger = Ledger(folder.name, title, entries, text)
    if not faults:
        faults += _meaningless(ledger)
    if faults:
        raise LedgerError(
            f"ledger {folder.name!r}",
            wanted="a ledger without faults",
            found=f"{len(faults)}: {'; '.join(faults)}",
            advice="correct each entry named",
            details={"faults": faults},
        )
    return ledger


def _read_files(folder: Traversable, faults: list[str]) -> tuple[PaperFile | None, list[RawEntry]]:
    """Read each file into its model, and tables into their rows."""
    if not folder.is_dir():
        faults.append(f"{folder}: wanted a folder of TOML files, found none")
        return None, []
    texts: dict[str, str] = {}
    for file in ledger_files(folder):
        try:
            texts[file.name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{file.name}: wanted readable UTF-8, found {error}")
    header = _parse(_HEADER, texts.pop(_HEADER, None), PaperFile, faults)
    raw: list[RawEntry] = []
    for name, text in texts.items():
        content = _parse(name, text, ClaimsFile, faults)
        for number, table in enumerate(content.entry if content else (), start=1):
            who = f"{name}: {table.get('id', f'entry {number}')}"
            if (entry := _validate(who, table, RawEntry, faults)) is not None:
                raw += entry.expand()
    if not texts:
        faults.append("wanted at least one file of entries beside paper.toml, found none")
    return header, raw


def _parse(name: str, text: str | None, model: type[_Model], faults: list[str]) -> _Model | None:
    """Read one file's TOML into its model."""
    if text is None:
        faults.append(f"{name}: wanted this file, found none")
        return None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{name}: {error}")
        return None
    return _validate(name, table, model, faults)


def _validate(who: str, table: Any, model: type[_Model], faults: list[str]) -> _Model | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults += [f"{who}: {fault}" for fault in _pydantic_faults(error)]
        return None


def _pydantic_faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        yield f"{place}: {message}" if place else message


def _figures(raw: Iterable[RawEntry], faults: list[str]) -> tuple[dict[str, Entry], set[str]]:
    """Make the entries, still without checks; and list those with a figure that is unreadable."""
    entries: dict[str, Entry] = {}
    unread: set[str] = set()
    for entry in raw:
        if entry.id in entries:
            faults.append(f"{entry.id}: wanted each id once, found it again")
            continue
        quoted = entry.quoted or ""
        figures: list[Figure] = []
        for printed in (quoted,) if entry.figures is None else entry.figures:
            try:
                figures.append(parse_figure(printed, unit=entry.unit or "", exact=entry.exact))
            except LedgerError as error:
                faults.append(f"{entry.id}: {error}")
                unread.add(entry.id)
        entries[entry.id] = Entry(
            entry.id,
            entry.section,
            quoted,
            entry.statement,
            tuple(figures),
            checks=(),
            states=entry.states,
            decides=entry.decides,
        )
    return entries, unread


def _attach_checks(
    entries: Mapping[str, Entry],
    raw: Iterable[RawEntry],
    unread: Collection[str],
    every_id_known: bool,
    faults: list[str],
) -> dict[str, Entry]:
    """Give each entry its checks, as far as they are sound."""
    checks: dict[str, list[Check]] = {entry_id: [] for entry_id in entries}
    for entry in raw:
        for options in entry.checks:
            check, found = _make_check(options, entries)
            if check is not None:
                found += _own_fault(check, entries[entry.id], unread)
                found += _input_faults(check, entries, unread, every_id_known)
                if all(i in entries for i in check.entries()):
                    checks[entry.id].append(check)
            faults += [f"{entry.id}: {fault}" for fault in found]
    return {i: replace(entry, checks=tuple(checks[i])) for i, entry in entries.items()}


def _make_check(
    options: Mapping[str, Any], entries: Mapping[str, Entry]
) -> tuple[Check | None, list[str]]:
    """Make one check from its TOML table, or say why not."""
    name = options.get("check")
    kind = CHECKS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None, [f"wanted one of the checks {', '.join(CHECKS)}, found {name!r}"]
    rest = {key: _matching(value, entries) for key, value in options.items() if key != "check"}
    try:
        return kind.model_validate(rest), []
    except ValidationError as error:
        return None, [f"{name}: {fault}" for fault in _pydantic_faults(error)]


def _own_fault(check: Check, claim: Entry, unread: Collection[str]) -> Iterator[str]:
    count = len(claim.figures)
    if check.needs_figure and count != 1 and claim.id not in unread:
        yield f"{check.name}: wanted a claim with one figure, found {count}"


def _input_faults(
    check: Check, entries: Mapping[str, Entry], unread: Collection[str], every_id_known: bool
) -> Iterator[str]:
    for reference in check.references():
        try:
            parse_reference(reference)
        except LedgerError as error:
            yield f"{check.name}: {error}"
    for entry_id in check.entries():
        if entry_id not in entries:
            if every_id_known:
                yield f"{check.name}: wanted the id of an entry, found {entry_id!r}"
        elif (count := len(entries[entry_id].figures)) != 1 and entry_id not in unread:
            yield f"{check.name}: wanted an entry with one figure, found {count} at {entry_id!r}"


def _matching(value: Any, entries: Mapping[str, Entry]) -> Any:
    """Replace a pattern in a list of ids, however deep in a check's options, by the ids that
    match; one that matches none stays."""
    if isinstance(value, dict):
        return {key: _matching(item, entries) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    found: list[Any] = []
    for item in value:
        is_pattern = isinstance(item, str) and "*" in item and not is_reference(item)
        matches = [i for i in entries if fnmatchcase(i, item)] if is_pattern else []
        found += matches or [_matching(item, entries)]
    return found


def _cycles(entries: Mapping[str, Entry]) -> list[str]:
    """Find a claim that rests on itself; one cycle is reported, others show once it is mended."""
    graph = {
        entry_id: {i for check in entry.checks for i in check.entries()}
        for entry_id, entry in entries.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"wanted claims that do not rest on themselves, found {' → '.join(error.args[1])}"]
    return []


def _meaningless(ledger: Ledger) -> Iterator[str]:
    """Find checks whose inputs exist but do not go together."""
    for claim in ledger.claims:
        for check in claim.checks:
            for fault in check.faults(claim, ledger.quantities(check)):
                yield f"{claim.id}: {check.name}: {fault}"
