"""`plip.load` of an RWKV-6 directory: what it gives, and what it says of a damaged one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import plip
from plip.errors import CheckpointError
from plip.models.rwkv6 import Rwkv6ForCausalLM
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.plan import Plan, Scale, into

pytestmark = pytest.mark.fast

Build = Callable[..., Rwkv6ForCausalLM]
Save = Callable[..., Path]
TEXT = "def f(x):\n    return x"
KEY = "rwkv.blocks.1.attention.key.weight"


@pytest.fixture(scope="module")
def stored(build: Build) -> Rwkv6ForCausalLM:
    """A float32 model with an entry for each byte."""
    return build(dtype=torch.float32, vocab_size=256)


@pytest.mark.parametrize("layout", ["safetensors", "sharded", "bin", "sharded_bin"])
def test_a_directory(stored: Rwkv6ForCausalLM, checkpoint: Save, layout: str) -> None:
    directory = checkpoint(stored, layout)
    one = plip.load(directory, device="cpu")
    assert isinstance(one, Rwkv6Subject)
    assert one.name == str(directory)
    tokens = one.tokenize(TEXT)
    assert [TEXT[a:b] for a, b in tokens.spans] == list(TEXT)
    plan = Plan(Scale(3.0), into(tokens.at(4)), layers=[1])
    run, wrapped = (each.run(tokens, plan=plan) for each in (one, plip.wrap(stored)))
    assert run.logits is not None
    assert wrapped.logits is not None
    assert torch.equal(run.logits, wrapped.logits)
    record = one.provenance()
    assert record.dtype == "float32"
    assert record.device == "cpu"
    assert record == plip.load(directory, device="cpu").provenance()


@pytest.mark.parametrize("narrow", [torch.float16, torch.bfloat16])
def test_narrow_weights_run_in_float32_unless_asked(
    build: Build, checkpoint: Save, narrow: torch.dtype
) -> None:
    model = build(dtype=narrow, vocab_size=256)
    directory = checkpoint(model)
    name = str(narrow).removeprefix("torch.")
    assert load_file(directory / "model.safetensors")[KEY].dtype == narrow
    one = plip.load(directory, device="cpu")
    assert one.provenance().dtype == "float32"
    assert isinstance(one, Rwkv6Subject)
    assert one.model.dtype == torch.float32
    tokens = one.tokenize(TEXT)
    wanted = plip.wrap(model.float()).run(tokens).logits
    found = one.run(tokens).logits
    assert found is not None
    assert wanted is not None
    assert torch.equal(found, wanted)
    assert plip.load(directory, device="cpu", dtype=name).provenance().dtype == name
    assert plip.load(directory, device="cpu", dtype="float64").provenance().dtype == "float64"


def misname(tensors: dict[str, Tensor]) -> None:
    tensors["rwkv.blocks.1.attention.keys.weight"] = tensors.pop(KEY)


def misshape(tensors: dict[str, Tensor]) -> None:
    tensors[KEY] = tensors[KEY][:, :-1].contiguous()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda tensors: tensors.pop(KEY), f"1 missing, such as {KEY}"),
        (
            misname,
            f"1 missing, such as {KEY}; 1 unexpected, such as rwkv.blocks.1.attention.keys.weight",
        ),
        (misshape, KEY),
        (lambda tensors: tensors.pop("head.weight"), "1 missing, such as head.weight"),
        (
            lambda tensors: tensors.pop("rwkv.blocks.0.pre_ln.bias"),
            "1 missing, such as rwkv.blocks.0.pre_ln.bias",
        ),
        (
            lambda tensors: tensors.update(extra=torch.ones(2)),
            "1 unexpected, such as extra",
        ),
    ],
    ids=["missing", "misnamed", "misshapen", "no head", "no first norm", "one too many"],
)
def test_a_damaged_checkpoint_names_the_tensor(
    stored: Rwkv6ForCausalLM,
    checkpoint: Save,
    damage: Callable[[dict[str, Tensor]], Any],
    found: str,
) -> None:
    directory = checkpoint(stored)
    tensors = load_file(directory / "model.safetensors")
    damage(tensors)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError) as caught:
        plip.load(directory, device="cpu")
    assert caught.value.who == str(directory)
    assert found in caught.value.found


def test_a_directory_without_a_tokenizer(stored: Rwkv6ForCausalLM, checkpoint: Save) -> None:
    directory = checkpoint(stored)
    for file in directory.glob("*token*"):
        file.unlink()
    with pytest.raises(CheckpointError, match=r"wanted a vocabulary, rwkv_vocab_v20230424\.txt"):
        plip.load(directory, device="cpu")
