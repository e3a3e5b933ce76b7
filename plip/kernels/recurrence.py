"""The WKV-6 recurrence, plainly: one token after another."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["recur", "recur_in_place"]


def recur(
    receptance: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    bonus: Tensor,
    state: Tensor,
    write: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run the recurrence by its definition; in float64 it is the oracle of the faster forms.

    o_t = r_tᵀ (diag(u) k_t v_tᵀ + S_{t−1})
    S_t = diag(exp(w_t)) S_{t−1} + f_t k_t v_tᵀ

    Args:
        receptance: r, [batch, head, token, key dim]; any float dtype, the same for all.
        key: k, like r.
        value: v, [batch, head, token, value dim].
        log_decay: w ≤ 0, like r.
        bonus: u, [head, key dim]; what the current token's own write counts for.
        state: S before the first token, [batch, head, key dim, value dim].
        write: f ≥ 0, [batch, head or 1, token], dimensionless; None is 1 everywhere. It scales what
            is written into the state, neither the bonus nor the decay, so that o_t depends on the
            factors of earlier tokens only.

    Returns:
        o, like `value`, and S after the last token.

    Source: STEERING_RESULTS.md §8.1; Peng et al. 2024, Eagle and Finch, equation 19.
    """
    outputs = []
    for t in range(key.shape[2]):
        pair = key[:, :, t, :, None] * value[:, :, t, None, :]
        seen = bonus[:, :, None] * pair + state
        outputs.append((receptance[:, :, t, None, :] @ seen)[:, :, 0])
        written = pair if write is None else pair * write[:, :, t, None, None]
        state = log_decay[:, :, t].exp()[..., None] * state + written
    return torch.stack(outputs, dim=2), state


def recur_in_place(
    receptance: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    bonus: Tensor,
    state: Tensor,
    write: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run the recurrence on one buffer of the state; for few tokens, and without gradients.

    Arguments and results are those of `recur`; the given state is left as it is.
    """
    output = (receptance * bonus[:, None] * key).sum(-1, keepdim=True) * value
    decay = log_decay.exp()[..., None]
    written = key if write is None else key * write[..., None]
    written = written[..., None]
    state = state.clone()
    for t in range(key.shape[2]):
        output[:, :, t] += (receptance[:, :, t, None, :] @ state)[:, :, 0]
        state.mul_(decay[:, :, t]).addcmul_(written[:, :, t], value[:, :, t, None, :])
    return output, state
