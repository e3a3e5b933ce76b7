"""A JSON Lines file that only ever holds whole lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from plip.errors import OutputError
from plip.records.ablation import AblationSample, AblationSummary
from plip.records.base import first_fault
from plip.records.calibration import CalibrationSample, CalibrationSummary
from plip.records.contrast import ContrastFunction, ContrastSummary
from plip.records.dose_response import DoseResponseSample, DoseResponseSummary
from plip.records.files import refusing
from plip.records.generation import GenerationSample, GenerationSummary
from plip.records.persistence import PersistenceCell, PersistenceSummary
from plip.records.scan import ScanSample, ScanSummary

__all__ = ["AnyRecord", "append_line", "drop_torn_line", "read_lines"]

#: Every kind of record that a run's file may hold.
AnyRecord = (
    AblationSample
    | AblationSummary
    | CalibrationSample
    | CalibrationSummary
    | ContrastFunction
    | ContrastSummary
    | DoseResponseSample
    | DoseResponseSummary
    | ScanSample
    | ScanSummary
    | GenerationSample
    | GenerationSummary
    | PersistenceCell
    | PersistenceSummary
)

_RECORD: TypeAdapter[AnyRecord] = TypeAdapter(
    Annotated[AnyRecord, Field(discriminator="schema_id")]
)


def append_line(path: Path, record: AnyRecord) -> None:
    """Append a record as one line that is on the disk when this returns.

    Raises:
        OutputError: it cannot be written; the file is as it was before.
    """
    line = record.to_line().encode() + b"\n"
    with refusing(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            length = os.fstat(handle).st_size
            try:
                _write_all(handle, line)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, length)
                raise
        finally:
            os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    """Write every byte: a disk that fills up takes the first of them without an error."""
    while data:
        data = data[os.write(handle, data) :]


def read_lines(path: Path, *, torn: bool) -> tuple[AnyRecord, ...]:
    """Read the records of a file; none if it is not there.

    Args:
        path: the file.
        torn: whether a last line without its line feed is what a crash may leave, and is passed
            over, or a fault like any other.

    Raises:
        OutputError: a line that is no record of this version, or one that repeats another.
    """
    with refusing(path, wanted="the records of a run"):
        content = path.read_bytes() if path.exists() else b""
    *lines, rest = content.split(b"\n")
    if rest and not torn:
        raise _damaged(path, len(lines) + 1, "a line that breaks off")
    records = tuple(_read(path, number, line) for number, line in enumerate(lines, start=1))
    seen: dict[tuple[str, str], int] = {}
    for number, record in enumerate(records, start=1):
        first = seen.setdefault(_identity(record), number)
        if first != number:
            raise _damaged(path, number, f"a record that stands in line {first} already")
    return records


def drop_torn_line(path: Path) -> None:
    """Cut off what follows the last line feed, which a crash in the middle of a line leaves.

    Raises:
        OutputError: the file cannot be written.
    """
    with refusing(path):
        if path.exists():
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(path, whole)


def _read(path: Path, number: int, line: bytes) -> AnyRecord:
    try:
        return _RECORD.validate_json(line)
    except ValidationError as error:
        raise _damaged(path, number, first_fault(error)) from error


def _identity(record: AnyRecord) -> tuple[str, str]:
    return record.schema_id, getattr(record, "key", "")


def _damaged(path: Path, number: int, found: str) -> OutputError:
    return OutputError(
        f"{str(path)!r}, line {number}",
        wanted="one whole record of this version of plip",
        found=found,
        advice="begin the run anew in another directory",
        details={"path": str(path), "line": number},
    )
