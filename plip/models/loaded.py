"""What every subject has in common: a model, a tokenizer, and continuing a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from plip.errors import TextError
from plip.kernels import rows_dtype
from plip.models.arguments import check_texts, single
from plip.models.generation import (
    Decoder,
    Generation,
    Steer,
    Wanted,
    check_wanted,
    continued,
    ends_of,
)
from plip.models.provenance import Origin
from plip.plan import Plan
from plip.text import Tokens, tokenize

__all__ = ["LoadedSubject"]


class LoadedSubject(ABC):
    """A loaded model with its tokenizer.

    Args:
        model: the model.
        tokenizer: one that gives spans, or None, with which only `tokenize` fails.
        origin: where it came from.
    """

    def __init__(self, model: nn.Module, tokenizer: Any, origin: Origin) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.origin = origin

    @property
    def name(self) -> str:
        """The id, directory or bundled name it was loaded from."""
        return self.origin.name

    @property
    @abstractmethod
    def context(self) -> int:
        """The longest text in tokens that the model's configuration allows."""

    @property
    def device(self) -> torch.device:
        """Where token ids go in."""
        return torch.device(next(self.model.parameters()).device)

    def tokenize(self, text: str, *, special_tokens: bool = False) -> Tokens:
        """Turn a text into tokens with character spans.

        Args:
            text: not empty.
            special_tokens: whether the tokenizer adds its own, such as a beginning of sequence.

        Raises:
            TextError: an empty text, or no tokenizer that gives spans.
        """
        if self.tokenizer is None:
            raise TextError(
                self.name,
                wanted="a tokenizer",
                found="none",
                advice="pass one to plip.wrap(model, tokenizer)",
            )
        return tokenize(self.tokenizer, text, special_tokens=special_tokens)

    def final_hidden(self, tokens: Tokens) -> Tensor:
        """Compute the final hidden state of every token, behind the final norm, without steering.

        It is what the model projects onto its vocabulary, taken from its own base model.

        Args:
            tokens: one text.

        Returns:
            [token, hidden], in float32 (float64 of a float64 model).

        Raises:
            ContextLengthError: a text longer than the model's context.
        """
        check_texts(self.model.config, self.name, self.context, [tokens], [])
        model: Any = self.model
        with torch.no_grad():
            output = model.base_model(
                input_ids=torch.tensor([tokens.ids], device=self.device), use_cache=False
            )
        hidden: Tensor = output.last_hidden_state[0]
        return hidden.to(rows_dtype(hidden.dtype))

    def generate(
        self,
        tokens: Tokens,
        *,
        plan: Plan | None = None,
        steer: Steer = "prompt",
        max_new_tokens: int = 80,
        temperature: float = 0.0,
        samples: int = 1,
        seed: int = 0,
        batch: int = 32,
    ) -> Generation:
        """Continue a text, steered or not, until its end or the limit.

        The prompt is computed once for all samples. What decides a sample's tokens is drawn from
        the seed and the sample's number alone.

        Args:
            tokens: the prompt.
            plan: what to change, or None.
            steer: "prompt" for the prompt's rows only; "throughout" for new rows as well, as far as
                the plan names them: `into(key)` names every later row. Both are the same for a
                recurrent state: what was written in the prompt is read throughout.
            max_new_tokens: the most tokens of a continuation.
            temperature: divides the logits; 0 takes the most probable token.
            samples: how many continuations; 1 at temperature 0.
            seed: of the draws, ≥ 0.
            batch: how many continuations are computed together.

        Raises:
            ConfigError: an argument without meaning.
            PlanError, ContextLengthError, WitnessError: as `run`.
            MeasureError: logits that are not numbers.

        Source: STEERING_RESULTS.md §8.2.
        """
        single(tokens, Tokens)
        single(plan, Plan, optional=True)
        wanted = Wanted(max_new_tokens, temperature, samples, seed, batch, steer)
        check_wanted(wanted, tokens, self.context, self.name)
        decoder = self._decoder(tokens, plan, throughout=steer == "throughout")
        ends = ends_of(self.model, self.tokenizer)
        return continued(decoder, wanted, tokens, ends, self.tokenizer)

    @abstractmethod
    def _decoder(self, tokens: Tokens, plan: Plan | None, *, throughout: bool) -> Decoder:
        """Return what continues a prompt, once the plan is checked against it."""
