"""The designed corpus on a model's tokens: neutral lines chosen, variants placed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plip.errors import ContextLengthError
from plip.models import Subject
from plip.text import Located, Tokens
from plip.text.designed import (
    DesignedCorpus,
    DesignedFunction,
    DesignedText,
    Language,
    TargetKind,
    stands_in_place,
)

__all__ = ["PlacedFunction", "PlacedText", "place"]


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A variant on a model's tokens.

    Args:
        text: the variant.
        marked: it with its marker, located.
        neutral: the tokens of it with the neutral line; the query and the keys stand where they
            stand with the marker.
    """

    text: DesignedText
    marked: Located
    neutral: Tokens


@dataclass(frozen=True, slots=True)
class PlacedFunction:
    """A function in one language on a model's tokens.

    Args:
        function: its name.
        language: it is written in.
        kinds: of its targets.
        line: the neutral line of all its variants, None where none fits.
        texts: its variants, none where it is excluded.
        excluded: why it cannot be measured, None if it can.
    """

    function: str
    language: Language
    kinds: tuple[TargetKind, ...]
    line: str | None
    texts: tuple[PlacedText, ...]
    excluded: str | None


def place(design: DesignedCorpus, subject: Subject) -> list[PlacedFunction]:
    """Put every function on the model's tokens, before any is run.

    Raises:
        TextError, PositionError: a text that the tokenizer cannot cut.
        ContextLengthError: a text that does not fit the model.
    """
    return [_place(design, function, language, subject) for function, language in design]


def _place(
    design: DesignedCorpus, function: DesignedFunction, language: Language, subject: Subject
) -> PlacedFunction:
    texts = design.texts(function, language)
    marked = [text.marked.locate(_tokens(text, subject)) for text in texts]
    lines = design.neutral_lines(language)
    excluded = _shared_tokens(marked)
    found = None if excluded else _neutral(texts, marked, lines, subject)
    if excluded is None and found is None:
        excluded = (
            f"none of {len(lines)} neutral lines has the tokens of {texts[0].marker!r}: as many, "
            "and none of the others changed"
        )
    return PlacedFunction(
        function=function.name,
        language=language,
        kinds=texts[0].kinds,
        line=None if found is None else found[0],
        texts=() if found is None else tuple(map(PlacedText, texts, marked, found[1])),
        excluded=excluded,
    )


def _shared_tokens(marked: list[Located]) -> str | None:
    """Say why attention cannot be told apart by target; None if it can."""
    if any(item.excluded for item in marked):
        return "a target does not come before the marker's token"
    return "two targets share a token" if any(item.merged for item in marked) else None


def _neutral(
    texts: tuple[DesignedText, ...],
    marked: list[Located],
    lines: tuple[str, ...],
    subject: Subject,
) -> tuple[str, tuple[Tokens, ...]] | None:
    """Find the first line that can take the marker's place in every variant."""
    for line in lines:
        found = tuple(_fitting(texts, marked, line, subject))
        if len(found) == len(texts):
            return line, found
    return None


def _fitting(
    texts: tuple[DesignedText, ...], marked: list[Located], line: str, subject: Subject
) -> Iterator[Tokens]:
    """Yield the tokens of each variant with the line, up to the first that it does not fit."""
    for text, item in zip(texts, marked, strict=True):
        tokens = subject.tokenize(text.neutral(line).text)
        if not stands_in_place(text, line, item.tokens, tokens):
            return
        yield tokens


def _tokens(text: DesignedText, subject: Subject) -> Tokens:
    sample = text.marked
    tokens = subject.tokenize(sample.text)
    if len(tokens) > subject.context:
        raise ContextLengthError(
            f"text {sample.id!r}",
            wanted=f"at most {subject.context} tokens, the context of {subject.name}",
            found=f"{len(tokens)} tokens",
            advice="give fewer lines of filler or use a model with a longer context",
            details={"sample": sample.id, "tokens": len(tokens), "context": subject.context},
        )
    return tokens
