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
# Numbers of one input to work on at a time: what is made of them stays in a processor's cache.
_CACHED = 1 << 17


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

    Within a block o_t = Σ_{i<t} a_{t,i} v_i + (r_t · u k_t) v_t + r_tᵀ diag(Π_{j<t} d_j) S,
    a_{t,i} = Σ_s r_{t,s} f_i k_{i,s} Π_{i<j<t} d_{j,s}, d = exp(w), S the state before the block.

    No product of decays is ever a quotient of two longer ones, of which the lower vanishes, nor its
    logarithm a difference of prefix sums, which cancels. A block is split in the middle: for i in
    its first half and t in its second, the product is that from i to the middle times that from the
    middle to t. Each has factors ≤ 1 only, and one goes to k_i, the other to r_t. The halves are
    split likewise.

    Arguments and results are those of `recur`.
    """
    batch, heads, n_tokens, dim = key.shape
    written = key if write is None else key * write[..., None]
    own = (receptance * bonus[:, None] * key).sum(-1, keepdim=True)
    inputs = (receptance, written, value, log_decay.exp(), own)
    step = n_tokens
    if key.device.type == "cpu":
        step = max(1, _CACHED // (batch * heads * dim * _BLOCK)) * _BLOCK
    outputs = []
    for start in range(0, n_tokens, step):
        output, state = _run(state, *(each[:, :, start : start + step] for each in inputs))
        outputs.append(output)
    return torch.cat(outputs, dim=2), state


def _run(
    state: Tensor, r: Tensor, k: Tensor, v: Tensor, d: Tensor, own: Tensor
) -> tuple[Tensor, Tensor]:
    """Run some tokens at once; `own` is r_t · u k_t, [batch, head, token, 1]."""
    n_tokens = k.shape[2]
    block = min(_BLOCK, 1 << (n_tokens - 1).bit_length())
    # Tokens that are added write nothing and let nothing decay.
    missing = -n_tokens % block
    r, k, v, own = (_blocks(each, block, missing, 0) for each in (r, k, v, own))
    attention, queries, keys, decay = _attention(r, k, _blocks(d, block, missing, 1), own)
    writes = keys.transpose(-1, -2) @ v
    decay = decay[..., None]
    entering = []
    for number in range(k.shape[2]):
        entering.append(state)
        state = decay[:, :, number] * state + writes[:, :, number]
    output = attention @ v + queries @ torch.stack(entering, dim=2)
    return output.flatten(2, 3)[:, :, :n_tokens], state


def _blocks(tensor: Tensor, block: int, missing: int, filling: float) -> Tensor:
    """Cut [batch, head, token, dim] into [batch, head, block, token, dim], filled up."""
    filled = pad(tensor, (0, 0, 0, missing), value=filling) if missing else tensor
    batch, heads, n_tokens, dim = filled.shape
    return filled.reshape(batch, heads, n_tokens // block, block, dim)


def _attention(
    r: Tensor, k: Tensor, d: Tensor, own: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute a within blocks, doubling the part of the block that is done.

    Returns:
        attention: [batch, head, block, token, token], 0 above the diagonal, `own` on it.
        queries: r_t Π d from the block's beginning to before t, like `r`.
        keys: k_i Π d from after i to the block's end, like `k`.
        decay: Π d over the block, [batch, head, block, dim].
    """
    block = d.shape[3]
    # [batch, head, block, part, token in part, …]; parts of one token to begin with.
    attention, r, k = own[..., None], r[..., None, :], k[..., None, :]
    while attention.shape[-1] < block:
        size = attention.shape[-1]
        (done_left, r_left, k_left, d_left), (done_right, r_right, k_right, d_right) = (
            tuple(each[:, :, :, half::2] for each in (attention, r, k, d)) for half in (0, 1)
        )
        between = torch.cat([_products(r_right, k_left), done_right], dim=-1)
        attention = torch.cat([pad(done_left, (0, size)), between], dim=-2)
        r = torch.cat([r_left, r_right * d_left[..., None, :]], dim=-2)
        k = torch.cat([k_left * d_right[..., None, :], k_right], dim=-2)
        d = d_left * d_right
    return attention[:, :, :, 0], r[:, :, :, 0], k[:, :, :, 0], d[:, :, :, 0]


def _products(queries: Tensor, keys: Tensor) -> Tensor:
    if queries.shape[-2] <= _TINY:
        return (queries[..., :, None, :] * keys[..., None, :, :]).sum(-1)
    return queries @ keys.transpose(-1, -2)
