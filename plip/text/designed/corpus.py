"""The designed corpus: the same functions in both languages, each in variants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise

from plip.errors import ConfigError
from plip.text.designed.functions import REMARKS_IN_ALL, DesignedFunction, draw_functions
from plip.text.designed.layout import LANGUAGES, DesignedText, Language, lay_out
from plip.text.designed.words import NEUTRAL

__all__ = ["DEFAULT_FUNCTIONS", "DEFAULT_STEPS", "DesignedCorpus", "designed_corpus"]

DEFAULT_FUNCTIONS = 120

#: Lines of filler between a function's first line and the marker.
DEFAULT_STEPS = (0, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class DesignedCorpus:
    """Functions, and in which variants each of them stands; `designed_corpus` makes one.

    Args:
        seed: that the functions were drawn from.
        steps: lines of filler, ascending.
        functions: in the order they were drawn.
    """

    seed: int
    steps: tuple[int, ...]
    functions: tuple[DesignedFunction, ...]

    def texts(self, function: DesignedFunction, language: Language) -> tuple[DesignedText, ...]:
        """Write a function's variants: every step behind a line, the nearest also without one.

        Each has a marker, which can be exchanged for a line of `neutral_lines`.
        """
        return (
            *(lay_out(function, language, led=True, filler=step) for step in self.steps),
            lay_out(function, language, led=False, filler=self.steps[0]),
        )

    def neutral_lines(self, language: Language) -> tuple[str, ...]:
        """List what may stand in a marker's place; a tokenizer decides which has its length."""
        return NEUTRAL[language]

    def __iter__(self) -> Iterator[tuple[DesignedFunction, Language]]:
        """Go through the functions, each in both languages."""
        return ((function, language) for function in self.functions for language in LANGUAGES)

    def __len__(self) -> int:
        """Count functions times languages."""
        return len(self.functions) * len(LANGUAGES)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of every text with its marks, and of the neutral lines."""
        content = [
            NEUTRAL,
            [
                [asdict(text) for text in self.texts(function, language)]
                for function, language in self
            ],
        ]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def designed_corpus(
    *,
    seed: int = 0,
    functions: int = DEFAULT_FUNCTIONS,
    steps: tuple[int, ...] = DEFAULT_STEPS,
) -> DesignedCorpus:
    """Draw a designed corpus; the first functions do not depend on how many there are.

    Args:
        seed: of the draws, from 0.
        functions: how many, each in Python and in Rust.
        steps: lines of filler of each variant, ascending, from 0.

    Raises:
        ConfigError: no function or too many, a seed below 0, no step, steps that do not ascend.
    """
    ascending = all(one < other for one, other in pairwise(steps))
    if not steps or not ascending or steps[0] < 0 or steps[-1] >= REMARKS_IN_ALL:
        raise ConfigError(
            "steps",
            wanted=f"numbers of filler lines, ascending, within 0 … {REMARKS_IN_ALL - 1}",
            found=", ".join(map(str, steps)) or "none",
            advice="give such as 0, 2, 4, 8",
            details={"steps": list(steps)},
        )
    drawn = draw_functions(seed, functions, 1 + steps[-1])
    return DesignedCorpus(seed, tuple(steps), tuple(drawn))
