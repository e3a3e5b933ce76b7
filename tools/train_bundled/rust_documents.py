"""Generated Rust functions with their tests."""

from __future__ import annotations

from tools.train_bundled.names import Namer
from tools.train_bundled.rust_functions import (
    INDENT,
    RustFunction,
    block,
    expected,
    in_range,
    make_function,
    random_value,
)
from tools.train_bundled.rust_types import Tested, typed_parts

SCATTERED_SHARE = 0.55
TYPED_SHARE = 0.5
TEST_NOW = 0.8

_NOUNS = (
    "the result",
    "the number",
    "the value",
    "the total",
    "the text",
    "the parts",
    "the answer",
)
_VERBS = ("Returns", "Computes", "Gives", "Finds", "Builds", "Calculates", "Checks", "Counts")
_SUFFIXES = (
    "",
    "",
    "",
    "",
    "_works",
    "_basic",
    "_small",
    "_simple",
    "_empty",
    "_values",
    "_zero",
    "_one",
    "_large",
    "_returns_expected",
    "_case",
    "_ok",
)


def _cases(function: RustFunction, namer: Namer, count: int) -> list[tuple[str, str]] | None:
    cases: list[tuple[str, str]] = []
    for _ in range(count):
        values = tuple(random_value(kind, namer) for _, kind in function.params)
        value = function.value(values)
        shown = expected(function.result, value)
        if not in_range(function.result, value) or len(shown) > 60:
            return None
        cases.append((function.call(values), shown))
    return cases


def _statements(cases: list[tuple[str, str]], namer: Namer) -> list[str]:
    """Lines of a test's body; the first nearly always asserts on a direct call."""
    rng = namer.rng
    lines: list[str] = []
    for call, value in cases:
        style = rng.random()
        if style < 0.86:
            lines.append(f"assert_eq!({call}, {value});")
        elif style < 0.90 and value in ("true", "false"):
            lines.append(f"assert!({'' if value == 'true' else '!'}{call});")
        elif style < 0.93 and value != "vec![]":
            lines.append(f"assert_eq!({value}, {call});")
        elif not any("let result" in line for line in lines):
            lines += [f"let result = {call};", f"assert_eq!(result, {value});"]
        else:
            lines.append(f"assert_eq!({call}, {value});")
    return lines


def _test_name(function: RustFunction, namer: Namer) -> str:
    """A test's name, whose form mostly follows from the function's signature.

    What stands after `#[test]` is then something to be read off the function.
    """
    rng = namer.rng
    stem = function.name.strip("_")
    if rng.random() < 0.15:
        return f"test_{stem}{rng.choice(_SUFFIXES)}"
    if function.result == "bool":
        return f"{stem}_{rng.choice(('holds', 'is_true', 'tells', 'decides'))}"
    if function.result.startswith("Option"):
        return f"{rng.choice(('finds', 'maybe', 'none_or'))}_{stem}"
    if function.result.startswith("("):
        return f"both_{stem}"
    if function.result.startswith("Vec"):
        return f"collects_{stem}{rng.choice(_SUFFIXES)}"
    if function.result == "String":
        return f"{stem}{rng.choice(('_formats', '_writes', '_text', '_string'))}"
    if function.params[0][1].startswith("&["):
        return f"sums_{stem}{rng.choice(_SUFFIXES)}"
    if len(function.params) > 2:
        return f"it_computes_{stem}"
    return f"test_{stem}{rng.choice(_SUFFIXES)}"


def _panicking(namer: Namer) -> tuple[list[str], list[str]]:
    """A function that refuses some numbers, and a test that expects the refusal."""
    rng = namer.rng
    name, param = namer.function(), namer.variables(1)[0]
    limit, message = rng.randint(3, 60), namer.phrase()
    refusal = rng.choice(
        (
            [f'assert!({param} <= {limit}, "{message}");'],
            [f"if {param} > {limit} {{", f'{INDENT}panic!("{message}");', "}"],
        )
    )
    source = block(f"pub fn {name}({param}: u32) -> u32 {{", [*refusal, f"{param} + {limit}"])
    shown = f'#[should_panic(expected = "{message}")]' if rng.random() < 0.6 else "#[should_panic]"
    suffix = rng.choice(("_panics", "_rejects", "_too_large", "_overflow", ""))
    test = block(
        f"fn test_{name.strip('_')}{suffix}() {{", [f"{name}({limit + rng.randint(1, 40)});"]
    )
    return source, ["#[test]", shown, *test]


