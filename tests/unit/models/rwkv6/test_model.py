"""The RWKV-6 model against a second one: numpy, float64, token by token."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from rwkv6_oracle import Made, randomise
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM
from plip.models.rwkv6.mixing import Projections, TimeMixing

pytestmark = pytest.mark.fast

Build = Callable[..., Rwkv6ForCausalLM]
Judge = Callable[..., Made]
Ids = Callable[..., Tensor]


def off(found: Tensor, truth: np.ndarray[Any, Any]) -> float:
    """Return the largest difference, in standard deviations of the truth."""
    return float(np.abs(found.detach().double().numpy() - truth).max() / truth.std())


class TestOracle:
    @pytest.mark.parametrize("n", [1, 2, 12, 45])
    def test_float64(self, model: Rwkv6ForCausalLM, judge: Judge, ids: Ids, n: int) -> None:
        """45 tokens go through blocks, 12 one by one."""
        text = ids(n)
        with torch.no_grad():
            made = model(text, output_hidden_states=True)
        truth = judge(model, text[0].tolist())
        assert np.isfinite(truth.logits).all()
        assert truth.logits.std() > 0.3
        assert off(made.logits[0], truth.logits) <= 1e-12
        assert len(made.hidden_states) == len(truth.hidden) == 4
        for found, expected in zip(made.hidden_states, truth.hidden, strict=True):
            assert off(found[0], expected) <= 1e-12
        for layer, state in enumerate(made.past_key_values.layers):
            assert off(state.time_shift[0], truth.time_shift[layer]) <= 1e-12
            assert off(state.channel_shift[0], truth.channel_shift[layer]) <= 1e-12
            assert off(state.wkv[0], truth.wkv[layer]) <= 1e-12

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_float32(self, build: Build, judge: Judge, ids: Ids, seed: int) -> None:
        model, text = build(torch.float32, seed=seed), ids(45, seed=seed)
        with torch.no_grad():
            made = model(text)
        truth = judge(model, text[0].tolist())
        assert made.logits.dtype == torch.float32
        assert off(made.logits[0], truth.logits) <= 1e-5
        for layer, state in enumerate(made.past_key_values.layers):
            assert off(state.wkv[0], truth.wkv[layer]) <= 1e-5

    # Several times what was seen: 0.11 in bfloat16, whose unit is 2⁻⁸, and 0.006 in float16.
    @pytest.mark.parametrize(("dtype", "most"), [(torch.bfloat16, 0.4), (torch.float16, 0.03)])
    def test_half(
        self, build: Build, judge: Judge, ids: Ids, dtype: torch.dtype, most: float
    ) -> None:
        model, text = build(dtype), ids(45)
        with torch.no_grad():
            made = model(text)
        assert made.logits.dtype == dtype
        assert off(made.logits[0], judge(model, text[0].tolist()).logits) <= most

    @pytest.mark.parametrize(
        "options",
        [
            {"num_hidden_layers": 12, "vocab_size": 256},
            {"head_size": 32},
            {"head_size": 1, "attention_hidden_size": 6},
            {"head_size": 4, "attention_hidden_size": 8, "hidden_size": 40},
            {"num_hidden_layers": 1},
            {"attention_hidden_size": None, "head_size": 6},
            {"hidden_size": 64, "head_size": 8, "attention_hidden_size": 64, "vocab_size": 256}
            | {"num_hidden_layers": 2, "time_mix_rank": None, "time_decay_rank": None}
            | {"intermediate_size": None},
            {"tie_word_embeddings": True},
            {"head_size_divisor": 1, "layer_norm_epsilon": 1e-2},
        ],
        ids=lambda options: ", ".join(f"{name}={value}" for name, value in options.items()),
    )
    def test_other_shapes(
        self, build: Build, judge: Judge, ids: Ids, options: dict[str, Any]
    ) -> None:
        model, text = build(**options), ids(20)
        with torch.no_grad():
            made = model(text)
        truth = judge(model, text[0].tolist())
        assert off(made.logits[0], truth.logits) <= 1e-11
        assert off(made.past_key_values.layers[-1].wkv[0], truth.wkv[-1]) <= 1e-11

    def test_a_batch_is_its_sequences(
        self, model: Rwkv6ForCausalLM, judge: Judge, ids: Ids
    ) -> None:
        text = ids(20, batch=3)
        with torch.no_grad():
            logits = model(text).logits
        for row in range(3):
            assert off(logits[row], judge(model, text[row].tolist()).logits) <= 1e-12

    @pytest.mark.parametrize("n", [9, 30])
    def test_scaled_writes(self, model: Rwkv6ForCausalLM, judge: Judge, ids: Ids, n: int) -> None:
        """Of several tokens and layers, each sequence its own; padding before one of them."""
        text = ids(n, batch=2)
        changes: list[dict[tuple[int, int], float]] = [
            {(0, 3): 0.0, (2, 3): 3.0, (2, 5): 0.5},
            {(2, 0): 2.0, (2, n - 3): 0.0},
        ]
        writes = {layer: torch.ones(2, 1, n, dtype=torch.float64) for layer in (0, 2)}
        mask = torch.ones(2, n, dtype=torch.long)
        mask[1, :2] = 0
        for row, each in enumerate(changes):
            for (layer, token), factor in each.items():
                writes[layer][row, 0, token + 2 * row] = factor
        with torch.no_grad():
            logits = model(text, attention_mask=mask, writes=writes).logits
        for row, each in enumerate(changes):
            truth = judge(model, text[row, 2 * row :].tolist(), each).logits
            assert off(logits[row, 2 * row :], truth) <= 1e-12
            plain = judge(model, text[row, 2 * row :].tolist()).logits
            assert np.abs(truth - plain).max() > 1e-3

    @pytest.mark.parametrize("what", ["epsilons", "decays"])
    def test_epsilons_and_decays_tell(self, build: Build, ids: Ids, what: str) -> None:
        """Nothing of what the other tests pin is lost in rounding: a change is seen."""
        model, text = build(), ids(20)
        with torch.no_grad():
            before = model(text).logits
            if what == "epsilons":
                for block in model.rwkv.blocks:
                    block.attention.ln_x.eps *= 1.5
            else:
                for block in model.rwkv.blocks:
                    block.attention.time_decay.add_(0.1)
            assert (model(text).logits - before).abs().max() > 1e-3


class TestDtypes:
    """The recurrence, its decay and the group norm are float32 whatever the model is."""

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
    def test_what_goes_into_the_recurrence(self, build: Build, dtype: torch.dtype) -> None:
        mixing = build(dtype).rwkv.blocks[1].attention
        made = _project(mixing, dtype)
        recurrent = (made.receptance, made.key, made.value, made.log_decay, mixing.bonus)
        assert {each.dtype for each in recurrent} == {torch.float32}
        assert made.gate.dtype == dtype

    def test_float64_stays(self, build: Build, ids: Ids) -> None:
        model = build()
        made = _project(model.rwkv.blocks[1].attention, torch.float64)
        assert {made.log_decay.dtype, made.receptance.dtype} == {torch.float64}
        assert model(ids(5)).past_key_values.layers[0].wkv.dtype == torch.float64

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_the_state(self, build: Build, ids: Ids, dtype: torch.dtype) -> None:
        state = build(dtype)(ids(20)).past_key_values
        for layer in state.layers:
            assert layer.wkv.dtype == torch.float32
            assert layer.time_shift.dtype == layer.channel_shift.dtype == dtype

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_the_decay_is_as_exact_as_float32(self, build: Build, dtype: torch.dtype) -> None:
        """Computed in bfloat16, a decay of 0.99 would be off by 2⁻⁹, and 1000 tokens later by 2."""
        mixing = build(dtype).rwkv.blocks[1].attention
        mixed = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(0)).to(dtype)
        found = mixing._log_decay(mixed)
        base, w1, w2 = (
            getattr(mixing, name).double()
            for name in ("time_decay", "time_decay_w1", "time_decay_w2")
        )
        truth = -torch.exp(base + torch.tanh(mixed.double() @ w1) @ w2)
        assert found.dtype == torch.float32
        assert torch.allclose(found.double(), truth, rtol=3e-6, atol=0)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_the_group_norm_is_as_exact_as_float32(self, build: Build, dtype: torch.dtype) -> None:
        """Only its result is rounded to the model's dtype: by half a unit, and no more."""
        mixing = build(dtype).rwkv.blocks[1].attention
        heads = 0.02 * torch.randn(2, 4, 7, 8, generator=torch.Generator().manual_seed(0)) + 0.5
        one = torch.ones(2, 7, 32, dtype=dtype)
        seen: list[Tensor] = []
        hook = mixing.output.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        mixing.emit(heads, one)
        hook.remove()
        exact = heads.double()
        normed = (exact - exact.mean(-1, keepdim=True)) / torch.sqrt(
            exact.var(-1, correction=0, keepdim=True) + 16e-5
        )
        rows = normed.transpose(1, 2).flatten(-2)
        truth = rows * mixing.ln_x.weight.double() + mixing.ln_x.bias.double()
        assert seen[0].dtype == dtype
        unit = torch.finfo(dtype).eps
        assert torch.allclose(seen[0].double(), truth, rtol=0.51 * unit, atol=1e-5)

    @pytest.mark.parametrize("divisor", [1, 4, 8])
    def test_the_group_norm_has_the_epsilon_of_its_divisor(
        self, build: Build, divisor: int
    ) -> None:
        for block in build(head_size_divisor=divisor).rwkv.blocks:
            assert block.attention.ln_x.eps == pytest.approx(1e-5 * divisor**2, rel=1e-12)

    def test_the_published_epsilon_is_64e_5(self) -> None:
        assert Rwkv6Config().group_norm_epsilon == pytest.approx(64e-5, rel=1e-12)

    def test_autocast_leaves_the_recurrence_alone(self, build: Build, ids: Ids) -> None:
        model, text = build(torch.float32), ids(20)
        with torch.no_grad():
            plain = model(text)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                cast = model(text)
        for one, other in zip(
            cast.past_key_values.layers, plain.past_key_values.layers, strict=True
        ):
            assert one.wkv.dtype == torch.float32
            assert (one.wkv - other.wkv).norm() < 0.1 * other.wkv.norm()
        assert (cast.logits.float() - plain.logits).norm() < 0.1 * plain.logits.norm()

    def test_autocast_leaves_the_decay_alone(self, build: Build) -> None:
        mixing = build(torch.float32).rwkv.blocks[1].attention
        mixed = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(0))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cast = mixing._log_decay(mixed)
        assert torch.equal(cast, mixing._log_decay(mixed))

    @pytest.mark.parametrize("n", [7, 20])
    def test_autocast_leaves_the_bits_of_recurrence_and_norm(self, build: Build, n: int) -> None:
        mixing = build(torch.float32).rwkv.blocks[1].attention
        made, state = _project(mixing, torch.float32, n), torch.ones(2, 4, 8, 8)
        seen: list[Tensor] = []
        hook = mixing.output.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        with torch.no_grad():
            plain = mixing.recur(made, state, None, None)
            mixing.emit(plain[0], made.gate)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                cast = mixing.recur(made, state, None, None)
                mixing.emit(plain[0], made.gate)
        hook.remove()
        assert all(map(torch.equal, cast, plain))
        assert torch.equal(*seen)


