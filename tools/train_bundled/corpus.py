"""The documents the models are trained on, and those kept for validation."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tools.train_bundled.extracts import pieces
from tools.train_bundled.hashing import is_held_out
from tools.train_bundled.names import Namer, word_pool
from tools.train_bundled.python_functions import python_document
from tools.train_bundled.rust_functions import rust_document
from tools.train_bundled.sources import Source, load_sources

SEED = 20240517
HELD_OUT_BYTES = 150_000
LARGEST_SOURCE_SHARE = 0.4


@dataclass(frozen=True)
class Mix:
    """Bytes of each kind of document."""

    focused: int
    runs: int
    generated: int


MIX = Mix(focused=4_000_000, runs=10_000_000, generated=7_000_000)


@dataclass
class Corpus:
    """Training documents in shuffled order, validation documents by kind, and the sources."""

    training: list[str]
    validation: dict[str, list[str]]
    sources: list[Source]
    bytes_by_kind: dict[str, int] = field(default_factory=dict)


def _take(documents: list[str], budget: int) -> list[str]:
    taken: list[str] = []
    size = 0
    for document in documents:
        if size >= budget:
            break
        taken.append(document)
        size += len(document.encode())
    return taken


def _capped(documents: dict[str, list[str]], budget: int, rng: random.Random) -> list[str]:
    """At most ``budget`` bytes, no source giving more than its share while others can give."""
    chosen: list[str] = []
    for name in sorted(documents):
        mine = list(documents[name])
        rng.shuffle(mine)
        chosen += _take(mine, int(budget * LARGEST_SOURCE_SHARE))
    rng.shuffle(chosen)
    return _take(chosen, budget)


def _real(sources: list[Source], language: str) -> tuple[dict[str, list[str]], list[str]]:
    """Training documents of real code by kind, and validation documents."""
    rng = random.Random(f"{SEED} real {language}")
    focused: dict[str, list[str]] = defaultdict(list)
    runs: dict[str, list[str]] = defaultdict(list)
    validation: list[str] = []
    for source in sources:
        if source.language != language:
            continue
        for file in source.files:
            functions, rest = pieces(file, rng)
            if is_held_out(file.key):
                validation += rest
            else:
                focused[source.name] += functions
                runs[source.name] += rest
    rng.shuffle(validation)
    training = {
        f"{language} functions with tests": _capped(focused, MIX.focused, rng),
        f"{language} files": _capped(runs, MIX.runs, rng),
    }
    return training, _take(validation, HELD_OUT_BYTES)


def _generated(language: str, pool: list[str], held_out: bool, budget: int) -> list[str]:
    rng = random.Random(f"{SEED} generated {language} {held_out}")
    namer = Namer(pool, rng, held_out)
    make = python_document if language == "python" else rust_document
    documents: list[str] = []
    size = 0
    while size < budget:
        document = make(namer)
        documents.append(document)
        size += len(document.encode())
    return documents


def build_corpus(work: Path) -> Corpus:
    """Fetch the sources if need be and put all documents together."""
    sources = load_sources(work / "downloads")
    pool = word_pool(file.text for source in sources for file in source.files)
    by_kind: dict[str, list[str]] = {}
    validation: dict[str, list[str]] = {}
    for language in ("python", "rust"):
        real, validation[f"real {language}"] = _real(sources, language)
        by_kind |= real
        by_kind[f"{language} generated"] = _generated(language, pool, False, MIX.generated)
        validation[f"generated {language}"] = _generated(language, pool, True, HELD_OUT_BYTES)
    training = [document for documents in by_kind.values() for document in documents]
    random.Random(f"{SEED} order").shuffle(training)
    sizes = {
        kind: sum(len(document.encode()) for document in documents)
        for kind, documents in by_kind.items()
    }
    return Corpus(training, validation, sources, sizes)
