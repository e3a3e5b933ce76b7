"""What an RWKV-6 model carries from one token to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from plip.errors import InputError
from plip.kernels import rows_dtype
from plip.models.rwkv6.config import Rwkv6Config

__all__ = ["LayerState", "Rwkv6State", "stack"]

_SHAPE = "{} sequences, {} layers, hidden size {}, {} heads of size {}"


@dataclass(frozen=True, slots=True)
class LayerState:
    """What one block carries; nothing here is ever changed in place.

    Args:
        time_shift: the last token's input to time mixing, [batch, hidden].
        channel_shift: the last token's input to channel mixing, [batch, hidden].
        wkv: S, [batch, head, key dim, value dim], float32 (float64 of a float64 model).
    """

    time_shift: Tensor
    channel_shift: Tensor
    wkv: Tensor

    def map(self, change: Callable[[Tensor], Tensor]) -> LayerState:
        """Apply a function to every tensor."""
        return LayerState(change(self.time_shift), change(self.channel_shift), change(self.wkv))


# Not frozen: `generate` marks the state that it is given.
@dataclass
class Rwkv6State:
    """The recurrent state of a batch: what transformers calls `past_key_values`.

    A forward pass returns a new one and leaves the old one as it was, so that any number of
    continuations may start from one state.

    Args:
        layers: the blocks' states.
        seen: tokens behind it, padding included.
    """

    layers: tuple[LayerState, ...]
    seen: int

    #: What `generate` asks: no code is to be compiled for it, and no token can be taken back.
    is_compileable: ClassVar[bool] = False
    is_croppable: ClassVar[bool] = False

    @classmethod
    def empty(
        cls, config: Rwkv6Config, batch: int, dtype: torch.dtype, device: torch.device
    ) -> Rwkv6State:
        """Return the state before the first token: zeros."""
        width, size = config.hidden_size, config.head_size
        layer = LayerState(
            torch.zeros(batch, width, dtype=dtype, device=device),
            torch.zeros(batch, width, dtype=dtype, device=device),
            torch.zeros(batch, config.n_heads, size, size, dtype=rows_dtype(dtype), device=device),
        )
        return cls((layer,) * config.num_hidden_layers, 0)

    @property
    def batch(self) -> int:
        """How many sequences it belongs to."""
        return self.layers[0].wkv.shape[0]

    def check(self, config: Rwkv6Config, batch: int) -> None:
        """Check that it may be continued by a model with that many sequences.

        Raises:
            InputError: it is of another model or batch.
        """
        hidden, size = config.hidden_size, config.head_size
        wanted = (batch, config.num_hidden_layers, hidden, config.n_heads, size)
        state = self.layers[0]
        width = state.time_shift.shape[-1]
        found = (self.batch, len(self.layers), width, state.wkv.shape[1], state.wkv.shape[2])
        if found != wanted:
            raise InputError(
                "RWKV-6 state",
                wanted=_SHAPE.format(*wanted),
                found=_SHAPE.format(*found),
                advice="continue a state with the model that made it, sequence by sequence",
            )

    def get_seq_length(self) -> int:
        """Count the tokens behind it, as `generate` asks."""
        return self.seen

    def select(self, rows: Tensor) -> Rwkv6State:
        """Pick sequences by their index, one possibly several times."""
        return self.map(lambda tensor: tensor.index_select(0, rows.to(tensor.device)))

    def repeat(self, times: int) -> Rwkv6State:
        """Repeat each sequence, as `num_return_sequences` does."""
        return self.map(lambda tensor: tensor.repeat_interleave(times, dim=0))

    def clone(self) -> Rwkv6State:
        """Copy every tensor."""
        return self.map(Tensor.clone)

    def map(self, change: Callable[[Tensor], Tensor]) -> Rwkv6State:
        """Apply a function to every tensor."""
        return replace(self, layers=tuple(layer.map(change) for layer in self.layers))


def stack(states: Sequence[Rwkv6State]) -> Rwkv6State:
    """Put states side by side, as one batch; the longest of them says how many tokens were seen."""
    layers = zip(*(state.layers for state in states), strict=True)
    return Rwkv6State(
        tuple(
            LayerState(
                torch.cat([layer.time_shift for layer in same]),
                torch.cat([layer.channel_shift for layer in same]),
                torch.cat([layer.wkv for layer in same]),
            )
            for same in layers
        ),
        max(state.seen for state in states),
    )
