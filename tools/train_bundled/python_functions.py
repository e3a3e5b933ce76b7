"""Generated Python functions whose doctests hold values found by running the body."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from tools.train_bundled.names import Namer, without_idle_parentheses

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
_VERBS = (
    "Return",
    "Compute",
    "Give",
    "Find",
    "Build",
    "Get",
    "Make",
    "Calculate",
    "Check",
    "Count",
    "Convert",
    "Collect",
    "Combine",
    "Produce",
    "Determine",
)
_NOUNS = {
    "int": ("the number", "the value", "an integer", "the total", "the result", "the amount"),
    "str": ("the text", "a string", "the word", "the label", "the message", "the line"),
    "ints": ("the list", "the numbers", "a new list", "the values", "the items"),
    "strs": ("the words", "the parts", "the names", "a list of strings", "the lines"),
    "bool": ("whether it holds", "True if so", "if it is valid", "whether it matches"),
    "float": ("the ratio", "the share", "a fraction", "the mean", "the rate"),
    "pair": ("a pair", "both values", "the two numbers", "a tuple"),
    "dict": ("a mapping", "the table", "a dictionary", "the counts"),
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


def literal(kind: str, namer: Namer) -> str:
    """Source of a value of a kind."""
    rng = namer.rng
    if kind == "int":
        return str(rng.choice((rng.randint(0, 12), rng.randint(0, 200), rng.randint(-20, 20))))
    if kind == "str":
        words = [rng.choice(namer.pool) for _ in range(rng.choice((1, 1, 1, 2)))]
        return repr(rng.choice((" ", " ", "-", ",")).join(words))
    if kind == "ints":
        return repr([rng.randint(-3, 20) for _ in range(rng.randint(1, 5))])
    return repr([rng.choice(namer.pool) for _ in range(rng.randint(1, 4))])


class Expressions:
    """Random expressions over the parameters of a function."""

    def __init__(self, env: dict[str, str], namer: Namer) -> None:
        self.env = env
        self.namer = namer
        self.rng = namer.rng

    def of(self, kind: str, depth: int = 2) -> str:
        """An expression of a kind."""
        variables = [name for name, held in self.env.items() if held == kind]
        if variables and (depth <= 0 or self.rng.random() < 0.3):
            return self.rng.choice(variables)
        if depth <= 0:
            if kind in ("int", "str", "ints", "strs"):
                return literal(kind, self.namer) if kind != "int" else str(self.rng.randint(1, 10))
            depth = 1
        makers: dict[str, Callable[[int], str]] = {
            "int": self._int,
            "str": self._str,
            "ints": self._ints,
            "strs": self._strs,
            "bool": self._bool,
            "float": self._float,
            "pair": lambda d: f"({self.of('int', d)}, {self.of('int', d)})",
            "dict": self._dict,
        }
        return makers[kind](depth - 1)

    def _k(self, low: int = 2, high: int = 10) -> str:
        return str(self.rng.randint(low, high))

    def _int(self, d: int) -> str:
        a = self.of("int", d)
        options = [
            lambda: f"{a} + {self.of('int', d)}",
            lambda: f"{a} - {self.of('int', d)}",
            lambda: f"{a} * {self._k()}",
            lambda: f"{a} * {self.of('int', 0)} + {self._k()}",
            lambda: f"({a}) // {self._k()}",
            lambda: f"({a}) % {self._k()}",
            lambda: f"max({a}, {self.of('int', d)})",
            lambda: f"min({a}, {self.of('int', d)})",
            lambda: f"abs({a})",
            lambda: f"({a}) ** 2",
            lambda: f"len({self.of('str', d)})",
            lambda: f"len({self.of('ints', d)})",
            lambda: f"sum({self.of('ints', d)})",
            lambda: f"max({self.of('ints', d)})",
            lambda: f"{self.of('str', d)}.count({self._letter()})",
            lambda: f"{a} if {self.of('bool', d)} else {self.of('int', d)}",
            lambda: f"sum(1 for ch in {self.of('str', d)} if ch in {self._letters()})",
            lambda: f"{self.of('ints', d)}[0]",
            lambda: f"{self.of('ints', d)}[-1]",
        ]
        return self.rng.choice(options)()

    def _letter(self) -> str:
        return repr(self.rng.choice("abcdefghijklmnoprstuvwy"))

    def _letters(self) -> str:
        return repr(self.rng.choice(("aeiou", "abc", "xyz", "lmn", "rst")))

    def _str(self, d: int) -> str:
        s = self.of("str", d)
        options = [
            lambda: f"{s}.upper()",
            lambda: f"{s}.lower()",
            lambda: f"{s}.title()",
            lambda: f"{s}.strip()",
            lambda: f"{s}.capitalize()",
            lambda: f"{s}[::-1]",
            lambda: f"{s}[:{self._k(1, 5)}]",
            lambda: f"{s}[{self._k(1, 3)}:]",
            lambda: f"{s} + {self.of('str', d)}",
            lambda: f"{s} * {self._k(2, 3)}",
            lambda: f"{s}.replace({self._letter()}, {self._letter()})",
            lambda: f"{self._separator()}.join({self.of('strs', d)})",
            lambda: f"str({self.of('int', d)})",
            lambda: f"{s}.zfill({self._k(4, 9)})",
            lambda: f"{s}.rjust({self._k(4, 9)}, '*')",
            lambda: f"f'{self.rng.choice(self.namer.pool)}: {{{self._variable()}}}'",
            lambda: f"f'{{{self._variable()}}}-{{{self._variable()}}}'",
            lambda: f"''.join(sorted({s}))",
            lambda: f"''.join(ch for ch in {s} if ch not in {self._letters()})",
        ]
        return self.rng.choice(options)()

    def _separator(self) -> str:
        return repr(self.rng.choice((" ", ", ", "-", "_", "/", "", "+")))

    def _variable(self) -> str:
        return self.rng.choice(list(self.env))

    def _ints(self, d: int) -> str:
        v = self.of("ints", d)
        item = self.rng.choice(("x", "n", "v", "i"))
        options = [
            lambda: f"sorted({v})",
            lambda: f"{v}[::-1]",
            lambda: f"{v}[{self._k(1, 2)}:]",
            lambda: f"{v} + {self.of('ints', d)}",
            lambda: f"[{item} * {self._k()} for {item} in {v}]",
            lambda: f"[{item} + {self.of('int', 0)} for {item} in {v}]",
            lambda: f"[{item} for {item} in {v} if {item} > {self._k(0, 6)}]",
            lambda: f"[{item} for {item} in {v} if {item} % {self._k(2, 4)} == 0]",
            lambda: f"list(range({self._k(3, 6)}))",
            lambda: f"[len({item}) for {item} in {self.of('strs', d)}]",
            lambda: f"sorted(set({v}))",
            lambda: f"[{self.of('int', d)}, {self.of('int', d)}]",
            lambda: f"list(reversed({v}))",
        ]
        return self.rng.choice(options)()

    def _strs(self, d: int) -> str:
        v = self.of("strs", d)
        options = [
            lambda: f"{self.of('str', d)}.split()",
            lambda: f"{self.of('str', d)}.split({self._letter()})",
            lambda: f"sorted({v})",
            lambda: f"[w.upper() for w in {v}]",
            lambda: f"[w[0] for w in {v}]",
            lambda: f"[w for w in {v} if len(w) > {self._k(2, 5)}]",
            lambda: f"list({self.of('str', d)})",
            lambda: f"[{self.of('str', d)}, {self.of('str', d)}]",
            lambda: f"{v}[::-1]",
        ]
        return self.rng.choice(options)()

    def _bool(self, d: int) -> str:
        a = self.of("int", d)
        operator = self.rng.choice(("<", ">", "<=", ">=", "==", "!="))
        options = [
            lambda: f"{a} {operator} {self.of('int', d)}",
            lambda: f"({a}) % {self._k(2, 5)} == 0",
            lambda: f"{self.of('str', d)}.startswith({self._letter()})",
            lambda: f"{self._letter()} in {self.of('str', d)}",
            lambda: f"{self.of('int', 0)} in {self.of('ints', d)}",
            lambda: f"{self.of('str', d)}.isalpha()",
            lambda: f"not {self.of('ints', d)}",
            lambda: f"len({self.of('ints', d)}) > {self._k(1, 4)}",
        ]
        return self.rng.choice(options)()

    def _float(self, d: int) -> str:
        options = [
            lambda: f"({self.of('int', d)}) / {self._k()}",
            lambda: f"round(({self.of('int', d)}) / {self._k(3, 9)}, 2)",
            lambda: f"({self.of('int', d)}) * 0.5",
            lambda: f"sum({self.of('ints', d)}) / 2",
        ]
        return self.rng.choice(options)()

    def _dict(self, d: int) -> str:
        options = [
            lambda: f"{{x: x * {self._k()} for x in {self.of('ints', d)}}}",
            lambda: f"{{w: len(w) for w in {self.of('strs', d)}}}",
            lambda: f"dict(enumerate({self.of('strs', d)}))",
            lambda: f"{{i: x for i, x in enumerate({self.of('ints', d)})}}",
        ]
        return self.rng.choice(options)()


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


def _first_statements(
    function: Function, namer: Namer, helper: Function | None
) -> list[tuple[str, Function | None, str]]:
    """Prompt lines of one example, with the function and expression whose value each shows, if any.

    About two in three begin with the function's name: always would leave a model no doubt, and
    steering no room.
    """
    rng = namer.rng
    call = f"{function.name}({function.arguments(namer)})"
    style = rng.random()
    if helper is not None and style < 0.25:
        first = f"{helper.name}({helper.arguments(namer)})"
        return [(first, helper, first), (call, function, call)]
    if style < 0.74:
        return [(call, function, call)]
    if style < 0.82:
        local = rng.choice(("result", "x", "out", "value", "r", namer.word()))
        return [(f"{local} = {call}", None, ""), (local, function, call)]
    if style < 0.88 and len(function.params) == 1:
        name, kind = function.params[0]
        value = literal(kind, namer)
        inner = f"{function.name}({value})"
        return [(f"{name} = {value}", None, ""), (f"{function.name}({name})", function, inner)]
    if style < 0.91:
        module = rng.choice(("math", "operator", "itertools", "functools"))
        return [(f"import {module}", None, ""), (call, function, call)]
    if style < 0.94:
        module = namer.word()
        return [(f"from {module} import {function.name}", None, ""), (call, function, call)]
    wrap = rng.choice(
        ("str({})", "repr({})", "[{}]", "isinstance({}, int)", "bool({})", "({},)", "print({})")
    )
    shown = wrap.format(call)
    return [(shown, function, call if wrap.startswith("print") else shown)]


def examples(
    function: Function, namer: Namer, count: int, helper: Function | None = None
) -> list[str] | None:
    """Lines of a docstring's examples, or None when a call fails."""
    lines: list[str] = []
    for index in range(count):
        if index == 0:
            statements = _first_statements(function, namer, helper)
        else:
            call = f"{function.name}({function.arguments(namer)})"
            statements = [(call, function, call)]
        for shown, called, expression in statements:
            lines.append(f">>> {shown}")
            if called is not None:
                value = evaluate(called, expression)
                if value is None or (shown.startswith("print(") and not value[0].isalnum()):
                    return None
                lines += value.splitlines()
    return lines


