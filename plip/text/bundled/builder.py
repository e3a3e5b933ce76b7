"""Build the bundled corpus from its texts: `python -m plip.text.bundled.builder`.

The ids and the design follow the paper's universal corpus: names of one letter and of several
words, one to four parameters, defaults and generics, different return types and assertions, and
controls whose marker is no test. No mark is typed by hand: the marker is where its pattern first
stands, the targets are

- Python: the keyword `def`, the function's name, and the name of each parameter;
- Rust: the keyword `fn`, the function's name, and its first generic parameter or, without
  generics, its first parameter;

of the first function in the text. One thing differs from the paper on purpose. All its Rust
controls put the attribute before the function, where causality makes attention from the marker to
the function 0; here four stand behind it and can be measured. `rust_inline_attribute` keeps the
paper's order, so that an excluded sample is part of every run.

Source: STEERING_RESULTS.md §1; the target rule is read off the paper's corpus file.
"""

from __future__ import annotations

import ast
import re

from plip.text.bundled import CORPUS_FILE
from plip.text.bundled.python_texts import PYTHON_BASELINE, PYTHON_DOCTEST
from plip.text.bundled.rust_texts import RUST_BASELINE, RUST_TEST
from plip.text.corpus import Corpus
from plip.text.marks import CharMarks, Group
from plip.text.sample import Sample

__all__ = ["build"]

TEXTS = {
    Group.PYTHON_DOCTEST: (">>>", PYTHON_DOCTEST),
    Group.RUST_TEST: ("#[test]", RUST_TEST),
    Group.PYTHON_BASELINE: (">>>", PYTHON_BASELINE),
    Group.RUST_BASELINE: ("#[", RUST_BASELINE),
}

# fn, the name, and what the first bracket behind it begins with.
_RUST_FUNCTION = re.compile(r"\bfn (\w+)[<(](\w+)")


def build() -> Corpus:
    """Build the corpus, marks computed from the texts.

    Raises:
        ValueError: a text without its pattern or without a function.
    """
    return Corpus(
        tuple(
            _sample(group, id_, text.strip("\n"), pattern)
            for group, (pattern, texts) in TEXTS.items()
            for id_, text in texts.items()
        )
    )


def _sample(group: Group, id_: str, text: str, pattern: str) -> Sample:
    targets = _python_targets(text) if group.language == "python" else _rust_targets(text)
    return Sample(id_, group, text, CharMarks(text.index(pattern), pattern, targets))


def _python_targets(text: str) -> tuple[int, ...]:
    function = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef))
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    keyword = _char(text, function)
    return (keyword, keyword + len("def "), *(_char(text, p) for p in parameters))


def _char(text: str, node: ast.FunctionDef | ast.arg) -> int:
    """Turn a node's line and UTF-8 column into a position in code points."""
    before = text.splitlines(keepends=True)[: node.lineno]
    line = before.pop()
    return sum(map(len, before)) + len(line.encode()[: node.col_offset].decode())


def _rust_targets(text: str) -> tuple[int, ...]:
    function = _RUST_FUNCTION.search(text)
    if function is None:
        raise ValueError(f"no function in {text!r}")
    return (function.start(), function.start(1), function.start(2))


if __name__ == "__main__":
    build().write(CORPUS_FILE)
