"""The data files of a paper's repository, read where a claim points into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plip.claims.references import Reference, Step
from plip.errors import ArtifactError

__all__ = ["Artifacts", "Item"]


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a data file.

    Args:
        label: the `id` of the row it stands in, else the rows' numbers on the way, joined by `/`.
        value: whatever JSON holds there.
    """

    label: str
    value: Any


class Artifacts:
    """A checkout of the repository of a paper, of which only what is asked for is read.

    Raises:
        ArtifactError: the folder is not there.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ArtifactError(
                f"artifacts {folder}",
                wanted="the folder of the paper's repository",
                found="no such folder",
                advice="give the path of a checkout",
            )
        self.folder = folder
        self._documents: dict[str, Any] = {}
        self._hashes: dict[str, str] = {}

    @property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256, in hexadecimal, of every file read so far, by its path in the repository."""
        return dict(sorted(self._hashes.items()))

    def has(self, file: str) -> bool:
        """Tell whether the checkout has a file."""
        return (self.folder / file).is_file()

    def select(self, reference: Reference) -> tuple[Item, ...]:
        """Return the values that a reference points at, in the order of the file.

        Raises:
            ArtifactError: the file cannot be read, has no such key, or no row passes a filter.
        """
        items = [Item("", self._document(reference.file))]
        for step in reference.steps:
            items = list(_down(items, step, reference.file))
            if not items:
                raise _fault(reference.file, f"rows with {step}", "none")
        return tuple(items)

    def _document(self, file: str) -> Any:
        if file not in self._documents:
            try:
                data = (self.folder / file).read_bytes()
                self._documents[file] = json.loads(data)
            except (OSError, ValueError) as error:
                raise _fault(file, "a readable JSON file", str(error)) from error
            self._hashes[file] = hashlib.sha256(data).hexdigest()
        return self._documents[file]


def _down(items: list[Item], step: Step, file: str) -> Iterator[Item]:
    for item in items:
        if not isinstance(item.value, dict) or step.name not in item.value:
            raise _fault(file, f"the key {step.name!r}", f"none at {item.label or 'the top'}")
        label = str(item.value.get("id", item.label))
        value = item.value[step.name]
        if isinstance(value, list):
            rows = enumerate(value)
            for number, row in rows:
                if _passes(row, step):
                    own = row.get("id") if isinstance(row, dict) else None
                    yield Item(str(own) if own is not None else _join(label, number), row)
        elif step.filters and not _passes(value, step):
            continue
        else:
            yield Item(label, value)


def _join(label: str, number: int) -> str:
    return f"{label}/{number}" if label else str(number)


def _passes(row: Any, step: Step) -> bool:
    if not step.filters:
        return True
    return isinstance(row, dict) and all(
        key in row and _same(row[key], value) for key, value in step.filters
    )


def _same(found: Any, wanted: str) -> bool:
    if isinstance(found, bool) or found is None:
        return json.dumps(found) == wanted
    if isinstance(found, int | float):
        try:
            return float(found) == float(wanted)
        except ValueError:
            return False
    return str(found) == wanted


def _fault(file: str, wanted: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"artifact {file}",
        wanted=wanted,
        found=found,
        advice="check out the revision of the repository that the ledger was made from",
    )
