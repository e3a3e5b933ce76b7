"""Functions of the designed corpus, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from plip.errors import ConfigError
from plip.text.designed.recipes import RECIPES, Recipe, Value
from plip.text.designed.words import ADJECTIVES, NOUNS, PARAMETERS, REMARKS, WORDS, Kind

__all__ = ["LARGEST", "REMARKS_IN_ALL", "DesignedFunction", "draw_functions"]

#: The most functions that names are reserved for.
LARGEST = len(RECIPES) * 2 * len(NOUNS)

#: The most remarks that a text can have: its lead and its filler.
REMARKS_IN_ALL = len(REMARKS[0]) * len(REMARKS[1])

_RUST_TYPES: dict[Kind, str] = {"number": "i64", "small": "i64", "word": "&str", "list": "&[i64]"}


@dataclass(frozen=True, slots=True)
class DesignedFunction:
    """One function, as it is written in both languages.

    Args:
        name: of the function.
        parameters: their names.
        recipe: what it computes.
        arguments: of the example.
        remarks: comments; the first may stand before the function, the others are filler.
    """

    name: str
    parameters: tuple[str, ...]
    recipe: Recipe
    arguments: tuple[Value, ...]
    remarks: tuple[str, ...]

    @property
    def python(self) -> str:
        """The first line in Python."""
        return f"def {self.name}({', '.join(self.parameters)}):"

    @property
    def rust(self) -> str:
        """The first line in Rust."""
        typed = (
            f"{name}: {_RUST_TYPES[kind]}"
            for name, kind in zip(self.parameters, self.recipe.kinds, strict=True)
        )
        return f"fn {self.name}({', '.join(typed)}) -> {self.recipe.returns} {{"

    def body(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Write lines of the recipe with the function's parameters."""
        return tuple(line.format(*self.parameters) for line in lines)

    def example(self, language: str) -> tuple[str, str]:
        """Write a call and its value in "python" or "rust"."""
        write = partial(_literal, language=language)
        value = self.recipe.value(*self.arguments)
        found = write(value).removeprefix("&")
        return f"{self.name}({', '.join(map(write, self.arguments))})", found


def _literal(value: Value, language: str) -> str:
    if language == "python":
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"&{value}" if isinstance(value, list) else str(value)


def draw_functions(seed: int, count: int, remarks: int) -> Iterator[DesignedFunction]:
    """Draw functions with names of their own; the first ones do not depend on how many follow.

    Args:
        seed: of the draws, from 0.
        count: how many functions.
        remarks: how many comments each has.

    Raises:
        ConfigError: a count or a number of remarks that there are no words for, a seed below 0.
    """
    _check("functions", count, 1, LARGEST)
    _check("remarks of a function", remarks, 0, REMARKS_IN_ALL)
    _check("seed", seed, 0, None)
    taken: set[str] = set()
    for index in range(count):
        # A generator for each function: neither the count nor other functions have a say.
        rng = random.Random(f"plip designed corpus {seed} {index}")
        recipe = RECIPES[index % len(RECIPES)]
        name = _name(rng, recipe, taken)
        taken.add(name)
        yield DesignedFunction(
            name=name,
            parameters=_parameters(rng, recipe.kinds),
            recipe=recipe,
            arguments=tuple(_argument(rng, kind) for kind in recipe.kinds),
            remarks=_remarks(rng, remarks),
        )


def _name(rng: random.Random, recipe: Recipe, taken: set[str]) -> str:
    while True:
        adjective = rng.choice(("", *ADJECTIVES)) if rng.random() < 0.5 else ""
        parts = (rng.choice(recipe.names), adjective, rng.choice(NOUNS))
        name = "_".join(filter(None, parts))
        if name not in taken:
            return name


def _parameters(rng: random.Random, kinds: Sequence[Kind]) -> tuple[str, ...]:
    chosen: list[str] = []
    for kind in kinds:
        chosen.append(rng.choice([name for name in PARAMETERS[kind] if name not in chosen]))
    return tuple(chosen)


def _argument(rng: random.Random, kind: Kind) -> Value:
    if kind == "word":
        return rng.choice(WORDS)
    if kind == "list":
        return [rng.randint(1, 60) for _ in range(rng.randint(3, 5))]
    return rng.randint(2, 9 if kind == "small" else 99)


def _remarks(rng: random.Random, count: int) -> tuple[str, ...]:
    """Draw remarks, no two with the same beginning and middle; more of them leave the first."""
    pairs = [(one, two) for one in REMARKS[0] for two in REMARKS[1]]
    rng.shuffle(pairs)
    return tuple(f"{one} {two} {rng.choice(REMARKS[2])}" for one, two in pairs[:count])


def _check(what: str, value: int, low: int, high: int | None) -> None:
    if value < low or (high is not None and value > high):
        raise ConfigError(
            what,
            wanted=f"a number from {low}" + ("" if high is None else f" to {high}"),
            found=str(value),
            advice="give such a number",
            details={what: value},
        )
