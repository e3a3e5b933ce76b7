"""Where an audit comes from: its inputs, the software, the run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from plip.records.base import Record
from plip.records.provenance import SubjectRecord, Versions

__all__ = ["AuditManifest"]


class AuditManifest(Record):
    """What an audit was made from and with: enough to judge and to repeat it."""

    versions: Versions
    """The software."""

    command: tuple[str, ...]
    """The command line."""

    started: datetime
    """When it began, UTC."""

    finished: datetime
    """When its verdicts were there, UTC."""

    ledger: Mapping[str, str]
    """SHA-256, in hexadecimal, of every file of the ledger, by its name."""

    subject: SubjectRecord | None = None
    """The model that the machinery was checked on, None where it was not."""
