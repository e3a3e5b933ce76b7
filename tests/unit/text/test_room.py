"""The room's public face, and what it must not bring along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import plip.text

pytestmark = pytest.mark.fast


def test_public_names() -> None:
    assert plip.text.__all__ == [
        "CharMarks",
        "CodeLanguage",
        "Corpus",
        "Covariates",
        "Group",
        "Located",
        "OtherMarker",
        "Prompt",
        "Prompts",
        "Sample",
        "TokenMarks",
        "Tokens",
        "bundled_corpus",
        "bundled_prompts",
        "read_rust_prompts",
        "sample_with_other_marker",
        "tokenize",
        "with_other_marker",
        "write_atomically",
    ]


def test_neither_torch_nor_transformers_is_imported() -> None:
    code = (
        "import sys, plip.text; plip.text.bundled_corpus(); "
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    root = Path(plip.text.__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert result.stdout.strip() == "[]"
