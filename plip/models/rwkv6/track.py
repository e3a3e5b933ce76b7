"""One sequence on its way through an RWKV-6: which writes are steered, which rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from plip.kernels import effective_weights, normalised_weights
from plip.models.results import Capture
from plip.models.rwkv6.block import Recurrence
from plip.models.rwkv6.mixing import Projections
from plip.models.rwkv6.witness import LayerRecurrence, WriteWitness, examine
from plip.models.rwkv6.writes import factors, layer_steps
from plip.plan import Plan

__all__ = ["Made", "StateTrack"]


@dataclass(frozen=True, slots=True)
class Made:
    """What one layer made of the tokens of one sequence, [head, token, dim] each."""

    receptance: Tensor
    key: Tensor
    log_decay: Tensor

    @classmethod
    def of(cls, made: Projections, entry: int, length: int) -> Made:
        """Pick one sequence of a batch, without its padding."""
        return cls(
            made.receptance[entry, :, :length],
            made.key[entry, :, :length],
            made.log_decay[entry, :, :length],
        )

    def then(self, later: Made) -> Made:
        """Return these tokens and those that follow."""
        return Made(
            torch.cat([self.receptance, later.receptance], dim=1),
            torch.cat([self.key, later.key], dim=1),
            torch.cat([self.log_decay, later.log_decay], dim=1),
        )


@dataclass(slots=True)
class StateTrack:
    """A sequence, its plan, and what is learned about it on the way.

    Args:
        who: names the sequence in errors.
        n_tokens: its length.
        first: position of the first token that is run; earlier ones have left a state.
        plan: what to change, or None.
        capture: which rows of effective attention to keep, or None.
        evidence: what the plan's steps did, each with its index.
        rows: kept rows, by layer and query, [head, key].
    """

    who: str
    n_tokens: int
    first: int
    plan: Plan | None
    capture: Capture | None
    evidence: list[tuple[int, WriteWitness]] = field(default_factory=list)
    rows: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    def write(self, layer: int, heads: int) -> Tensor | None:
        """Return the factors of a layer's writes, [head, token from `first`], None for all 1."""
        steps = [step for _, step in layer_steps(self.plan, layer)]
        return factors(steps, heads, self.first, self.n_tokens) if steps else None

    def see(
        self, layer: int, recurrence: Recurrence, entry: int, earlier: Made | None = None
    ) -> None:
        """Keep the rows and the evidence that a layer has of this sequence.

        Args:
            layer: the layer.
            recurrence: of a batch; what stands behind the sequence is padding. Outputs may be
                those of its last tokens only.
            entry: where in the batch.
            earlier: what the layer made of the tokens before `first`, None where there are none.
        """
        length = self.n_tokens - self.first
        write = None if recurrence.write is None else recurrence.write[entry, :, :length]
        if self.capture is not None and layer in self.capture.layers:
            mine = Made.of(recurrence.made, entry, length)
            whole = mine if earlier is None else earlier.then(mine)
            self.keep(layer, whole, recurrence.bonus, write)
        steps = layer_steps(self.plan, layer)
        if steps:
            made = recurrence.made
            seen = LayerRecurrence(
                receptance=_wide(made.receptance[entry, :, :length]),
                key=_wide(made.key[entry, :, :length]),
                value=_wide(made.value[entry, :, :length]),
                log_decay=_wide(made.log_decay[entry, :, :length]),
                bonus=_wide(recurrence.bonus),
                before=_wide(recurrence.before[entry]),
                output=_wide(recurrence.output[entry, :, :length]),
                after=_wide(recurrence.after[entry]),
            )
            self.evidence += examine(layer, seen, steps, self.first, self.n_tokens)

    def keep(self, layer: int, made: Made, bonus: Tensor, write: Tensor | None) -> None:
        """Keep the effective attention of the captured rows.

        Args:
            layer: the layer.
            made: of the whole text.
            bonus: u, [head, dim].
            write: factors of the writes of the tokens from `first`, [head, token].
        """
        assert self.capture is not None  # nobody else asks
        if write is not None:
            write = torch.cat([torch.ones_like(made.key[:, : self.first, 0]), write], dim=1)
        for query in self.capture.queries:
            weights = effective_weights(
                made.receptance, made.key, made.log_decay, bonus, query, write
            )
            self.rows[layer, query] = normalised_weights(weights)


def _wide(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().double()
