"""Where commands get their prompts from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plip.text import Prompts

__all__ = ["read_prompts"]


def read_prompts(path: Path | None, bundled: str) -> Prompts:
    """Read a file of prompts, or bundled ones where there is none.

    Raises:
        CorpusError: the file cannot be used.
    """
    from plip.text import Prompts, bundled_prompts

    return bundled_prompts(bundled) if path is None else Prompts.read(path)
