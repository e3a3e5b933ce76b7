"""What the WKV-6 recurrence costs, as ratios of its forms. `tox run -e bench`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from plip.kernels import wkv
from plip.kernels.chunks import recur_in_chunks
from plip.kernels.recurrence import recur, recur_in_place

pytestmark = pytest.mark.bench


def draw(batch: int, heads: int, n: int, size: int = 64) -> tuple[Tensor, ...]:
    """Draw inputs as a trained model has them, its decays between 0.1 and 0.9999."""
    torch.set_num_threads(1)
    # Once some memory of that size has been given back, no round pays for fresh pages.
    torch.zeros(7_000_000)
    generator = torch.Generator().manual_seed(n)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    raw = -9 + 10 * torch.rand(batch, heads, n, size, generator=generator)
    return (
        normal(batch, heads, n, size),
        normal(batch, heads, n, size),
        normal(batch, heads, n, size),
        -torch.exp(raw),
        normal(heads, size),
        normal(batch, heads, size, size),
    )


def test_long_text(ratio):
    inputs = draw(1, 8, 2048)
    assert ratio(lambda: wkv(*inputs), lambda: recur(*inputs), 7) <= 1 / 2


@pytest.mark.parametrize(("n", "least", "most"), [(1, 1.2, 9.0), (16, 0.0, 1.3), (64, 0.0, 1.3)])
@pytest.mark.parametrize("batch", [1, 32])
def test_the_faster_form_is_chosen(ratio, batch, n, least, most):
    """Blocks against single tokens: `wkv` takes blocks from 16 tokens on."""
    inputs = draw(batch, 8, n)
    assert (
        least <= ratio(_often(recur_in_chunks, inputs), _often(recur_in_place, inputs), 15) <= most
    )


def _often(form, inputs):
    def run():
        for _ in range(5):
            form(*inputs)

    return run
