"""Attention from a marker to its targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from plip.errors import MeasureError

__all__ = ["TargetAttention", "as_fractions", "attention_to_targets"]


@dataclass(frozen=True, slots=True, eq=False)
class TargetAttention:
    """The attention of one or more rows to their target keys.

    Args:
        weights: [..., head, target], float64, fractions of attention.
    """

    weights: Tensor

    @property
    def mean(self) -> Tensor:
        """The mean over heads and targets, [...]: the paper's figure."""
        return self.weights.mean((-2, -1))

    @property
    def per_target(self) -> Tensor:
        """The mean over heads, [..., target]."""
        return self.weights.mean(-2)

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
        rows: [..., head, key], weights after the softmax, any float dtype.
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
    return TargetAttention(as_fractions(rows[..., listed]))


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
