"""A directory as the published checkpoints are: a vocabulary file, no ranks, code of its own."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import world
from transformers import AutoTokenizer

import plip
from plip.errors import CheckpointError, ConfigError, TextError
from plip.models import Rwkv6Subject
from plip.models.rwkv6 import Rwkv6ForCausalLM, Rwkv6Tokenizer
from plip.models.rwkv6.vocabulary import VOCABULARY_FILE

pytestmark = pytest.mark.fast

TEXT = "fn add(a: i32) → é\n"
LONGER = world.numbered("fn", " add", "(a", "): ", "é", b"\x86\x92")

#: What the published configuration says, right or wrong.
PUBLISHED = {
    "architectures": ["Rwkv6ForCausalLM"],
    "auto_map": {
        "AutoConfig": "configuration_rwkv6.Rwkv6Config",
        "AutoModelForCausalLM": "modeling_rwkv6.Rwkv6ForCausalLM",
    },
    "model_type": "rwkv6",
    "attention_hidden_size": 32,
    "hidden_size": 24,
    "head_size": 8,
    "head_size_divisor": 8,
    "num_attention_heads": 8,
    "num_hidden_layers": 3,
    "intermediate_size": None,
    "layer_norm_epsilon": 1e-5,
    "rescale_every": 6,
    "tie_word_embeddings": False,
    "vocab_size": 300,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "use_cache": True,
}


@pytest.fixture(scope="module")
def published(
    build: Callable[..., Rwkv6ForCausalLM], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("published")
    shape = {"vocab_size": 300, "head_size_divisor": 8, "intermediate_size": None}
    model = build(torch.bfloat16, layer_norm_epsilon=1e-5, **shape)
    torch.save(model.state_dict(), directory / "pytorch_model.bin")
    (directory / "config.json").write_text(json.dumps(PUBLISHED), "utf-8")
    world.write(directory / VOCABULARY_FILE, LONGER)
    tokenizer = {
        "auto_map": {"AutoTokenizer": ["hf_rwkv_tokenizer.Rwkv6Tokenizer", None]},
        "tokenizer_class": "Rwkv6Tokenizer",
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(tokenizer), "utf-8")
    trap = "raise SystemExit('code of the repository was run')\n"
    for name in ("modeling_rwkv6.py", "configuration_rwkv6.py", "hf_rwkv_tokenizer.py"):
        (directory / name).write_text(trap, "utf-8")
    return directory


@pytest.fixture(scope="module")
def subject(published: Path) -> Rwkv6Subject:
    found = plip.load(published, device="cpu")
    assert isinstance(found, Rwkv6Subject)
    return found


def test_shape_and_ranks_are_the_tensors(subject: Rwkv6Subject) -> None:
    assert subject.mechanism == "state"
    assert subject.heads == (4, 4, 4)
    assert subject.n_layers == 3
    assert subject.model.config.ranks == (5, 7)
    assert subject.model.config.intermediate_size == 64


def test_it_runs_in_float32_whatever_is_stored(subject: Rwkv6Subject, published: Path) -> None:
    record = subject.provenance()
    assert (record.dtype, record.attention) == ("float32", "recurrence")
    assert record.architecture == "Rwkv6ForCausalLM"
    weights = (published / "pytorch_model.bin").read_bytes()
    assert record.weight_hash == hashlib.sha256(weights).hexdigest()
    vocabulary = (published / VOCABULARY_FILE).read_bytes()
    assert record.tokenizer_hash == hashlib.sha256(vocabulary).hexdigest()
    narrow = plip.load(published, device="cpu", dtype="bfloat16")
    assert narrow.provenance().dtype == "bfloat16"


def test_the_vocabulary_file_is_the_tokenizer(subject: Rwkv6Subject) -> None:
    tokens = subject.tokenize(TEXT)
    assert isinstance(subject.tokenizer, Rwkv6Tokenizer)
    assert list(tokens.ids) == world.greedy(LONGER.items(), TEXT.encode())
    # Three tokens would do for the arrow's three bytes, but two of them are one token.
    arrow = [index for index, span in enumerate(tokens.spans) if span == (15, 16)]
    assert len(arrow) == 2
    assert tokens.at(15) == arrow[0]
    assert subject.tokenizer.decode(list(tokens.ids)) == TEXT


def test_it_is_steered(subject: Rwkv6Subject) -> None:
    tokens = subject.tokenize(TEXT)
    plan = plip.Plan(plip.Scale(3.0), plip.into(tokens.at(3)), layers=[1])
    baseline, steered = subject.run(tokens), subject.run(tokens, plan=plan)
    assert steered.witness[0] is not None
    assert not torch.equal(baseline.logits, steered.logits)  # type: ignore[arg-type]  # both are there


def test_transformers_finds_the_tokenizer_too(published: Path) -> None:
    found = AutoTokenizer.from_pretrained(published)
    assert isinstance(found, Rwkv6Tokenizer)
    assert found(TEXT)["input_ids"] == world.greedy(LONGER.items(), TEXT.encode())


def test_a_bad_line_names_file_and_line(published: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(published, tmp_path / "copy")
    path = directory / VOCABULARY_FILE
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[99] = "100 'c' 2\n"
    path.write_text("".join(lines), "utf-8")
    with pytest.raises(CheckpointError, match=rf"{VOCABULARY_FILE}.*line 100"):
        plip.load(directory, device="cpu")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(subject: Rwkv6Subject, bad: float) -> None:
    model = copy.deepcopy(subject.model)
    with torch.no_grad():
        model.rwkv.blocks[1].attention.key.weight[0, 0] = bad
    with pytest.raises(CheckpointError) as raised:
        plip.wrap(model, name="broken")
    assert str(raised.value) == (
        "broken: wanted finite logits, found NaN or infinity on six plain tokens; check the "
        "weights, or load the model in float32 or bfloat16"
    )


def test_no_vocabulary_at_all(published: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(published, tmp_path / "copy")
    (directory / VOCABULARY_FILE).unlink()
    with pytest.raises(CheckpointError, match=VOCABULARY_FILE):
        plip.load(directory, device="cpu")


def test_tokens_beyond_the_embeddings_are_refused(subject: Rwkv6Subject) -> None:
    tokens = plip.Tokens("ab", (1, 300), ((0, 1), (1, 2)))
    with pytest.raises(ConfigError, match="each in 0 … 299"):
        subject.run(tokens)


def test_without_a_tokenizer_only_tokenize_fails(subject: Rwkv6Subject) -> None:
    bare = plip.wrap(subject.model)
    assert bare.name == "memory:Rwkv6ForCausalLM"
    assert bare.run(plip.Tokens("ab", (1, 2), ((0, 1), (1, 2)))).logits is not None
    with pytest.raises(TextError, match="wanted a tokenizer, found none"):
        bare.tokenize("ab")
