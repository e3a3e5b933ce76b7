"""The corpus that ships with plip."""

from __future__ import annotations

from pathlib import Path

from plip.text.corpus import Corpus

__all__ = ["bundled_corpus"]

CORPUS_FILE = Path(__file__).with_name("corpus.json")


def bundled_corpus() -> Corpus:
    """Read the bundled corpus: ten doctests, ten Rust tests, five controls of each language.

    The ids and the design are the paper's; the texts are this project's own. `builder` makes
    the file and says what differs.
    """
    return Corpus.read(CORPUS_FILE)
