"""Figures as files: whole or not at all, and the same bytes for the same records."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plip.records import write_file
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
    content = io.BytesIO()
    with styled():
        FigureCanvasAgg(figure)
        figure.savefig(content, format=kind, metadata=_NO_METADATA[kind])
    write_file(path, content.getvalue())
