"""Attention from a marker to its targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.errors import MeasureError

__all__ = ["TargetAttention", "as_fractions", "attention_to_targets"]


@dataclass(frozen=True, slots=True, eq=False)
class TargetAttention:
    """The attention of one or more rows to their target keys.

    A head whose whole row is 0 gives no fractions: it is NaN here, and left out of means over
    heads. Softmax leaves no such row; effective attention may, where every weight is negative.

    Args:
        weights: [..., head, target], float64, fractions of attention.
    """

    weights: Tensor

    @property
    def defined(self) -> Tensor:
        """Which heads have fractions, bool [..., head]."""
        return ~self.weights.isnan().any(-1)

    @property
    def mean(self) -> Tensor:
        """The mean over heads and targets, [...]: the paper's figure. NaN where no head counts."""
        return self.weights.mean(-1).nanmean(-1)

    @property
    def per_target(self) -> Tensor:
        """The mean over heads, [..., target]."""
        return self.weights.nanmean(-2)

    @property
    def per_head(self) -> Tensor:
        """The mean over targets, [..., head]."""
        return self.weights.mean(-1)

    @property
    def edge_mass(self) -> Tensor:
        """A, the sum over targets, [..., head]: what a head gives to all of them."""
        return self.weights.sum(-1)


def attention_to_targets(rows: Tensor, keys: Sequence[int]) -> TargetAttention:
    """Pick the attention that rows pay to target keys.

    Args:
        rows: [..., head, key], whole rows of weights after the softmax, or of effective attention,
            any float dtype.
        keys: token positions of the targets, each once.

    Returns:
        The weights of each head and target, with the means the paper uses.

    Raises:
        MeasureError: no key, one twice or out of range, or weights that are not in [0, 1].

    Source: STEERING_RESULTS.md §1.1.
    """
    length = rows.shape[-1]
    listed = list(keys)
    if not listed or len(set(listed)) != len(listed) or not all(0 <= k < length for k in listed):
        raise MeasureError(
            "target keys",
            wanted=f"at least one position in 0 … {length - 1}, each once",
            found=str(listed),
            advice="Sample.locate gives a sample's target tokens",
            details={"keys": listed, "length": length},
        )
    fractions = as_fractions(rows)
    empty = fractions.sum(-1, keepdim=True) == 0
    return TargetAttention(fractions[..., listed].masked_fill(empty, torch.nan))


def as_fractions(weights: Tensor) -> Tensor:
    """Return attention weights in float64 on the CPU, if that is what they are.

    Raises:
        MeasureError: a value that is NaN or outside [0, 1].
    """
    wide = weights.detach().cpu().double()
    # Rows are computed in float32, whose rounding may lift a weight of 1 a little above it.
    if not bool(((wide >= 0) & (wide <= 1 + 1e-5)).all()):
        raise MeasureError(
            "attention weights",
            wanted="fractions in [0, 1]",
            found=f"values from {float(wide.min()):g} to {float(wide.max()):g}",
            advice="give weights after the softmax, of rows that were captured",
        )
    return wide
