"""How far a steered prediction lies from its baseline."""

from __future__ import annotations

import torch
from torch import Tensor

from plip.errors import MeasureError

__all__ = ["NARROW", "kl_divergence"]

#: Types whose rounding shows in a divergence.
NARROW = (torch.bfloat16, torch.float16)


def kl_divergence(
    baseline_logits: Tensor, steered_logits: Tensor, *, allow_narrow: bool = False
) -> Tensor:
    """Measure KL(baseline ‖ steered), the information lost when the steered model stands in.

    KL(p ‖ q) = Σ_v p_v (log p_v − log q_v), p and q the softmax of the two

    It is summed as Σ_v (q_v − p_v − p_v (log q_v − log p_v)), which is the same because p and q
    both sum to 1. Here no term is negative, so that rounding can neither make the divergence
    negative nor drown a small one. Nothing is clipped.

    Args:
        baseline_logits: [..., vocab], float32 or float64; −inf stands for a token without mass.
        steered_logits: of the same shape.
        allow_narrow: whether bfloat16 and float16 are taken as well. Their rounding alone is worth
            about 2e-5 nats, as much as some effects that papers report.

    Returns:
        [...] float64 on the CPU, nats, ≥ 0; exactly 0 for equal logits; inf where a token that
        the baseline allows has no mass left.

    Raises:
        MeasureError: shapes that differ, logits narrower than float32, NaN or +inf among them, or a
            row without mass.

    Source: STEERING_RESULTS.md §2.
    """
    if baseline_logits.shape != steered_logits.shape or baseline_logits.ndim == 0:
        raise MeasureError(
            "KL divergence",
            wanted="baseline and steered logits of one shape [..., vocab]",
            found=f"{list(baseline_logits.shape)} and {list(steered_logits.shape)}",
            advice="compare the same positions of the same text",
        )
    for logits in (baseline_logits, steered_logits):
        if logits.dtype in NARROW and not allow_narrow:
            raise MeasureError(
                "KL divergence",
                wanted="float32 or float64 logits",
                found=f"{str(logits.dtype).removeprefix('torch.')}, whose rounding alone is worth "
                "about 2e-5 nats",
                advice="run the model in float32, or insist with allow_narrow=True",
            )
    log_p = _log_softmax(baseline_logits, "baseline logits")
    log_q = _log_softmax(steered_logits, "steered logits")
    p, q = log_p.exp(), log_q.exp()
    gap = log_q - log_p
    # Near 0, expm1 keeps the digits that q − p would lose.
    terms = torch.where(gap.abs() < 1, p * (torch.expm1(gap) - gap), q - p - p * gap)
    return torch.where(p > 0, terms, q).sum(-1)


def _log_softmax(logits: Tensor, who: str) -> Tensor:
    """Return float64 log-probabilities, or say why there are none."""
    wide = logits.detach().cpu().double()
    if not bool((wide < torch.inf).all()):
        raise MeasureError(
            who,
            wanted="numbers, or −inf for a token without mass",
            found="NaN" if bool(wide.isnan().any()) else "+inf",
            advice="the model overflowed: run it in float32 or bfloat16",
        )
    if wide.shape[-1] == 0 or bool((wide == -torch.inf).all(-1).any()):
        raise MeasureError(
            who,
            wanted="at least one token with mass in every row",
            found="none",
            advice="look at the mask over the vocabulary",
        )
    return wide.log_softmax(-1)
