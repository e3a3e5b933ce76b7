"""Token ids with the characters that each token stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from plip.errors import PositionError, TextError

__all__ = ["Tokens", "tokenize"]

# What tokenizers write for a space: SentencePiece, and byte-level BPE.
_SPACE_MARKS = "▁Ġ"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as one tokenizer cuts it.

    A span [start, stop) counts Unicode code points of `text`, as Python's `str` does. Several
    tokens may share a span (one character cut into bytes), a span may be empty (special tokens,
    spaces that a tokenizer trims or adds), and characters may be left without a token.

    Raises:
        TextError: ids and spans differ in number, a span lies outside the text, or spans run
            backwards (empty spans aside).
    """

    text: str
    ids: tuple[int, ...]
    """Vocabulary indices, one per token."""
    spans: tuple[tuple[int, int], ...]
    """[start, stop) of each token, in code points of `text`."""

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.spans):
            raise TextError(
                "tokens",
                wanted="one span for each id",
                found=f"{len(self.ids)} ids and {len(self.spans)} spans",
                advice="use a tokenizer that gives an offset for every token",
            )
        last_start, last_stop = 0, 0
        for index, (start, stop) in enumerate(self.spans):
            if not 0 <= start <= stop <= len(self.text):
                raise TextError(
                    f"token {index}",
                    wanted=f"a span within the text's {len(self.text)} characters",
                    found=f"[{start}, {stop})",
                    advice="use a tokenizer whose offsets count Unicode code points",
                )
            if start == stop:
                continue
            if start < last_start or stop < last_stop:
                raise TextError(
                    f"token {index}",
                    wanted="spans that do not run backwards",
                    found=f"[{start}, {stop}) after [{last_start}, {last_stop})",
                    advice="use a tokenizer that keeps the order of the text",
                )
            last_start, last_stop = start, stop

    def __len__(self) -> int:
        """Count the tokens, special ones included."""
        return len(self.ids)

    def at(self, char: int, *, who: str = "text") -> int:
        """Find the first token whose span holds a character.

        min {i : start_i ≤ char < stop_i}

        Args:
            char: a position in `text`, in code points from 0.
            who: what the position belongs to, for the error.

        Returns:
            The token's index. A character that is cut into bytes is held by several tokens: the
            first of them.

        Raises:
            PositionError: the position lies outside the text, or no token holds it. The nearest
                token is never taken instead.
        """
        for index, (start, stop) in enumerate(self.spans):
            if start <= char < stop:
                return index
        if not 0 <= char < len(self.text):
            raise PositionError(
                who,
                wanted=f"a character within the text's {len(self.text)}",
                found=f"character {char}",
                advice="count positions in Unicode code points from 0",
                details={"char": char, "length": len(self.text)},
            )
        raise PositionError(
            who,
            wanted=f"a token that holds character {char} ({self.text[char]!r})",
            found=self._gap(char),
            advice="correct the mark, so that it stands on a character of a token",
            details={"char": char},
        )

    def surface(self, index: int) -> str:
        """Cut out the characters that a token stands for.

        Args:
            index: a token, from 0.

        Returns:
            text[start:stop]; empty for a token that stands for no character.

        Raises:
            PositionError: there is no such token (negative indices included).
        """
        if not 0 <= index < len(self):
            raise PositionError(
                f"token {index}",
                wanted=f"a token among the text's {len(self)}",
                found=f"index {index}",
                advice="count tokens from 0",
                details={"token": index, "length": len(self)},
            )
        start, stop = self.spans[index]
        return self.text[start:stop]

    def _gap(self, char: int) -> str:
        """Describe where a character without a token lies."""
        full = [i for i, (start, stop) in enumerate(self.spans) if start < stop]
        before = [i for i in full if self.spans[i][1] <= char]
        after = [i for i in full if self.spans[i][0] > char]
        if before and after:
            return f"a gap between {self._name(before[-1])} and {self._name(after[0])}"
        if before:
            return f"a gap after the last token, {self._name(before[-1])}"
        if after:
            return f"a gap before {self._name(after[0])}"
        return "no token that stands for any character"

    def _name(self, index: int) -> str:
        start, stop = self.spans[index]
        return f"token {index} [{start}, {stop})"


