"""Continuing a text, steered or not."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from torch import Tensor

from plip.errors import ContextLengthError
from plip.models.arguments import bad_argument
from plip.models.rwkv6.witness import StateWitness
from plip.models.sampling import choose, uniforms
from plip.models.witness import Witness
from plip.text import Tokens

__all__ = [
    "Continuation",
    "Decoder",
    "Generation",
    "Steer",
    "Wanted",
    "check_wanted",
    "continued",
    "ends_of",
]

#: What a plan acts on while a text is continued: the prompt alone, or every later token as well.
Steer = Literal["prompt", "throughout"]


@dataclass(frozen=True, slots=True)
class Continuation:
    """One continuation of a prompt.

    Args:
        ids: the new tokens, without the one that ended the text.
        text: what they stand for behind the prompt; None without a tokenizer.
        ended: whether the model ended the text, rather than the limit.
        witness: what the plan did on the way, None without a plan.
    """

    ids: tuple[int, ...]
    text: str | None
    ended: bool
    witness: Witness | StateWitness | None


@dataclass(frozen=True, slots=True)
class Generation:
    """The continuations of one prompt, in the order of their numbers.

    Args:
        prompt: what was continued.
        continuations: one for each sample.
    """

    prompt: Tokens
    continuations: tuple[Continuation, ...]

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The text of each continuation."""
        return tuple(each.text for each in self.continuations)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a text is to be continued.

    Args:
        max_new_tokens: the most tokens of a continuation.
        temperature: ≥ 0, dimensionless; 0 takes the most probable token.
        samples: how many continuations.
        seed: of the draws.
        batch: how many continuations are computed together. It is part of the result only in so far
            as rounding may differ between sizes, so that it should stay as it is within a study.
        steer: what the plan acts on.
    """

    max_new_tokens: int
    temperature: float
    samples: int
    seed: int
    batch: int
    steer: Steer


class Decoder(Protocol):
    """A model that continues one prompt several times at once."""

    def begin(self, copies: int) -> Tensor:
        """Compute the prompt; return the logits behind it, [copy, vocab]."""

    def step(self, ids: Sequence[int]) -> Tensor:
        """Take one more token of each copy; return the logits behind it, [copy, vocab]."""

    def witness(self, copy: int) -> Witness | StateWitness | None:
        """Say what the plan did on the way of a copy, None without a plan."""


def check_wanted(wanted: Wanted, prompt: Tokens, context: int, name: str) -> None:
    """Check how a text is to be continued.

    Raises:
        ConfigError: an option without meaning.
        ContextLengthError: a prompt that leaves no room for the new tokens.
    """
    for option in ("max_new_tokens", "samples", "batch"):
        value = getattr(wanted, option)
        if type(value) is not int or value < 1:
            raise bad_argument(option, "a whole number ≥ 1", repr(value))
    if type(wanted.seed) is not int or wanted.seed < 0:
        raise bad_argument("seed", "a whole number ≥ 0", repr(wanted.seed))
    heat = wanted.temperature
    if isinstance(heat, bool) or not isinstance(heat, int | float) or not 0 <= heat < math.inf:
        raise bad_argument("temperature", "a finite number ≥ 0", repr(heat))
    if heat == 0 and wanted.samples > 1:
        raise bad_argument(
            "samples", "1 at temperature 0, where all are the same", str(wanted.samples)
        )
    if wanted.steer not in ("prompt", "throughout"):
        raise bad_argument("steer", "'prompt' or 'throughout'", repr(wanted.steer))
    if len(prompt) + wanted.max_new_tokens > context:
        raise ContextLengthError(
            "prompt",
            wanted=f"at most {context - wanted.max_new_tokens} tokens, the context of {name} less "
            f"the {wanted.max_new_tokens} new ones",
            found=f"{len(prompt)} tokens",
            advice="shorten the prompt or ask for fewer new tokens",
            details={"tokens": len(prompt), "context": context},
        )


def ends_of(model: Any, tokenizer: Any) -> frozenset[int]:
    """Return every token that ends a text, as model, generation settings or tokenizer name it."""
    holders = (model.config, getattr(model, "generation_config", None), tokenizer)
    named = [getattr(holder, "eos_token_id", None) for holder in holders]
    return frozenset(
        token
        for each in named
        if each is not None
        for token in ([each] if isinstance(each, int) else each)
    )


def continued(
    decoder: Decoder, wanted: Wanted, prompt: Tokens, ends: Collection[int], tokenizer: Any
) -> Generation:
    """Continue a prompt.

    Args:
        decoder: of the prompt.
        wanted: how.
        prompt: what is continued.
        ends: tokens that end a text.
        tokenizer: to read the new tokens, or None.
    """
    found: list[Continuation] = []
    for first in range(0, wanted.samples, wanted.batch):
        numbers = range(first, min(first + wanted.batch, wanted.samples))
        for copy, (ids, ended) in enumerate(_batch(decoder, wanted, numbers, ends)):
            text = None if tokenizer is None else _read(tokenizer, prompt, ids)
            found.append(Continuation(tuple(ids), text, ended, decoder.witness(copy)))
    return Generation(prompt, tuple(found))


def _batch(
    decoder: Decoder, wanted: Wanted, numbers: range, ends: Collection[int]
) -> list[tuple[list[int], bool]]:
    """Continue the prompt for some samples; the batch keeps its size until all have ended."""
    draws = uniforms(wanted.seed, numbers, wanted.max_new_tokens)
    ids: list[list[int]] = [[] for _ in numbers]
    ended = [False for _ in numbers]
    logits = decoder.begin(len(numbers))
    for place in range(wanted.max_new_tokens):
        chosen = choose(logits, wanted.temperature, draws[:, place])
        for copy, token in enumerate(chosen):
            ended[copy] = ended[copy] or token in ends
            if not ended[copy]:
                ids[copy].append(token)
        if all(ended) or place == wanted.max_new_tokens - 1:
            break
        logits = decoder.step(chosen)
    return list(zip(ids, ended, strict=True))


def _read(tokenizer: Any, prompt: Tokens, ids: Sequence[int]) -> str:
    """Return what new tokens add to the prompt's text.

    Some tokenizers write a token differently at the beginning of a text, so that the new ones are
    read behind the prompt. A character that was cut by the limit is read as U+FFFD.
    """
    before = _decode(tokenizer, prompt.ids)
    whole = _decode(tokenizer, [*prompt.ids, *ids])
    # A prompt that ends inside a character is read differently once the character is whole.
    same = len(before) if whole.startswith(before) else _common(before, whole)
    return whole[same:]


def _decode(tokenizer: Any, ids: Sequence[int]) -> str:
    options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    return str(tokenizer.decode(list(ids), **options))


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common from the beginning."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
