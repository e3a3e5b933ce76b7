"""One piece of test syntax, found or turned down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from plip.measure.syntax import CodeToken, ParsedCode

__all__ = ["KINDS", "Finding", "Kind", "Reason", "in_text", "of_tokens", "partners"]

#: Python: doctest, test function, assertion. Rust: all but doctest.
Kind = Literal[
    "doctest", "test function", "assertion", "test attribute", "test module", "should_panic"
]
KINDS: tuple[Kind, ...] = (
    "doctest",
    "test function",
    "assertion",
    "test attribute",
    "test module",
    "should_panic",
)

#: Why something that looks like test syntax is none.
Reason = Literal[
    "in a comment",
    "in a doc comment",
    "in a string",
    "in a docstring, but no doctest",
    "in code, where >>> is no doctest",
    "in a docstring that doctest refuses",
    "without #[test]",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of test syntax, and where it stands."""

    kind: Kind
    head: str
    """What it was known by, such as `assert_eq!`."""
    start: int
    """Where its head begins, in code points."""
    end: int
    """Where it ends: a function with its body, an assertion with its arguments."""
    complete: bool
    """Whether its end was seen, rather than the end of the text."""
    reason: Reason | None = None
    """Why it does not count, or None if it does."""


def of_tokens(
    parsed: ParsedCode,
    kind: Kind,
    span: tuple[CodeToken, CodeToken, CodeToken],
    complete: bool,
    reason: Reason | None = None,
) -> Finding:
    """Make a finding of its first token, the last one of its head, and its last one."""
    first, head, last = span
    name = parsed.text[first.start : head.end]
    return Finding(kind, name, first.start, last.end, complete, reason)


def in_text(kind: Kind, head: str, start: int, reason: Reason) -> Finding:
    """Turn down what looks like test syntax in a comment or string."""
    return Finding(kind, head, start, start + len(head), True, reason)


_PAIRS = {"(": ")", "[": "]", "{": "}"}


def partners(
    tokens: Sequence[CodeToken], fresh: Collection[int] = ()
) -> tuple[dict[int, int], list[int]]:
    """Match brackets, as far as they match.

    A closing brace also ends the other brackets that are open within it; any other closing bracket
    that does not fit is passed over.

    Args:
        tokens: `ParsedCode.units`.
        fresh: indices of tokens that stand in no bracket: what is open there is given up.

    Returns:
        For each opening bracket that is closed, by index, its closing one; and for each token, how
        many brackets are open before it.
    """
    closed: dict[int, int] = {}
    depths: list[int] = []
    pending: list[int] = []
    braces = 0
    for index, token in enumerate(tokens):
        if index in fresh:
            pending.clear()
            braces = 0
        depths.append(len(pending))
        word = token.text
        if word in _PAIRS:
            pending.append(index)
            braces += word == "{"
        elif word == "}" and braces:
            while tokens[pending[-1]].text != "{":
                pending.pop()
            closed[pending.pop()] = index
            braces -= 1
        elif pending and word == _PAIRS[tokens[pending[-1]].text]:
            closed[pending.pop()] = index
    return closed, depths
