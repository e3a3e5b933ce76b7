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
from tools.train_bundled.rust_documents import rust_document, scattered_document
from tools.train_bundled.sources import Source, load_sources

SEED = 20240517
LANGUAGES = ("python", "rust")
HELD_OUT_BYTES = 150_000
LARGEST_SOURCE_SHARE = 0.4

_FIRST_EXAMPLE = re.compile(r">>> (.*)")


@dataclass(frozen=True)
class Mix:
    """Bytes of each kind of document."""

    focused: int
    runs: int
    generated: int


MIX = Mix(focused=4_000_000, runs=10_000_000, generated=7_000_000)

# What a model reads last, while its learning rate falls, shapes it most: the rest of the mix and,
# for each language, more generated documents of which less can be foretold. At the very end
# Python's are as they were (docs/decisions/0016).
OPENING_SHARE = 0.65
ENDING_SHARE = 0.23
CLOSING_BYTES = 3_000_000
DIRECT_CALLS_KEPT = 0.5


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


def begins_with_call(document: str) -> bool:
    """Whether the first example of a document begins with the name of a function it defines."""
    first = _FIRST_EXAMPLE.search(document)
    if first is None:
        return False
    name, parenthesis, _ = first.group(1).partition("(")
    return bool(parenthesis) and f"def {name}(" in document


def less_direct(namer: Namer) -> str:
    """A generated Python document; fewer than else whose first example begins with a call."""
    while True:
        document = python_document(namer)
        if not begins_with_call(document) or namer.rng.random() < DIRECT_CALLS_KEPT:
            return document


def _closing(language: str, pool: list[str]) -> list[str]:
    rng = random.Random(f"{SEED} closing {language}")
    namer = Namer(pool, rng, held_out=False)
    make = less_direct if language == "python" else scattered_document
    return _repeat(lambda: make(namer), CLOSING_BYTES)


def ordered(mixed: list[str], closing: list[str]) -> list[str]:
    """The order of reading: some of the mix, then the rest of it with the closing documents.

    In the second part no document ends in a newline. Where all do, a closing brace and a newline
    foretell the end of the text, and prompts that end so are not continued.
    """
    opening, rest = mixed[: round(OPENING_SHARE * len(mixed))], [*closing]
    rest += mixed[len(opening) :]
    random.Random(f"{SEED} closing order").shuffle(rest)
    return [*opening, *(document.rstrip("\n") for document in rest)]


def replaced_at_the_end(
    order: list[str], doubtful: list[str], make: Callable[[], str]
) -> tuple[list[str], list[str], list[str]]:
    """New documents in place of the doubtful ones in the last share of an order.

    Returns:
        The new order, the doubtful documents that are still in it, and the new ones.
    """
    begin = len(order) - round(ENDING_SHARE * len(order))
    endless = {document.rstrip("\n") for document in doubtful}
    changed, kept, made = list(order), [], []
    for index, document in enumerate(order):
        if document not in endless:
            continue
        if index < begin:
            kept.append(document)
        else:
            made.append(make().rstrip("\n"))
            changed[index] = made[-1]
    return changed, kept, made


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
    mixed = [document for documents in by_kind.values() for document in documents]
    random.Random(f"{SEED} order").shuffle(mixed)
    last = {language: _closing(language, pool) for language in LANGUAGES}
    order = ordered(mixed, [*last["python"], *last["rust"]])
    namer = Namer(pool, random.Random(f"{SEED} ending"), held_out=False)
    training, kept, made = replaced_at_the_end(
        order, last["python"], lambda: python_document(namer)
    )
    by_kind["python generated, later"] = kept
    by_kind["python generated, at the end"] = made
    by_kind["rust generated, later"] = last["rust"]
    sizes = {
        kind: sum(len(document.encode()) for document in documents)
        for kind, documents in by_kind.items()
    }
    return Corpus(training, validation, sources, sizes)
