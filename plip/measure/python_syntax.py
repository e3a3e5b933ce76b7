"""Test syntax in Python."""

from __future__ import annotations

import doctest
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from plip.measure.findings import Finding, Kind, Reason, in_text, of_tokens, partners
from plip.measure.syntax import CodeToken, ParsedCode, Part, Passage

__all__ = ["find_in_python"]

_PROMPT = re.compile(r">>>")
#: Words that begin a statement and stand in no bracket.
_STATEMENTS = frozenset(
    {"assert", "class", "def", "del", "import", "pass", "raise", "return", "try", "while"}
)
_QUOTES = re.compile(r"\w*(\"{3}|'{3}|\"|')")
_ASSERT_METHOD = re.compile(r"assert[A-Z]\w*")
_IN_TEXT: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"^\W*?\b(?P<head>assert)\b", re.MULTILINE), "assertion"),
    (re.compile(r"(?P<head>\bself\.assert[A-Z]\w*)"), "assertion"),
    (re.compile(r"(?P<head>\bdef\s+test_\w*)"), "test function"),
)
_REASONS: dict[Part, Reason] = {
    "comment": "in a comment",
    "string": "in a string",
    "docstring": "in a string",
}


def find_in_python(parsed: ParsedCode) -> Iterator[Finding]:
    """Find the test syntax of Python code, in no order.

    - doctest: each example that `doctest` finds in a docstring: a plain string that is a statement
    - test function: `def test_…`; in a class derived from a `…TestCase` also `def test…`
    - assertion: an `assert` statement, or a call of `self.assert…` as unittest has them

    If `doctest` refuses a docstring, none of its examples counts. What else stands in comments and
    strings is turned down. Escapes in docstrings are not undone before they are read.
    """
    tokens = parsed.units
    firsts = _first_of_lines(parsed)
    fresh = {
        index
        for index, token in enumerate(tokens)
        if token.text in _STATEMENTS and token.start in firsts
    }
    closed, depths = partners(tokens, fresh)
    columns = [
        firsts.get(token.start) if depth == 0 else None
        for token, depth in zip(tokens, depths, strict=True)
    ]
    cases = list(_test_cases(tokens, closed, columns))
    for index, token in enumerate(tokens):
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text == "assert" and _begins_statement(tokens, columns, index):
            last, complete = _statement_end(parsed.text, tokens, depths, index)
            yield of_tokens(parsed, "assertion", (token, token, tokens[last]), complete)
        elif token.text == "def" and following.startswith("test"):
            unittest = any(first < index < last for first, last in cases)
            if following.startswith("test_") or unittest:
                last, complete = _block_end(tokens, columns, index)
                span = (token, tokens[index + 1], tokens[last])
                yield of_tokens(parsed, "test function", span, complete)
        elif token.text == "self" and following == "." and _asserts(tokens, index):
            last = closed.get(index + 3, len(tokens) - 1)
            span = (token, tokens[index + 2], tokens[last])
            yield of_tokens(parsed, "assertion", span, index + 3 in closed)
    yield from _prompts_in_code(parsed)
    for passage in parsed.passages:
        yield from _in_passage(parsed.text, passage)


def _first_of_lines(parsed: ParsedCode) -> dict[int, int]:
    """Find where lines begin: the column of each token that is the first of its line.

    Tabs go to the next multiple of 8, as in Python. Lines within a string do not count, nor do
    those that a backslash continues.
    """
    columns: dict[int, int] = {}
    before, word = 0, ""
    for token in parsed.units:
        _, broken, margin = parsed.text[before : token.start].rpartition("\n")
        if word != "\\" and (broken or not word):
            columns[token.start] = len(margin.expandtabs())
        before, word = token.end, token.text
    return columns


def _asserts(tokens: Sequence[CodeToken], index: int) -> bool:
    """Tell whether `self` is followed by a call of an assertion."""
    if index + 3 >= len(tokens) or tokens[index + 3].text != "(":
        return False
    return _ASSERT_METHOD.fullmatch(tokens[index + 2].text) is not None


