"""The WKV-6 recurrence: by hand, by its gradients, at its extremes, and as others compute it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest
import torch
from torch import Tensor

from plip.kernels import wkv
from plip.kernels.chunks import recur_in_chunks
from plip.kernels.recurrence import recur, recur_in_place

pytestmark = pytest.mark.fast

every_form = pytest.mark.parametrize("form", [recur, recur_in_place, recur_in_chunks, wkv])
NAMES = ("receptance", "key", "value", "log_decay", "bonus", "state")


def draw(
    batch: int, heads: int, n: int, key_dim: int, value_dim: int, raw: tuple[float, float] = (-8, 3)
) -> list[Tensor]:
    """Draw inputs in float64, their decay exp(−exp(raw))."""
    generator = torch.Generator().manual_seed(n)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    low, high = raw
    spread = torch.rand(batch, heads, n, key_dim, generator=generator, dtype=torch.float64)
    return [
        normal(batch, heads, n, key_dim),
        normal(batch, heads, n, key_dim),
        normal(batch, heads, n, value_dim),
        -torch.exp(low + (high - low) * spread),
        normal(heads, key_dim),
        normal(batch, heads, key_dim, value_dim),
    ]


@every_form
def test_by_hand(form: Any) -> None:
    """Two tokens of a head of size 1, the first written at a factor of 3.

    o₁ = 2 (0.5 · 3 · 5 + 10) = 35, S₁ = 10/2 + 3 · 3 · 5 = 50,
    o₂ = 7 (0.5 · 1 · 4 + 50) = 364, S₂ = 50/4 + 1 · 4 = 16.5.
    """
    one = torch.tensor([2.0, 7.0, 3.0, 1.0, 5.0, 4.0, 0.5, 0.25], dtype=torch.float64)
    r, k, v, d = one.view(4, 1, 1, 2, 1)
    bonus, state = torch.tensor([[0.5]]).double(), torch.tensor([[[[10.0]]]]).double()
    write = torch.tensor([[[3.0, 1.0]]]).double()
    output, after = form(r, k, v, d.log(), bonus, state, write)
    assert output.flatten().tolist() == pytest.approx([35.0, 364.0], rel=1e-15)
    assert float(after) == pytest.approx(16.5, rel=1e-15)


@every_form
def test_keys_are_rows_of_the_state_and_values_columns(form: Any) -> None:
    r, k, v, w, u, state = draw(1, 1, 1, 2, 3)
    output, after = form(r, k, v, w, u, state)
    expected = state[0, 0] * w[0, 0, 0].exp()[:, None] + torch.outer(k[0, 0, 0], v[0, 0, 0])
    assert torch.allclose(after[0, 0], expected, rtol=1e-14)
    seen = state[0, 0] + u[0][:, None] * torch.outer(k[0, 0, 0], v[0, 0, 0])
    assert torch.allclose(output[0, 0, 0], r[0, 0, 0] @ seen, rtol=1e-14)


@pytest.mark.parametrize("n", [1, 3, 16, 18])
@pytest.mark.parametrize("form", [recur_in_chunks, wkv])
def test_gradients(form: Any, n: int) -> None:
    leaves = [each.requires_grad_() for each in draw(1, 2, n, 2, 3, raw=(-2, 1))]
    assert torch.autograd.gradcheck(form, leaves, fast_mode=n > 3)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 32, 33, 47, 48, 70])
@pytest.mark.parametrize("cached", [1, 2 * 2 * 4 * 32, 1 << 30])
def test_long_texts_are_run_in_parts(monkeypatch: pytest.MonkeyPatch, n: int, cached: int) -> None:
    """Parts of 16 tokens, of 32, and all at once."""
    monkeypatch.setattr("plip.kernels.chunks._CACHED", cached)
    inputs = [*draw(2, 2, n, 4, 5), torch.linspace(0, 2, 2 * n).double().view(2, 1, n)]
    for one, other in zip(recur_in_chunks(*inputs), recur(*inputs), strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", [*NAMES, "write"])
@pytest.mark.parametrize("n", [3, 40])
def test_each_input_alone_may_want_a_gradient(n: int, name: str) -> None:
    inputs = dict(zip(NAMES, draw(1, 2, n, 2, 3), strict=True))
    inputs["write"] = torch.full((1, 1, n), 2.0, dtype=torch.float64)

    def gradient(form: Any) -> Tensor:
        leaf = inputs[name].clone().requires_grad_()
        output, state = form(**(inputs | {name: leaf}))
        (output.square().sum() + state.square().sum()).backward()
        assert leaf.grad is not None
        return leaf.grad

    assert torch.allclose(gradient(wkv), gradient(recur), rtol=1e-10)


@pytest.mark.parametrize("raw", [(10.0, 10.0), (-20.0, -20.0), (-20.0, 10.0)])
def test_gradients_at_extreme_decays(raw: tuple[float, float]) -> None:
    def gradients(form: Any, dtype: torch.dtype) -> list[Tensor]:
        leaves = [each.to(dtype).requires_grad_() for each in draw(1, 2, 50, 4, 4, raw=raw)]
        output, state = form(*leaves)
        (output.sum() + state.square().sum()).backward()
        return [each.grad for each in leaves]  # type: ignore[misc]  # leaves have one

    truth = gradients(recur, torch.float64)
    for one, other in zip(gradients(wkv, torch.float32), truth, strict=True):
        assert torch.isfinite(one).all()
        assert torch.allclose(one.double(), other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_the_range_of_decays_bites() -> None:
    """The usual two forms of the chunked recurrence fail where ours does not.

    One factors exp(Σ w) out of the keys and overflows, the other takes differences of prefix sums
    and cancels.
    """
    r, k, v, w, u, state = (each.float() for each in draw(1, 1, 64, 16, 16))
    truth = recur(*(each.double() for each in (r, k, v, w, u, state)))[0]
    until = w.cumsum(2)
    before = until - w
    earlier = torch.ones(64, 64).tril(-1)
    own = (r * u[:, None] * k).sum(-1, keepdim=True) * v
    carried = (r * before.exp()) @ state

    factored = (r * before.exp()) @ (k * (-until).exp()).transpose(-1, -2)
    assert not torch.isfinite(factored).all()

    gaps = (before[..., :, None, :] - until[..., None, :, :]).clamp(max=0)
    pairs = (r[..., :, None, :] * k[..., None, :, :] * gaps.exp()).sum(-1)
    cancelled = (pairs * earlier) @ v + own + carried

    def wrong(found: Tensor) -> float:
        return float((found.double() - truth).norm() / truth.norm())

    assert wrong(cancelled) > 1e-6
    assert wrong(recur_in_chunks(r, k, v, w, u, state)[0]) < 5e-7


@pytest.mark.parametrize("n", [1, 5, 40])
def test_few_tokens_go_one_by_one_and_many_in_blocks(
    monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    used: list[str] = []
    for form in (recur_in_place, recur_in_chunks):
        # The module has the name of the function that its room shows.
        module = importlib.import_module("plip.kernels.wkv")
        monkeypatch.setattr(module, form.__name__, _noting(used, form))
    inputs = draw(1, 1, n, 2, 2)
    wkv(*inputs)
    inputs[2].requires_grad_()
    with torch.no_grad():
        wkv(*inputs)
    wkv(*inputs)
    few = "recur_in_place" if n < 40 else "recur_in_chunks"
    assert used == [few, few, "recur_in_chunks"]


def _noting(used: list[str], form: Any) -> Any:
    def noting(*inputs: Any) -> Any:
        used.append(form.__name__)
        return form(*inputs)

    return noting


@every_form
@pytest.mark.parametrize("n", [1, 20])
def test_memory_layout_does_not_matter(form: Any, n: int) -> None:
    """A model gives views of [batch, token, head, dim], and a state may be one repeated."""
    r, k, v, w, u, state = draw(3, 2, n, 4, 5)
    state = state[:1].expand(3, -1, -1, -1)
    views = [each.transpose(1, 2).contiguous().transpose(1, 2) for each in (r, k, v, w)]
    for one, other in zip(
        form(*views, u, state), recur(r, k, v, w, u, state.contiguous()), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-12)


class TestFlashLinearAttention:
    """The plain recurrence of flash-linear-attention, which says the same with other defaults.

    Its scale is K^−½ unless given; its w is the logarithm of the decay, as ours.
    """

    @pytest.fixture
    def naive(self) -> Any:
        """Its `naive_recurrent_rwkv6`, where the package is there and can be imported."""
        if importlib.util.find_spec("fla") is None:
            pytest.skip("flash-linear-attention is not installed (tests/QUARANTINES.md)")
        try:
            from fla.ops.rwkv6.recurrent_naive import naive_recurrent_rwkv6
        except ImportError as error:
            pytest.skip(f"flash-linear-attention needs {error.name} (tests/QUARANTINES.md)")
        return naive_recurrent_rwkv6

    @every_form
    @pytest.mark.parametrize("n", [7, 65])
    def test_float32(self, naive: Any, form: Any, n: int) -> None:
        r, k, v, w, u, state = (each.float() for each in draw(2, 3, n, 16, 24))
        theirs = naive(r, k, v, w, u, scale=1.0, initial_state=state, output_final_state=True)
        for one, other in zip(form(r, k, v, w, u, state), theirs, strict=True):
            assert torch.allclose(one, other, rtol=0, atol=5e-5)
        scaled, _ = naive(r, k, v, w, u, initial_state=state)
        assert torch.allclose(form(r / 4, k, v, w, u, state)[0], scaled, rtol=0, atol=5e-5)
