"""Where ledgers are found, and what their files were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from plip.errors import LedgerError

__all__ = ["bundled_papers", "ledger_files", "ledger_folder", "ledger_hashes"]


def bundled_papers() -> tuple[str, ...]:
    """Return the names of the ledgers that ship with plip, sorted."""
    papers = files("plip.claims") / "papers"
    return tuple(sorted(folder.name for folder in papers.iterdir() if folder.is_dir()))


def ledger_folder(paper: str) -> Traversable:
    """Find a ledger by the name of a bundled one, or by the path of its folder.

    A bare name that is both is the bundled one; `./name` is the folder.

    Raises:
        LedgerError: it is neither.
    """
    known = bundled_papers()
    if paper in known:
        return files("plip.claims") / "papers" / paper
    place = Path(os.path.abspath(paper))
    if not place.is_dir():
        raise LedgerError(
            f"ledger {paper!r}",
            wanted=f"one of {', '.join(known)}, or a folder with a paper.toml",
            found="a file" if place.exists() else "no such ledger or folder",
            advice="name one of these, or begin a folder with `plip claims new`",
        )
    return place


def ledger_files(folder: Traversable) -> tuple[Traversable, ...]:
    """Return the files that a ledger is read from, by name."""
    found = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return tuple(sorted(found, key=lambda file: file.name))


def ledger_hashes(folder: Traversable) -> Mapping[str, str]:
    """Return the SHA-256, in hexadecimal, of every file of a ledger, by its name."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in ledger_files(folder)
    }
