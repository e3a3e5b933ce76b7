"""Whether two lines stand in the same place for a tokenizer."""

from __future__ import annotations

from plip.text.designed.layout import DesignedText
from plip.text.tokens import Tokens

__all__ = ["stands_in_place"]


def stands_in_place(text: DesignedText, line: str, marked: Tokens, neutral: Tokens) -> bool:
    """Tell whether a neutral line can take a marker's place, token for token.

    It can if it begins in the token that the marker begins in, counted from the front, and that is
    another one; if every token before that one and every token behind the line is the same in both
    texts; and if both have as many tokens.

    Args:
        text: what they stand in.
        line: the neutral line.
        marked: the text with its marker, cut into tokens.
        neutral: the text with the line, cut by the same tokenizer.
    """
    at = len(text.before)
    query = marked.at(at)
    # Behind the line: what follows its line feed.
    rest = len(text.after) - text.after.index("\n") - 1
    return (
        len(marked) == len(neutral)
        and neutral.at(at) == query
        and marked.ids[:query] == neutral.ids[:query]
        and marked.ids[query] != neutral.ids[query]
        and _behind(marked, rest) == _behind(neutral, rest)
    )


def _behind(tokens: Tokens, rest: int) -> tuple[int, ...]:
    """Return the tokens that lie within the last `rest` characters."""
    start = len(tokens.text) - rest
    return tuple(
        index
        for index, span in zip(tokens.ids, tokens.spans, strict=True)
        if span[0] >= start and span[1] > span[0]
    )
