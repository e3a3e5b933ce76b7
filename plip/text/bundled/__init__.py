"""The corpus and the prompts that ship with plip."""

from __future__ import annotations

from pathlib import Path

from plip.errors import ConfigError
from plip.text.corpus import Corpus
from plip.text.prompts import Prompts

__all__ = ["bundled_corpus", "bundled_prompts"]

CORPUS_FILE = Path(__file__).with_name("corpus.json")

PROMPT_NAMES = ("generate-paper", "generate-fifty", "persistence-paper", "persistence-crossed")


def bundled_corpus() -> Corpus:
    """Read the bundled corpus: ten doctests, ten Rust tests, five controls of each language.

    The ids and the design are the paper's; the texts are this project's own. `builder` makes
    the file and says what differs.
    """
    return Corpus.read(CORPUS_FILE)


def bundled_prompts(name: str) -> Prompts:
    """Read bundled prompts; `prompt_builder` makes the files and says what they are.

    Args:
        name: "generate-paper", "generate-fifty", "persistence-paper" or "persistence-crossed".

    Raises:
        ConfigError: another name.
    """
    if name not in PROMPT_NAMES:
        raise ConfigError(
            "bundled prompts",
            wanted=" or ".join(map(repr, PROMPT_NAMES)),
            found=repr(name),
            advice="name one of them, or read a file with Prompts.read",
        )
    return Prompts.read(prompt_file(name))


def prompt_file(name: str) -> Path:
    """Return where bundled prompts are kept."""
    return Path(__file__).with_name(f"prompts-{name}.json")
