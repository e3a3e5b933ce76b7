"""The quantity in the paper's KL column, which is no divergence of two predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.errors import MeasureError
from plip.measure.divergence import NARROW

__all__ = ["DROPPED_BELOW", "PublishedDivergence", "published_bounds", "published_divergence"]

#: Terms with a probability of at most this on either side are left out of the sum.
DROPPED_BELOW = 1e-10


@dataclass(frozen=True, slots=True)
class PublishedDivergence:
    """The sum, and what went into it.

    Args:
        value: the sum of the terms, nats.
        positions: how many softmaxes over hidden states it runs through, the last one perhaps in
            part: min(tokens, vocab / hidden).
        mass: Σ p_i over the terms that count; 1 if p were one distribution.
        dropped: the share of the terms that were left out, a fraction.
    """

    value: float
    positions: float
    mass: float
    dropped: float

    @property
    def floor(self) -> float:
        """The least that a sum of this mass can be, nats: mass · ln mass."""
        return self.mass * math.log(self.mass) if self.mass else 0.0


def published_divergence(baseline_hidden: Tensor, steered_logits: Tensor) -> PublishedDivergence:
    """Compare hidden states with a prediction, as the paper's program did for its KL column.

    M = Σ_i p_i ln(p_i / q_i) over i < min(n·hidden, vocab) with p_i > 1e-10 and q_i > 1e-10

    p is the softmax of each token's final hidden state over the hidden units, all tokens one behind
    another: n distributions, so that Σ_i p_i = n, not 1. q is the softmax of the steered logits at
    the last token over the vocabulary. Unit j of token t is set against the vocabulary's entry
    t·hidden + j, with which it has nothing to do, and what is longer is cut off.

    So the sum is no divergence: it is not 0 where nothing is steered, and grows by one distribution
    a token until vocab / hidden tokens are reached. Steering enters through q alone, where it moves
    the logarithms of probabilities by little; that is why the column is flat.

    The paper's program summed in float32; here it is float64.

    Args:
        baseline_hidden: [token, hidden], behind the final norm, of the text without steering.
        steered_logits: [vocab], at the last token, of the steered text.

    Returns:
        The sum with its floor, which the log-sum inequality gives: M ≥ A ln A with A = Σ p_i over
        the terms that count, because the q_i among them sum to at most 1. With 42 tokens and
        nothing left out that is 157 nats, whatever the model is.

    Raises:
        MeasureError: shapes that do not fit, logits narrower than float32, values that are no
            numbers.

    Source: STEERING_RESULTS.md §2.1, §2.2; the program's `examples/steering_experiment.rs` hands
        `kl_divergence` of `src/intervention.rs` the output of its forward pass, which is the normed
        hidden state, beside the logits of the steered one (PCfVW/plip-rs at 0a9de01).
    """
    shapes = baseline_hidden.shape, steered_logits.shape
    if tuple(map(len, shapes)) != (2, 1) or 0 in (*shapes[0], *shapes[1]):
        raise MeasureError(
            "published divergence",
            wanted="hidden states [token, hidden] and logits [vocab]",
            found=f"{list(baseline_hidden.shape)} and {list(steered_logits.shape)}",
            advice="give one text's hidden states and the logits at its last token",
        )
    if steered_logits.dtype in NARROW:
        raise MeasureError(
            "published divergence",
            wanted="float32 or float64 logits",
            found=str(steered_logits.dtype).removeprefix("torch."),
            advice="give the logits of a run, which are float32",
        )
    p = _softmax(baseline_hidden, "hidden states").flatten()
    q = _softmax(steered_logits, "steered logits")
    length = min(len(p), len(q))
    p, q = p[:length], q[:length]
    kept = (p > DROPPED_BELOW) & (q > DROPPED_BELOW)
    value = float((p[kept] * (p[kept].log() - q[kept].log())).sum())
    return PublishedDivergence(
        value=value,
        positions=length / baseline_hidden.shape[1],
        mass=float(p[kept].sum()),
        dropped=1 - int(kept.sum()) / length,
    )


def published_bounds(tokens: int, hidden: int, vocabulary: int) -> tuple[float, float]:
    """Return what `published_divergence` lies between, whatever the model is, nats.

    −1/e ≤ M < ln 1e10 · min(tokens, ⌈vocab / hidden⌉)

    From above: with p_i ≤ 1 and q_i > 1e-10 a term is less than p_i ln 1e10, and the p_i of a token
    sum to at most 1, which makes 23.03 nats a token. The same sum over one pair of distributions
    stays below 23.03. From below: the least value of A ln A.

    Args:
        tokens: of the text, ≥ 1.
        hidden: units of a hidden state, ≥ 1.
        vocabulary: entries of the logits, ≥ 1.
    """
    return -1 / math.e, -math.log(DROPPED_BELOW) * min(tokens, math.ceil(vocabulary / hidden))


def _softmax(values: Tensor, who: str) -> Tensor:
    wide = values.detach().cpu().double()
    if not bool(torch.isfinite(wide).all()):
        raise MeasureError(
            who,
            wanted="finite numbers",
            found="NaN or infinity",
            advice="the model overflowed: run it in float32 or bfloat16",
        )
    return wide.softmax(-1)
