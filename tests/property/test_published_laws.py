"""Laws of the paper's comparison of hidden states with a prediction."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plip.measure import published_bounds, published_divergence

pytestmark = pytest.mark.fast

VALUE = st.floats(-40, 40, width=32)
STATES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: hnp.arrays(np.float32, shape, elements=VALUE)
)
LOGITS = st.integers(1, 40).flatmap(lambda size: hnp.arrays(np.float32, size, elements=VALUE))


@given(STATES, LOGITS)
def test_it_stays_within_its_bounds(states: np.ndarray, logits: np.ndarray) -> None:
    found = published_divergence(torch.from_numpy(states), torch.from_numpy(logits))
    low, high = published_bounds(*states.shape, len(logits))
    assert low - 1e-9 <= found.floor <= found.value + 1e-9
    assert found.value < high
    assert 0 <= found.mass <= min(len(states), -(-len(logits) // states.shape[1])) + 1e-9


@given(STATES, LOGITS, st.floats(-20, 20))
def test_a_shift_of_either_side_changes_nothing(
    states: np.ndarray, logits: np.ndarray, shift: float
) -> None:
    one, other = torch.from_numpy(states).double(), torch.from_numpy(logits).double()
    value = published_divergence(one, other)
    moved = published_divergence(one + shift, other - shift)
    if moved.dropped == value.dropped:  # rounding may move a term over the edge
        assert moved.value == pytest.approx(value.value, abs=1e-9)


@given(STATES, LOGITS)
def test_what_lies_behind_the_end_of_the_vocabulary_does_not_count(
    states: np.ndarray, logits: np.ndarray
) -> None:
    one, other = torch.from_numpy(states), torch.from_numpy(logits)
    needed = -(-len(logits) // states.shape[1])
    whole = published_divergence(one, other)
    assert published_divergence(one[:needed], other) == whole
