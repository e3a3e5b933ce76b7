"""Choosing the next token."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from plip.errors import MeasureError

__all__ = ["choose", "uniforms"]


def uniforms(seed: int, samples: range, count: int) -> Tensor:
    """Draw the numbers in [0, 1) that decide each token of each sample.

    A sample's numbers depend on the seed and on its own number only, not on how many samples there
    are or which of them are computed together.

    Args:
        seed: ≥ 0.
        samples: their numbers.
        count: how many tokens each may have.

    Returns:
        [sample, token], float64.
    """
    rows = [np.random.default_rng([seed, sample]).random(count) for sample in samples]
    return torch.from_numpy(np.stack(rows))


def choose(logits: Tensor, temperature: float, draws: Tensor) -> list[int]:
    """Choose a token for each sample: the most probable one, or one drawn by its probability.

    p = softmax(logits / temperature), and the token is the first one whose cumulated p exceeds the
    draw. Temperature 0 takes the largest logit, of equal ones the first.

    Args:
        logits: [sample, vocab].
        temperature: ≥ 0, dimensionless.
        draws: [sample], in [0, 1), float64.

    Returns:
        A vocabulary index for each sample.

    Raises:
        MeasureError: logits that are not numbers.
    """
    wide = logits.detach().double().cpu()
    if not bool((wide < torch.inf).all()) or bool((wide == -torch.inf).all(-1).any()):
        raise MeasureError(
            "logits of the next token",
            wanted="numbers, at least one of them above −inf",
            found="NaN, +inf or nothing but −inf",
            advice="the model overflowed: run it in float32 or bfloat16",
        )
    if temperature == 0:
        return [int(token) for token in wide.argmax(-1)]
    # The largest is taken off first: a low temperature would overflow.
    scaled = (wide - wide.amax(-1, keepdim=True)) / temperature
    cumulated = scaled.softmax(-1).cumsum(-1)
    # Rounding may leave the last sum a little off 1.
    where = draws[:, None] * cumulated[:, -1:]
    found = torch.searchsorted(cumulated, where, right=True)[:, 0]
    return [int(token) for token in found.clamp(max=wide.shape[-1] - 1)]
