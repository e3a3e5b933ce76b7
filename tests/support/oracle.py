"""Steered attention written a second time, as plainly as possible, to judge plip by.

The whole attention matrix in the dtype of the model that runs (float64 for a reference model),
transformers' own eager mask for causality and windows, and operations on *weights*, entry by entry
in Python loops. It shares no code with `plip.kernels` or `plip.models`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

__all__ = ["Change", "Truth", "oracle"]

_NAME = "plain_oracle"


@dataclass(frozen=True)
class Change:
    """One thing done to a matrix of weights.

    Args:
        kind: "multiply" weights by `amount` and renormalise the row; "zero" them and renormalise;
            "mask" their scores with −∞ before the softmax; "set" them to `amount` and rescale the
            rest of the row.
        pairs: the edges (query, key), those outside a layer's window included.
        layers: where.
        heads: query heads.
        amount: the factor or value.
    """

    kind: Literal["multiply", "zero", "mask", "set"]
    pairs: frozenset[tuple[int, int]]
    layers: frozenset[int]
    heads: frozenset[int]
    amount: float = 0.0

    @property
    def idle(self) -> bool:
        """Whether this is the identity by its kind."""
        return self.kind == "multiply" and self.amount == 1.0


@dataclass
class Truth:
    """What a sequence gives.

    Args:
        logits: [position, vocabulary].
        weights: by layer, [head, query, key], 0 where a key is not visible.
        masses: for each change, (layer, head, query, edges, mass before, mass after, largest
            relative change of an edge's weight) of each row that has edges of it.
        emptied: whether a row lost all its mass; its weights and all that follows are NaN.
    """

    logits: Tensor
    weights: dict[int, Tensor] = field(default_factory=dict)
    masses: list[list[tuple[int, int, int, int, float, float, float]]] = field(default_factory=list)
    emptied: bool = False

    def effect(self, number: int) -> float:
        """Return the largest relative change of an edge's weight; 0 where it met no row."""
        return max((note[-1] for note in self.masses[number]), default=0.0)


@dataclass
class _State:
    changes: Sequence[Change]
    truth: Truth


_state: ContextVar[_State] = ContextVar("plain_oracle_state")


def oracle(model: nn.Module, ids: Sequence[int], changes: Sequence[Change] = ()) -> Truth:
    """Run one sequence on its own and change its attention weights on the way.

    Args:
        model: any model; `families.reference(…)` for the truth in float64. It keeps this module's
            attention implementation only while it runs.
        ids: the tokens.
        changes: carried out in order in each layer.
    """
    truth = Truth(torch.empty(0), masses=[[] for _ in changes])
    token = _state.set(_State(changes, truth))
    try:
        with torch.no_grad(), _attached(model):
            output = model(input_ids=torch.tensor([list(ids)]), use_cache=False)
    finally:
        _state.reset(token)
    truth.logits = output.logits[0].double()
    return truth


@contextmanager
def _attached(model: Any) -> Iterator[None]:
    found = model.config._attn_implementation
    model.set_attn_implementation(_NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(found)


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor,
    scaling: float | None = None,
    softcap: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    state = _state.get()
    _, heads, rows, dim = query.shape
    keys = key.shape[2]
    assert rows == keys, "the oracle runs whole sequences"
    each = heads // key.shape[1]
    visible = attention_mask[0, 0] == 0
    out = torch.empty(1, rows, heads, value.shape[-1], dtype=query.dtype)
    layer = module.layer_idx
    final = []
    for head in range(heads):
        group = head // each
        scores = query[0, head] @ key[0, group].T * (dim**-0.5 if scaling is None else scaling)
        if softcap is not None:
            scores = softcap * torch.tanh(scores / softcap)
        scores = scores.masked_fill(~visible, -math.inf)
        weights = torch.softmax(scores, dim=-1)
        for number, change in enumerate(state.changes):
            if layer in change.layers and head in change.heads:
                before = weights
                weights = _changed(scores, before, visible, change)
                for row, edges in _edges_by_row(change, visible):
                    was, now = before[row, edges], weights[row, edges]
                    larger = torch.maximum(was, now).clamp(min=1e-300)
                    moved = float(((now - was).abs() / larger).max())
                    state.truth.masses[number].append(
                        (layer, head, row, len(edges), float(was.sum()), float(now.sum()), moved)
                    )
        state.truth.emptied |= bool(torch.isnan(weights).any())
        final.append(weights)
        out[0, :, head] = weights @ value[0, group]
    state.truth.weights[layer] = torch.stack(final)
    return out, None


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, eager_mask)


def _edges_by_row(change: Change, visible: Tensor) -> Iterator[tuple[int, list[int]]]:
    for query in sorted({query for query, _ in change.pairs}):
        edges = [k for q, k in sorted(change.pairs) if q == query and visible[q, k]]
        if edges:
            yield query, edges


def _changed(scores: Tensor, weights: Tensor, visible: Tensor, change: Change) -> Tensor:
    """Change the rows of one head that have edges of a change."""
    weights = weights.clone()
    for query, edges in _edges_by_row(change, visible):
        row = weights[query].tolist()
        if change.kind == "mask":
            masked = scores[query].clone()
            masked[edges] = -math.inf
            row = torch.softmax(masked, dim=-1).tolist()
        elif change.kind == "set":
            others = sum(weight for key, weight in enumerate(row) if key not in edges)
            left = 1.0 - len(edges) * change.amount
            if others == 0 and left > 1e-12:  # nobody is there to take what is left
                row = [math.nan] * len(row)
            else:
                ratio = left / others if others > 0 else 0.0
                row = [change.amount if k in edges else w * ratio for k, w in enumerate(row)]
        else:
            factor = change.amount if change.kind == "multiply" else 0.0
            row = [weight * factor if key in edges else weight for key, weight in enumerate(row)]
            total = sum(row)
            row = [weight / total if total > 0 else math.nan for weight in row]
        weights[query] = torch.tensor(row, dtype=weights.dtype)
    return weights
