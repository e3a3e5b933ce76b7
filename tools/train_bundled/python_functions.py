"""Random Python functions, and what a statement about one would show."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from tools.train_bundled.names import Namer, without_idle_parentheses
from tools.train_bundled.python_expressions import Expressions, literal

MAX_REPR = 60
INDENT = "    "
_ANNOTATIONS = {"int": "int", "str": "str", "ints": "list[int]", "strs": "list[str]"}
_RESULTS = ("int", "str", "ints", "strs", "bool", "float", "pair", "dict")
_RESULT_ANNOTATIONS = {
    **_ANNOTATIONS,
    "bool": "bool",
    "float": "float",
    "pair": "tuple[int, int]",
    "dict": "dict",
}


@dataclass(frozen=True)
class Function:
    """A function without its docstring, and how to call it."""

    name: str
    params: tuple[tuple[str, str], ...]
    result: str
    body: tuple[str, ...]
    imports: tuple[str, ...]

    def arguments(self, namer: Namer) -> str:
        """Source of one argument list."""
        return ", ".join(literal(kind, namer) for _, kind in self.params)

    def header(self, annotated: bool, receiver: str = "") -> str:
        """The ``def`` line."""
        shown = [receiver] if receiver else []
        for name, kind in self.params:
            shown.append(f"{name}: {_ANNOTATIONS[kind]}" if annotated else name)
        arrow = f" -> {_RESULT_ANNOTATIONS[self.result]}" if annotated else ""
        return f"def {self.name}({', '.join(shown)}){arrow}:"


def _body(expressions: Expressions, result: str, namer: Namer) -> tuple[list[str], list[str]]:
    """Statements of a function and the imports they need."""
    rng = namer.rng
    of = expressions.of
    shape = rng.random()
    if shape < 0.4:
        return [f"return {of(result, rng.choice((1, 2)))}"], []
    if shape < 0.55:
        kind = rng.choice(("int", "str", "ints"))
        local = namer.word()
        value = of(kind, 2)
        if local in expressions.env:
            return [f"return {of(result, 2)}"], []
        expressions.env[local] = kind
        return [f"{local} = {value}", f"return {of(result, 2)}"], []
    if shape < 0.7:
        return [
            f"if {of('bool', 1)}:",
            f"{INDENT}return {of(result, 1)}",
            f"return {of(result, 1)}",
        ], []
    if shape < 0.78:
        message = namer.phrase()
        guard = [f"if {of('bool', 1)}:", f"{INDENT}raise ValueError({message!r})"]
        return [*guard, f"return {of(result, 1)}"], []
    if shape < 0.9 and result == "int":
        total = rng.choice(("total", "result", "count", "acc"))
        item = rng.choice(("x", "item", "value", "n"))
        step = rng.choice((f"{item} * {of('int', 0)}", item, "1", f"{item} + {of('int', 0)}"))
        lines = [f"{total} = 0", f"for {item} in {of('ints', 1)}:"]
        if rng.random() < 0.5:
            lines += [f"{INDENT}if {item} > {rng.randint(0, 6)}:", f"{INDENT * 2}{total} += {step}"]
        else:
            lines.append(f"{INDENT}{total} += {step}")
        return [*lines, f"return {total}"], []
    if shape < 0.9 and result in ("ints", "strs"):
        item = rng.choice(("x", "item", "value", "n"))
        source = of(result, 1)
        lines = ["out = []", f"for {item} in {source}:", f"{INDENT}if {item} not in out:"]
        return [*lines, f"{INDENT * 2}out.append({item})", "return out"], []
    if shape < 0.95 and result == "int":
        module, call = rng.choice((("math", "gcd"), ("math", "lcm"), ("operator", "add")))
        return [f"return {module}.{call}({of('int', 1)}, {of('int', 1)})"], [f"import {module}"]
    return [f"return {of(result, 2)}"], []


def make_function(namer: Namer) -> Function:
    """A random function, nearly always one that uses all it is given."""
    function = _draw_function(namer)
    while not _uses_parameters(function) and namer.rng.random() < 0.97:
        function = _draw_function(namer)
    return function


def _uses_parameters(function: Function) -> bool:
    words = set(re.findall(r"\w+", " ".join(function.body)))
    return all(name in words for name, _ in function.params)


def _draw_function(namer: Namer) -> Function:
    rng = namer.rng
    kinds = [
        rng.choice(tuple(_ANNOTATIONS)) for _ in range(rng.choices((0, 1, 2, 3), (1, 9, 8, 2))[0])
    ]
    names = namer.variables(len(kinds))
    expressions = Expressions(dict(zip(names, kinds, strict=True)), namer)
    if not kinds:
        expressions.env["()"] = "none"
    result = rng.choice(_RESULTS)
    body, imports = _body(expressions, result, namer)
    params = tuple(zip(names, kinds, strict=True))
    lines = tuple(without_idle_parentheses(line) for line in body)
    return Function(namer.function(), params, result, lines, tuple(imports))


def evaluate(function: Function, statement: str) -> str | None:
    """What the interactive prompt would show for a statement, or None when nothing is usable."""
    scope: dict[str, object] = {}
    lines = [*function.imports, function.header(annotated=False)]
    lines += [f"{INDENT}{line}" for line in function.body]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            exec("\n".join(lines), scope)
            value = eval(statement, scope)
    except ValueError as error:
        return f"Traceback (most recent call last):\n    ...\nValueError: {error}"
    except (TypeError, IndexError, SyntaxError, NameError, AttributeError, OverflowError):
        return None
    shown = repr(value)
    return shown if value is not None and len(shown) <= MAX_REPR else None
