"""Laws of the WKV-6 recurrence, for any text, shape, decay and write factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from draws import share
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from plip.kernels import wkv
from plip.kernels.chunks import recur_in_chunks
from plip.kernels.recurrence import recur, recur_in_place

pytestmark = pytest.mark.fast

Form = Callable[..., tuple[Tensor, Tensor]]
FORMS = [recur_in_place, recur_in_chunks, wkv]
forms = pytest.mark.parametrize("form", FORMS)
every_form = pytest.mark.parametrize("form", [recur, *FORMS])


class Inputs(NamedTuple):
    """What a recurrence is given."""

    receptance: Tensor
    key: Tensor
    value: Tensor
    log_decay: Tensor
    bonus: Tensor
    state: Tensor
    write: Tensor | None

    def map(self, change: Callable[[Tensor], Tensor]) -> Inputs:
        """Apply a function to every tensor."""
        return Inputs(*(None if each is None else change(each) for each in self))

    def part(self, start: int, stop: int, state: Tensor) -> Inputs:
        """Return some of the tokens, with the state before them."""
        r, k, v, w = (each[:, :, start:stop] for each in self[:4])
        write = None if self.write is None else self.write[:, :, start:stop]
        return Inputs(r, k, v, w, self.bonus, state, write)


@st.composite
def inputs(
    draw: Any,
    low: float = -8.0,
    high: float = 3.0,
    most: int = 130,
    writes: bool = True,
) -> Inputs:
    """Any inputs in float64; the raw decay lies between `low` and `high`."""
    batch, heads = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    key_dim, value_dim = draw(st.integers(1, 17)), draw(st.integers(1, 17))
    # Powers of two and their neighbours are where blocks end.
    edges = [n for n in (1, 2, 15, 16, 17, 31, 32, 33, 64, 129, 130) if n <= most]
    n = draw(st.sampled_from(edges) | st.integers(1, most))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    raw = low + (high - low) * uniform(batch, heads, n, key_dim)
    write = None
    if writes and draw(st.booleans()):
        factors = torch.tensor([0.0, 1.0, 0.3, 2.5, 40.0], dtype=torch.float64)
        which = torch.randint(5, (batch, draw(st.sampled_from([1, heads])), n), generator=generator)
        write = factors[which]
    return Inputs(
        normal(batch, heads, n, key_dim),
        normal(batch, heads, n, key_dim),
        normal(batch, heads, n, value_dim),
        -torch.exp(raw),
        normal(heads, key_dim),
        draw(st.sampled_from([0.0, 1.0, 30.0])) * normal(batch, heads, key_dim, value_dim),
        write,
    )


def most(given: Inputs) -> tuple[Tensor, Tensor]:
    """Return what the results could be if nothing cancelled: errors are judged by it."""
    given = given.map(torch.Tensor.double)
    sizes = [each.abs() for each in given[:3]]
    return recur(*sizes, given.log_decay, given.bonus.abs(), given.state.abs(), given.write)


def error(found: tuple[Tensor, Tensor], truth: tuple[Tensor, Tensor], given: Inputs) -> float:
    """Return the largest error of any element, relative to what it is a sum of."""
    # What has decayed out of float32's range is 0, or has few bits.
    least = 1e-300 if found[0].dtype == torch.float64 else 1e-30
    return max(
        float(((one.double() - other).abs() / size.clamp(min=least)).max())
        for one, other, size in zip(found, truth, most(given), strict=True)
    )


def head_error(found: tuple[Tensor, Tensor], truth: tuple[Tensor, Tensor], given: Inputs) -> float:
    """Return the largest error of any element, relative to the largest that its head has had.

    What has decayed to a millionth need not be exact to a millionth of itself.
    """
    given = given.map(torch.Tensor.double)
    output, state = most(given)
    key = given.key if given.write is None else given.key * given.write[..., None]
    pairs = (key[..., None] * given.value[..., None, :]).abs()
    had = torch.stack([state, given.state.abs(), pairs.amax(2)]).amax((0, 3, 4))
    return max(
        float(((one.double() - other).abs().amax((2, 3)) / size.clamp(min=1e-30)).max())
        for one, other, size in zip(found, truth, (output.amax((2, 3)), had), strict=True)
    )


@forms
@given(inputs())
def test_all_forms_agree(form: Form, given: Inputs) -> None:
    found = form(*given)
    assert [each.shape for each in found] == [each.shape for each in recur(*given)]
    assert error(found, recur(*given), given) <= 1e-12


@forms
@given(inputs())
def test_float32_is_near(form: Form, given: Inputs) -> None:
    single = given.map(torch.Tensor.float)
    truth = recur(*single.map(torch.Tensor.double))
    found = form(*single)
    assert found[0].dtype == found[1].dtype == torch.float32
    assert head_error(found, truth, single) <= 1e-6
    # An old write has been multiplied by every decay since: 130 units at most, of 6e-8.
    assert error(found, truth, single) <= 1e-5


@every_form
@given(inputs(low=-20.0, high=10.0, writes=False), st.sampled_from([-20.0, 10.0, None]))
def test_no_decay_overflows(form: Form, given: Inputs, only: float | None) -> None:
    if only is not None:
        decay = torch.full_like(given.log_decay, only)
        given = given._replace(log_decay=-torch.exp(decay))
    single = given.map(torch.Tensor.float)
    truth = recur(*single.map(torch.Tensor.double))
    found = form(*single)
    assert all(bool(torch.isfinite(each).all()) for each in found)
    assert head_error(found, truth, single) <= 1e-6
    assert error(found, truth, single) <= 1e-5


@every_form
@given(inputs(), st.data())
def test_a_text_may_be_cut_anywhere(form: Form, given: Inputs, data: st.DataObject) -> None:
    n = given.key.shape[2]
    cut = data.draw(st.integers(1, max(1, n - 1)), label="cut")
    first, state = form(*given.part(0, cut, given.state))
    whole = recur(*given)
    if cut < n:
        second, state = form(*given.part(cut, n, state))
        first = torch.cat([first, second], dim=2)
    assert error((first, state), whole, given) <= 1e-12


@every_form
@given(inputs(writes=False), st.booleans())
def test_a_write_of_1_keeps_the_bits(form: Form, given: Inputs, per_head: bool) -> None:
    batch, heads, n, _ = given.key.shape
    ones = torch.ones(batch, heads if per_head else 1, n, dtype=torch.float64)
    found, plain = form(*given._replace(write=ones)), form(*given)
    assert all(torch.equal(one, other) for one, other in zip(found, plain, strict=True))


@every_form
@given(inputs(), st.data())
def test_outputs_do_not_see_later_writes(form: Form, given: Inputs, data: st.DataObject) -> None:
    batch, _, n, _ = given.key.shape
    at = data.draw(st.integers(0, n - 1), label="at")
    write = torch.ones(batch, 1, n, dtype=torch.float64) if given.write is None else given.write
    other = write.clone()
    other[:, :, at] = other[:, :, at] * 3 + 1
    outputs, state = form(*given._replace(write=write))
    changed, after = form(*given._replace(write=other))
    assert torch.equal(outputs[:, :, : at + 1], changed[:, :, : at + 1])
    # The last write is in the state, unless all of it has decayed.
    if at == n - 1:
        assert not torch.equal(state, after)


@every_form
@given(inputs(writes=False), st.data())
def test_a_write_is_an_edit_of_the_state(form: Form, given: Inputs, data: st.DataObject) -> None:
    batch, _, n, _ = given.key.shape
    at = data.draw(st.integers(0, n - 1), label="at")
    factor = data.draw(st.sampled_from([0.0, 0.5, 3.0]))
    write = torch.ones(batch, 1, n, dtype=torch.float64)
    write[:, :, at] = factor
    _, state = form(*given.part(0, at + 1, given.state))
    pair = given.key[:, :, at, :, None] * given.value[:, :, at, None, :]
    state = state + (factor - 1) * pair
    steered = given._replace(write=write)
    outputs, last = form(*steered)
    sizes = most(given)
    if at + 1 < n:
        after, state = form(*given.part(at + 1, n, state))
        assert ((outputs[:, :, at + 1 :] - after).abs() / sizes[0][:, :, at + 1 :]).max() <= 1e-11
    assert ((last - state).abs() / sizes[1]).max() <= 1e-11


@every_form
@given(inputs(most=40))
def test_outputs_do_not_see_later_tokens(form: Form, given: Inputs) -> None:
    n = given.key.shape[2]
    for at in {0, n // 2, n - 1}:
        changed = []
        for each in given[:4]:
            other = each.clone()
            other[:, :, at:] = -1 - each[:, :, at:].abs()
            changed.append(other)
        found = form(*changed, *given[4:])[0][:, :, :at]
        assert torch.equal(found, form(*given)[0][:, :, :at])


@every_form
@given(inputs())
def test_inputs_stay_as_they_are(form: Form, given: Inputs) -> None:
    before = given.map(torch.Tensor.clone)
    form(*given)
    for one, other in zip(given, before, strict=True):
        assert one is other is None or torch.equal(one, other)


@every_form
@given(inputs(), st.data())
def test_sequences_and_heads_do_not_meet(form: Form, given: Inputs, data: st.DataObject) -> None:
    batch, heads, _, _ = given.key.shape
    row = data.draw(st.integers(0, batch - 1), label="row")
    head = data.draw(st.integers(0, heads - 1), label="head")
    write = given.write
    if write is not None:
        write = write.expand(-1, heads, -1)[row, None, head, None]
    r, k, v, w = (each[row, None, head, None] for each in given[:4])
    alone = Inputs(r, k, v, w, given.bonus[head, None], given.state[row, None, head, None], write)
    together = form(*given)
    mine = tuple(each[row, None, head, None] for each in together)
    assert error(mine, form(*alone), alone) <= 1e-13  # type: ignore[arg-type]  # a pair


@given(inputs(most=50))
@share(20)
def test_gradients_are_those_of_the_loop(given: Inputs) -> None:
    def gradients(form: Form) -> list[Tensor]:
        leaves = given.map(lambda each: each.clone().requires_grad_())
        output, state = form(*leaves)
        weights = torch.linspace(-1, 1, output.numel(), dtype=torch.float64).view_as(output)
        ((output * weights).sum() + (state * state).sum()).backward()
        return [each.grad for each in leaves if each is not None]  # type: ignore[misc]  # leaves have one

    expected = gradients(recur)
    for form in (recur_in_chunks, wkv):
        for one, other in zip(gradients(form), expected, strict=True):
            assert torch.allclose(one, other, rtol=1e-10, atol=1e-11 * float(other.abs().max()))
