"""The WKV-6 recurrence, in whichever form is faster."""

from __future__ import annotations

import torch
from torch import Tensor

from plip.kernels.chunks import recur_in_chunks
from plip.kernels.recurrence import recur_in_place

__all__ = ["wkv"]

# Blocks take 1.9 to 2.6 times as long as single tokens for 1 token, 1.0 to 1.1 for 8, 0.8 to 1.0
# for 16, 0.6 to 1.1 for 32 (8 heads of 64, on one thread of a CPU; few sequences to 32 of them).
# tests/benchmarks/test_recurrence.py measures it.
_FEW = 16


def wkv(
    receptance: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    bonus: Tensor,
    state: Tensor,
    write: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Run the recurrence token by token for few tokens, in blocks for many or for gradients.

    Arguments and results are those of `plip.kernels.recurrence.recur`.
    """
    inputs = (receptance, key, value, log_decay, bonus, state, write)
    needs_graph = torch.is_grad_enabled() and any(
        each is not None and each.requires_grad for each in inputs
    )
    few = key.shape[2] < _FEW
    form = recur_in_place if few and not needs_graph else recur_in_chunks
    return form(*inputs)
