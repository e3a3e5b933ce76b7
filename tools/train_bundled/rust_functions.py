"""Random Rust functions, and what their calls give by an equivalent Python evaluation."""

from __future__ import annotations

import json
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
        return [self.header(public), *(f"{INDENT}{line}" for line in self.body), "}"]

    def call(self, values: tuple[object, ...]) -> str:
        """Source of a call."""
        kinds = (kind for _, kind in self.params)
        shown = (_argument(kind, value) for kind, value in zip(kinds, values, strict=True))
        return f"{self.name}({', '.join(shown)})"

    def value(self, values: tuple[object, ...]) -> object:
        """What a call gives."""
        names = [name for name, _ in self.params]
        return eval(self.python, dict(zip(names, values, strict=True)))


def _argument(kind: str, value: object) -> str:
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


def make_function(namer: Namer) -> RustFunction:
    """A random function."""
    rng = namer.rng
    number = rng.choice(SIGNED + UNSIGNED)
    kinds = [
        rng.choices((number, "&str", f"&[{number}]"), (4, 2, 2))[0]
        for _ in range(rng.choices((1, 2, 3), (5, 5, 1))[0])
    ]
    names = [name.lower() for name in namer.variables(len(kinds))]
    terms = Terms(dict(zip(names, kinds, strict=True)), number, namer)
    result, make = random_result(terms)
    shape = rng.random()
    if shape < 0.55:
        term = make(rng.choice((1, 2)))
        body, python = [term.rust], term.python
    elif shape < 0.75:
        test, one, other = terms.boolean(1), make(1), make(1)
        body = [
            f"if {test.rust} {{",
            f"{INDENT}{one.rust}",
            "} else {",
            f"{INDENT}{other.rust}",
            "}",
        ]
        python = f"({one.python}) if {test.python} else ({other.python})"
    elif shape < 0.85:
        test, one, other = terms.boolean(1), make(1), make(1)
        body = [f"if {test.rust} {{", f"{INDENT}return {one.rust};", "}", other.rust]
        python = f"({one.python}) if {test.python} else ({other.python})"
    elif f"&[{number}]" in kinds and result == number:
        slice_name = names[kinds.index(f"&[{number}]")]
        total, k = rng.choice(("total", "sum", "acc")), rng.randint(2, 9)
        body = [
            f"let mut {total} = 0;",
            f"for x in {slice_name} {{",
            f"{INDENT}{total} += x * {k};",
        ]
        body += ["}", total]
        python = f"sum(x * {k} for x in {slice_name})"
    else:
        term = make(1)
        local = rng.choice(("result", "out", "value", "answer"))
        body, python = [f"let {local}: {result} = {term.rust};", local], term.python
    params = tuple(zip(names, kinds, strict=True))
    lines = tuple(without_idle_parentheses(line) for line in body)
    return RustFunction(namer.function(), params, result, lines, python)
