"""Effective attention and the state in closed form, against a plain loop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from draws import share
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from plip.kernels import effective_weights, normalised_weights, state_after

pytestmark = pytest.mark.fast


def loop(
    r: Tensor, k: Tensor, v: Tensor, w: Tensor, u: Tensor, state: Tensor, f: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Run the recurrence by its definition: o [head, token, dim] and the state after each token."""
    rn, kn, vn, wn, un, s, fn = (each.double().numpy() for each in (r, k, v, w, u, state, f))
    outputs, states = np.zeros_like(vn), []
    for t in range(kn.shape[1]):
        after = np.zeros_like(s)
        for h in range(kn.shape[0]):
            write = np.outer(kn[h, t], vn[h, t])
            outputs[h, t] = rn[h, t] @ (np.diag(un[h]) @ write + s[h])
            after[h] = np.diag(np.exp(wn[h, t])) @ s[h] + fn[min(h, len(fn) - 1), t] * write
        s = after
        states.append(s)
    return outputs, np.array(states)


@st.composite
def inputs(draw: Any) -> dict[str, Tensor]:
    heads, n = draw(st.integers(1, 3)), draw(st.integers(1, 40))
    dim, wide = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    raw = draw(st.sampled_from([-8.0, -2.0, 0.0, 3.0, 8.0])) + normal(heads, n, dim)
    factors = torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64)
    chosen = torch.randint(0, 4, (draw(st.sampled_from([1, heads])), n), generator=generator)
    return {
        "r": normal(heads, n, dim),
        "k": normal(heads, n, dim),
        "v": normal(heads, n, wide),
        "w": -raw.exp(),
        "u": normal(heads, dim),
        "f": factors[chosen],
        "state": normal(heads, dim, wide),
    }


@given(given=inputs())
def test_weighted_values_are_the_output(given: dict[str, Tensor]) -> None:
    """Σ_i a_i v_i = o_t for every row, with factors and without."""
    r, k, v, w, u, f = (given[name] for name in "rkvwuf")
    empty = torch.zeros_like(given["state"])
    for write in (f, None):
        used = torch.ones_like(f) if write is None else f
        outputs, _ = loop(r, k, v, w, u, empty, used)
        for t in range(k.shape[1]):
            weights = effective_weights(r, k, w, u, t, write)
            assert weights.shape == (k.shape[0], t + 1)
            made = (weights[:, None] @ v[:, : t + 1])[:, 0].numpy()
            assert np.abs(made - outputs[:, t]).max() <= 1e-12 * max(1, np.abs(outputs).max())


