"""Laws of what a dose reaches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plip.measure import attention_at_scale, reachable_levels, scale_reaching

pytestmark = pytest.mark.fast

SCALE = st.floats(1e-3, 1e3)


@st.composite
def attention(draw: st.DrawFn) -> torch.Tensor:
    """Weights of some targets, as part of rows that sum to 1."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 4)))
    parts = draw(hnp.arrays(np.float64, (shape[0], shape[1] + 1), elements=st.floats(1e-6, 1)))
    return torch.from_numpy((parts / parts.sum(-1, keepdims=True))[:, :-1])


@given(attention(), SCALE, SCALE)
def test_a_larger_factor_reaches_more(weights: torch.Tensor, one: float, other: float) -> None:
    assume(one < other * (1 - 1e-6))
    levels = [float(attention_at_scale(weights, scale).mean()) for scale in (one, other)]
    assert levels[0] < levels[1]


@given(attention(), SCALE, SCALE)
def test_factors_multiply(weights: torch.Tensor, one: float, other: float) -> None:
    twice = attention_at_scale(attention_at_scale(weights, one), other)
    assert torch.allclose(twice, attention_at_scale(weights, one * other), rtol=1e-9, atol=1e-15)


@given(attention(), SCALE)
def test_what_is_reached_stays_within_reach(weights: torch.Tensor, scale: float) -> None:
    low, high = reachable_levels(weights)
    assert low <= float(attention_at_scale(weights, scale).mean()) <= high * (1 + 1e-12)


@given(attention(), SCALE)
def test_a_reached_level_leads_back_to_its_factor(weights: torch.Tensor, scale: float) -> None:
    level = float(attention_at_scale(weights, scale).mean())
    again = scale_reaching(weights, level)
    assert float(attention_at_scale(weights, again).mean()) == pytest.approx(level, rel=1e-9)
    assert again == pytest.approx(scale, rel=1e-3)
