"""Names for generated code: words met in real identifiers, and words made up from syllables."""

from __future__ import annotations

import keyword
import random
import re
from collections import Counter
from collections.abc import Iterable

from tools.train_bundled.hashing import is_held_out

POOL_SIZE = 7000
COMMON = 1200
MIN_COUNT = 3

_WORD = re.compile(r"(?<![A-Za-z])[a-z]{3,11}(?![a-zA-Z])")
_ONSETS = (
    *("b", "br", "c", "ch", "cl", "cr", "d", "dr", "f", "fl", "fr", "g", "gl", "gr", "h", "j", "k"),
    *("l", "m", "n", "p", "pl", "pr", "qu", "r", "s", "sh", "sk", "sl", "sp", "st", "t"),
    *("th", "tr", "v", "w", "z"),
)
_NUCLEI = ("a", "e", "i", "o", "u", "ai", "ea", "ee", "ie", "oa", "oo", "ou")
_CODAS = (
    *("b", "ck", "d", "g", "l", "ll", "m", "n", "nd", "ng", "nk", "nt", "p", "r", "rd", "rk", "rm"),
    *("rn", "rt", "s", "sh", "sk", "st", "t", "th", "x"),
)

_RESERVED = frozenset(keyword.kwlist).union(
    (
        "abstract",
        "become",
        "box",
        "const",
        "crate",
        "do",
        "dyn",
        "enum",
        "extern",
        "false",
        "final",
        "fn",
    ),
    ("impl", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub"),
    ("ref", "self", "static", "struct", "super", "trait", "true", "type", "typeof", "unsafe"),
    ("unsized", "use", "virtual", "where", "int", "str", "list", "dict", "set", "bool", "float"),
    ("len", "sum", "max", "min", "abs", "sorted", "range", "print", "map", "filter", "zip"),
    ("any", "all", "round", "pow", "repr", "tuple"),
)
_LETTERS = ("a", "b", "c", "d", "i", "j", "k", "m", "n", "p", "q", "r", "s", "t", "u", "v")
_SHORT = (*_LETTERS, "w", "x", "y", "z", "xs", "ys")

_IDLE_PARENTHESES = re.compile(r"(?<!\w)\(([a-z_]\w*)\)")


def without_idle_parentheses(line: str) -> str:
    """A line of code with the parentheses around lone identifiers dropped."""
    return _IDLE_PARENTHESES.sub(r"\1", line)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each lower-case word occurs in some code."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_WORD.findall(text))
    return counts


def word_pool(texts: Iterable[str]) -> list[str]:
    """The commonest words of some real code, in an order that depends on the texts alone."""
    counts = count_words(texts)
    usable = [(-n, word) for word, n in counts.items() if n >= MIN_COUNT and word not in _RESERVED]
    return [word for _, word in sorted(usable)[:POOL_SIZE]]


class Namer:
    """Draws identifiers; function names stay on one side of the held-out split."""

    def __init__(self, pool: list[str], rng: random.Random, held_out: bool) -> None:
        self.pool = pool
        self.rng = rng
        self.held_out = held_out

    def _syllable(self) -> str:
        return self.rng.choice(_ONSETS) + self.rng.choice(_NUCLEI)

    def made_up(self) -> str:
        """A pronounceable word that no dictionary holds."""
        count = self.rng.choice((1, 2, 2, 2, 3))
        parts = [self._syllable() for _ in range(count)]
        if self.rng.random() < 0.6:
            parts.append(self.rng.choice(_CODAS))
        word = "".join(parts)
        return f"{word}o" if word in _RESERVED else word

    def word(self) -> str:
        """One word, usually a real one."""
        if self.rng.random() < 0.35:
            return self.made_up()
        common = self.rng.random() < 0.4
        return self.rng.choice(self.pool[:COMMON] if common else self.pool)

    def function(self) -> str:
        """A function name of one to five words on this namer's side of the split."""
        while True:
            count = self.rng.choices((1, 2, 3, 4, 5), (0.16, 0.40, 0.27, 0.12, 0.05))[0]
            words = [self.word() for _ in range(count)]
            if self.rng.random() < 0.04:
                words[-1] += str(self.rng.randint(2, 9))
            name = "_".join(words)
            if self.rng.random() < 0.03:
                name = f"_{name}"
            if name not in _RESERVED and is_held_out(name) == self.held_out:
                return name

    def variables(self, count: int) -> list[str]:
        """Distinct parameter names, short ones as often as words."""
        names: list[str] = []
        while len(names) < count:
            name = self.rng.choice(_SHORT) if self.rng.random() < 0.5 else self.word()
            if name not in names and name not in _RESERVED:
                names.append(name)
        return names

    def phrase(self) -> str:
        """Two to six words that read like a remark."""
        return " ".join(self.rng.choice(self.pool) for _ in range(self.rng.randint(2, 6)))
