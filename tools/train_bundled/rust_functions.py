"""Generated Rust functions with tests whose values come from an equivalent Python evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from tools.train_bundled.names import Namer, without_idle_parentheses

INDENT = "    "
LARGEST = 2**31 - 1

_SIGNED = ("i32", "i32", "i64")
_UNSIGNED = ("u32", "u64", "usize")
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


@dataclass(frozen=True)
class Term:
    """The same expression twice: as Rust source and as the Python that gives its value."""

    rust: str
    python: str


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


class Terms:
    """Random terms over the parameters of a function whose numbers have type ``number``."""

    def __init__(self, env: dict[str, str], number: str, namer: Namer) -> None:
        self.env = env
        self.number = number
        self.signed = number in _SIGNED
        self.namer = namer
        self.rng = namer.rng

    def _named(self, kind: str) -> Term:
        name = self.rng.choice([name for name, held in self.env.items() if held == kind])
        return Term(name, name)

    def _k(self, low: int = 2, high: int = 10) -> Term:
        shown = str(self.rng.randint(low, high))
        return Term(shown, shown)

    def integer(self, depth: int) -> Term:
        """A number of the function's type."""
        held = set(self.env.values())
        if depth <= 0:
            return self._named(self.number) if self.number in held else self._k(1, 9)
        a, b, k = self.integer(depth - 1), self.integer(depth - 1), self._k()
        options: list[Callable[[], Term]] = []
        if self.number in held:
            options += [
                lambda: Term(f"{a.rust} + {b.rust}", f"{a.python} + {b.python}"),
                lambda: Term(f"({a.rust}) * {k.rust}", f"({a.python}) * {k.python}"),
                lambda: Term(f"{a.rust} * {a.rust}", f"{a.python} * {a.python}"),
                lambda: Term(f"({a.rust}).max({b.rust})", f"max({a.python}, {b.python})"),
                lambda: Term(f"({a.rust}).min({k.rust})", f"min({a.python}, {k.python})"),
                lambda: Term(f"{a.rust} + {k.rust}", f"{a.python} + {k.python}"),
                lambda: self._divided(a, k),
                lambda: self._remainder(a, k),
            ]
            if self.signed:
                options += [
                    lambda: Term(f"{a.rust} - {b.rust}", f"{a.python} - ({b.python})"),
                    lambda: Term(f"{a.rust} - {k.rust}", f"{a.python} - {k.python}"),
                    lambda: Term(f"({a.rust}).abs()", f"abs({a.python})"),
                    lambda: Term(f"-({a.rust})", f"-({a.python})"),
                ]
            else:
                options.append(
                    lambda: Term(
                        f"({a.rust}).saturating_sub({k.rust})", f"max(({a.python}) - {k.python}, 0)"
                    )
                )
        slice_kind = f"&[{self.number}]"
        if slice_kind in held:
            v = self._named(slice_kind)
            name = v.rust
            options += [
                lambda: Term(f"{name}.iter().sum::<{self.number}>()", f"sum({name})"),
                lambda: Term(f"{name}.len() as {self.number}", f"len({name})"),
                lambda: Term(
                    f"{name}.iter().copied().max().unwrap_or(0)", f"max({name}, default=0)"
                ),
                lambda: Term(
                    f"{name}.iter().copied().min().unwrap_or({k.rust})",
                    f"min({name}, default={k.python})",
                ),
                lambda: Term(
                    f"{name}.iter().filter(|&&x| x > {k.rust}).count() as {self.number}",
                    f"sum(1 for x in {name} if x > {k.python})",
                ),
                lambda: Term(
                    f"{name}.iter().map(|x| x * {k.rust}).sum::<{self.number}>()",
                    f"sum(x * {k.python} for x in {name})",
                ),
            ]
        if "&str" in held:
            s = self._named("&str").rust
            letter = self.rng.choice("aeioustrnlm")
            options += [
                lambda: Term(f"{s}.len() as {self.number}", f"len({s})"),
                lambda: Term(
                    f"{s}.matches('{letter}').count() as {self.number}", f"{s}.count('{letter}')"
                ),
                lambda: Term(
                    f"{s}.split_whitespace().count() as {self.number}", f"len({s}.split())"
                ),
            ]
        return self.rng.choice(options)() if options else k

    def _divided(self, a: Term, k: Term) -> Term:
        rust = f"({a.rust}).div_euclid({k.rust})" if self.signed else f"({a.rust}) / {k.rust}"
        return Term(rust, f"({a.python}) // {k.python}")

    def _remainder(self, a: Term, k: Term) -> Term:
        rust = f"({a.rust}).rem_euclid({k.rust})" if self.signed else f"({a.rust}) % {k.rust}"
        return Term(rust, f"({a.python}) % {k.python}")

    def boolean(self, depth: int) -> Term:
        """A condition."""
        operator = self.rng.choice(("<", ">", "<=", ">=", "==", "!="))
        a, k = self.integer(depth), self._k(0, 12)
        if "&str" in self.env.values() and self.rng.random() < 0.5:
            s = self._named("&str").rust
            letter = self.rng.choice("abcdefghilmnoprst")
            return self.rng.choice(
                (
                    Term(f"{s}.contains('{letter}')", f"'{letter}' in {s}"),
                    Term(f"{s}.starts_with('{letter}')", f"{s}.startswith('{letter}')"),
                    Term(f"{s}.is_empty()", f"{s} == ''"),
                    Term(f"{s}.ends_with('{letter}')", f"{s}.endswith('{letter}')"),
                )
            )
        if self.rng.random() < 0.3:
            return Term(f"({a.rust}) % 2 == 0", f"({a.python}) % 2 == 0")
        return Term(f"({a.rust}) {operator} {k.rust}", f"({a.python}) {operator} {k.python}")

    def text(self, depth: int) -> Term:
        """An owned string."""
        a = self.integer(depth)
        word = self.rng.choice(self.namer.pool)
        options = [
            Term(f'format!("{word}{{}}", {a.rust})', f"'{word}' + str({a.python})"),
            Term(f'format!("{{}}-{word}", {a.rust})', f"str({a.python}) + '-{word}'"),
            Term(f"({a.rust}).to_string()", f"str({a.python})"),
        ]
        if "&str" in self.env.values():
            s = self._named("&str").rust
            one, other = self.rng.choice("aeiou"), self.rng.choice("xyzaeo")
            k = self._k(2, 3)
            options = [
                Term(f"{s}.to_uppercase()", f"{s}.upper()"),
                Term(f"{s}.to_lowercase()", f"{s}.lower()"),
                Term(f"{s}.chars().rev().collect()", f"{s}[::-1]"),
                Term(f"{s}.trim().to_string()", f"{s}.strip()"),
                Term(f"{s}.repeat({k.rust})", f"{s} * {k.python}"),
                Term(f"{s}.replace('{one}', \"{other}\")", f"{s}.replace('{one}', '{other}')"),
                Term(f"{s}.chars().take({k.rust}).collect()", f"{s}[:{k.python}]"),
                Term(f"{s}.chars().skip({k.rust}).collect()", f"{s}[{k.python}:]"),
                Term(f'format!("{{}} {word}", {s})', f"{s} + ' {word}'"),
                Term(f'format!("{word}: {{}}", {s})', f"'{word}: ' + {s}"),
                Term(f'{s}.to_owned() + "{word}"', f"{s} + '{word}'"),
            ]
        return self.rng.choice(options)

    def vector(self, depth: int) -> Term:
        """A vector of numbers."""
        k = self._k(2, 6)
        slice_kind = f"&[{self.number}]"
        if slice_kind not in self.env.values():
            a, b = self.integer(depth), self.integer(depth)
            return Term(f"vec![{a.rust}, {b.rust}]", f"[{a.python}, {b.python}]")
        v = self._named(slice_kind).rust
        return self.rng.choice(
            (
                Term(
                    f"{v}.iter().map(|x| x * {k.rust}).collect()", f"[x * {k.python} for x in {v}]"
                ),
                Term(
                    f"{v}.iter().map(|x| x + {k.rust}).collect()", f"[x + {k.python} for x in {v}]"
                ),
                Term(f"{v}.iter().rev().copied().collect()", f"{v}[::-1]"),
                Term(
                    f"{v}.iter().copied().filter(|x| x % 2 == 0).collect()",
                    f"[x for x in {v} if x % 2 == 0]",
                ),
                Term(
                    f"{v}.iter().copied().filter(|&x| x > {k.rust}).collect()",
                    f"[x for x in {v} if x > {k.python}]",
                ),
                Term(f"{v}.iter().copied().take({k.rust}).collect()", f"{v}[:{k.python}]"),
                Term(f"{v}.to_vec()", f"{v}"),
            )
        )

    def option(self, depth: int) -> Term:
        """A number that may be missing."""
        slice_kind = f"&[{self.number}]"
        if slice_kind in self.env.values():
            v = self._named(slice_kind).rust
            k = self._k(0, 6)
            return self.rng.choice(
                (
                    Term(f"{v}.first().copied()", f"{v}[0] if {v} else None"),
                    Term(f"{v}.last().copied()", f"{v}[-1] if {v} else None"),
                    Term(f"{v}.iter().copied().max()", f"max({v}, default=None)"),
                    Term(f"{v}.iter().copied().min()", f"min({v}, default=None)"),
                    Term(
                        f"{v}.iter().copied().find(|&x| x > {k.rust})",
                        f"next((x for x in {v} if x > {k.python}), None)",
                    ),
                )
            )
        test, a = self.boolean(depth), self.integer(depth)
        return Term(
            f"if {test.rust} {{ Some({a.rust}) }} else {{ None }}",
            f"({a.python}) if {test.python} else None",
        )

    def pair(self, depth: int) -> Term:
        """Two numbers."""
        a, b = self.integer(depth), self.integer(depth)
        return Term(f"({a.rust}, {b.rust})", f"({a.python}, {b.python})")


