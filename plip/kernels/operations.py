"""The operations of a plan on rows of attention scores.

They work on scores, of which the weights are the softmax, and not on weights: a factor f on a
weight is log f on its score, so that knocking out an edge that holds all but 1e-40 of a row still
leaves the right distribution over the others, where weights in float32 would leave 0 / 0.
See docs/decisions/0002-operations-on-scores.md.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from plip.plan import Knockout, Operation, Scale

__all__ = ["edge_logit", "edge_mass", "expected_mass", "operate"]


def operate(scores: Tensor, edges: Tensor, operation: Operation) -> Tensor:
    """Carry out one operation on rows of scores.

    Knockout: s' = −∞ on the edges. Scale(f): s' = s + log f on the edges, so that
    w'[k] = f·w[k] / (1 + (f − 1)·A). SetValue(v): s' = log v on the row's E edges and
    s' = log softmax(s without the edges) + log(1 − E·v) elsewhere. Rows without edges are left as
    they are.

    Args:
        scores: [head, row, key], float32 or float64, −∞ where a key is not visible.
        edges: bool, broadcastable to `scores`; true only where the key is visible.
        operation: what to do.

    Returns:
        Like `scores`. A row that lost all its mass is all −∞: its weights are NaN, which the
        caller must refuse.

    Source: STEERING_RESULTS.md §4.1; SetValue after docs/decisions/0003-set-value.md.
    """
    if isinstance(operation, Knockout):
        return scores.masked_fill(edges, -torch.inf)
    if isinstance(operation, Scale):
        shift = math.log(operation.factor) if operation.factor > 0 else -math.inf
        return torch.where(edges, scores + shift, scores)
    return _set_value(scores, edges, operation.target)


def _set_value(scores: Tensor, edges: Tensor, target: float) -> Tensor:
    edges = edges.expand_as(scores)
    count = edges.sum(-1, keepdim=True)
    others = torch.log_softmax(scores.masked_fill(edges, -torch.inf), dim=-1)
    remainder = 1 - count.to(torch.float64) * target
    # Rounding of E·v may leave −1e-17 where exactly 0 is meant.
    left = torch.log(remainder.clamp(min=0)).to(scores.dtype)
    # Where nothing is left for the others, they get 0, whether there are others or not.
    rest = torch.where(torch.isinf(left), left, others + left)
    level = math.log(target) if target > 0 else -math.inf
    changed = torch.where(edges, torch.full_like(scores, level), rest)
    # Where the edges are all that a row sees, nobody can take what they leave.
    alone = (scores.isneginf() | edges).all(-1, keepdim=True) & ~left.isneginf()
    changed = changed.masked_fill(alone, torch.nan)
    return torch.where(count > 0, changed, scores)


def edge_logit(scores: Tensor, edges: Tensor) -> Tensor:
    """Return the log-odds of each row's edges, ℓ = log(A / (1 − A)), A the mass of the edges.

    A = Σ_{k ∈ edges} w[k] = σ(ℓ). Taken from the scores, because 1 − A is lost to rounding where
    the edges have almost all of their row.

    Args:
        scores: [head, row, key].
        edges: bool, broadcastable to `scores`.

    Returns:
        [head, row]; −∞ without edges, +∞ where the edges are all there is.
    """
    inside = torch.logsumexp(scores.masked_fill(~edges, -torch.inf), dim=-1)
    return inside - torch.logsumexp(scores.masked_fill(edges, -torch.inf), dim=-1)


def edge_mass(weights: Tensor, edges: Tensor) -> Tensor:
    """Return the mass of each row's edges, A = Σ_{k ∈ edges} w[k].

    Args:
        weights: [head, row, key], rows sum to 1.
        edges: bool, broadcastable to `weights`.

    Returns:
        [head, row], a fraction of attention.
    """
    return torch.where(edges, weights, 0).sum(-1)


def expected_mass(logit: Tensor, count: Tensor, operation: Operation) -> Tensor:
    """Return the edge mass that an operation must reach, in closed form.

    Knockout: 0. Scale(f): f·A / (1 + (f − 1)·A) = σ(ℓ + log f). SetValue(v): E·v.

    Args:
        logit: ℓ = log(A / (1 − A)) before, [head, row].
        count: E, the number of edges, broadcastable to `logit`.
        operation: what was done.

    Returns:
        Like `logit`, a fraction of attention; A itself in rows without edges.
    """
    if isinstance(operation, Knockout):
        after = torch.zeros_like(logit)
    elif isinstance(operation, Scale):
        shift = math.log(operation.factor) if operation.factor > 0 else -math.inf
        after = torch.sigmoid(logit + shift)
    else:
        after = operation.target * count.to(logit.dtype).expand_as(logit)
    return torch.where(count > 0, after, torch.sigmoid(logit))
