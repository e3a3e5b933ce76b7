"""A ledger folder to begin with."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from plip.claims.folders import ledger_files
from plip.errors import OutputError
from plip.text import write_atomically

__all__ = ["new_ledger"]

_TITLE = '"THE TITLE"'
# What a basic string of TOML may not hold as it is.
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f]')


def new_ledger(folder: Path, title: str) -> tuple[Path, ...]:
    """Write a ledger with example entries that are sound, to be replaced by a paper's own.

    Args:
        folder: must not be there, or be empty.
        title: the paper's.

    Returns:
        The files.

    Raises:
        OutputError: the folder holds something, or cannot be written.
    """
    template = files("plip.claims") / "template"
    _make(folder)
    written = []
    for file in ledger_files(template):
        text = file.read_text(encoding="utf-8").replace(_TITLE, _toml(title))
        write_atomically(folder / file.name, text)
        written.append(folder / file.name)
    return tuple(written)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = next(folder.iterdir(), None)
    except OSError as error:
        raise _refused(folder, error.strerror or str(error)) from error
    if found is not None:
        raise _refused(folder, f"a folder that holds {found.name!r}")


def _refused(folder: Path, found: str) -> OutputError:
    return OutputError(
        f"ledger {str(folder)!r}",
        wanted="a new or empty folder",
        found=found,
        advice="give another path",
    )


def _toml(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in '"\\' else f"\\u{ord(character):04x}"
