"""A run on the disk: a manifest, and a line for each record."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from plip.errors import OutputError
from plip.records.base import first_fault
from plip.records.files import refusing
from plip.records.lines import AnyRecord, append_line, drop_torn_line, read_lines
from plip.records.provenance import Manifest
from plip.text import write_atomically

__all__ = ["RunStore", "check_directory", "read_run"]

_MANIFEST = "manifest.json"
_RECORDS = "records.jsonl"


class RunStore:
    """A run that is being written; `begin` makes one.

    Attributes:
        directory: where it is.
        manifest: what the run is.
        records: what is there already, empty for a new run.
    """

    def __init__(self, directory: Path, manifest: Manifest, records: tuple[AnyRecord, ...]) -> None:
        self.directory = directory
        self.manifest = manifest
        self.records = records

    @classmethod
    def begin(
        cls, directory: str | os.PathLike[str], manifest: Manifest, *, resume: bool = False
    ) -> RunStore:
        """Begin a run, or continue the one that is there.

        Nothing is written for a new run before its first record. A line that a crash tore is cut
        off a run that is resumed.

        Args:
            directory: of the run alone; made if it is not there.
            manifest: what the run is.
            resume: continue a run of the same manifest; begin one if there is none.

        Raises:
            OutputError: the directory cannot be written, holds a run that is not to be resumed,
                or one that is not the same.
        """
        place = Path(directory)
        check_directory(place, resume=resume)
        if not (place / _MANIFEST).exists():
            return cls(place, manifest, ())
        there = _read_manifest(place)
        differences = there.differences(manifest)
        if differences:
            raise OutputError(
                f"run in {str(place)!r}",
                wanted="the configuration, model, corpus and software that it was begun with",
                found="; ".join(differences),
                advice="repeat them, or begin a new run in another directory",
                details={"path": str(place), "differences": list(differences)},
            )
        drop_torn_line(place / _RECORDS)
        return cls(place, there, read_lines(place / _RECORDS, torn=False))

    def append(self, record: AnyRecord) -> None:
        """Write one record, for good; the manifest before the first.

        Raises:
            OutputError: it cannot be written; the records before it stand.
        """
        self._write_manifest_once()
        append_line(self.directory / _RECORDS, record)

    def finish(self, *, plan_hash: str | None) -> None:
        """Write into the manifest that every record is there.

        Raises:
            OutputError: it cannot be written; the run can still be resumed.
        """
        if not self.manifest.complete:
            closing = {"complete": True, "finished": datetime.now(UTC), "plan_hash": plan_hash}
            self.manifest = self.manifest.model_copy(update=closing)
            _write_manifest(self.directory, self.manifest)

    def _write_manifest_once(self) -> None:
        if not (self.directory / _MANIFEST).exists():
            with refusing(self.directory):
                self.directory.mkdir(parents=True, exist_ok=True)
            _write_manifest(self.directory, self.manifest)


def check_directory(directory: str | os.PathLike[str], *, resume: bool) -> None:
    """Check that a run could be written to a directory, before anything is computed for it.

    Raises:
        OutputError: as `RunStore.begin`, as far as the directory alone tells.
    """
    place = Path(directory)
    with refusing(place):
        nearest = next(
            path for path in (place.absolute(), *place.absolute().parents) if path.exists()
        )
        if not nearest.is_dir():
            raise NotADirectoryError(f"{str(nearest)!r} is not a directory")
        if not os.access(nearest, os.W_OK):
            raise PermissionError("no permission to write")
        has_manifest = (place / _MANIFEST).exists()
        has_records = (place / _RECORDS).exists()
    if has_manifest and not resume:
        raise OutputError(
            f"run in {str(place)!r}",
            wanted="a directory without a run",
            found="one that was begun there before",
            advice="resume it (--resume), or give another directory",
            details={"path": str(place)},
        )
    if has_records and not has_manifest:
        raise OutputError(
            f"run in {str(place)!r}",
            wanted=f"{_MANIFEST} beside {_RECORDS}",
            found="records whose origin nothing tells",
            advice="give another directory",
            details={"path": str(place)},
        )


def read_run(directory: str | os.PathLike[str]) -> tuple[Manifest, tuple[AnyRecord, ...]]:
    """Read a run; of one that was interrupted, what is there.

    Raises:
        OutputError: there is no run, or it is damaged.
    """
    place = Path(directory)
    manifest = _read_manifest(place)
    return manifest, read_lines(place / _RECORDS, torn=not manifest.complete)


def _write_manifest(directory: Path, manifest: Manifest) -> None:
    content = json.dumps(manifest.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(directory / _MANIFEST, content + "\n")


def _read_manifest(directory: Path) -> Manifest:
    path = directory / _MANIFEST
    try:
        with refusing(path, wanted="the manifest of a run"):
            content = path.read_bytes()
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise OutputError(
            f"run in {str(directory)!r}",
            wanted=f"the {_MANIFEST} of a run by this version of plip",
            found=first_fault(error),
            advice="give the directory of a run",
            details={"path": str(path)},
        ) from error
