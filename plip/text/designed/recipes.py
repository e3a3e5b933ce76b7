"""What the functions of the designed corpus compute, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plip.text.designed.words import Kind

__all__ = ["RECIPES", "Recipe", "Value"]

#: What a function takes and gives.
Value = int | str | bool | list[int]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One computation, with {0}, {1}, {2} where its parameters stand.

    Args:
        names: what names of functions begin with; of this recipe alone.
        kinds: of its parameters.
        python: the lines of the body.
        rust: likewise.
        returns: the type in Rust.
        value: what it computes.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    python: tuple[str, ...]
    rust: tuple[str, ...]
    returns: str
    value: Callable[..., Value]


def _recipe(
    names: str,
    kinds: str,
    python: str,
    rust: str,
    value: Callable[..., Value],
    returns: str = "i64",
) -> Recipe:
    letters: dict[str, Kind] = {"n": "number", "s": "small", "w": "word", "l": "list"}
    return Recipe(
        tuple(names.split()),
        tuple(letters[letter] for letter in kinds),
        tuple(python.split("\n")),
        tuple(rust.split("\n")),
        returns,
        value,
    )


RECIPES = (
    _recipe("add combine", "nn", "return {0} + {1}", "{0} + {1}", lambda a, b: a + b),
    _recipe("subtract reduce", "nn", "return {0} - {1}", "{0} - {1}", lambda a, b: a - b),
    _recipe("larger upper", "nn", "return max({0}, {1})", "{0}.max({1})", max),
    _recipe("shout announce", "w", "return {0}.upper()", "{0}.to_uppercase()", str.upper, "String"),
    _recipe("tally sum", "l", "return sum({0})", "{0}.iter().sum()", sum),
    _recipe(
        "bill charge",
        "nnn",
        "return {0} * {1} + {2}",
        "{0} * {1} + {2}",
        lambda a, b, c: a * b + c,
    ),
    _recipe("wrap cycle", "ns", "return {0} % {1}", "{0} % {1}", lambda a, b: a % b),
    _recipe("portion divide", "ns", "return {0} // {1}", "{0} / {1}", lambda a, b: a // b),
    _recipe("smaller cheaper", "nn", "return min({0}, {1})", "{0}.min({1})", min),
    _recipe(
        "gap apart",
        "nn",
        "return abs({0} - {1})",
        "({0} - {1}).abs()",
        lambda a, b: abs(a - b),
    ),
    _recipe("grow extend", "n", "return 2 * {0} + 1", "2 * {0} + 1", lambda a: 2 * a + 1),
    _recipe(
        "square tile",
        "n",
        "result = {0} * {0}\nreturn result",
        "let result = {0} * {0};\nresult",
        lambda a: a * a,
    ),
    _recipe(
        "rising ordered",
        "nnn",
        "return {0} <= {1} <= {2}",
        "{0} <= {1} && {1} <= {2}",
        lambda a, b, c: a <= b <= c,
        "bool",
    ),
    _recipe(
        "clamp limit",
        "nnn",
        "highest = {1} + {2}\nreturn min(max({0}, {1}), highest)",
        "let highest = {1} + {2};\n{0}.max({1}).min(highest)",
        lambda a, b, c: min(max(a, b), b + c),
    ),
    _recipe(
        "fits divides",
        "ns",
        "return {0} % {1} == 0",
        "{0} % {1} == 0",
        lambda a, b: a % b == 0,
        "bool",
    ),
    _recipe("span measure", "w", "return len({0})", "{0}.len() as i64", len),
    _recipe(
        "echo stamp",
        "ws",
        "return {0} * {1}",
        "{0}.repeat({1} as usize)",
        lambda a, b: a * b,
        "String",
    ),
    _recipe(
        "glue hyphenate",
        "ww",
        "return {0} + '-' + {1}",
        'format!("{{}}-{{}}", {0}, {1})',
        lambda a, b: f"{a}-{b}",
        "String",
    ),
    _recipe(
        "opens begins",
        "ww",
        "return {0}.startswith({1})",
        "{0}.starts_with({1})",
        str.startswith,
        "bool",
    ),
    _recipe(
        "exceeding above",
        "ln",
        "return len([item for item in {0} if item > {1}])",
        "{0}.iter().filter(|item| **item > {1}).count() as i64",
        lambda a, b: len([item for item in a if item > b]),
    ),
    _recipe(
        "peak highest",
        "l",
        "best = {0}[0]\nfor item in {0}:\n    best = max(best, item)\nreturn best",
        "let mut best = {0}[0];\nfor item in {0} {{\n    best = best.max(*item);\n}}\nbest",
        max,
    ),
    _recipe(
        "multiply stretch",
        "ls",
        "return [{1} * item for item in {0}]",
        "{0}.iter().map(|item| {1} * item).collect()",
        lambda a, b: [b * item for item in a],
        "Vec<i64>",
    ),
    _recipe(
        "forecast project",
        "lnn",
        "return {0}[-1] * {1} + {2}",
        "{0}[{0}.len() - 1] * {1} + {2}",
        lambda a, b, c: a[-1] * b + c,
    ),
    _recipe(
        "rebate discount",
        "nns",
        "result = {0} + {1}\nreturn result // {2}",
        "let result = {0} + {1};\nresult / {2}",
        lambda a, b, c: (a + b) // c,
    ),
)
