"""Test syntax in Rust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from plip.measure.findings import Finding, Kind, Reason, in_text, of_tokens, partners
from plip.measure.syntax import CodeToken, ParsedCode, Part

__all__ = ["find_in_rust"]

#: assert!, assert_eq!, assert_ne!, their debug_ forms, and those that crates add.
_ASSERTION = re.compile(r"(debug_)?assert(_\w+)?")
_MODIFIERS = frozenset(
    {"pub", "(", "crate", "super", "self", ")", "async", "const", "unsafe", "extern"}
)

_IN_TEXT: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"#!?\[\s*(?:\w+::)*test\b[^\]\n]*\]"), "test attribute"),
    (re.compile(r"#!?\[\s*cfg\s*\(\s*test\b[^\]\n]*\]"), "test module"),
    (re.compile(r"#!?\[\s*should_panic\b[^\]\n]*\]"), "should_panic"),
    (re.compile(r"\bfn\s+test_\w*"), "test function"),
    (re.compile(r"\b(?:debug_)?assert(?:_\w+)?!"), "assertion"),
)
_REASONS: dict[Part, Reason] = {
    "comment": "in a comment",
    "doc comment": "in a doc comment",
    "string": "in a string",
}


def find_in_rust(parsed: ParsedCode) -> Iterator[Finding]:
    """Find the test syntax of Rust code, in no order.

    - test attribute: `#[test]`, or a path that ends in it, such as `#[tokio::test]`
    - test function: a function below such an attribute, whatever its name
    - assertion: a macro named assert or debug_assert, or beginning with one and an underscore
    - test module: `#[cfg(test)]` or `#[cfg(all(test, …))]`, though not `not(test)`
    - should_panic: `#[should_panic]`

    A function `test_…` without the attribute is no test and is turned down, as is everything in
    comments and strings. What a macro is given counts as code.
    """
    tokens = parsed.units
    words = [token.text for token in tokens]
    closed, _ = partners(tokens)
    tested = False
    index = 0
    while index < len(tokens):
        step = 1
        if words[index : index + 2] == ["#", "["] or words[index : index + 3] == ["#", "!", "["]:
            bracket = words.index("[", index)
            last = closed.get(bracket, len(tokens) - 1)
            kind = _attribute(words[bracket + 1 : last + (bracket not in closed)])
            if kind is not None:
                span = (tokens[index], tokens[last], tokens[last])
                yield of_tokens(parsed, kind, span, bracket in closed)
            # An attribute that tells nothing of tests leaves one above it in force.
            tested = tested or kind == "test attribute"
            step = last + 1 - index
        elif words[index] == "fn":
            yield from _function(parsed, tokens, closed, index, tested)
        elif words[index] not in _MODIFIERS and tokens[index].part == "code":
            tested = False
            name = _ASSERTION.fullmatch(words[index])
            if name and words[index + 1 : index + 2] == ["!"]:
                yield from _assertion(parsed, tokens, closed, index)
        index += step
    yield from _in_text(parsed)


def _attribute(words: Sequence[str]) -> Kind | None:
    """Say what an attribute, without its brackets, has to do with tests."""
    path = list(words[: words.index("(")] if "(" in words else words)
    if path[-1:] == ["test"] and (len(path) == 1 or path[-2] == "::"):
        return "test attribute"
    if path == ["cfg"] and "test" in words and words[words.index("test") - 2] != "not":
        return "test module"
    return "should_panic" if path[:1] == ["should_panic"] else None


def _function(
    parsed: ParsedCode,
    tokens: Sequence[CodeToken],
    closed: dict[int, int],
    index: int,
    tested: bool,
) -> Iterator[Finding]:
    if index + 1 == len(tokens) or not tokens[index + 1].text.isidentifier():
        return
    named = tokens[index + 1].text.startswith("test_")
    if not (tested or named):
        return
    last, complete = _body(tokens, closed, index)
    reason: Reason | None = None if tested else "without #[test]"
    span = (tokens[index], tokens[index + 1], tokens[last])
    yield of_tokens(parsed, "test function", span, complete, reason)


def _body(tokens: Sequence[CodeToken], closed: dict[int, int], index: int) -> tuple[int, bool]:
    """Find the last token of a function, and whether its end was seen."""
    while index < len(tokens):
        word = tokens[index].text
        if word == ";":
            return index, True
        if word in ("(", "[", "{"):
            if index not in closed:
                break
            index = closed[index]
            if word == "{":
                return index, True
        index += 1
    return len(tokens) - 1, False


def _assertion(
    parsed: ParsedCode, tokens: Sequence[CodeToken], closed: dict[int, int], index: int
) -> Iterator[Finding]:
    bracket = index + 2
    if bracket < len(tokens) and tokens[bracket].text not in ("(", "[", "{"):
        return
    last = closed.get(bracket, len(tokens) - 1)
    span = (tokens[index], tokens[index + 1], tokens[last])
    yield of_tokens(parsed, "assertion", span, bracket in closed)


def _in_text(parsed: ParsedCode) -> Iterator[Finding]:
    for passage in parsed.passages:
        for pattern, kind in _IN_TEXT:
            for match in pattern.finditer(parsed.text, passage.start, passage.end):
                yield in_text(kind, match[0], match.start(), _REASONS[passage.part])