def _result(terms: Terms) -> tuple[str, Callable[[int], Term]]:
    number = terms.number
    choices: list[tuple[str, Callable[[int], Term]]] = [
        (number, terms.integer),
        ("bool", terms.boolean),
        ("String", terms.text),
        (f"Vec<{number}>", terms.vector),
        (f"Option<{number}>", terms.option),
        (f"({number}, {number})", terms.pair),
    ]
    return terms.rng.choices(choices, (8, 3, 4, 3, 2, 1))[0]


def make_function(namer: Namer) -> RustFunction:
    """A random function."""
    rng = namer.rng
    number = rng.choice(_SIGNED + _UNSIGNED)
    kinds = [
        rng.choices((number, "&str", f"&[{number}]"), (4, 2, 2))[0]
        for _ in range(rng.choices((1, 2, 3), (5, 5, 1))[0])
    ]
    names = [name.lower() for name in namer.variables(len(kinds))]
    terms = Terms(dict(zip(names, kinds, strict=True)), number, namer)
    result, make = _result(terms)
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


def _values(function: RustFunction, namer: Namer) -> tuple[object, ...]:
    rng = namer.rng
    values: list[object] = []
    for _, kind in function.params:
        low = 0 if "u" in kind else -9
        if kind == "&str":
            words = [rng.choice(namer.pool) for _ in range(rng.choice((1, 1, 2)))]
            values.append(" ".join(words))
        elif kind.startswith("&["):
            values.append([rng.randint(low, 20) for _ in range(rng.randint(1, 5))])
        else:
            values.append(rng.randint(rng.choice((0, low)), rng.choice((10, 60))))
    return tuple(values)


