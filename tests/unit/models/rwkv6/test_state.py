"""The carried state: a text in pieces is the text, padding is not there, branches do not meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rwkv6_oracle import randomise
from torch import Tensor

from plip.errors import InputError
from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM, Rwkv6State

pytestmark = pytest.mark.fast

Build = Callable[..., Rwkv6ForCausalLM]
Ids = Callable[..., Tensor]
NEAR = 1e-12


def tensors(state: Rwkv6State) -> list[Tensor]:
    """Return everything in a state."""
    found = []
    for layer in state.layers:
        found += [layer.time_shift, layer.channel_shift, layer.wkv]
    return found


def near(one: Rwkv6State, other: Rwkv6State, most: float = NEAR) -> bool:
    """Whether two states hold the same."""
    return all(
        mine.shape == theirs.shape and float((mine - theirs).abs().max()) <= most
        for mine, theirs in zip(tensors(one), tensors(other), strict=True)
    )


def in_pieces(model: Any, text: Tensor, sizes: Sequence[int], mask: Tensor | None = None) -> Any:
    """Run a text in pieces; return all logits and the last state."""
    state, logits, at = None, [], 0
    for size in sizes:
        seen = None if mask is None else mask[:, : at + size]
        made = model(text[:, at : at + size], attention_mask=seen, past_key_values=state)
        state, at = made.past_key_values, at + size
        logits.append(made.logits)
    return torch.cat(logits, dim=1), state


@pytest.fixture(autouse=True)
def _no_gradients() -> Any:
    with torch.no_grad():
        yield


class TestPieces:
    @pytest.mark.parametrize(
        "sizes",
        [[1] * 40, [1, 39], [39, 1], [20, 20], [7, 16, 17], [16, 16, 8], [33, 2, 5]],
        ids=lambda sizes: f"{len(sizes)} pieces, the first of {sizes[0]}",
    )
    def test_a_text_in_pieces_is_the_text(self, model: Any, ids: Ids, sizes: list[int]) -> None:
        text = ids(40, batch=2)
        whole = model(text)
        logits, state = in_pieces(model, text, sizes)
        assert (logits - whole.logits).abs().max() <= NEAR
        assert near(state, whole.past_key_values)
        assert state.get_seq_length() == state.seen == 40

    def test_float32(self, build: Build, ids: Ids) -> None:
        model, text = build(torch.float32), ids(40)
        whole = model(text)
        logits, state = in_pieces(model, text, [1] * 40)
        assert (logits - whole.logits).abs().max() <= 2e-5
        assert near(state, whole.past_key_values, 2e-5)

    def test_what_has_been_said_is_not_forgotten(self, model: Any, ids: Ids) -> None:
        """Each part of the state of each layer counts for what follows."""
        state = model(ids(9)).past_key_values
        after = model(ids(3, seed=1), past_key_values=state).logits
        for layer in range(3):
            for part in ("time_shift", "channel_shift", "wkv"):
                parts = list(state.layers)
                zeroed = {part: torch.zeros_like(getattr(parts[layer], part))}
                fields = ("time_shift", "channel_shift", "wkv")
                kept = {name: getattr(parts[layer], name) for name in fields}
                parts[layer] = type(parts[layer])(**(kept | zeroed))
                changed = Rwkv6State(tuple(parts), 9)
                found = model(ids(3, seed=1), past_key_values=changed).logits
                assert (found - after).abs().max() > 1e-3, (layer, part)

    def test_a_forward_leaves_its_state_alone(self, model: Any, ids: Ids) -> None:
        state = model(ids(9)).past_key_values
        before = [each.clone() for each in tensors(state)]
        for n in (1, 20):
            model(ids(n, seed=1), past_key_values=state)
        assert all(map(torch.equal, tensors(state), before))
        assert state.seen == 9

    def test_branches_from_one_state(self, model: Any, ids: Ids) -> None:
        state = model(ids(9)).past_key_values
        for seed in (1, 2):
            branch = ids(4, seed=seed)
            found = model(branch, past_key_values=state).logits
            whole = model(torch.cat([ids(9), branch], dim=1)).logits[:, 9:]
            assert (found - whole).abs().max() <= NEAR

    def test_none_is_the_empty_state(self, model: Any, ids: Ids) -> None:
        empty = Rwkv6State.empty(model.config, 1, torch.float64, torch.device("cpu"))
        found = model(ids(5), past_key_values=empty)
        assert torch.equal(found.logits, model(ids(5)).logits)
        assert found.past_key_values.seen == 5

    def test_no_state_when_not_asked_for(self, model: Any, ids: Ids, build: Build) -> None:
        assert model(ids(5), use_cache=False).past_key_values is None
        without = build(use_cache=False)
        assert without(ids(5)).past_key_values is None
        assert without(ids(5), use_cache=True).past_key_values is not None

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            ({"num_hidden_layers": 2}, "1 sequences, 2 layers, hidden size 24, 4 heads of size 8"),
            ({"hidden_size": 30}, "1 sequences, 3 layers, hidden size 30, 4 heads of size 8"),
            (
                {"attention_hidden_size": 24},
                "1 sequences, 3 layers, hidden size 24, 3 heads of size 8",
            ),
            ({"head_size": 4}, "1 sequences, 3 layers, hidden size 24, 8 heads of size 4"),
            ({"head_size": 16}, "1 sequences, 3 layers, hidden size 24, 2 heads of size 16"),
            (
                {"head_size": 16, "attention_hidden_size": 64},
                "1 sequences, 3 layers, hidden size 24, 4 heads of size 16",
            ),
        ],
    )
    def test_of_another_model(
        self, model: Any, build: Build, ids: Ids, options: dict[str, int], found: str
    ) -> None:
        state = build(**options)(ids(5)).past_key_values
        with pytest.raises(InputError) as caught:
            model(ids(5), past_key_values=state)
        wanted = "1 sequences, 3 layers, hidden size 24, 4 heads of size 8"
        assert str(caught.value) == (
            f"RWKV-6 state: wanted {wanted}, found {found}; "
            "continue a state with the model that made it, sequence by sequence"
        )

    @pytest.mark.parametrize(("have", "want"), [(1, 2), (2, 1), (3, 2)])
    def test_of_other_sequences(self, model: Any, ids: Ids, have: int, want: int) -> None:
        state = model(ids(5, batch=have)).past_key_values
        with pytest.raises(InputError, match=rf"wanted {want} seq.*found {have} seq"):
            model(ids(5, batch=want), past_key_values=state)


def tiny() -> Any:
    """A model for laws, which fixtures do not reach."""
    config = Rwkv6Config(
        vocab_size=61,
        hidden_size=16,
        num_hidden_layers=2,
        attention_hidden_size=24,
        head_size=6,
        intermediate_size=20,
        time_mix_rank=3,
        time_decay_rank=4,
    )
    return randomise(Rwkv6ForCausalLM(config).double()).eval()


TINY = tiny()


class TestPadding:
    @given(
        st.integers(1, 40).flatmap(
            lambda n: st.lists(
                st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=3
            )
        ),
        st.integers(0, 100),
        st.data(),
    )
    def test_it_is_not_there(self, mask: list[list[bool]], seed: int, data: st.DataObject) -> None:
        """Wherever it stands: left, right, in the middle, everywhere, in one sequence or all."""
        real = torch.tensor(mask)
        batch, n = real.shape
        generator = torch.Generator().manual_seed(seed)
        text = torch.randint(0, 61, (batch, n), generator=generator)
        cut = data.draw(st.integers(0, n), label="cut")
        sizes = [size for size in (cut, n - cut) if size]
        logits, state = in_pieces(TINY, text, sizes, real.long())
        for row in range(batch):
            only = text[row, real[row]][None]
            if not only.shape[1]:
                assert all(bool((each[row] == 0).all()) for each in tensors(state))
                continue
            alone = TINY(only)
            assert (logits[row, real[row]] - alone.logits[0]).abs().max() <= NEAR
            mine = state.select(torch.tensor([row]))
            assert near(mine, alone.past_key_values)

    def test_the_mask_of_a_piece_alone_will_do(self, model: Any, ids: Ids) -> None:
        text = ids(12, batch=2)
        mask = torch.ones(2, 12, dtype=torch.long)
        mask[0, :7] = 0
        state = model(text[:, :5], attention_mask=mask[:, :5]).past_key_values
        short = model(text[:, 5:], attention_mask=mask[:, 5:], past_key_values=state)
        long = model(text[:, 5:], attention_mask=mask, past_key_values=state)
        assert torch.equal(short.logits, long.logits)
        assert (short.logits[0, 2:] - model(text[:1, 7:]).logits[0]).abs().max() <= NEAR

    def test_what_stands_in_it_does_not_matter(self, model: Any, ids: Ids) -> None:
        text, mask = ids(9), torch.tensor([[0, 0, 1, 1, 0, 1, 1, 0, 0]])
        other = torch.where(mask == 1, text, 60 - text)
        one, two = (model(each, attention_mask=mask) for each in (text, other))
        assert torch.equal(one.logits[mask == 1], two.logits[mask == 1])
        assert all(map(torch.equal, tensors(one.past_key_values), tensors(two.past_key_values)))

    @pytest.mark.parametrize("dtype", [torch.long, torch.bool, torch.float64])
    def test_a_mask_of_ones_keeps_the_bits(self, model: Any, ids: Ids, dtype: torch.dtype) -> None:
        found = model(ids(20), attention_mask=torch.ones(1, 20, dtype=dtype))
        assert torch.equal(found.logits, model(ids(20)).logits)

    def test_tokens_seen_include_it(self, model: Any, ids: Ids) -> None:
        """`generate` counts the mask, padding and all."""
        mask = torch.tensor([[0, 0, 1, 1, 1]])
        assert model(ids(5), attention_mask=mask).past_key_values.get_seq_length() == 5


class TestState:
    @pytest.fixture
    def state(self, model: Any, ids: Ids) -> Rwkv6State:
        """The state of three different texts."""
        return model(ids(9, batch=3)).past_key_values

    def test_its_shapes(self, state: Rwkv6State) -> None:
        assert state.batch == 3
        assert len(state.layers) == 3
        for layer in state.layers:
            assert layer.time_shift.shape == layer.channel_shift.shape == (3, 24)
            assert layer.wkv.shape == (3, 4, 8, 8)

    def test_select(self, state: Rwkv6State) -> None:
        picked = state.select(torch.tensor([2, 0, 2, 1]))
        assert (picked.batch, picked.seen) == (4, 9)
        for one, other in zip(tensors(picked), tensors(state), strict=True):
            assert torch.equal(one, other[[2, 0, 2, 1]])

    def test_repeat(self, state: Rwkv6State) -> None:
        repeated = state.repeat(2)
        assert (repeated.batch, repeated.seen) == (6, 9)
        for one, other in zip(tensors(repeated), tensors(state), strict=True):
            assert torch.equal(one, other[[0, 0, 1, 1, 2, 2]])

    def test_clone(self, state: Rwkv6State) -> None:
        before = [each.clone() for each in tensors(state)]
        copy = state.clone()
        assert copy.seen == 9
        for each in tensors(copy):
            each.zero_()
        assert all(map(torch.equal, tensors(state), before))

    def test_selecting_copies(self, state: Rwkv6State) -> None:
        before = [each.clone() for each in tensors(state)]
        for each in tensors(state.select(torch.arange(3))) + tensors(state.repeat(1)):
            each.zero_()
        assert all(map(torch.equal, tensors(state), before))

    @pytest.mark.parametrize(
        ("dtype", "wkv"),
        [
            (torch.float64, torch.float64),
            (torch.float32, torch.float32),
            (torch.bfloat16, torch.float32),
            (torch.float16, torch.float32),
        ],
    )
    def test_empty(self, model: Any, dtype: torch.dtype, wkv: torch.dtype) -> None:
        empty = Rwkv6State.empty(model.config, 2, dtype, torch.device("cpu"))
        assert (empty.batch, empty.seen) == (2, 0)
        assert {layer.wkv.dtype for layer in empty.layers} == {wkv}
        assert {layer.time_shift.dtype for layer in empty.layers} == {dtype}
        assert all(bool((each == 0).all()) for each in tensors(empty))
        assert [each.shape for each in tensors(empty)][:3] == [(2, 24), (2, 24), (2, 4, 8, 8)]
