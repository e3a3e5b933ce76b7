"""Laws of the divergence."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plip.measure import kl_divergence

pytestmark = pytest.mark.fast

LOGIT = st.floats(-60, 60, width=32)
PAIR = st.integers(1, 40).flatmap(
    lambda size: st.tuples(
        hnp.arrays(np.float32, size, elements=LOGIT), hnp.arrays(np.float32, size, elements=LOGIT)
    )
)


def _kl(baseline: np.ndarray, steered: np.ndarray) -> float:
    return float(kl_divergence(torch.from_numpy(baseline), torch.from_numpy(steered)))


@given(PAIR)
def test_never_negative(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert _kl(*pair) >= 0


@given(PAIR, st.floats(1e-8, 1e-3))
def test_never_negative_however_close(
    pair: tuple[np.ndarray, np.ndarray], closeness: float
) -> None:
    baseline, change = (values.astype(np.float64) for values in pair)
    assert _kl(baseline, baseline + closeness * change) >= 0


@given(PAIR)
def test_zero_for_equal_distributions_only(pair: tuple[np.ndarray, np.ndarray]) -> None:
    baseline, steered = pair
    assert _kl(baseline, baseline.copy()) == 0
    p, q = (scipy.special.softmax(values.astype(np.float64)) for values in pair)
    if np.abs(p - q).max() > 1e-6:
        assert _kl(baseline, steered) > 0


@given(PAIR, st.floats(-50, 50), st.floats(-50, 50))
def test_adding_a_constant_changes_nothing(
    pair: tuple[np.ndarray, np.ndarray], first: float, second: float
) -> None:
    baseline, steered = (values.astype(np.float64) for values in pair)
    shifted = _kl(baseline + first, steered + second)
    assert shifted == pytest.approx(_kl(baseline, steered), rel=1e-9, abs=1e-25)


@given(PAIR)
def test_agrees_with_scipy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = (np.exp(scipy.special.log_softmax(values.astype(np.float64))) for values in pair)
    assert _kl(*pair) == pytest.approx(float(scipy.stats.entropy(p, q)), rel=1e-8, abs=1e-12)


@given(PAIR, st.randoms(use_true_random=False))
def test_the_order_of_the_vocabulary_does_not_matter(
    pair: tuple[np.ndarray, np.ndarray], random: object
) -> None:
    baseline, steered = pair
    order = list(range(len(baseline)))
    random.shuffle(order)  # type: ignore[attr-defined]  # a random.Random
    again = _kl(baseline[order].copy(), steered[order].copy())
    assert again == pytest.approx(_kl(baseline, steered), rel=1e-12, abs=1e-25)
