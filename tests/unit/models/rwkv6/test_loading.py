"""RWKV-6 checkpoints as they lie on a disk: every format, ranks from the tensors, what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM, Rwkv6Model

pytestmark = pytest.mark.fast

Build = Callable[..., Rwkv6ForCausalLM]
Ids = Callable[..., Tensor]
Tensors = Mapping[str, Tensor]


def published(model: Rwkv6ForCausalLM) -> dict[str, Any]:
    """Return a model's configuration as the published files have it: without the ranks."""
    config = model.config
    return {
        "architectures": ["Rwkv6ForCausalLM"],
        "auto_map": {
            "AutoConfig": "configuration_rwkv6.Rwkv6Config",
            "AutoModelForCausalLM": "modeling_rwkv6.Rwkv6ForCausalLM",
        },
        "attention_hidden_size": config.attention_hidden_size,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "head_size": config.head_size,
        "head_size_divisor": config.head_size_divisor,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "layer_norm_epsilon": config.layer_norm_epsilon,
        "model_type": "rwkv6",
        "model_version": "6_0",
        "num_attention_heads": config.head_size,
        "num_hidden_layers": config.num_hidden_layers,
        "rescale_every": 6,
        "tie_word_embeddings": config.tie_word_embeddings,
        "transformers_version": "4.34.0",
        "use_cache": True,
        "vocab_size": config.vocab_size,
    }


def _safetensors(tensors: Tensors, at: Path) -> None:
    save_file(dict(tensors), at / "model.safetensors", metadata={"format": "pt"})


def _bin(tensors: Tensors, at: Path) -> None:
    torch.save(dict(tensors), at / "pytorch_model.bin")


def _old_bin(tensors: Tensors, at: Path) -> None:
    torch.save(dict(tensors), at / "pytorch_model.bin", _use_new_zipfile_serialization=False)


def _shards(tensors: Tensors, at: Path, stem: str, suffix: str, save: Any) -> None:
    """Deal the tensors out to three files, so that no block is in one of them."""
    names = sorted(tensors)
    files = {name: f"{stem}-{i % 3 + 1:05d}-of-00003.{suffix}" for i, name in enumerate(names)}
    for file in set(files.values()):
        save({name: tensors[name] for name in names if files[name] == file}, at / file)
    index = {"metadata": {"total_size": 1}, "weight_map": files}
    (at / f"{stem}.{suffix}.index.json").write_text(json.dumps(index))


def _sharded_safetensors(tensors: Tensors, at: Path) -> None:
    def save(some: dict[str, Tensor], path: Path) -> None:
        save_file(some, path, metadata={"format": "pt"})

    _shards(tensors, at, "model", "safetensors", save)


def _sharded_bin(tensors: Tensors, at: Path) -> None:
    _shards(tensors, at, "pytorch_model", "bin", torch.save)


FORMATS: dict[str, Callable[[Tensors, Path], None]] = {
    "safetensors": _safetensors,
    "sharded safetensors": _sharded_safetensors,
    "bin": _bin,
    "sharded bin": _sharded_bin,
    "old bin": _old_bin,
}
every_format = pytest.mark.parametrize("kind", FORMATS)


def write(
    model: Rwkv6ForCausalLM, at: Path, kind: str = "safetensors", tensors: Any = None, **config: Any
) -> Path:
    """Write a checkpoint as the published ones are."""
    (at / "config.json").write_text(json.dumps(published(model) | config))
    FORMATS[kind](stored(model) if tensors is None else tensors, at)
    return at


