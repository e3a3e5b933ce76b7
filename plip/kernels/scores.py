"""Attention scores of chosen rows, and what they are worth as weights."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["row_output", "row_scores", "row_weights", "rows_dtype", "rows_per_block"]

_BLOCK = 1 << 24


def rows_per_block(heads: int, keys: int) -> int:
    """Return how many rows of scores [head, row, key] to compute at once, 64 MB in float32."""
    return max(1, _BLOCK // (heads * keys))


def rows_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype that rows are computed in: float32, or float64 for a float64 model."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def row_scores(
    query: Tensor,
    key: Tensor,
    visible: Tensor,
    *,
    scaling: float,
    softcap: float | None = None,
) -> Tensor:
    """Compute the attention scores of chosen rows.

    s[h, r, k] = scaling · q[h, r] · k[g(h), k], capped to softcap · tanh(s / softcap) where the
    model caps its scores, and −∞ where the key is not visible. g(h) is the key-value group of
    query head h; the keys are not repeated for it.

    Args:
        query: [head, row, dim], any float dtype.
        key: [key-value head, key, dim], any float dtype.
        visible: bool [row, key].
        scaling: multiplies the scores, dimensionless.
        softcap: the cap, or None.

    Returns:
        [head, row, key] in float32 (float64 for float64 inputs).
    """
    heads, rows, dim = query.shape
    kv_heads, keys, _ = key.shape
    dtype = rows_dtype(query.dtype)
    grouped = query.to(dtype).reshape(kv_heads, heads // kv_heads * rows, dim)
    scores = (grouped @ key.to(dtype).transpose(1, 2)).view(heads, rows, keys) * scaling
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    return scores.masked_fill(~visible, -torch.inf)


def row_weights(scores: Tensor) -> Tensor:
    """Turn scores into weights, w = softmax(s); NaN in a row whose scores are all −∞.

    Args:
        scores: [head, row, key], float.

    Returns:
        Like `scores`; rows sum to 1.
    """
    return torch.softmax(scores, dim=-1)


def row_output(weights: Tensor, value: Tensor) -> Tensor:
    """Mix the values by the weights, o[h, r] = Σ_k w[h, r, k] v[g(h), k].

    Args:
        weights: [head, row, key], float32 or float64.
        value: [key-value head, key, dim], any float dtype.

    Returns:
        [head, row, dim] in the dtype of `weights`.
    """
    heads, rows, keys = weights.shape
    kv_heads, _, dim = value.shape
    grouped = weights.reshape(kv_heads, heads // kv_heads * rows, keys)
    return (grouped @ value.to(weights.dtype)).view(heads, rows, dim)
