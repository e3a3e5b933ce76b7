"""Random Rust functions, and what their calls give by an equivalent Python evaluation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.train_bundled.names import Namer, without_idle_parentheses
from tools.train_bundled.rust_terms import SIGNED, UNSIGNED, Terms, random_result

INDENT = "    "
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class RustFunction:
    """A function, how to call it and how to find what a call gives."""

    name: str
    params: tuple[tuple[str, str], ...]
    result: str
    body: tuple[str, ...]
    python: str

    def header(self, public: bool) -> str:
        """The signature up to the opening brace."""
        shown = ", ".join(f"{name}: {kind}" for name, kind in self.params)
        return f"{'pub ' if public else ''}fn {self.name}({shown}) -> {self.result} {{"

    def source(self, public: bool) -> list[str]:
        """Lines of the definition."""
        return block(self.header(public), self.body)

    def call(self, values: tuple[object, ...]) -> str:
        """Source of a call."""
        kinds = (kind for _, kind in self.params)
        shown = (argument(kind, value) for kind, value in zip(kinds, values, strict=True))
        return f"{self.name}({', '.join(shown)})"

    def value(self, values: tuple[object, ...]) -> object:
        """What a call gives."""
        names = [name for name, _ in self.params]
        return eval(self.python, dict(zip(names, values, strict=True)))


def argument(kind: str, value: object) -> str:
    """Source of an argument."""
    if kind.startswith("&[") and isinstance(value, list):
        return f"&[{', '.join(str(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, str) else str(value)


def expected(result: str, value: object) -> str:
    """Source of an expected value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list):
        return f"vec![{', '.join(str(item) for item in value)}]"
    if result.startswith("Option"):
        return "None" if value is None else f"Some({value})"
    if isinstance(value, tuple):
        return f"({', '.join(str(item) for item in value)})"
    return str(value)


def block(header: str, body: Sequence[str]) -> list[str]:
    """Lines of a braced item."""
    return [header, *(f"{INDENT}{line}" if line else line for line in body), "}"]


def random_value(kind: str, namer: Namer) -> object:
    """A value of a type that a parameter or a field has."""
    rng = namer.rng
    low = 0 if "u" in kind else -9
    if kind == "&str":
        return " ".join(rng.choice(namer.pool) for _ in range(rng.choice((1, 1, 2))))
    if kind.startswith("&["):
        return [rng.randint(low, 20) for _ in range(rng.randint(1, 5))]
    return rng.randint(rng.choice((0, low)), rng.choice((10, 60)))


def in_range(result: str, value: object) -> bool:
    """Whether a type of result holds a value."""
    low = 0 if "u" in result.replace("Vec", "") else -LARGEST
    items = value if isinstance(value, (list, tuple)) else [value]
    return all(low <= item <= LARGEST for item in items if isinstance(item, int))


def random_body(terms: Terms) -> tuple[str, list[str], str]:
    """A type of result, the lines of a body that gives it, and Python that gives the same."""
    rng = terms.rng
    result, make = random_result(terms)
    slices = [name for name, kind in terms.env.items() if kind == f"&[{terms.number}]"]
    shape = rng.random()
    if shape < 0.55:
        term = make(rng.choice((1, 2)))
        body, python = [term.rust], term.python
    elif shape < 0.75:
        test, one, other = terms.boolean(1), make(1), make(1)
        body = [*block(f"if {test.rust} {{", [one.rust])[:-1], *block("} else {", [other.rust])]
        python = f"({one.python}) if {test.python} else ({other.python})"
    elif shape < 0.85:
        test, one, other = terms.boolean(1), make(1), make(1)
        body = [*block(f"if {test.rust} {{", [f"return {one.rust};"]), other.rust]
        python = f"({one.python}) if {test.python} else ({other.python})"
    elif slices and result == terms.number:
        total, k = rng.choice(("total", "sum", "acc")), rng.randint(2, 9)
        loop = block(f"for x in {slices[0]}.iter() {{", [f"{total} += x * {k};"])
        body = [f"let mut {total} = 0;", *loop, total]
        python = f"sum(x * {k} for x in {slices[0]})"
    else:
        term = make(1)
        local = rng.choice(("result", "out", "value", "answer"))
        body, python = [f"let {local}: {result} = {term.rust};", local], term.python
    return result, [without_idle_parentheses(line) for line in body], python


def make_function(namer: Namer) -> RustFunction:
    """A random function, each of whose parameters its body uses."""
    rng = namer.rng
    while True:
        number = rng.choice(SIGNED + UNSIGNED)
        kinds = [
            rng.choices((number, "&str", f"&[{number}]"), (4, 2, 2))[0]
            for _ in range(rng.choices((1, 2, 3), (5, 5, 1))[0])
        ]
        names = [name.lower() for name in namer.variables(len(kinds))]
        terms = Terms(dict(zip(names, kinds, strict=True)), number, namer)
        result, body, python = random_body(terms)
        if all(re.search(rf"\b{name}\b", " ".join(body)) for name in names):
            params = tuple(zip(names, kinds, strict=True))
            return RustFunction(namer.function(), params, result, tuple(body), python)
