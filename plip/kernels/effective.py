"""What the WKV-6 recurrence comes to, without running it: weights on earlier tokens, the state."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["effective_weights", "normalised_weights", "state_after"]


def effective_weights(
    receptance: Tensor,
    key: Tensor,
    log_decay: Tensor,
    bonus: Tensor,
    query: int,
    write: Tensor | None = None,
) -> Tensor:
    """Compute the weight of every token in the output of one row.

    a_i = Σ_s r_{t,s} f_i k_{i,s} exp(Σ_{i<j<t} w_{j,s}) for i < t, a_t = Σ_s r_{t,s} u_s k_{t,s}

    Where the text begins with an empty state, o_t = Σ_{i≤t} a_i v_i.

    The sums of w are taken backwards from t, so that none is a difference.

    Args:
        receptance: r, [head, token, dim], float; one dtype for all.
        key: k, likewise.
        log_decay: w, likewise.
        bonus: u, [head, dim].
        query: t.
        write: f, [head or 1, token]; None is 1 everywhere.

    Returns:
        a, [head, t + 1]; of either sign, and of any sum.

    Source: STEERING_RESULTS.md §8.1.
    """
    row = receptance[:, query]
    own = (row * bonus * key[:, query]).sum(-1, keepdim=True)
    passed = key[:, :query] * _decay_to(log_decay[:, :query])
    earlier = (passed @ row[:, :, None])[..., 0]
    if write is not None:
        earlier = earlier * write[:, :query]
    return torch.cat([earlier, own], dim=-1)


def normalised_weights(weights: Tensor) -> Tensor:
    """Turn effective weights into fractions: max(a, 0) / Σ max(a, 0).

    A row without any positive weight has no fractions: it stays 0 throughout, which no row of
    fractions is.

    Args:
        weights: [..., key].
    """
    positive = weights.clamp(min=0)
    total = positive.sum(-1, keepdim=True)
    return positive / torch.where(total > 0, total, torch.ones_like(total))


def state_after(
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    state: Tensor,
    write: Tensor | None = None,
) -> Tensor:
    """Compute the state after the last token as one sum over all writes.

    S = diag(exp(Σ_j w_j)) S_0 + Σ_i f_i diag(exp(Σ_{j>i} w_j)) k_i v_iᵀ

    Args:
        key: k, [head, token, key dim], float; one dtype for all.
        value: v, [head, token, value dim].
        log_decay: w, like k.
        state: S_0, [head, key dim, value dim].
        write: f, [..., head or 1, token]; None is 1 everywhere.

    Returns:
        [..., head, key dim, value dim], one state for each set of factors.
    """
    left = key * _decay_to(log_decay)
    if write is not None:
        left = left * write[..., None]
    return log_decay.sum(1).exp()[..., None] * state + left.transpose(-1, -2) @ value


def _decay_to(log_decay: Tensor) -> Tensor:
    """Return exp(Σ_{j>i} w_j) for every token i, [head, token, dim]."""
    later = torch.zeros_like(log_decay)
    later[:, :-1] = log_decay[:, 1:].flip(1).cumsum(1).flip(1)
    return later.exp()