def _project(mixing: TimeMixing, dtype: torch.dtype, n: int = 7) -> Projections:
    tokens = torch.randn(2, n, 24, generator=torch.Generator().manual_seed(0)).to(dtype)
    with torch.no_grad():
        return mixing.project(tokens, tokens.roll(1, 1))


class TestFace:
    """What transformers expects of a model."""

    def test_hidden_states_are_returned_when_asked(self, model: Any, ids: Ids) -> None:
        made = model(ids(5), output_hidden_states=True)
        assert [tuple(each.shape) for each in made.hidden_states] == [(1, 5, 24)] * 4
        assert torch.equal(made.hidden_states[0], model.rwkv.embeddings(ids(5)))
        assert torch.equal(model.head(made.hidden_states[-1]), made.logits)
        assert model(ids(5)).hidden_states is None

    @pytest.mark.parametrize("keep", [1, 3, 5, torch.tensor([0, 3])])
    def test_logits_to_keep(self, model: Any, ids: Ids, keep: int | Tensor) -> None:
        whole = model(ids(5)).logits
        rows = whole[:, keep] if isinstance(keep, Tensor) else whole[:, -keep:]
        found = model(ids(5), logits_to_keep=keep).logits
        assert found.shape == rows.shape
        assert torch.allclose(found, rows, rtol=0, atol=1e-13)

    def test_embeddings_instead_of_ids(self, model: Any, ids: Ids) -> None:
        embedded = model.get_input_embeddings()(ids(5))
        assert torch.equal(model(inputs_embeds=embedded).logits, model(ids(5)).logits)

    @pytest.mark.parametrize("both", [True, False])
    def test_one_of_the_two(self, model: Any, ids: Ids, both: bool) -> None:
        given = {"input_ids": ids(5), "inputs_embeds": torch.zeros(1, 5, 24)} if both else {}
        with pytest.raises(ValueError, match=r"^give input_ids or inputs_embeds, one of the two$"):
            model(**given)

    def test_the_loss_is_that_of_the_next_token(self, model: Any, ids: Ids) -> None:
        text = ids(9, batch=2)
        labels = text.clone()
        labels[0, :4] = -100
        made = model(text, labels=labels)
        expected = cross_entropy(made.logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        assert float(made.loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)

    @pytest.mark.parametrize("n", [5, 20])
    def test_every_parameter_learns(self, build: Build, ids: Ids, n: int) -> None:
        model, text = build(), ids(n, batch=2)
        model(text, labels=text).loss.backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.abs().max() > 0, name

    def test_gradients_are_those_of_differences(self, build: Build, ids: Ids) -> None:
        model, text = build(), ids(18)
        loss = model(text, labels=text).loss
        loss.backward()
        names = ("attention.time_decay", "attention.time_maa_w2", "attention.time_faaaa")
        for name in names:
            parameter = model.get_parameter(f"rwkv.blocks.1.{name}")
            at = int(parameter.grad.abs().argmax())
            with torch.no_grad():
                flat = parameter.view(-1)
                kept, losses = float(flat[at]), []
                for step in (1e-5, -1e-5):
                    flat[at] = kept + step
                    losses.append(float(_loss(model, text)))
                flat[at] = kept
            slope = (losses[0] - losses[1]) / 2e-5
            assert float(parameter.grad.view(-1)[at]) == pytest.approx(slope, rel=1e-5), name

    def test_tied_embeddings_are_one(self, build: Build) -> None:
        tied, untied = build(tie_word_embeddings=True), build()
        assert tied.head.weight is tied.rwkv.embeddings.weight
        assert untied.head.weight is not untied.rwkv.embeddings.weight

    def test_embeddings_may_be_replaced(self, build: Build, ids: Ids) -> None:
        model = build()
        model.set_input_embeddings(torch.nn.Embedding(70, 24))
        model.set_output_embeddings(torch.nn.Linear(24, 70, bias=False))
        assert model.get_input_embeddings().num_embeddings == 70
        assert model.get_output_embeddings().out_features == 70
        assert model.double()(ids(5)).logits.shape == (1, 5, 70)


def _loss(model: Any, text: Tensor) -> Tensor:
    # The library's own loss is in float32, too coarse for differences.
    logits = model(text).logits
    return cross_entropy(logits[:, :-1].flatten(0, 1), text[:, 1:].flatten())


@pytest.fixture(scope="module")
def first() -> Rwkv6ForCausalLM:
    """A model as its configuration makes it."""
    config = Rwkv6Config(vocab_size=40, hidden_size=32, num_hidden_layers=3, head_size=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(config)


class TestFirstWeights:
    def test_a_block_begins_as_the_identity(self, first: Rwkv6ForCausalLM, ids: Ids) -> None:
        hidden = first(ids(9, vocabulary=40), output_hidden_states=True).hidden_states
        assert torch.equal(hidden[1], hidden[2])
        with torch.no_grad():
            normed = first.rwkv.blocks[0].pre_ln(hidden[0])
        assert torch.equal(hidden[1], normed)

    def test_every_parameter_is_set(self, first: Rwkv6ForCausalLM) -> None:
        for name, parameter in first.named_parameters():
            assert torch.isfinite(parameter).all(), name
            assert parameter.abs().max() < 10, name

    def test_shifts_and_decays_are_graded(self, first: Rwkv6ForCausalLM) -> None:
        for layer, block in enumerate(first.rwkv.blocks):
            mixing, ahead = block.attention, 1 - layer / 3
            place = torch.arange(32) / 32
            for name, power in (("x", 1), ("w", 1), ("k", 1), ("r", 0.5), ("g", 0.5)):
                shares = getattr(mixing, f"time_maa_{name}").flatten()
                assert torch.allclose(shares, 1 - place ** (power * ahead), atol=1e-6), name
            deep = layer / 2
            expected = 1 - (place**ahead + 0.3 * deep)
            assert torch.allclose(mixing.time_maa_v.flatten(), expected, atol=1e-6)
            decay = -6 + 5 * (torch.arange(32) / 31) ** (0.7 + 1.3 * deep)
            assert torch.allclose(mixing.time_decay.flatten(), decay, atol=1e-5)
            zigzag = torch.tensor([0.0, 0.1, -0.1]).repeat(11)[:32]
            bonus = deep * (1 - torch.arange(32) / 31) + zigzag
            assert torch.allclose(mixing.time_faaaa, bonus.view(4, 8), atol=1e-6)
            assert torch.allclose(block.feed_forward.time_maa_r, block.feed_forward.time_maa_k)

    def test_projections_are_orthogonal(self, first: Rwkv6ForCausalLM) -> None:
        mixing = first.rwkv.blocks[1].attention
        for linear, gain in ((mixing.receptance, 1.0), (mixing.key, 0.1), (mixing.gate, 0.1)):
            product = linear.weight @ linear.weight.T
            assert torch.allclose(product, gain**2 * torch.eye(32), atol=1e-5)
        wide = first.rwkv.blocks[1].feed_forward.key.weight
        assert torch.allclose(wide.T @ wide, 96 / 32 * torch.eye(32), atol=1e-4)
        assert math.isclose(float(first.head.weight.detach().std()), 0.02, rel_tol=0.1)

    @pytest.mark.parametrize(("tied", "std"), [(True, 0.02), (False, 1e-4)])
    def test_embeddings_begin_small(self, tied: bool, std: float) -> None:
        config = Rwkv6Config(
            vocab_size=400,
            hidden_size=32,
            num_hidden_layers=1,
            tie_word_embeddings=tied,
            head_size=8,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = Rwkv6ForCausalLM(config)
        assert math.isclose(float(model.rwkv.embeddings.weight.detach().std()), std, rel_tol=0.05)
        assert math.isclose(float(model.head.weight.detach().std()), 0.02, rel_tol=0.05)

    def test_a_seed_makes_the_same_model(self, build: Build) -> None:
        one, other = build(seed=3), build(seed=3)
        for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(mine, theirs)

    def test_the_draws_of_these_tests_leave_no_zeros(self, build: Build) -> None:
        for name, parameter in randomise(build(), 1).named_parameters():
            assert parameter.abs().min() > 0, name
