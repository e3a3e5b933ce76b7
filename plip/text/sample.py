"""A sample: a text, its marker and its targets, and where a tokenizer puts them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from plip.errors import PositionError, TextError
from plip.text.marks import CharMarks, Group, TokenMarks, corpus_error
from plip.text.tokens import Tokens, lone_surrogate

__all__ = ["Covariates", "Located", "Sample"]


@dataclass(frozen=True, slots=True)
class Covariates:
    """What else differs between samples and could explain a difference in attention.

    Distances are signed: negative where a target stands behind the marker, which happens in
    excluded samples only. Characters are counted between the beginnings of marks, tokens between
    indices; targets that fell on one token count once for tokens.
    """

    distance_chars_nearest: int
    """Marker minus the last target, in code points."""
    distance_chars_mean: float
    """Marker minus target, mean over the target marks, in code points."""
    distance_tokens_nearest: int
    """Marker minus the last target, in tokens."""
    distance_tokens_mean: float
    """Marker minus target, mean over the target tokens, in tokens."""
    n_targets: int
    """Target tokens, each counted once."""
    n_chars: int
    """Length of the text in code points."""
    n_tokens: int
    """Length of the text in tokens, special ones included."""
    first_token_is_target: bool
    """Whether token 0, an attention sink in many models, is a target."""


@dataclass(frozen=True, slots=True)
class Located:
    """A sample on the tokens of one tokenizer."""

    sample: Sample
    tokens: Tokens
    query: int
    """The marker's token: the first that holds the marker's first character."""
    keys: tuple[int, ...]
    """The target tokens, ascending, each once; empty for an excluded sample."""
    merged: int
    """How many target marks fell on a token that another mark had claimed already."""
    excluded: str | None
    """Why the sample cannot be measured, or None if it can."""
    covariates: Covariates


@dataclass(frozen=True, slots=True)
class Sample:
    """A text with one marker and the parts of a function that the marker may attend to.

    Raises:
        CorpusError: the id or text is empty, or the marks do not fit the text; every fault is
            listed in `details["faults"]`.
    """

    id: str
    group: Group
    text: str
    marks: CharMarks | TokenMarks

    def __post_init__(self) -> None:
        who = f"sample {self.id!r}"
        by_field = sample_faults(self.id, self.text, self.marks)
        faults = [f"{who}: {fault}" for field in by_field.values() for fault in field]
        if faults:
            raise corpus_error(who, faults)

    def locate(self, tokens: Tokens) -> Located:
        """Find the marker's and the targets' tokens.

        A sample is excluded, with the reason, if a target does not come before its marker: causal
        attention to a later token is 0 whatever the model is, and attention of the marker's token
        to itself (a target that shares it) is not attention to the function.

        Args:
            tokens: the sample's text, as any tokenizer cuts it. Marks in token indices take the
                indices of these tokens as they are.

        Returns:
            The sample with query and keys as token indices.

        Raises:
            TextError: the tokens are those of another text.
            PositionError: no token holds a mark, or a token mark lies outside the text.
        """
        who = f"sample {self.id!r}"
        if tokens.text != self.text:
            raise TextError(
                who,
                wanted="tokens of its own text",
                found=f"tokens of {tokens.text[:40]!r}",
                advice="tokenize the sample's text",
            )
        marks = self.marks
        if isinstance(marks, CharMarks):
            query = tokens.at(marks.marker, who=who)
            marked = [tokens.at(target, who=who) for target in marks.targets]
            chars = [marks.marker - target for target in marks.targets]
        else:
            query = _index(tokens, marks.marker, who)
            marked = [_index(tokens, target, who) for target in marks.targets]
            start = tokens.spans[query][0]
            chars = [start - tokens.spans[index][0] for index in marked]
        keys = tuple(sorted(set(marked)))
        excluded = _why_excluded(query, keys)
        return Located(
            sample=self,
            tokens=tokens,
            query=query,
            keys=() if excluded else keys,
            merged=len(marked) - len(keys),
            excluded=excluded,
            covariates=Covariates(
                distance_chars_nearest=min(chars),
                distance_chars_mean=fmean(chars),
                distance_tokens_nearest=query - keys[-1],
                distance_tokens_mean=fmean(query - key for key in keys),
                n_targets=len(keys),
                n_chars=len(self.text),
                n_tokens=len(tokens),
                first_token_is_target=keys[0] == 0,
            ),
        )

    def with_char_marks(self, tokens: Tokens) -> Sample:
        """Turn token marks into character marks, which hold for every tokenizer.

        A mark goes to the first character of its token that is not white space; the pattern is
        the marker token's text without the white space around it.

        Args:
            tokens: the sample's text, cut by the tokenizer that the token marks were made for.

        Returns:
            A sample that `locate` puts on the same tokens; itself if it has character marks.

        Raises:
            TextError: the tokens are those of another text.
            PositionError: a mark lies outside the text, or on a token that no character leads
                back to (white space only, no character, or a later part of a character).
        """
        marks = self.marks
        if isinstance(marks, CharMarks):
            return self
        located = self.locate(tokens)
        who = f"sample {self.id!r}"
        return replace(
            self,
            marks=CharMarks(
                marker=_first_char(tokens, located.query, who),
                pattern=tokens.surface(located.query).strip(),
                targets=tuple(_first_char(tokens, index, who) for index in marks.targets),
            ),
        )


def sample_faults(id_: Any, text: Any, marks: CharMarks | TokenMarks) -> dict[str, list[str]]:
    """List by field, in words, what keeps these values from being a sample."""
    faults: dict[str, list[str]] = {"id": [], "text": []}
    if not isinstance(id_, str) or not id_:
        faults["id"].append(f"wanted an id, found {id_!r}")
    if not isinstance(text, str) or not text:
        faults["text"].append(f"wanted a text that is not empty, found {text!r}")
    elif (lone := lone_surrogate(text)) is not None:
        faults["text"].append(f"wanted Unicode text, found a lone surrogate at character {lone}")
    return faults | marks.faults(None if faults["text"] else text)


def _index(tokens: Tokens, index: int, who: str) -> int:
    if index < len(tokens):
        return index
    raise PositionError(
        who,
        wanted=f"marks within the text's {len(tokens)} tokens",
        found=f"token {index}",
        advice="use the tokenizer that the marks were made for, or character marks",
        details={"token": index, "length": len(tokens)},
    )


def _first_char(tokens: Tokens, index: int, who: str) -> int:
    surface = tokens.surface(index)
    char = tokens.spans[index][0] + len(surface) - len(surface.lstrip())
    if surface.strip() and tokens.at(char, who=who) == index:
        return char
    raise PositionError(
        who,
        wanted=f"a character that leads to token {index} and to no earlier one",
        found=f"{surface!r}",
        advice="mark a token that begins with a character of its own",
        details={"token": index},
    )


def _why_excluded(query: int, keys: tuple[int, ...]) -> str | None:
    late = [key for key in keys if key > query]
    if late:
        return (
            f"{len(late)} of {len(keys)} target tokens come after the marker's token {query} "
            f"(the first is token {late[0]}): causality makes that attention 0 whatever the model"
        )
    if query in keys:
        return (
            f"a target shares the marker's token {query}: "
            "that attention is the marker's to itself, not to the function"
        )
    return None