def stored(model: Rwkv6ForCausalLM) -> dict[str, Tensor]:
    """Return the tensors that a file has: a tied one once."""
    tensors = {name: each.contiguous() for name, each in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del tensors["head.weight"]
    return tensors


def read(at: Path | str, kind: Any = AutoModelForCausalLM, **options: Any) -> tuple[Any, Any]:
    """Load a checkpoint as plip does; return the model and what was amiss."""
    model, info = kind.from_pretrained(
        at,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
        trust_remote_code=False,
        weights_only=True,
        **options,
    )
    return model.eval(), {what: names for what, names in info.items() if names}


@pytest.fixture(scope="module")
def small(build: Build) -> Rwkv6ForCausalLM:
    """The model that lies on the disk; its ranks are 5 and 7, in no file."""
    return build(torch.float32)


class TestFormats:
    @every_format
    @pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
    def test_nothing_is_missing_and_nothing_left(
        self, build: Build, ids: Ids, tmp_path: Path, kind: str, tied: bool
    ) -> None:
        model = build(torch.float32, tie_word_embeddings=tied)
        found, amiss = read(write(model, tmp_path, kind))
        assert type(found) is Rwkv6ForCausalLM
        assert amiss == {}
        assert found.config.ranks == (5, 7)
        assert (found.head.weight is found.rwkv.embeddings.weight) == tied
        for name, tensor in model.state_dict().items():
            assert torch.equal(found.state_dict()[name], tensor), name
        assert torch.equal(found(ids(20)).logits, model(ids(20)).logits)

    @every_format
    def test_the_configuration_alone_is_not_enough(
        self, small: Rwkv6ForCausalLM, tmp_path: Path, kind: str
    ) -> None:
        config = AutoConfig.from_pretrained(write(small, tmp_path, kind))
        assert config.ranks == (32, 64)
        assert (config.time_mix_rank, config.time_decay_rank) == (None, None)
        found, _ = read(tmp_path, config=config)
        assert found.config.ranks == (5, 7)
        # The one that was given is as it was.
        assert config.ranks == (32, 64)

    def test_half_precision_is_kept(self, build: Build, ids: Ids, tmp_path: Path) -> None:
        model = build(torch.bfloat16)
        found, _ = read(write(model, tmp_path), dtype="auto")
        assert found.dtype == torch.bfloat16
        assert torch.equal(found(ids(5)).logits, model(ids(5)).logits)
        wide, _ = read(tmp_path, dtype=torch.float32)
        assert wide.dtype == torch.float32
        assert wide(ids(5)).past_key_values.layers[0].wkv.dtype == torch.float32

    @pytest.mark.parametrize("kind", [AutoModelForCausalLM, Rwkv6ForCausalLM])
    @pytest.mark.parametrize("name", [str, Path])
    def test_every_door(
        self, small: Rwkv6ForCausalLM, ids: Ids, tmp_path: Path, kind: Any, name: Any
    ) -> None:
        found, amiss = read(name(write(small, tmp_path)), kind)
        assert amiss == {}
        assert torch.equal(found(ids(5)).logits, small(ids(5)).logits)

    def test_options_of_the_configuration(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        write(small, tmp_path)
        for kind in (AutoModelForCausalLM, Rwkv6ForCausalLM):
            found, amiss = read(tmp_path, kind, use_cache=False, output_attentions=False)
            assert amiss == {}
            assert found.config.use_cache is False
            assert found.config.ranks == (5, 7)

    def test_the_configuration_by_its_place(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        write(small, tmp_path)
        for place in (tmp_path / "config.json", str(tmp_path)):
            found, amiss = read(tmp_path, Rwkv6ForCausalLM, config=place)
            assert amiss == {}
            assert found.config.ranks == (5, 7)

    def test_the_headless_model(self, small: Rwkv6ForCausalLM, ids: Ids, tmp_path: Path) -> None:
        found, amiss = read(write(small, tmp_path), AutoModel)
        assert type(found) is Rwkv6Model
        assert amiss == {"unexpected_keys": {"head.weight"}}
        output = found(ids(5)).last_hidden_state
        assert torch.equal(output, small.rwkv(ids(5)).last_hidden_state)

    def test_tensors_from_memory(self, small: Rwkv6ForCausalLM, ids: Ids) -> None:
        found = Rwkv6ForCausalLM.from_pretrained(
            None, config=small.config, state_dict=small.state_dict()
        )
        assert torch.equal(found(ids(5)).logits, small(ids(5)).logits)


class TestShapes:
    @pytest.mark.parametrize(
        "options",
        [
            {"head_size": 8, "num_hidden_layers": 12, "vocab_size": 256},
            {"attention_hidden_size": 48, "head_size": 16},
            {"time_mix_rank": 32, "time_decay_rank": 64},
            {"time_mix_rank": 1, "time_decay_rank": 1, "num_hidden_layers": 1},
            {"time_mix_rank": 8, "time_decay_rank": 3},
        ],
        ids=lambda options: ", ".join(f"{name}={value}" for name, value in options.items()),
    )
    def test_from_what_the_files_say(
        self, build: Build, ids: Ids, tmp_path: Path, options: dict[str, int]
    ) -> None:
        model = build(torch.float32, **options)
        found, amiss = read(write(model, tmp_path))
        assert amiss == {}
        assert found.config.ranks == model.config.ranks
        assert torch.equal(found(ids(9)).logits, model(ids(9)).logits)

    def test_the_inner_width_that_null_means(self, build: Build, tmp_path: Path) -> None:
        model = build(torch.float32, intermediate_size=None)
        assert model.config.intermediate_size == 64
        found, amiss = read(write(model, tmp_path, intermediate_size=None))
        assert amiss == {}
        assert found.rwkv.blocks[0].feed_forward.key.weight.shape == (64, 24)

    def test_the_ranks_of_a_configuration_count(
        self, small: Rwkv6ForCausalLM, tmp_path: Path
    ) -> None:
        """They are not overruled in silence: what contradicts them is named."""
        for kind in (AutoModelForCausalLM, Rwkv6ForCausalLM):
            write(small, tmp_path, time_mix_rank=6)
            found, amiss = read(tmp_path, kind)
            assert found.config.ranks == (6, 7)
            names = {name for name, *_ in amiss["mismatched_keys"]}
            assert names == {
                f"rwkv.blocks.{layer}.attention.time_maa_w{which}"
                for layer in range(3)
                for which in (1, 2)
            }


class TestRoundTrip:
    def test_saved_and_loaded(self, small: Rwkv6ForCausalLM, ids: Ids, tmp_path: Path) -> None:
        found, _ = read(write(small, tmp_path))
        found.save_pretrained(tmp_path / "again")
        again, amiss = read(tmp_path / "again")
        assert amiss == {}
        assert again.config.ranks == (5, 7)
        assert json.loads((tmp_path / "again/config.json").read_text())["time_mix_rank"] == 5
        for name, tensor in small.state_dict().items():
            assert torch.equal(again.state_dict()[name], tensor), name
        assert torch.equal(again(ids(20)).logits, small(ids(20)).logits)

    def test_in_shards(self, small: Rwkv6ForCausalLM, ids: Ids, tmp_path: Path) -> None:
        small.save_pretrained(tmp_path, max_shard_size="20KB")
        assert len(list(tmp_path.glob("*.safetensors"))) > 2
        again, amiss = read(tmp_path)
        assert amiss == {}
        assert torch.equal(again(ids(20)).logits, small(ids(20)).logits)

    def test_from_a_configuration_without_ranks(self, ids: Ids, tmp_path: Path) -> None:
        config = Rwkv6Config(vocab_size=40, hidden_size=32, num_hidden_layers=2, head_size=8)
        model = Rwkv6ForCausalLM(config).eval()
        model.save_pretrained(tmp_path)
        assert json.loads((tmp_path / "config.json").read_text())["time_mix_rank"] is None
        again, amiss = read(tmp_path)
        assert amiss == {}
        assert again.config.ranks == (32, 64)
        text = ids(9, vocabulary=40)
        assert torch.equal(again(text).logits, model(text).logits)


class TestFaults:
    """What a checkpoint lacks or has wrong is named; nothing is made up in silence."""

    @pytest.mark.parametrize(
        "name",
        [
            "rwkv.blocks.1.attention.time_maa_w2",
            "rwkv.blocks.0.attention.time_decay_w1",
            "rwkv.blocks.0.pre_ln.bias",
            "rwkv.blocks.2.attention.ln_x.weight",
            "rwkv.blocks.2.feed_forward.time_maa_r",
            "rwkv.embeddings.weight",
            "rwkv.ln_out.bias",
            "head.weight",
        ],
    )
    @pytest.mark.parametrize("kind", ["safetensors", "sharded bin"])
    def test_missing(self, small: Rwkv6ForCausalLM, tmp_path: Path, name: str, kind: str) -> None:
        tensors = stored(small)
        del tensors[name]
        _, amiss = read(write(small, tmp_path, kind, tensors))
        assert amiss == {"missing_keys": {name}}

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("rwkv.blocks.1.attention.time_faaaa", "rwkv.blocks.1.attention.time_first"),
            ("rwkv.blocks.1.attention.time_maa_w1", "rwkv.blocks.1.attention.time_maa_W1"),
            ("rwkv.blocks.0.pre_ln.weight", "rwkv.blocks.0.ln0.weight"),
            ("head.weight", "lm_head.weight"),
        ],
    )
    def test_misnamed(self, small: Rwkv6ForCausalLM, tmp_path: Path, name: str, wrong: str) -> None:
        tensors = stored(small)
        tensors[wrong] = tensors.pop(name)
        _, amiss = read(write(small, tmp_path, tensors=tensors))
        assert amiss == {"missing_keys": {name}, "unexpected_keys": {wrong}}

    def test_a_block_too_many(self, build: Build, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        _, amiss = read(write(small, tmp_path, num_hidden_layers=2))
        assert set(amiss) == {"unexpected_keys"}
        assert all(name.startswith("rwkv.blocks.2.") for name in amiss["unexpected_keys"])

    @pytest.mark.parametrize(
        ("name", "shape"),
        [
            ("rwkv.blocks.0.attention.time_maa_w2", (5, 6, 24)),
            ("rwkv.blocks.2.attention.time_maa_w2", (5, 6, 24)),
            ("rwkv.blocks.2.attention.time_maa_w2", (5,)),
            ("rwkv.blocks.2.attention.time_maa_w1", (24, 27)),
            ("rwkv.blocks.2.attention.time_maa_w1", (24, 30)),
            ("rwkv.blocks.2.attention.time_decay_w1", (24, 8)),
            ("rwkv.blocks.2.attention.time_decay_w2", (9, 32)),
            ("rwkv.blocks.0.attention.time_decay", (1, 1, 31)),
            ("rwkv.blocks.1.attention.time_faaaa", (8, 4)),
            ("rwkv.blocks.1.attention.key.weight", (24, 32)),
            ("rwkv.embeddings.weight", (60, 24)),
        ],
    )
    @pytest.mark.parametrize("kind", ["safetensors", "sharded safetensors", "bin"])
    def test_misshapen(
        self, small: Rwkv6ForCausalLM, tmp_path: Path, name: str, shape: Any, kind: str
    ) -> None:
        """Of the low-rank tensors, too: the one is named that is unlike the others."""
        tensors = stored(small)
        right = tensors[name].shape
        tensors[name] = torch.zeros(shape)
        _, amiss = read(write(small, tmp_path, kind, tensors))
        assert amiss == {"mismatched_keys": {(name, torch.Size(shape), right)}}

    def test_a_size_that_is_none(self, build: Build, tmp_path: Path) -> None:
        """In a model of one block a low-rank tensor has one other to go by: the one that can be."""
        model = build(torch.float32, num_hidden_layers=1)
        name = "rwkv.blocks.0.attention.time_maa_w1"
        tensors = stored(model) | {name: torch.zeros(24, 32)}
        _, amiss = read(write(model, tmp_path, tensors=tensors))
        assert amiss == {"mismatched_keys": {(name, torch.Size((24, 32)), torch.Size((24, 25)))}}

    def test_without_any_low_rank_tensor(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        tensors = stored(small)
        gone = {name for name in tensors if name.endswith(("_w1", "_w2"))}
        kept = {name: each for name, each in tensors.items() if name not in gone}
        found, amiss = read(write(small, tmp_path, tensors=kept))
        assert amiss == {"missing_keys": gone}
        assert found.config.ranks == (32, 64)

    def test_without_weights(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        write(small, tmp_path)
        (tmp_path / "model.safetensors").unlink()
        with pytest.raises(OSError, match="no file named"):
            read(tmp_path)

    def test_a_shard_is_missing(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        write(small, tmp_path, "sharded safetensors")
        (tmp_path / "model-00002-of-00003.safetensors").unlink()
        with pytest.raises(OSError, match=r"model-00002-of-00003\.safetensors"):
            read(tmp_path)

    def test_files_cut_short(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        write(small, tmp_path)
        path = tmp_path / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(Exception, match=r"[Ii]ncomplete|invalid|metadata"):
            read(tmp_path)

    def test_no_code_from_a_pickle_runs(self, small: Rwkv6ForCausalLM, tmp_path: Path) -> None:
        """Not even where only shapes are looked at."""
        write(small, tmp_path)
        (tmp_path / "model.safetensors").unlink()
        witness = tmp_path / "ran"
        torch.save({"head.weight": _Evil(str(witness))}, tmp_path / "pytorch_model.bin")
        with pytest.raises(Exception, match=r"[Ww]eights.only"):
            read(tmp_path)
        assert not witness.exists()


class _Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (Path(self.path),)
