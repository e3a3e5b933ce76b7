"""Generated Python functions whose doctests hold values found by running the body."""

from __future__ import annotations

from tools.train_bundled.names import Namer
from tools.train_bundled.python_expressions import literal
from tools.train_bundled.python_functions import INDENT, Function, evaluate, make_function

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


def _first_statements(
    function: Function, namer: Namer, helper: Function | None
) -> list[tuple[str, Function | None, str]]:
    """Prompt lines of one example, with the function and expression whose value each shows, if any.

    About seven in ten begin with the function's name: always would leave a model no doubt, and
    steering no room.
    """
    rng = namer.rng
    call = f"{function.name}({function.arguments(namer)})"
    style = rng.random()
    if helper is not None and style < 0.25:
        first = f"{helper.name}({helper.arguments(namer)})"
        return [(first, helper, first), (call, function, call)]
    if style < 0.80:
        return [(call, function, call)]
    if style < 0.86:
        local = rng.choice(("result", "x", "out", "value", "r", namer.word()))
        return [(f"{local} = {call}", None, ""), (local, function, call)]
    if style < 0.90 and len(function.params) == 1:
        name, kind = function.params[0]
        value = literal(kind, namer)
        inner = f"{function.name}({value})"
        return [(f"{name} = {value}", None, ""), (f"{function.name}({name})", function, inner)]
    if style < 0.92:
        module = rng.choice(("math", "operator", "itertools", "functools"))
        return [(f"import {module}", None, ""), (call, function, call)]
    if style < 0.93:
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
