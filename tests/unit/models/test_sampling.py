"""Choosing the next token, against the definition."""

from __future__ import annotations

import math

import pytest
import torch

from plip.errors import MeasureError
from plip.models.sampling import choose, uniforms

pytestmark = pytest.mark.fast


def test_temperature_0_takes_the_largest_logit_and_of_equal_ones_the_first() -> None:
    logits = torch.tensor([[0.0, 3.0, -1.0], [2.0, 2.0, 1.0], [-torch.inf, -9.0, -torch.inf]])
    assert choose(logits, 0, torch.tensor([0.9, 0.9, 0.9])) == [1, 0, 1]


@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.0, 3.0])
def test_a_grid_of_draws_gives_the_probabilities(temperature: float) -> None:
    logits = torch.randn(7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    powers = [math.exp(value / temperature) for value in logits.tolist()]
    count = 20_000
    draws = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    found = choose(logits.expand(count, -1), temperature, draws)
    for token, power in enumerate(powers):
        assert found.count(token) / count == pytest.approx(power / math.fsum(powers), abs=1e-4)
    assert found == sorted(found)


def test_tokens_without_mass_are_never_drawn() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]] * 3)
    below = math.nextafter(1.0, 0.0)
    assert choose(logits, 1.0, torch.tensor([0.0, 0.5, below], dtype=torch.float64)) == [1, 3, 3]


def test_a_low_temperature_does_not_overflow() -> None:
    logits = torch.tensor([[1e30, 0.0], [0.0, 1.0]])
    assert choose(logits, 1e-6, torch.tensor([0.999, 0.999], dtype=torch.float64)) == [0, 1]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers(temperature: float, bad: float) -> None:
    logits = torch.tensor([[0.0, 1.0], [bad, 0.0]])
    with pytest.raises(MeasureError, match="found NaN, \\+inf or nothing but −inf"):
        choose(logits, temperature, torch.zeros(2, dtype=torch.float64))


def test_a_row_without_mass() -> None:
    with pytest.raises(MeasureError, match="nothing but −inf"):
        choose(torch.full((1, 3), -torch.inf), 1.0, torch.zeros(1, dtype=torch.float64))


def test_a_samples_numbers_are_its_own() -> None:
    whole = uniforms(5, range(6), 40)
    assert whole.shape == (6, 40)
    assert torch.equal(uniforms(5, range(2, 4), 40), whole[2:4])
    assert torch.equal(uniforms(5, range(6), 10), whole[:, :10])
    assert not torch.equal(uniforms(6, range(6), 40), whole)
    assert len(set(whole.flatten().tolist())) == 240
    assert 0 <= float(whole.min()) < float(whole.max()) < 1
    assert float(whole.mean()) == pytest.approx(0.5, abs=0.1)
