"""Pieces of real code: whole functions with their doctests or tests, and runs of lines."""

from __future__ import annotations

import ast
import random
import re
import textwrap
import warnings
from collections.abc import Iterator

from tools.train_bundled.sources import SourceFile

SHORTEST = 80
LONGEST = 2400

_DIGIT_SHARE = 0.25
_RUST_FUNCTION = re.compile(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:const )?fn (\w+)", re.MULTILINE)
_RUST_TEST = re.compile(r"^( *)#\[test\]\n(?: *#\[[^\n]*\n)* *fn (\w+)\(\)", re.MULTILINE)
_CALL = re.compile(r"(?<![\w.!])(\w+)\(")


def readable(text: str) -> bool:
    """Whether a piece is code rather than a table of numbers or a very long line."""
    if not SHORTEST <= len(text) <= LONGEST:
        return False
    digits = sum(ch.isdigit() for ch in text)
    plain = sum(ch.isascii() for ch in text)
    longest = max(len(line) for line in text.splitlines())
    return digits < _DIGIT_SHARE * len(text) and plain > 0.97 * len(text) and longest < 200


def documented_functions(file: SourceFile) -> Iterator[str]:
    """Python functions whose docstring holds a doctest, cut after a whole line if long."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(file.text)
    except SyntaxError:
        return
    lines = file.text.splitlines()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or ">>>" not in (ast.get_docstring(node) or ""):
            continue
        source = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) + "\n"
        yield source if len(source) <= LONGEST else source[: source.rfind("\n", 0, LONGEST) + 1]


def _rust_block(text: str, start: int, indent: str) -> str | None:
    """The item that begins at ``start``, up to the brace that closes it at the same indent."""
    end = text.find(f"\n{indent}}}\n", start)
    return text[start : end + len(indent) + 3] if end > 0 else None


def tested_functions(file: SourceFile) -> Iterator[str]:
    """Rust functions, each followed by a test of the same file that calls it first."""
    functions: dict[str, str] = {}
    for found in _RUST_FUNCTION.finditer(file.text):
        block = _rust_block(file.text, found.start(), found.group(1))
        if block is not None and len(block) < LONGEST // 2:
            functions.setdefault(found.group(2), textwrap.dedent(block))
    for found in _RUST_TEST.finditer(file.text):
        block = _rust_block(file.text, found.start(), found.group(1))
        if block is None:
            continue
        test = textwrap.dedent(block)
        called = [name for name in _CALL.findall(test.split("{", 1)[-1]) if name in functions]
        if called:
            yield f"{functions[called[0]]}\n{test}"
        else:
            yield test


def runs_of_lines(file: SourceFile, rng: random.Random) -> Iterator[str]:
    """The file cut into consecutive pieces of varied length, at blank lines where it can be."""
    position = 0
    while position < len(file.text):
        aim = position + rng.randint(300, LONGEST - 600)
        cut = file.text.find("\n\n", aim, aim + 500)
        end = cut + 2 if cut >= 0 else file.text.rfind("\n", position, aim) + 1
        if end <= position:
            end = aim
        yield file.text[position:end].strip("\n") + "\n"
        position = end


def pieces(file: SourceFile, rng: random.Random) -> tuple[list[str], list[str]]:
    """Functions of a file with their tests, and its runs of lines; unreadable pieces left out."""
    focused = documented_functions(file) if file.language == "python" else tested_functions(file)
    return (
        [text for text in focused if readable(text)],
        [text for text in runs_of_lines(file, rng) if readable(text)],
    )