def summary(function: Function, namer: Namer) -> str:
    """A first docstring line that says something about the function, or nothing much."""
    rng = namer.rng
    style = rng.random()
    if style < 0.35:
        return f"{rng.choice(_VERBS)} {rng.choice(_NOUNS[function.result])}."
    if style < 0.6 and function.params:
        name = rng.choice(function.params)[0]
        noun = rng.choice(_NOUNS[function.result])
        return f"{rng.choice(_VERBS)} {noun} {rng.choice(('of', 'for', 'from', 'with'))} {name}."
    words = function.name.strip("_").replace("_", " ")
    if style < 0.8:
        return f"{rng.choice(_VERBS)} the {words}."
    return f"{words.capitalize()} {namer.phrase()}."


def docstring(function: Function, namer: Namer, helper: Function | None = None) -> list[str] | None:
    """Lines of a docstring with examples."""
    rng = namer.rng
    shown = examples(function, namer, rng.choices((1, 2, 3, 4), (4, 4, 2, 1))[0], helper)
    if shown is None:
        return None
    quotes = '"""' if rng.random() < 0.95 else "'''"
    shape = rng.random()
    if shape < 0.35:
        return [quotes, *shown, quotes]
    first = summary(function, namer)
    opening = [f"{quotes}{first}"] if rng.random() < 0.7 else [quotes, first]
    middle: list[str] = []
    if rng.random() < 0.2:
        middle += ["", f"{namer.phrase().capitalize()}."]
    if function.params and rng.random() < 0.2:
        middle += ["", "Args:"]
        middle += [f"{INDENT}{name}: {namer.phrase()}." for name, _ in function.params]
        middle += ["", "Returns:", f"{INDENT}{rng.choice(_NOUNS[function.result])}."]
    if rng.random() < 0.75:
        middle.append("")
    if rng.random() < 0.15:
        middle += [rng.choice(("Examples:", "Example:", "Usage:", "For example:")), ""]
    return [*opening, *middle, *shown, quotes]


