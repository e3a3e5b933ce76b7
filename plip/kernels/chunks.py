"""The WKV-6 recurrence in blocks of tokens: matrix products, exact for any decay."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["recur_in_chunks"]

# A power of two: blocks are built from halves.
_BLOCK = 16
# Up to this many rows, a sum over products is faster than many tiny matrix products.
_TINY = 4


def recur_in_chunks(
    receptance: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    bonus: Tensor,
    state: Tensor,
    write: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run the recurrence a block at a time; with gradients.

    Within a block o_t = Σ_{i<t} a_{t,i} v_i + (r_t · u k_t) v_t + r_tᵀ diag(exp(Σ_{j<t} w_j)) S,
    a_{t,i} = Σ_s r_{t,s} f_i k_{i,s} exp(Σ_{i<j<t} w_{j,s}), S the state before the block.

    The exponent is never a difference of prefix sums, which cancels, nor is exp(−Σ w) formed,
    which overflows. A block is split in the middle: for i in its first half and t in its second,
    the exponent is the sum from i to the middle plus the sum from the middle to t. Each is a sum of
    terms ≤ 0, and belongs to one of the two factors. The halves are split likewise.

    Arguments and results are those of `recur`.
    """
    n_tokens = key.shape[2]
    block = min(_BLOCK, 1 << max(0, n_tokens - 1).bit_length())
    written = key if write is None else key * write[..., None]
    diagonal = (receptance * bonus[:, None] * key).sum(-1)
    # Tokens that are added write nothing and let nothing decay.
    r, k, v, w = (_blocks(each, block) for each in (receptance, written, value, log_decay))
    own = _blocks(diagonal[..., None], block)[..., 0]
    attention, before, after, total = _attention(r, k, w, own)
    within = attention @ v
    queries = r * before.exp()
    writes = (k * after.exp()).transpose(-1, -2) @ v
    decay = total.exp()[..., None]
    entering = []
    for number in range(r.shape[2]):
        entering.append(state)
        state = decay[:, :, number] * state + writes[:, :, number]
    output = within + queries @ torch.stack(entering, dim=2)
    return output.flatten(2, 3)[:, :, :n_tokens], state


def _blocks(tensor: Tensor, block: int) -> Tensor:
    """Cut [batch, head, token, dim] into [batch, head, block, token, dim], filled up with 0."""
    missing = -tensor.shape[2] % block
    filled = pad(tensor, (0, 0, 0, missing)) if missing else tensor
    batch, heads, n_tokens, dim = filled.shape
    return filled.reshape(batch, heads, n_tokens // block, block, dim)


def _attention(
    r: Tensor, k: Tensor, w: Tensor, own: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute a within blocks, doubling the part of the block that is done.

    Returns:
        attention: [batch, head, block, token, token], 0 above the diagonal, `own` on it.
        before: Σ of w from the block's beginning to before the token, like `w`.
        after: Σ of w from after the token to the block's end, like `w`.
        total: Σ of w over the block, [batch, head, block, dim].
    """
    block = w.shape[3]
    # [batch, head, block, part, token in part, …]; parts of one token to begin with.
    attention = own[..., None, None]
    before = torch.zeros_like(w)[..., None, :]
    after = before
    total = w
    r, k = r[..., None, :], k[..., None, :]
    while attention.shape[-1] < block:
        left, right = attention[:, :, :, 0::2], attention[:, :, :, 1::2]
        queries = r[:, :, :, 1::2] * before[:, :, :, 1::2].exp()
        keys = k[:, :, :, 0::2] * after[:, :, :, 0::2].exp()
        attention = torch.cat(
            [
                torch.cat([left, torch.zeros_like(left)], dim=-1),
                torch.cat([_products(queries, keys), right], dim=-1),
            ],
            dim=-2,
        )
        first, second = total[:, :, :, 0::2], total[:, :, :, 1::2]
        before = torch.cat(
            [before[:, :, :, 0::2], before[:, :, :, 1::2] + first[..., None, :]], dim=-2
        )
        after = torch.cat(
            [after[:, :, :, 0::2] + second[..., None, :], after[:, :, :, 1::2]], dim=-2
        )
        total = first + second
        parts = (*w.shape[:3], first.shape[3], -1, w.shape[4])
        r, k = r.reshape(parts), k.reshape(parts)
    return attention[:, :, :, 0], before[:, :, :, 0], after[:, :, :, 0], total[:, :, :, 0]


def _products(queries: Tensor, keys: Tensor) -> Tensor:
    if queries.shape[-2] <= _TINY:
        return (queries[..., :, None, :] * keys[..., None, :, :]).sum(-1)
    return queries @ keys.transpose(-1, -2)
