"""Scores of rows, their weights and outputs, against loops over heads and keys."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import plip.kernels
from plip.kernels import Visibility, row_output, row_scores, row_weights, rows_dtype

pytestmark = pytest.mark.fast

HEADS, KV_HEADS, ROWS, KEYS, DIM = 6, 2, 3, 5, 4
POSITIONS = torch.tensor([1, 4, 2])
VISIBLE = Visibility().mask(POSITIONS, torch.arange(KEYS))


def parts(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Return a query, key and value."""
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(HEADS, ROWS, DIM, generator=generator).to(dtype),
        torch.randn(KV_HEADS, KEYS, DIM, generator=generator).to(dtype),
        torch.randn(KV_HEADS, KEYS, DIM + 1, generator=generator).to(dtype),
    )


def test_public_names() -> None:
    assert set(plip.kernels.__all__) >= {
        "Visibility",
        "edge_logit",
        "edge_mass",
        "expected_mass",
        "operate",
        "row_output",
        "row_scores",
        "row_weights",
        "rows_dtype",
        "rows_per_block",
    }
    for name in plip.kernels.__all__:
        assert hasattr(plip.kernels, name)


@pytest.mark.parametrize("softcap", [None, 0.7])
def test_scores_by_a_loop(softcap: float | None) -> None:
    query, key, _ = parts()
    scores = row_scores(query, key, VISIBLE, scaling=0.3, softcap=softcap)
    assert scores.shape == (HEADS, ROWS, KEYS)
    for head in range(HEADS):
        for row in range(ROWS):
            for k in range(KEYS):
                group = head // 3  # three query heads for each of two key-value heads
                wanted = 0.3 * sum(
                    float(query[head, row, d]) * float(key[group, k, d]) for d in range(DIM)
                )
                if softcap is not None:
                    wanted = softcap * math.tanh(wanted / softcap)
                if k > int(POSITIONS[row]):
                    wanted = -math.inf
                assert float(scores[head, row, k]) == pytest.approx(wanted, abs=1e-14)


def test_outputs_by_a_loop() -> None:
    _, _, value = parts()
    weights = torch.softmax(torch.arange(HEADS * ROWS * KEYS).double().sin(), 0)
    weights = weights.view(HEADS, ROWS, KEYS)
    out = row_output(weights, value)
    assert out.shape == (HEADS, ROWS, DIM + 1)
    for head in range(HEADS):
        for row in range(ROWS):
            wanted = sum(weights[head, row, k] * value[head // 3, k] for k in range(KEYS))
            assert isinstance(wanted, Tensor)
            assert torch.allclose(out[head, row], wanted, atol=1e-15, rtol=0)


@pytest.mark.parametrize(
    ("dtype", "rows"),
    [
        (torch.float64, torch.float64),
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
    ],
)
def test_rows_are_computed_in_float32_at_least(dtype: torch.dtype, rows: torch.dtype) -> None:
    query, key, value = parts(dtype)
    assert rows_dtype(dtype) == rows
    scores = row_scores(query, key, VISIBLE, scaling=0.5)
    weights = row_weights(scores)
    assert scores.dtype == weights.dtype == row_output(weights, value).dtype == rows
    exact = row_scores(query.double(), key.double(), VISIBLE, scaling=0.5)
    assert torch.allclose(scores.double(), exact, atol=1e-6, rtol=0)
    mixed = row_output(row_weights(exact), value.double())
    assert torch.allclose(row_output(weights, value).double(), mixed, atol=1e-6, rtol=0)


def test_scores_beyond_float16_are_numbers() -> None:
    query = torch.full((1, 1, 8), 200.0, dtype=torch.float16)
    scores = row_scores(query, query, torch.ones(1, 1, dtype=torch.bool), scaling=1.0)
    assert float(scores) == 8 * 200.0**2  # above 65504


def test_weights_sum_to_1_and_are_0_where_nothing_is_seen() -> None:
    query, key, _ = parts()
    weights = row_weights(row_scores(query, key, VISIBLE, scaling=0.5))
    assert torch.allclose(weights.sum(-1), torch.ones(HEADS, ROWS).double(), atol=1e-15)
    assert (weights[:, ~VISIBLE] == 0).all()


def test_a_row_that_sees_nothing_is_nan() -> None:
    scores = torch.full((1, 2, 3), -math.inf)
    scores[0, 1, 0] = 2.0
    weights = row_weights(scores)
    assert weights[0, 0].isnan().all()
    assert weights[0, 1].tolist() == [1, 0, 0]