@given(given=inputs())
def test_the_state_is_the_loops(given: dict[str, Tensor]) -> None:
    r, k, v, w, u, f, s = (given[name] for name in (*"rkvwuf", "state"))
    _, states = loop(r, k, v, w, u, s, f)
    _, plain = loop(r, k, v, w, u, s, torch.ones_like(f))
    scale = 1e-12 * max(1, np.abs(states).max(), np.abs(plain).max())
    for stop in {0, 1, k.shape[1] // 2, k.shape[1]}:
        cut = slice(0, stop)
        arguments = (k[:, cut], v[:, cut], w[:, cut], s)
        wanted = s.numpy() if stop == 0 else states[stop - 1]
        found = state_after(*arguments, f[:, cut])
        assert found.shape == s.shape
        assert np.abs(found.numpy() - wanted).max() <= scale
        unsteered = s.numpy() if stop == 0 else plain[stop - 1]
        assert np.abs(state_after(*arguments).numpy() - unsteered).max() <= scale
        # Several sets of factors at once.
        both = state_after(*arguments, torch.stack([torch.ones_like(f), f])[..., cut])
        assert np.abs(both[0].numpy() - unsteered).max() <= scale
        assert np.abs(both[1].numpy() - wanted).max() <= scale


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("log_decay", [-1e-4, -1.0, -90.0, -1e4, -3e38, -math.inf])
def test_no_decay_overflows(dtype: torch.dtype, log_decay: float) -> None:
    """Of the token right before, nothing has decayed; of those before it, what the decay leaves."""
    n = 3000
    ones = torch.ones(2, n, 4, dtype=dtype)
    w = torch.full((2, n, 4), log_decay, dtype=dtype)
    weights = effective_weights(ones, ones, w, ones[:, 0], n - 1)
    ages = np.arange(n - 2, -1, -1, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        wanted = 4 * np.exp(np.where(ages > 0, ages * log_decay, 0))
    eps = torch.finfo(dtype).eps
    assert torch.isfinite(weights).all()
    assert np.allclose(weights[:, :-1].double().numpy(), wanted, rtol=3000 * eps, atol=1e-44)
    assert (weights[:, -1] == 4).all()
    state = state_after(ones, ones, w, ones[:, :4, :4])
    assert torch.isfinite(state).all()


def test_single_precision_of_a_long_text() -> None:
    """Sums are taken from the near end, so that near tokens have small ones."""
    generator = torch.Generator().manual_seed(0)
    r, k = (torch.randn(2, 2000, 16, generator=generator, dtype=torch.float64) for _ in range(2))
    w = -torch.exp(torch.rand(2, 2000, 16, generator=generator, dtype=torch.float64) * 11 - 8)
    u = torch.randn(2, 16, generator=generator, dtype=torch.float64)
    exact = effective_weights(r, k, w, u, 1999)
    found = effective_weights(r.float(), k.float(), w.float(), u.float(), 1999)
    assert float((found - exact).norm() / exact.norm()) <= 1e-6


def test_by_hand() -> None:
    """One head of one dimension: r = 2, k = 1, 3, −5, decays a half and a quarter, u = 7."""
    r = torch.full((1, 3, 1), 2.0)
    k = torch.tensor([[[1.0], [3.0], [-5.0]]])
    w = torch.tensor([[[9.0], [0.5], [0.25]]]).log()
    u = torch.tensor([[7.0]])
    assert effective_weights(r, k, w, u, 0).tolist() == [[14.0]]
    assert effective_weights(r, k, w, u, 1).tolist() == [[2.0, 42.0]]
    assert effective_weights(r, k, w, u, 2).tolist() == [[1.0, 6.0, -70.0]]
    # The factor of the row's own write does not count.
    f = torch.tensor([[0.0, 3.0, 100.0]])
    assert effective_weights(r, k, w, u, 2, f).tolist() == [[0.0, 18.0, -70.0]]
    # After the last token, its own write has not decayed.
    v = torch.tensor([[[1.0], [1.0], [1.0]]])
    state = torch.tensor([[[10.0]]])
    # 9 · ½ · ¼ · 10 + ½ · ¼ · 1 + ¼ · 3 − 5
    assert state_after(k, v, w, state).item() == pytest.approx(11.25 + 0.125 + 0.75 - 5)
    assert state_after(k, v, w, state, f).item() == pytest.approx(11.25 + 0.25 * 9 - 500)


@share(25)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=9))
def test_fractions_by_a_plain_oracle(row: list[float]) -> None:
    positive = [max(a, 0.0) for a in row]
    total = math.fsum(positive)
    wanted = [a / total if total else 0.0 for a in positive]
    found = normalised_weights(torch.tensor([row], dtype=torch.float64))[0]
    assert found.tolist() == pytest.approx(wanted, rel=1e-12, abs=0)
    assert float(found.sum()) == pytest.approx(1 if total else 0, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_without_any_positive_weight_is_0(dtype: torch.dtype) -> None:
    rows = torch.tensor([[-1.0, -2.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 1e-40, 0.0]], dtype=dtype)
    found = normalised_weights(rows)
    assert found.dtype == dtype
    assert found.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_what_is_no_number_stays_none() -> None:
    assert normalised_weights(torch.tensor([[math.nan, 1.0]])).isnan().any()
    assert normalised_weights(torch.tensor([[math.inf, 1.0]])).isnan().any()
