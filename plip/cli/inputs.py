"""What an audit reads beside its ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from plip.errors import TextError

if TYPE_CHECKING:
    from plip.claims import Artifacts

__all__ = ["read_artifacts", "read_text"]


def read_text(path: Path | None) -> str | None:
    """Read a paper's Markdown; None for none.

    Raises:
        TextError: it cannot be read, or is not UTF-8.
    """
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TextError(
            f"text {str(path)!r}",
            wanted="the paper's Markdown as UTF-8",
            found=reason or str(error),
            advice="give the file that the ledger was made from",
        ) from error


def read_artifacts(folder: Path | None) -> Artifacts | None:
    """Open a checkout of a paper's repository; None for none.

    Raises:
        ArtifactError: the folder is not there.
    """
    if folder is None:
        return None
    from plip.claims import Artifacts

    return Artifacts(folder)
