"""The WKV-6 recurrence, in whichever form is faster."""

from __future__ import annotations

import torch
from torch import Tensor

from plip.kernels.chunks import recur_in_chunks
from plip.kernels.recurrence import recur_in_place

__all__ = ["wkv"]

# From here on blocks are faster than single tokens; tests/benchmarks/test_recurrence.py measures.
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