def _prompts_in_code(parsed: ParsedCode) -> Iterator[Finding]:
    """Turn down what stands outside of comments and strings, where `>>>` is an error."""
    starts = [passage.start for passage in parsed.passages]
    for match in _PROMPT.finditer(parsed.text):
        number = bisect_right(starts, match.start()) - 1
        if number < 0 or parsed.passages[number].end <= match.start():
            yield in_text("doctest", match[0], match.start(), "in code, where >>> is no doctest")


def _begins_statement(
    tokens: Sequence[CodeToken], columns: Sequence[int | None], index: int
) -> bool:
    return columns[index] is not None or (index > 0 and tokens[index - 1].text in (":", ";"))


def _statement_end(
    text: str, tokens: Sequence[CodeToken], depths: Sequence[int], index: int
) -> tuple[int, bool]:
    """Find the last token of a statement, and whether its end was seen."""
    for last in range(index, len(tokens)):
        word = tokens[last].text
        if last + 1 == len(tokens):
            depth = depths[last] + (word in "([{") - (word in ")]}")
            following, broken = "", "\n" in text[tokens[last].end :]
        else:
            depth, following = depths[last + 1], tokens[last + 1].text
            broken = "\n" in text[tokens[last].end : tokens[last + 1].start]
        if depth <= depths[index] and ((broken and word != "\\") or following == ";"):
            return last, True
    return len(tokens) - 1, False


def _block_end(
    tokens: Sequence[CodeToken], columns: Sequence[int | None], index: int
) -> tuple[int, bool]:
    """Find the last token of a block, and whether another statement was seen behind it."""
    head = next((column for column in columns[index::-1] if column is not None), 0)
    for following in range(index + 1, len(tokens)):
        column = columns[following]
        if column is not None and column <= head:
            return following - 1, True
    return len(tokens) - 1, False


def _test_cases(
    tokens: Sequence[CodeToken], closed: dict[int, int], columns: Sequence[int | None]
) -> Iterator[tuple[int, int]]:
    """Find the classes derived from a TestCase, as ranges of tokens."""
    for index, token in enumerate(tokens):
        if token.text == "class" and columns[index] is not None and index + 2 in closed:
            bases = [base.text for base in tokens[index + 3 : closed[index + 2]]]
            if any(base.endswith("TestCase") for base in bases):
                yield index, _block_end(tokens, columns, index)[0] + 1


def _in_passage(text: str, passage: Passage) -> Iterator[Finding]:
    """Look through one comment or string."""
    examples: list[tuple[int, int, bool]] = []
    reason: Reason = _REASONS[passage.part]
    if passage.part == "docstring":
        try:
            examples = list(_examples(text, passage))
            reason = "in a docstring, but no doctest"
        except ValueError:
            reason = "in a docstring that doctest refuses"
    for start, end, complete in examples:
        yield Finding("doctest", ">>>", start, end, complete)
    for match in _PROMPT.finditer(text, passage.start, passage.end):
        if not any(start <= match.start() < end for start, end, _ in examples):
            yield in_text("doctest", match[0], match.start(), reason)
    # On its own, as a comment behind code begins no line of the text.
    within = text[passage.start : passage.end]
    for pattern, kind in _IN_TEXT:
        for match in pattern.finditer(within):
            start = passage.start + match.start("head")
            if not any(first <= start < end for first, end, _ in examples):
                yield in_text(kind, match["head"], start, _REASONS[passage.part])


def _examples(text: str, passage: Passage) -> Iterator[tuple[int, int, bool]]:
    """Find the examples of a docstring: from their prompt to the end of what they expect.

    Raises:
        ValueError: doctest refuses the docstring.
    """
    quotes = _QUOTES.match(text, passage.start, passage.end)
    if quotes is None:
        return
    closed = passage.end - quotes.end() >= len(quotes[1]) and text.endswith(
        quotes[1], quotes.end(), passage.end
    )
    content_end = passage.end - len(quotes[1]) if closed else passage.end
    lines = text[quotes.end() : content_end].split("\n")
    starts = [quotes.end()]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for example in doctest.DocTestParser().get_examples("\n".join(lines)):
        first = starts[example.lineno] + lines[example.lineno].index(">>>")
        length = example.source.count("\n") + example.want.count("\n")
        end = starts[example.lineno + length] - 1
        yield first, min(end, content_end), closed or end < len(text)
