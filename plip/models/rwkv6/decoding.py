"""Continuing a text with an RWKV-6."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from plip.kernels import rows_dtype
from plip.models.rwkv6.modeling import Rwkv6ForCausalLM
from plip.models.rwkv6.state import Rwkv6State
from plip.models.rwkv6.witness import StateWitness

__all__ = ["StateDecoder"]


class StateDecoder:
    """Continues from one state, as a batch.

    Args:
        model: the model.
        logits: behind the prompt, [vocab].
        state: after the prompt, of one sequence; it holds all that steering has done, and every
            new token reads it.
        witness: what the plan did in the prompt.
    """

    def __init__(
        self,
        model: Rwkv6ForCausalLM,
        logits: Tensor,
        state: Rwkv6State,
        witness: StateWitness | None,
    ) -> None:
        self._model = model
        self._logits = logits
        self._prompt = state
        self._state = state
        self._witness = witness

    def begin(self, copies: int) -> Tensor:
        """Return the logits behind the prompt for each copy, [copy, vocab]."""
        self._state = self._prompt.repeat(copies)
        return self._logits.expand(copies, -1)

    def step(self, ids: Sequence[int]) -> Tensor:
        """Take one more token of each copy; return the logits behind it, [copy, vocab]."""
        device = next(self._model.parameters()).device
        with torch.no_grad():
            output = self._model(
                input_ids=torch.tensor(ids, device=device)[:, None],
                past_key_values=self._state,
                use_cache=True,
            )
        self._state = output.past_key_values
        logits: Tensor = output.logits[:, -1].to(rows_dtype(self._model.dtype))
        return logits

    def witness(self, copy: int) -> StateWitness | None:
        """Say what the plan did in the prompt, the same for each copy."""
        return self._witness
