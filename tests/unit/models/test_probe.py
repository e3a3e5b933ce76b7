"""Probing: what cannot be steered exactly is refused when it is wrapped."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    Qwen2Config,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
)
from transformers.masking_utils import create_bidirectional_mask, create_causal_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.qwen2.modeling_qwen2 import eager_attention_forward

from plip.errors import CheckpointError, ModelError, UnsupportedModelError
from plip.models import wrap
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]

HYBRID = ["linear_attention", "full_attention", "linear_attention"]


def state(model: nn.Module) -> tuple[object, ...]:
    """Everything that a run might leave behind."""
    return (
        getattr(getattr(model, "config", None), "_attn_implementation", None),
        [module.training for module in model.modules()],
        [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        {name: tensor.clone() for name, tensor in model.state_dict().items()}.keys(),
    )


def refused(model: Any, kind: type[ModelError] = UnsupportedModelError) -> ModelError:
    """Wrap, and return the error; the model must be as it was."""
    before = state(model) if isinstance(model, nn.Module) else None
    with pytest.raises(ModelError) as caught:
        wrap(model)
    error = caught.value
    assert type(error) is kind, f"{type(error).__name__}: {error}"
    assert error.exit_code == 4
    if isinstance(model, nn.Module):
        assert state(model) == before
    return error


class TestArchitectures:
    @pytest.mark.parametrize(
        ("model_type", "options"),
        [
            ("gptj", {"n_layer": 2, "n_head": 4, "n_embd": 32, "rotary_dim": 4, "n_positions": 64}),
            ("falcon", {}),
            ("bloom", {}),
            ("mamba", {}),
            ("jamba", {"mamba_d_state": 4, "num_experts": 2}),
            ("openai-gpt", {"n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 64}),
        ],
    )
    @pytest.mark.parametrize("training", [False, True])
    def test_with_attention_code_of_their_own(
        self, build: Build, model_type: str, options: dict[str, Any], training: bool
    ) -> None:
        if "n_embd" in options:
            options = dict.fromkeys(("num_attention_heads", "num_hidden_layers"), 2) | options
        error = refused(build(model_type, **options).train(training))
        assert error.wanted == "attention that goes through transformers' attention interface"
        assert error.found.endswith("whose attention never asked for it")

    def test_attention_sinks(self, build: Build) -> None:
        error = refused(build("gpt_oss", num_local_experts=2, num_experts_per_tok=1))
        assert error.found == "an argument that plip does not know: s_aux"
        assert error.details == {"arguments": ["s_aux"]}

    @pytest.mark.parametrize(
        ("model_type", "options"),
        [
            (
                "qwen3_next",
                {"layer_types": HYBRID, "num_experts": 2, "num_experts_per_tok": 1},
            ),
            ("recurrent_gemma", {}),
            ("lfm2", {"layer_types": ["conv", "full_attention", "conv"]}),
        ],
    )
    def test_hybrids(self, build: Build, model_type: str, options: dict[str, Any]) -> None:
        error = refused(build(model_type, **options))
        assert error.wanted == (
            "softmax attention through the attention interface once in every decoder layer"
        )
        assert error.found == "1 such calls for 3 layers"

    def test_attention_beside_a_state_space(self, build: Build) -> None:
        small = {"mamba_d_ssm": 64, "mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8}
        error = refused(build("falcon_h1", num_hidden_layers=2, **small))
        assert error.wanted == "rows that meet only in attention, backwards, within their sequence"

    def test_differential_attention_calls_twice(self, build: Build) -> None:
        assert refused(build("diffllama")).found == "6 such calls for 3 layers"

    @pytest.mark.parametrize("model_type", ["bert", "electra"])
    def test_not_causal(self, build: Build, model_type: str) -> None:
        error = refused(build(model_type))
        assert error.found == "another pattern, such as one that sees later tokens"

    def test_a_bert_that_was_made_causal_is_not_refused(self, build: Build, text: Text) -> None:
        model = build("bert", is_decoder=True)
        check_exact(model, text)

    def test_encoder_and_decoder(self) -> None:
        config = T5Config(vocab_size=97, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4)
        error = refused(T5ForConditionalGeneration(config))
        assert error.wanted == "a decoder-only causal language model"
        assert error.found == "T5ForConditionalGeneration"

    @pytest.mark.parametrize("model_type", ["roberta", "camembert", "xlm-roberta"])
    def test_positions_that_do_not_begin_at_0(
        self, build: Build, text: Text, model_type: str
    ) -> None:
        # RoBERTa counts positions from its padding index + 1 unless it is given them.
        model = build(model_type, is_decoder=True)
        try:
            check_exact(model, text)
        except UnsupportedModelError:
            return

    def test_no_language_model(self) -> None:
        config = ViTConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=32,
            image_size=32,
        )
        refused(ViTForImageClassification(config))

    def test_a_model_without_its_head(self, build: Build) -> None:
        error = refused(build().model)
        assert error.wanted == "logits over a vocabulary for each token"


def check_exact(model: nn.Module, text: Text) -> None:
    """Check that a subject computes what its model does."""
    subject = wrap(model)
    ids = text(12).ids
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0]
    logits = subject.run(text(12), positions="all").logits
    assert logits is not None
    torch.testing.assert_close(logits[0], expected, rtol=0, atol=2e-5)


class TestNoModel:
    @pytest.mark.parametrize("model", [None, "Qwen/Qwen2.5", 3, nn.Linear(2, 2)])
    def test_is_refused(self, model: Any) -> None:
        assert refused(model).wanted == "a decoder-only causal language model"

    @pytest.mark.parametrize("config", [Qwen2Config(), {"vocab_size": 9}, SimpleNamespace()])
    def test_without_parameters_or_a_real_configuration(self, config: Any) -> None:
        class Empty(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.config = config

        refused(Empty())

    def test_on_the_meta_device(self, build: Build) -> None:
        refused(build().to("meta"))


class TestNotNumbers:
    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights(self, build: Build, value: float) -> None:
        model = build()
        with torch.no_grad():
            model.lm_head.weight[5, 0] = value  # type: ignore[union-attr, index, operator]
        error = refused(model, CheckpointError)
        assert error.found == "NaN or infinity on six plain tokens"
        assert error.who == "memory:Qwen2ForCausalLM"

    def test_only_within_the_seam(self, toy: MakeToy) -> None:
        class Spoiled(nn.Module):
            def forward(self, hidden: Tensor) -> Tensor:
                through = model.config._attn_implementation == "plip"
                return hidden * float("nan") if through else hidden

        model = toy(mixer=Spoiled())
        refused(model, CheckpointError)


# A decoder in which anything can be done wrong.


class ToyAttention(nn.Module):
    def __init__(self, config: Any, arguments: Callable[[Tensor], dict[str, Any]]) -> None:
        super().__init__()
        self.config = config
        self.arguments = arguments
        self.is_causal = True
        self.num_key_value_groups = 1
        self.scaling = 8**-0.5
        self.q, self.k, self.v, self.o = (nn.Linear(32, 32) for _ in range(4))

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        batch, rows, _ = hidden.shape
        heads = [
            p(hidden).view(batch, rows, 4, 8).transpose(1, 2) for p in (self.q, self.k, self.v)
        ]
        function = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention_forward
        )
        options: dict[str, Any] = {"scaling": self.scaling, **self.arguments(heads[0])}
        out, _ = function(self, *heads, mask, **options)
        return self.o(out.reshape(batch, rows, 32))


class ToyLayer(nn.Module):
    def __init__(self, config: Any, arguments: Any, mixer: nn.Module | None) -> None:
        super().__init__()
        self.attention = ToyAttention(config, arguments)
        self.mlp = nn.Linear(32, 32)
        self.mixer = mixer

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        hidden = hidden + self.attention(hidden, mask)
        if self.mixer is not None:
            hidden = hidden + self.mixer(hidden)
        return hidden + torch.tanh(self.mlp(hidden))


class Toy(nn.Module):
    def __init__(
        self,
        *,
        mixer: nn.Module | None = None,
        arguments: Callable[[Tensor], dict[str, Any]] = lambda query: {},
        mask: Callable[..., Tensor | None] = create_causal_mask,
        order: tuple[int, ...] = (0, 1, 2),
    ) -> None:
        super().__init__()
        config = Qwen2Config(vocab_size=97, max_position_embeddings=64)
        config._attn_implementation = "sdpa"
        self.config = config
        self.mask = mask
        self.order = order
        self.embed = nn.Embedding(97, 32)
        self.where = nn.Embedding(64, 32)
        self.layers = nn.ModuleList(
            ToyLayer(config, arguments, mixer if number == 1 else None) for number in range(3)
        )
        self.head = nn.Linear(32, 97)

    def forward(
        self, input_ids: Tensor, position_ids: Tensor | None = None, use_cache: bool = False
    ) -> SimpleNamespace:
        if position_ids is None:
            position_ids = torch.arange(input_ids.shape[1])[None]
        hidden = self.embed(input_ids) + self.where(position_ids)
        mask = self.mask(
            config=self.config,
            inputs_embeds=hidden,
            attention_mask=None,
            past_key_values=None,
            position_ids=position_ids,
        )
        for number in self.order:
            hidden = self.layers[number](hidden, mask)
        return SimpleNamespace(logits=self.head(hidden))


MakeToy = Callable[..., Toy]


@pytest.fixture
def toy() -> MakeToy:
    def make(**options: Any) -> Toy:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Toy(**options).eval()

    return make


class Rows(nn.Module):
    """Adds something of other rows to each row."""

    def __init__(self, mix: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.mix = mix

    def forward(self, hidden: Tensor) -> Tensor:
        return self.mix(hidden)


def behind(by: int) -> Callable[[Tensor], Tensor]:
    """Each row sees the one `by` before it (after it, if negative)."""

    def mix(hidden: Tensor) -> Tensor:
        shifted = torch.roll(hidden, by, dims=1)
        rows = torch.arange(hidden.shape[1])
        inside = (rows - by >= 0) & (rows - by < hidden.shape[1])
        return torch.where(inside[None, :, None], shifted, 0)

    return mix


class TestToy:
    def test_a_plain_one_is_accepted(self, toy: MakeToy, text: Text) -> None:
        model = toy()
        subject = wrap(model)
        assert subject.heads == (4, 4, 4)
        assert not subject.anatomy.keeps_logits

    @pytest.mark.parametrize("training", [False, True])
    @pytest.mark.parametrize(
        "mix",
        [
            pytest.param(lambda hidden: hidden.cumsum(1), id="cumulative-sum"),
            pytest.param(lambda hidden: hidden.mean(1, keepdim=True), id="mean"),
            pytest.param(lambda hidden: hidden.flip(1), id="reversed"),
            *(pytest.param(behind(by), id=f"{by}-behind") for by in (1, 2, 3, 4)),
            *(pytest.param(behind(-by), id=f"{by}-ahead") for by in (1, 2)),
        ],
    )
    def test_rows_that_meet_outside_attention(
        self, toy: MakeToy, mix: Callable[[Tensor], Tensor], training: bool
    ) -> None:
        error = refused(toy(mixer=Rows(mix)).train(training))
        assert error.wanted == "rows that meet only in attention, backwards, within their sequence"
        assert error.found.startswith("logits that differ by ")

    def test_a_causal_convolution(self, toy: MakeToy) -> None:
        class Convolution(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.convolution = nn.Conv1d(32, 32, 2, padding=1)

            def forward(self, hidden: Tensor) -> Tensor:
                return self.convolution(hidden.transpose(1, 2))[..., :-1].transpose(1, 2)

        error = refused(toy(mixer=Convolution()))
        assert error.wanted == "rows that meet only in attention, backwards, within their sequence"

    @pytest.mark.parametrize("name", ["position_bias", "alibi", "s_aux", "learnable_sink"])
    def test_an_argument_that_changes_attention(self, toy: MakeToy, name: str) -> None:
        def arguments(query: Tensor) -> dict[str, Any]:
            return {name: torch.ones(1, 4, query.shape[2], query.shape[2])}

        error = refused(toy(arguments=arguments))
        assert error.who == "ToyAttention"
        assert error.found == f"an argument that plip does not know: {name}"

    def test_an_argument_that_is_none_changes_nothing(self, toy: MakeToy) -> None:
        assert wrap(toy(arguments=lambda query: {"position_bias": None})).n_layers == 3

    def test_a_bias_within_the_mask(self, toy: MakeToy) -> None:
        def biased(**options: Any) -> Tensor | None:
            rows = options["inputs_embeds"].shape[1]
            bias = torch.arange(rows)[None, :] - torch.arange(rows)[:, None]
            causal = torch.ones(rows, rows, dtype=torch.bool).tril()
            return torch.where(causal, 0.3 * bias, -torch.inf)[None, None]

        error = refused(toy(mask=biased))
        assert error.found == "a mask of the model's own making"

    def test_a_mask_that_is_changed_afterwards(self, toy: MakeToy) -> None:
        def changed(**options: Any) -> Tensor | None:
            mask = create_causal_mask(**options)
            return None if mask is None else mask.clone()

        assert refused(toy(mask=changed)).found == "a mask of the model's own making"

    def test_a_mask_that_is_changed_in_place(self, toy: MakeToy) -> None:
        def changed(**options: Any) -> Tensor:
            mask = create_causal_mask(**options)
            rows = options["inputs_embeds"].shape[1]
            if mask is None:
                mask = torch.ones(1, 1, rows, rows, dtype=torch.bool).tril()
            mask[..., 4:, 1] = False  # not among the first three rows, which are compared again
            return mask

        refused(toy(mask=changed))

    def test_no_mask(self, toy: MakeToy) -> None:
        assert refused(toy(mask=lambda **options: None)).found == "no mask"

    def test_a_mask_that_sees_everything(self, toy: MakeToy) -> None:
        def everything(**options: Any) -> Tensor | None:
            del options["position_ids"]
            options.pop("past_key_values")
            return create_bidirectional_mask(**options)

        refused(toy(mask=everything))

    @pytest.mark.parametrize("order", [(0, 2, 1), (0, 1), (0, 1, 2, 2), (0, 0, 1, 2), (2, 1, 0)])
    def test_layers_out_of_order(self, toy: MakeToy, order: tuple[int, ...]) -> None:
        error = refused(toy(order=order))
        assert error.found == f"{len(order)} such calls for 3 layers"

    def test_dropout_that_ignores_evaluation(self, toy: MakeToy) -> None:
        refused(toy(mixer=Rows(lambda hidden: nn.functional.dropout(hidden, 0.5))))


class TestTraining:
    """A model may come in the middle of its training."""

    def dropping(self, build: Build) -> nn.Module:
        return build("gpt2", n_layer=2, n_head=4, n_embd=32, n_positions=64, resid_pdrop=0.5)

    def test_dropout_does_not_show(self, build: Build) -> None:
        model = self.dropping(build).train()
        before = state(model)
        wrap(model)
        assert state(model) == before

    def test_modes_may_be_mixed(self, build: Build) -> None:
        model = self.dropping(build).train()
        model.transformer.h[0].eval()  # type: ignore[union-attr, index, operator]
        before = state(model)
        assert len(set(before[1])) == 2  # type: ignore[arg-type]
        wrap(model)
        assert state(model) == before
