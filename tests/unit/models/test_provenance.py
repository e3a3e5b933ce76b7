"""What is recorded of a model is what was run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from plip.models import load, wrap
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Save = Callable[..., Path]


def sha256(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@pytest.mark.parametrize(
    ("layout", "pattern"),
    [
        ("safetensors", "model.safetensors"),
        ("bin", "pytorch_model.bin"),
        ("sharded", "model-*.safetensors"),
        ("sharded_bin", "pytorch_model-*.bin"),
    ],
)
def test_weight_hash_is_that_of_the_files(
    build: Build, checkpoint: Save, layout: str, pattern: str
) -> None:
    where = checkpoint(build(), layout)
    files = sorted(where.glob(pattern))
    assert len(files) == (1 if not layout.startswith("sharded") else len(files)) >= 1
    assert not layout.startswith("sharded") or len(files) > 2
    assert load(where, device="cpu").provenance().weight_hash == sha256(*files)


def test_the_files_that_are_hashed_are_the_files_that_were_read(
    build: Build, checkpoint: Save
) -> None:
    where = checkpoint(build())
    torch.save({"decoy": torch.ones(1)}, where / "pytorch_model.bin")
    (where / "model.safetensors.index.json").write_text('{"weight_map": {"a": "decoy"}}')
    assert load(where, device="cpu").provenance().weight_hash == sha256(where / "model.safetensors")


def test_of_a_loaded_model(directory: Path) -> None:
    record = load(directory, device="cpu").provenance()
    assert record.model == str(directory)
    assert record.revision is None
    assert record.architecture == "Qwen2ForCausalLM"
    assert (record.dtype, record.device, record.attention) == ("float32", "cpu", "sdpa")
    assert load(directory, device="cpu").provenance() == record


def test_weight_hash_changes_with_a_weight(build: Build, checkpoint: Save) -> None:
    model = build()
    before = load(checkpoint(model, name="before"), device="cpu").provenance()
    with torch.no_grad():
        model.lm_head.weight[3, 7] += 1e-3  # type: ignore[union-attr, index, operator]
    after = load(checkpoint(model, name="after"), device="cpu").provenance()
    assert before.weight_hash != after.weight_hash
    assert before.tokenizer_hash == after.tokenizer_hash


def test_tokenizer_hash_changes_with_the_tokenizer(
    build: Build, checkpoint: Save, tokenizer: PreTrainedTokenizerFast
) -> None:
    where = checkpoint(build())
    before = load(where, device="cpu").provenance()
    tokenizer.add_tokens(["def"])
    tokenizer.save_pretrained(where)
    after = load(where, device="cpu").provenance()
    assert before.tokenizer_hash != after.tokenizer_hash
    assert before.weight_hash == after.weight_hash


def test_tokenizer_hash_does_not_depend_on_what_was_tokenized(
    build: Build, tokenizer: PreTrainedTokenizerFast
) -> None:
    subject = wrap(build(), tokenizer)
    before = subject.provenance().tokenizer_hash
    tokenizer(["a", "bc"], truncation=True, max_length=1)
    assert subject.provenance().tokenizer_hash == before


class TestInMemory:
    def test_equal_weights_equal_hash(self, build: Build) -> None:
        one, other = wrap(build()).provenance(), wrap(build()).provenance()
        assert one == other
        assert one.model == "memory:Qwen2ForCausalLM"
        assert len(one.weight_hash) == 64

    def test_a_weight_changes_the_hash(self, build: Build) -> None:
        model = build()
        before = wrap(model).provenance().weight_hash
        with torch.no_grad():
            model.model.embed_tokens.weight[9, 9] += 1e-3  # type: ignore[union-attr, index, operator]
        assert wrap(model).provenance().weight_hash != before

    def test_it_is_taken_when_it_is_asked_for(self, build: Build) -> None:
        model = build()
        subject = wrap(model)
        before = subject.provenance().weight_hash
        with torch.no_grad():
            model.model.embed_tokens.weight[9, 9] += 1e-3  # type: ignore[union-attr, index, operator]
        assert subject.provenance().weight_hash != before

    def test_swapped_tensors_of_equal_bytes_change_the_hash(self, build: Build) -> None:
        model = build()
        before = wrap(model).provenance().weight_hash
        one, other = model.model.layers[0], model.model.layers[1]  # type: ignore[union-attr, index]
        with torch.no_grad():
            kept = one.mlp.up_proj.weight.clone()
            one.mlp.up_proj.weight.copy_(other.mlp.up_proj.weight)
            other.mlp.up_proj.weight.copy_(kept)
        assert wrap(model).provenance().weight_hash != before

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
    def test_the_dtype_changes_the_hash(self, build: Build, dtype: torch.dtype) -> None:
        model = build(initializer_range=0.05)
        before = wrap(model).provenance()
        after = wrap(model.to(dtype)).provenance()
        assert after.weight_hash != before.weight_hash
        assert after.dtype == str(dtype).removeprefix("torch.")

    def test_it_is_the_files_hash_of_no_file(self, build: Build, checkpoint: Save) -> None:
        model = build()
        assert (
            wrap(model).provenance().weight_hash
            != load(checkpoint(model), device="cpu").provenance().weight_hash
        )


class PlainTokenizer:
    """What `plip.text.tokenize` asks of a tokenizer, and nothing more."""

    def __call__(self, text: str, **options: Any) -> dict[str, Any]:
        return {
            "input_ids": [ord(char) % 256 for char in text],
            "offset_mapping": [(i, i + 1) for i in range(len(text))],
        }


def test_a_tokenizer_that_can_tokenize_can_be_recorded(build: Build) -> None:
    subject = wrap(build(), PlainTokenizer())
    assert isinstance(subject.tokenize("abc"), Tokens)
    assert subject.provenance().model == "memory:Qwen2ForCausalLM"
