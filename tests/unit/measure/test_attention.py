"""Attention from a row to target keys."""

from __future__ import annotations

import pytest
import torch

from plip.errors import MeasureError
from plip.measure import attention_to_targets

pytestmark = pytest.mark.fast

#: Two heads over four keys.
ROWS = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 0.125, 0.125]])


def test_every_figure_by_hand() -> None:
    found = attention_to_targets(ROWS.double(), [1, 3])
    expected = torch.tensor([[0.2, 0.4], [0.25, 0.125]], dtype=torch.float64)
    assert torch.allclose(found.weights, expected, atol=1e-7)
    assert float(found.mean) == pytest.approx((0.2 + 0.4 + 0.25 + 0.125) / 4, abs=1e-7)
    assert found.per_target.tolist() == pytest.approx([0.225, 0.2625], abs=1e-7)
    assert found.per_head.tolist() == pytest.approx([0.3, 0.1875], abs=1e-7)
    assert found.edge_mass.tolist() == pytest.approx([0.6, 0.375], abs=1e-7)


def test_leading_dimensions_are_kept() -> None:
    rows = ROWS.expand(3, 5, 2, 4)
    found = attention_to_targets(rows, [0])
    assert found.weights.shape == (3, 5, 2, 1)
    assert found.mean.shape == (3, 5)
    assert found.per_target.shape == (3, 5, 1)
    assert found.per_head.shape == found.edge_mass.shape == (3, 5, 2)


def test_means_are_taken_in_float64() -> None:
    found = attention_to_targets(ROWS, [0, 1])
    assert found.weights.dtype == torch.float64
    assert float(found.mean) == float(ROWS[:, :2].double().mean())


def test_keys_keep_their_order() -> None:
    found = attention_to_targets(ROWS, [3, 0])
    assert found.weights[0].tolist() == pytest.approx([0.4, 0.1])


@pytest.mark.parametrize("keys", [[], [4], [-1], [1, 1]])
def test_keys_without_meaning_are_refused(keys: list[int]) -> None:
    with pytest.raises(MeasureError) as caught:
        attention_to_targets(ROWS, keys)
    assert str(caught.value) == (
        f"target keys: wanted at least one position in 0 … 3, each once, found {keys}; "
        "Sample.locate gives a sample's target tokens"
    )


@pytest.mark.parametrize("value", [float("nan"), -0.01, 1.01])
def test_weights_that_are_no_fractions_are_refused(value: float) -> None:
    rows = ROWS.clone()
    rows[1, 2] = value
    with pytest.raises(MeasureError, match=r"wanted fractions in \[0, 1\], found values from"):
        attention_to_targets(rows, [2])


def test_a_weight_that_rounding_lifted_above_1_is_kept() -> None:
    assert float(attention_to_targets(torch.tensor([[1.0000001, 0.0]]), [0]).mean) > 1