def _in_range(function: RustFunction, value: object) -> bool:
    low = 0 if "u" in function.result.replace("Vec", "") else -LARGEST
    items = value if isinstance(value, (list, tuple)) else [value]
    return all(low <= item <= LARGEST for item in items if isinstance(item, int))


def _cases(function: RustFunction, namer: Namer, count: int) -> list[tuple[str, str]] | None:
    cases: list[tuple[str, str]] = []
    for _ in range(count):
        values = _values(function, namer)
        value = function.value(values)
        shown = expected(function.result, value)
        if not _in_range(function, value) or len(shown) > 60:
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
        elif style < 0.93:
            lines.append(f"assert_eq!({value}, {call});")
        elif not any("let result" in line for line in lines):
            lines += [f"let result = {call};", f"assert_eq!(result, {value});"]
        else:
            lines.append(f"assert_eq!({call}, {value});")
    return lines


def _block(header: str, body: list[str]) -> list[str]:
    return [header, *(f"{INDENT}{line}" if line else line for line in body), "}"]


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
    source = _block(f"pub fn {name}({param}: u32) -> u32 {{", [*refusal, f"{param} + {limit}"])
    shown = f'#[should_panic(expected = "{message}")]' if rng.random() < 0.6 else "#[should_panic]"
    suffix = rng.choice(("_panics", "_rejects", "_too_large", "_overflow", ""))
    test = _block(
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
    source = _block(
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
    test = _block(f"fn {stem}_{rng.choice(('ok', 'fails', 'result'))}() {{", checks)
    return source, ["#[test]", *test]


def _checked(namer: Namer) -> tuple[list[str], list[str]]:
    """A function and one to three tests of it."""
    rng = namer.rng
    while True:
        function = make_function(namer)
        if not all(name in " ".join(function.body) for name, _ in function.params):
            continue
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
        *_block(f"fn {_test_name(function, namer)}() {{", _statements(cases[:cut], namer)),
    ]
    if cases[cut:]:
        again = f"fn test_{function.name.strip('_')}_more() {{"
        tests += ["", "#[test]", *_block(again, _statements(cases[cut:], namer))]
    return source, tests


def rust_document(namer: Namer) -> str:
    """One generated Rust document."""
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
        lines += ["#[cfg(test)]", *_block("mod tests {", tests)]
    else:
        for index, (source, test) in enumerate(parts):
            lines += [*([""] if index else []), *source, "", *test]
    return "\n".join(lines) + "\n"


def scattered_document(namer: Namer) -> str:
    """Some functions, each test after its function but perhaps after later ones too.

    A test may then be due behind any function, also behind one that has none yet.
    """
    rng = namer.rng
    parts = [_checked(namer) for _ in range(rng.choices((1, 2, 3, 4), (4, 4, 3, 2))[0])]
    due: list[list[str]] = []
    lines: list[str] = []
    for index, (source, test) in enumerate(parts):
        lines += [*([""] if index else []), *source]
        due.append(test)
        while due and (index == len(parts) - 1 or rng.random() < 0.5):
            lines += ["", *due.pop(rng.randrange(len(due)))]
    return "\n".join(lines) + "\n"
