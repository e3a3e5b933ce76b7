"""Tiny models and checkpoints for loading, probing and running."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from plip.text import Tokens

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

Build = Callable[..., nn.Module]


@pytest.fixture(scope="session")
def build() -> Build:
    """Make a tiny random model: `build("llama", num_hidden_layers=2)`, always the same one."""

    def make(model_type: str = "qwen2", **options: Any) -> nn.Module:
        common = {
            "vocab_size": 256,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 64,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "initializer_range": 0.3,
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            config = AutoConfig.for_model(model_type, **(common | options))
            return AutoModelForCausalLM.from_config(config).eval()

    return make


@pytest.fixture(scope="session")
def text() -> Callable[..., Tokens]:
    """Make a text of random tokens, one character each: `text(12)`, `text(12, seed=3)`."""

    def make(n: int, seed: int = 0) -> Tokens:
        generator = torch.Generator().manual_seed(1000 * seed + n)
        ids = torch.randint(3, 256, (n,), generator=generator).tolist()
        return Tokens("x" * n, tuple(ids), tuple((i, i + 1) for i in range(n)))

    return make


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """A fast tokenizer with a token for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    cut = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    cut.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    cut.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=cut)


def _sharded_bin(state: dict[str, Tensor], directory: Path) -> None:
    """Write weights in three torch files with an index."""
    where = {}
    for number in range(3):
        mine = {name: state[name] for name in sorted(state)[number::3]}
        file = f"pytorch_model-{number + 1:05d}-of-00003.bin"
        torch.save(mine, directory / file)
        where |= dict.fromkeys(mine, file)
    index = {"metadata": {}, "weight_map": where}
    (directory / "pytorch_model.bin.index.json").write_text(json.dumps(index))


@pytest.fixture
def checkpoint(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> Callable[..., Path]:
    """Save a model with the byte tokenizer: `checkpoint(model, "sharded_bin")`."""

    def save(model: nn.Module, layout: str = "safetensors", name: str = "checkpoint") -> Path:
        directory = tmp_path / name
        if layout == "sharded":
            model.save_pretrained(directory, max_shard_size="20KB")  # type: ignore[operator]
            assert (directory / "model.safetensors.index.json").is_file()
        elif layout == "safetensors":
            model.save_pretrained(directory)  # type: ignore[operator]
        else:
            model.config.save_pretrained(directory)  # type: ignore[operator, union-attr]
            if layout == "bin":
                torch.save(model.state_dict(), directory / "pytorch_model.bin")
            else:
                _sharded_bin(model.state_dict(), directory)
        tokenizer.save_pretrained(directory)
        return directory

    return save


@pytest.fixture(scope="session")
def sound(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound Qwen2 checkpoint without its tokenizer; copy it before changing it."""
    directory = tmp_path_factory.mktemp("sound") / "checkpoint"
    build().save_pretrained(directory)  # type: ignore[operator]
    return directory


@pytest.fixture
def directory(sound: Path, tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> Path:
    """A sound checkpoint of one's own, to be damaged."""
    mine = tmp_path / "checkpoint"
    shutil.copytree(sound, mine)
    tokenizer.save_pretrained(mine)
    return mine