def _indented(lines: list[str]) -> list[str]:
    return [f"{INDENT}{line}" if line else line for line in lines]


def _definition(
    namer: Namer, receiver: str = "", helper: Function | None = None
) -> tuple[Function, list[str]]:
    """A function whose examples run, and its source lines."""
    while True:
        function = make_function(namer)
        doc = docstring(function, namer, helper)
        if doc is not None:
            break
    header = function.header(annotated=namer.rng.random() < 0.35, receiver=receiver)
    return function, [header, *_indented([*doc, *function.body])]


def _console(namer: Namer) -> list[str]:
    """A session at the interactive prompt."""
    while True:
        function = make_function(namer)
        shown = examples(function, namer, namer.rng.randint(1, 3))
        if shown is not None:
            break
    header = f">>> {function.header(annotated=False)}"
    imports = [f">>> {line}" for line in function.imports]
    body = [f"... {INDENT}{line}" for line in function.body]
    return [*imports, header, *body, "...", *shown]


def _with_asserts(namer: Namer) -> list[str]:
    """A function followed by a test that asserts its values."""
    function, source = _definition(namer)
    checks: list[str] = []
    for _ in range(namer.rng.randint(1, 3)):
        call = f"{function.name}({function.arguments(namer)})"
        value = evaluate(function, call)
        if value is not None and not value.startswith("Traceback"):
            checks.append(f"assert {call} == {value}")
    test = [f"def test_{function.name.strip('_')}():", *_indented(checks or ["pass"])]
    return [*function.imports, *source, "", "", *test]