def _fallible(namer: Namer) -> tuple[list[str], list[str]]:
    """A function that returns an error for some numbers, and a test of both outcomes."""
    rng = namer.rng
    name, param = namer.function(), namer.variables(1)[0].lower()
    limit, step = rng.randint(3, 60), rng.randint(1, 9)
    message = namer.phrase()
    error, shown = rng.choice(
        (("String", f'"{message}".to_string()'), ("&'static str", f'"{message}"'))
    )
    source = block(
        f"pub fn {name}({param}: u32) -> Result<u32, {error}> {{",
        [
            f"if {param} > {limit} {{",
            f"{INDENT}return Err({shown});",
            "}",
            f"Ok({param} + {step})",
        ],
    )
    low, high = rng.randint(0, limit), limit + rng.randint(1, 40)
    checks = [
        f"assert_eq!({name}({low}), Ok({low + step}));",
        f"assert!({name}({high}).is_err());",
    ]
    stem = name.strip("_")
    test = block(f"fn {stem}_{rng.choice(('ok', 'fails', 'result'))}() {{", checks)
    return source, ["#[test]", *test]


def _checked(namer: Namer) -> tuple[list[str], list[str]]:
    """A function and one to three tests of it."""
    rng = namer.rng
    while True:
        function = make_function(namer)
        cases = _cases(function, namer, rng.choices((1, 2, 3, 4), (4, 4, 2, 1))[0])
        if cases is not None:
            break
    comment: list[str] = []
    if rng.random() < 0.35:
        subject = function.name.strip("_").replace("_", " ")
        remark = rng.choice((rng.choice(_NOUNS), f"the {subject}", namer.phrase()))
        comment.append(f"/// {rng.choice(_VERBS)} {remark}.")
        if rng.random() < 0.3:
            call, value = cases[0]
            comment += ["///", "/// ```", f"/// assert_eq!({call}, {value});", "/// ```"]
    source = [*comment, *function.source(public=rng.random() < 0.5)]
    cut = len(cases) if len(cases) < 3 or rng.random() < 0.6 else 2
    tests = [
        "#[test]",
        *block(f"fn {_test_name(function, namer)}() {{", _statements(cases[:cut], namer)),
    ]
    if cases[cut:]:
        again = f"fn test_{function.name.strip('_')}_more() {{"
        tests += ["", "#[test]", *block(again, _statements(cases[cut:], namer))]
    return source, tests


def together_document(namer: Namer) -> str:
    """A generated Rust document whose tests follow each function at once or stand in a module."""
    rng = namer.rng
    count = rng.choices((1, 2, 3), (7, 2, 1))[0]
    makers = rng.choices((_panicking, _fallible, _checked), (0.12, 0.07, 0.81), k=count)
    parts = [make(namer) for make in makers]
    lines: list[str] = []
    if rng.random() < 0.06:
        lines += [f"use {namer.word()}::{namer.word()};", ""]
    if rng.random() < 0.45:
        tests: list[str] = ["use super::*;"]
        for source, test in parts:
            lines += [*source, ""]
            tests += ["", *test]
        lines += ["#[cfg(test)]", *block("mod tests {", tests)]
    else:
        for index, (source, test) in enumerate(parts):
            lines += [*([""] if index else []), *source, "", *test]
    return "\n".join(lines) + "\n"


def scattered(parts: list[Tested], namer: Namer) -> list[str]:
    """Items, each with its test behind it, soon or perhaps after later items.

    A test may then be due behind any item, also behind one that has none yet.
    """
    rng = namer.rng
    due: list[list[str]] = []
    lines: list[str] = []
    for index, (source, test) in enumerate(parts):
        lines += [*([""] if index else []), *source]
        due.append(test)
        while due and (index == len(parts) - 1 or rng.random() < TEST_NOW):
            lines += ["", *due.pop(rng.randrange(len(due)))]
    return lines


def scattered_document(namer: Namer) -> str:
    """A generated Rust document, of a type or of plain values, its tests among the items."""
    rng = namer.rng
    count = rng.choices((1, 2, 3, 4), (3, 4, 4, 3))[0]
    if rng.random() < TYPED_SHARE:
        definition, parts = typed_parts(namer, count)
        head = [*definition, ""] if definition else []
        return "\n".join([*head, *scattered(parts, namer)]) + "\n"
    return "\n".join(scattered([_checked(namer) for _ in range(count)], namer)) + "\n"


def rust_document(namer: Namer) -> str:
    """One generated Rust document."""
    make = scattered_document if namer.rng.random() < SCATTERED_SHARE else together_document
    return make(namer)
