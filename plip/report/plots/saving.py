"""Figures as files: whole or not at all, and the same bytes for the same records."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plip.records import check_writable
from plip.records.files import refusing
from plip.report.plots.style import styled

__all__ = ["save_plot"]

# What matplotlib would write about itself and the hour, by format.
_NO_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save_plot(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure in the format that its file name says: .png, .svg or .pdf.

    Raises:
        KeyError: another suffix; commands refuse those before anything is computed.
        OutputError: the file cannot be written; what stood there is untouched.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    check_writable(path)
    content = io.BytesIO()
    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(content, format=kind, metadata=_NO_METADATA[kind])
    _write(path, content.getvalue())


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    place = Path(os.path.realpath(path))
    temporary = place.parent / f".plip-{secrets.token_hex(8)}.tmp"
    with refusing(path):
        if place.exists() and not place.is_file():
            place.write_bytes(content)  # a pipe or a device, which nothing can take the place of
            return
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, place)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
