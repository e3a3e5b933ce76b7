"""The shape of an RWKV-6 model: what a configuration says, and what the published ones mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig

from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM

pytestmark = pytest.mark.fast

#: What the published files say, their remote code included.
PUBLISHED = {
    "architectures": ["Rwkv6ForCausalLM"],
    "auto_map": {
        "AutoConfig": "configuration_rwkv6.Rwkv6Config",
        "AutoModelForCausalLM": "modeling_rwkv6.Rwkv6ForCausalLM",
    },
    "attention_hidden_size": 2048,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "head_size": 64,
    "head_size_divisor": 8,
    "hidden_size": 2048,
    "intermediate_size": None,
    "layer_norm_epsilon": 1e-05,
    "model_type": "rwkv6",
    "model_version": "6_0",
    "num_attention_heads": 64,
    "num_hidden_layers": 24,
    "rescale_every": 6,
    "tie_word_embeddings": False,
    "transformers_version": "4.34.0",
    "use_cache": True,
    "vocab_size": 65536,
}


def shapes(**options: Any) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a model's parameters, without making them."""
    with torch.device("meta"):
        model = Rwkv6ForCausalLM(Rwkv6Config(**options))
    return {name: tuple(each.shape) for name, each in model.state_dict().items()}


class TestPublished:
    def test_the_smallest(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(json.dumps(PUBLISHED))
        config = AutoConfig.from_pretrained(tmp_path)
        assert type(config) is Rwkv6Config
        assert config.n_heads == 32
        assert config.ranks == (32, 64)
        assert config.intermediate_size == 7168
        assert config.group_norm_epsilon == pytest.approx(64e-5)
        assert not hasattr(config, "num_attention_heads")
        ours = ("hidden_size", "num_hidden_layers", "vocab_size", "head_size", "head_size_divisor")
        assert all(getattr(config, name) == PUBLISHED[name] for name in ours)

    @pytest.mark.parametrize(
        ("hidden", "layers", "n_heads", "ranks", "inner"),
        [
            (2048, 24, 32, (32, 64), 7168),
            (2560, 32, 40, (32, 64), 8960),
            (4096, 32, 64, (64, 128), 14336),
            (4096, 61, 64, (64, 128), 14336),
            (4095, 1, 63, (32, 64), 14304),
        ],
    )
    def test_sizes_from_the_configuration_alone(
        self, hidden: int, layers: int, n_heads: int, ranks: tuple[int, int], inner: int
    ) -> None:
        heads = hidden // 64 * 64
        config = Rwkv6Config(
            hidden_size=hidden, num_hidden_layers=layers, attention_hidden_size=heads
        )
        assert (config.n_heads, config.ranks, config.intermediate_size) == (n_heads, ranks, inner)

    def test_the_smallest_has_1_6_billion_parameters(self) -> None:
        sizes = shapes(**{k: v for k, v in PUBLISHED.items() if k != "auto_map"})
        total = sum(torch.Size(shape).numel() for shape in sizes.values())
        assert total == pytest.approx(1.6e9, rel=1e-3)
        assert sizes["rwkv.blocks.23.attention.time_maa_w2"] == (5, 32, 2048)
        assert sizes["rwkv.blocks.23.attention.time_decay_w1"] == (2048, 64)


class TestNames:
    """The names and shapes of the published tensors, all of them, for two blocks."""

    C, A, H, S, D, E, F, V = 24, 32, 4, 8, 5, 7, 40, 61

    def test_they_are_the_published_ones(self) -> None:
        c, a, h, s, d, e, f, v = (
            self.C, self.A, self.H, self.S, self.D, self.E, self.F, self.V,
        )  # fmt: skip
        expected: dict[str, tuple[int, ...]] = {
            "rwkv.embeddings.weight": (v, c),
            "rwkv.blocks.0.pre_ln.weight": (c,),
            "rwkv.blocks.0.pre_ln.bias": (c,),
            "rwkv.ln_out.weight": (c,),
            "rwkv.ln_out.bias": (c,),
            "head.weight": (v, c),
        }
        for at in ("rwkv.blocks.0.", "rwkv.blocks.1."):
            expected |= {f"{at}{norm}.weight": (c,) for norm in ("ln1", "ln2")}
            expected |= {f"{at}{norm}.bias": (c,) for norm in ("ln1", "ln2")}
            expected |= {f"{at}attention.time_maa_{name}": (1, 1, c) for name in "xwkvrg"}
            expected |= {
                f"{at}attention.time_maa_w1": (c, 5 * d),
                f"{at}attention.time_maa_w2": (5, d, c),
                f"{at}attention.time_decay": (1, 1, a),
                f"{at}attention.time_decay_w1": (c, e),
                f"{at}attention.time_decay_w2": (e, a),
                f"{at}attention.time_faaaa": (h, s),
                f"{at}attention.receptance.weight": (a, c),
                f"{at}attention.key.weight": (a, c),
                f"{at}attention.value.weight": (a, c),
                f"{at}attention.gate.weight": (a, c),
                f"{at}attention.output.weight": (c, a),
                f"{at}attention.ln_x.weight": (a,),
                f"{at}attention.ln_x.bias": (a,),
                f"{at}feed_forward.time_maa_k": (1, 1, c),
                f"{at}feed_forward.time_maa_r": (1, 1, c),
                f"{at}feed_forward.key.weight": (f, c),
                f"{at}feed_forward.receptance.weight": (c, c),
                f"{at}feed_forward.value.weight": (c, f),
            }
        found = shapes(
            vocab_size=v,
            hidden_size=c,
            num_hidden_layers=2,
            attention_hidden_size=a,
            head_size=s,
            intermediate_size=f,
            time_mix_rank=d,
            time_decay_rank=e,
        )
        assert found == expected


class TestDefaults:
    @pytest.mark.parametrize(("hidden", "inner"), [(64, 224), (70, 224), (74, 256), (10, 32)])
    def test_the_inner_width_is_a_multiple_of_32(self, hidden: int, inner: int) -> None:
        assert Rwkv6Config(hidden_size=hidden, head_size=1).intermediate_size == inner

    def test_the_heads_are_as_wide_as_the_model(self) -> None:
        config = Rwkv6Config(hidden_size=48, head_size=8)
        assert (config.attention_hidden_size, config.n_heads) == (48, 6)

    @pytest.mark.parametrize(
        ("given", "ranks"),
        [({"time_mix_rank": 5}, (5, 10)), ({"time_decay_rank": 5}, (32, 5))],
    )
    def test_one_rank_alone(self, given: dict[str, int], ranks: tuple[int, int]) -> None:
        assert Rwkv6Config(**given).ranks == ranks

    @pytest.mark.parametrize("ignored", [{"num_attention_heads": 3}, {"rescale_every": 2}])
    def test_what_is_ignored(self, ignored: dict[str, int]) -> None:
        config = Rwkv6Config(hidden_size=48, head_size=8, **ignored)
        assert config.n_heads == 6


class TestRefused:
    @pytest.mark.parametrize("head_size", [7, 64, 33])
    def test_heads_that_do_not_fill_the_width(self, head_size: int) -> None:
        wanted = f"attention_hidden_size 32 is not a multiple of head_size {head_size}$"
        with pytest.raises(StrictDataclassError, match=wanted):
            Rwkv6Config(attention_hidden_size=32, head_size=head_size)

    @pytest.mark.parametrize(
        "name",
        [
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "attention_hidden_size",
            "head_size",
            "head_size_divisor",
            "intermediate_size",
            "time_mix_rank",
            "time_decay_rank",
        ],
    )
    @pytest.mark.parametrize("value", [0, -8, 8.0, "8", True])
    def test_sizes_that_are_none(self, name: str, value: Any) -> None:
        with pytest.raises(StrictDataclassError, match=name):
            Rwkv6Config(**{"hidden_size": 32, "head_size": 8, "intermediate_size": 32, name: value})

    def test_a_width_too_small_for_the_default_inner_one(self) -> None:
        with pytest.raises(StrictDataclassError, match="intermediate_size is 0, not a whole"):
            Rwkv6Config(hidden_size=8, head_size=8)
