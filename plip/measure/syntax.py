"""Reading code that may be cut off or broken: its tokens, comments, strings and tree."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Literal

import tree_sitter_python
import tree_sitter_rust
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser

from plip.measure.code import Language
from plip.measure.open_ends import closing

__all__ = ["CodeToken", "ParsedCode", "Part", "Passage", "grammar", "read"]

#: What a stretch of text is.
Part = Literal["code", "comment", "doc comment", "string", "docstring"]

_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
# What a string holds is a leaf of its own only where the parser lost its quotes.
_STRINGS = frozenset(
    {"string", "string_literal", "raw_string_literal", "char_literal", "string_content"}
)
_DOC_MARKERS = frozenset({"outer_doc_comment_marker", "inner_doc_comment_marker"})
#: Prefixes of a string that may be a docstring: formatted ones and bytes may not.
_PLAIN = (b"", b"r", b"u")
_PIECE = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class CodeToken:
    """A token of code or a whole string, or a word or sign of a comment or string."""

    text: str
    start: int
    """Its first character, in code points."""
    end: int
    part: Part


@dataclass(frozen=True, slots=True)
class Passage:
    """A whole comment or string."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class ParsedCode:
    """A text, cut up, in order. Its tokens hold every character that is not white space."""

    text: str
    language: Language
    tokens: tuple[CodeToken, ...]
    """Comments and strings word by word."""
    units: tuple[CodeToken, ...]
    """What a grammar is made of: no comments, and each string as one."""
    passages: tuple[Passage, ...]
    root: Node
    """The syntax tree, of the text and of what closes it; in bytes of UTF-8."""


@cache
def grammar(language: Language) -> Grammar:
    """Load the tree-sitter grammar of a language."""
    room = tree_sitter_python if language == "python" else tree_sitter_rust
    return Grammar(room.language())


def read(text: str, language: Language) -> ParsedCode:
    """Cut code into tokens, comments and strings, whatever state it is in.

    The parser recovers from errors. A string or comment that the text ends in is closed first; what
    the parser skips is cut into words and signs.

    Args:
        text: code from its beginning, without lone surrogates.
        language: of the code.
    """
    source = text + closing(text, language)
    position = _Positions(source)
    root = Parser(grammar(language)).parse(source.encode()).root_node
    tokens: list[CodeToken] = []
    units: list[CodeToken] = []
    passages: list[Passage] = []
    reached = 0
    for node, part in _leaves(root):
        start, end = position(node.start_byte), min(position(node.end_byte), len(text))
        if start >= end:
            continue
        skipped = _pieces(text, reached, start, "code")
        whole = CodeToken(text[start:end], start, end, part)
        cut = part != "code" or any(map(str.isspace, whole.text))
        words = _pieces(text, start, end, part) if cut else [whole]
        tokens += skipped + words
        units += skipped
        if part == "code":
            units += words
        else:
            passages.append(Passage(part, start, end))
            units += [whole] if part in ("string", "docstring") else []
        reached = end
    rest = _pieces(text, reached, len(text), "code")
    return ParsedCode(
        text, language, tuple(tokens + rest), tuple(units + rest), tuple(passages), root
    )


def _pieces(text: str, start: int, end: int, part: Part) -> list[CodeToken]:
    return [CodeToken(each[0], *each.span(), part) for each in _PIECE.finditer(text, start, end)]


def _leaves(root: Node) -> Iterator[tuple[Node, Part]]:
    """Walk through the leaves in order; a comment or string counts as one."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _COMMENTS:
            doc = any(child.type in _DOC_MARKERS for child in node.children)
            yield node, "doc comment" if doc else "comment"
        elif node.type in _STRINGS:
            yield node, "docstring" if _is_docstring(node) else "string"
        elif node.child_count:
            stack.extend(reversed(node.children))
        else:
            yield node, "code"


def _is_docstring(node: Node) -> bool:
    """Tell whether a Python string stands alone as a statement and is plain text."""
    parent = node.parent
    prefix = re.match(rb"\w*", node.text or b"")
    alone = parent is not None and parent.type == "expression_statement" and parent.child_count == 1
    return alone and node.type == "string" and prefix is not None and prefix[0].lower() in _PLAIN


class _Positions:
    """Bytes of UTF-8 to code points."""

    def __init__(self, text: str) -> None:
        # A text of one byte a character needs no table.
        self._ends = [] if text.isascii() else [*accumulate(len(c.encode()) for c in text)]

    def __call__(self, byte: int) -> int:
        return bisect_left(self._ends, byte) + (byte > 0) if self._ends else byte
