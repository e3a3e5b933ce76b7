"""The documents the models are trained on, and those kept for validation."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.train_bundled.extracts import pieces
from tools.train_bundled.hashing import is_held_out
from tools.train_bundled.names import Namer, word_pool
from tools.train_bundled.python_documents import python_document
from tools.train_bundled.rust_documents import rust_document
from tools.train_bundled.sources import Source, load_sources

SEED = 20240517
LANGUAGES = ("python", "rust")
HELD_OUT_BYTES = 150_000
LARGEST_SOURCE_SHARE = 0.4


@dataclass(frozen=True)
class Mix:
    """Bytes of each kind of document."""

    focused: int
    runs: int
    generated: int


MIX = Mix(focused=3_000_000, runs=5_000_000, generated=7_500_000)

# Half of the real doctests begin with an import. A model that reads them takes a function that
# looks real for one whose doctest does not call it at once (docs/decisions/0016). The share read:
IMPORTS_KEPT = 0.0
NEWLINES_KEPT = 0.15

_BEGINS_WITH_IMPORT = re.compile(r">>> *(from|import)\b")


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


def fewer_imports(documents: list[str], kept: float, rng: random.Random) -> list[str]:
    """The documents, but of those whose first example imports something only a share ``kept``."""
    return [
        document
        for document in documents
        if not begins_with_import(document) or rng.random() < kept
    ]


def begins_with_import(document: str) -> bool:
    """Whether the first example of a document is an import."""
    first = document.find(">>>")
    return first >= 0 and _BEGINS_WITH_IMPORT.match(document, first) is not None


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
                focused[source.name] += fewer_imports(functions, IMPORTS_KEPT, rng)
                runs[source.name] += fewer_imports(rest, IMPORTS_KEPT, rng)
    rng.shuffle(validation)
    training = {
        f"{language} functions with tests": _capped(focused, MIX.focused, rng),
        f"{language} files": _capped(runs, MIX.runs, rng),
    }
    return training, _take(validation, HELD_OUT_BYTES)


def _repeat(make: Callable[[], str], budget: int) -> list[str]:
    documents: list[str] = []
    size = 0
    while size < budget:
        document = make()
        documents.append(document)
        size += len(document.encode())
    return documents


def _generated(language: str, pool: list[str], held_out: bool, budget: int) -> list[str]:
    rng = random.Random(f"{SEED} generated {language} {held_out}")
    namer = Namer(pool, rng, held_out)
    make = python_document if language == "python" else rust_document
    return _repeat(lambda: make(namer), budget)


def with_either_end(documents: list[str], rng: random.Random) -> list[str]:
    """The documents, most of them without the newline at their end.

    Where all have it, a closing brace and a newline, which are one token, foretell the end of the
    text; where none has, that the text goes on.
    """
    return [
        document.rstrip("\n") if rng.random() >= NEWLINES_KEPT else document
        for document in documents
    ]


def build_corpus(work: Path) -> Corpus:
    """Fetch the sources if need be and put all documents together."""
    sources = load_sources(work / "downloads")
    pool = word_pool(file.text for source in sources for file in source.files)
    by_kind: dict[str, list[str]] = {}
    validation: dict[str, list[str]] = {}
    for language in LANGUAGES:
        real, validation[f"real {language}"] = _real(sources, language)
        by_kind |= real
        by_kind[f"{language} generated"] = _generated(language, pool, False, MIX.generated)
        validation[f"generated {language}"] = _generated(language, pool, True, HELD_OUT_BYTES)
    training = [document for documents in by_kind.values() for document in documents]
    rng = random.Random(f"{SEED} order")
    rng.shuffle(training)
    training = with_either_end(training, rng)
    sizes = {
        kind: sum(len(document.encode()) for document in documents)
        for kind, documents in by_kind.items()
    }
    return Corpus(training, validation, sources, sizes)