def python_document(namer: Namer) -> str:
    """One generated Python document."""
    rng = namer.rng
    shape = rng.random()
    if shape < 0.04:
        lines = _console(namer)
    elif shape < 0.10:
        lines = _with_asserts(namer)
    elif shape < 0.18:
        class_name = "".join(namer.word().capitalize() for _ in range(2))
        lines = [f"class {class_name}:", *_indented([f'"""{namer.phrase().capitalize()}."""'])]
        for _ in range(rng.randint(1, 2)):
            function, source = _definition(namer)
            lines = [*function.imports, *lines, "", f"{INDENT}@staticmethod", *_indented(source)]
    else:
        imports: list[str] = []
        lines = []
        function = None
        for index in range(rng.choices((1, 2, 3), (6, 3, 1))[0]):
            function, source = _definition(namer, helper=function)
            imports += [line for line in function.imports if line not in imports]
            lines += ["", "", *source] if index else source
        head = [f'"""{namer.phrase().capitalize()}."""', ""] if rng.random() < 0.08 else []
        if rng.random() < 0.08:
            imports.append(f"from {namer.word()} import {namer.word()}")
        if rng.random() < 0.05:
            imports += ["", f"{namer.word().upper()} = {rng.randint(1, 100)}"]
        lines = [*head, *imports, *([""] * 2 if imports else []), *lines]
        if rng.random() < 0.04:
            lines += ["", "", 'if __name__ == "__main__":', f"{INDENT}import doctest"]
            lines += ["", f"{INDENT}doctest.testmod()"]
    return "\n".join(lines) + "\n"