def tokenize(tokenizer: Any, text: str, *, special_tokens: bool = False) -> Tokens:
    """Cut a text into tokens with their character spans.

    Args:
        tokenizer: a fast tokenizer of transformers, or anything that is called like one, with
            `return_offsets_mapping=True, add_special_tokens=…`, and answers with `input_ids` and
            `offset_mapping`. One whose `is_fast` is false must say by a true attribute `spans`
            that it does so.
        text: not empty; Unicode without lone surrogates.
        special_tokens: whether the tokenizer adds its special tokens (spans of theirs are empty).

    Returns:
        The tokens. A token that is nothing but a space which the tokenizer put before a word
        gets an empty span, since it stands for no character of the text.

    Raises:
        TextError: no text, a text that gives no tokens, a tokenizer without character spans, or
            one whose spans do not fit the text.

    Source: STEERING_RESULTS.md §1 (no special tokens are added there).
    """
    _check_text(text)
    name = type(tokenizer).__name__
    if not (getattr(tokenizer, "is_fast", True) or getattr(tokenizer, "spans", False)):
        raise _no_spans(f"tokenizer {name}", "a slow one, which keeps no character spans")
    encoding = tokenizer(text, return_offsets_mapping=True, add_special_tokens=special_tokens)
    if "offset_mapping" not in encoding:
        raise _no_spans(f"tokenizer {name}", "an answer without 'offset_mapping'")
    ids = tuple(int(i) for i in encoding["input_ids"])
    spans = tuple((int(start), int(stop)) for start, stop in encoding["offset_mapping"])
    if not ids:
        raise TextError(
            "text",
            wanted="at least one token",
            found=f"none in {text[:40]!r}",
            advice="give a text that the tokenizer does not drop",
        )
    return _without_added_spaces(tokenizer, Tokens(text, ids, spans))


def _check_text(text: str) -> None:
    if not isinstance(text, str) or not text:
        raise TextError(
            "text",
            wanted="a str that is not empty",
            found=repr(text) if isinstance(text, str) else type(text).__name__,
            advice="give at least one character",
        )
    lone = lone_surrogate(text)
    if lone is not None:
        raise TextError(
            "text",
            wanted="Unicode text",
            found=f"a lone surrogate at character {lone}",
            advice="decode the text as UTF-8 or UTF-16 before handing it over",
        )


def lone_surrogate(text: str) -> int | None:
    """Find the first code point that no encoding can write, or None."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def _no_spans(who: str, found: str) -> TextError:
    return TextError(
        who,
        wanted="character spans for its tokens",
        found=found,
        advice="load the fast tokenizer of the model (AutoTokenizer, with a tokenizer.json)",
    )


def _without_added_spaces(tokenizer: Any, tokens: Tokens) -> Tokens:
    """Empty the span of tokens that are only a space which the tokenizer itself put there.

    Tokenizers with a prefix space hand such a token the span of the character behind it, where
    it would stand in front of the token that does hold the character.
    """
    if not hasattr(tokenizer, "convert_ids_to_tokens"):
        return tokens
    pieces = tokenizer.convert_ids_to_tokens(list(tokens.ids))
    spans = tuple(
        (start, start) if _is_added_space(piece, tokens.text[start:stop]) else (start, stop)
        for piece, (start, stop) in zip(pieces, tokens.spans, strict=True)
    )
    return replace(tokens, spans=spans)


def _is_added_space(piece: str | None, surface: str) -> bool:
    if not piece or piece.strip(_SPACE_MARKS):
        return False
    return not any(c.isspace() or c in _SPACE_MARKS for c in surface)
