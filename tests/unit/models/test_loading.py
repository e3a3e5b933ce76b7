"""Loading checkpoints that are in order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from torch import nn
from transformers import PreTrainedTokenizerFast

import plip
from plip.errors import ModelNotFoundError, TextError
from plip.models import TransformerSubject, load, wrap

pytestmark = pytest.mark.fast

PAPER = ("qwen2", "starcoder2", "gemma", "llama", "phi3")
LAYOUTS = ("safetensors", "sharded", "bin", "sharded_bin")
CODE = "def add(a, b):\n    >>> é"

Build = Callable[..., nn.Module]
Save = Callable[..., Path]


def logits_of(model: nn.Module, ids: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -1]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("model_type", PAPER)
def test_what_was_saved_is_what_runs(
    build: Build, checkpoint: Save, model_type: str, layout: str
) -> None:
    options = {"sliding_window": 6} if model_type in ("starcoder2", "phi3") else {}
    model = build(model_type, **options)
    subject = load(checkpoint(model, layout), device="cpu")
    loaded = subject.model.state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded[name], tensor), name
    tokens = subject.tokenize(CODE)
    assert len(tokens) == len(CODE.encode())
    logits = subject.run(tokens).logits
    assert logits is not None
    torch.testing.assert_close(logits[0], logits_of(model, tokens.ids), rtol=0, atol=2e-5)


def test_a_loaded_subject_says_what_it_is(directory: Path) -> None:
    subject = load(directory, device="cpu")
    assert isinstance(subject, TransformerSubject)
    assert subject.name == str(directory)
    assert subject.n_layers == 3
    assert subject.heads == (4, 4, 4)
    assert subject.context == 64
    assert str(subject.device) == "cpu"
    assert not subject.model.training


def test_a_path_may_be_a_string_or_relative(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(directory.parent)
    for name in (str(directory), "./checkpoint", "checkpoint"):
        assert load(name, device="cpu").name == name


def test_a_path_may_begin_at_home(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(directory.parent))
    assert load("~/checkpoint", device="cpu").n_layers == 3


def test_code_of_a_repository_is_not_needed_where_transformers_has_its_own(
    directory: Path, edit_config: Callable[..., None]
) -> None:
    (directory / "modeling_x.py").write_text("raise SystemExit('code of a repository was run')")
    edit_config(
        directory,
        auto_map={"AutoConfig": "modeling_x.C", "AutoModelForCausalLM": "modeling_x.M"},
    )
    assert type(load(directory, device="cpu").model).__name__ == "Qwen2ForCausalLM"


@pytest.fixture
def edit_config() -> Callable[..., None]:
    import json

    def edit(where: Path, **values: Any) -> None:
        path = where / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return edit


class TestDtype:
    @pytest.mark.parametrize(
        ("stored", "asked", "held"),
        [
            ("float32", "auto", "float32"),
            ("bfloat16", "auto", "bfloat16"),
            ("float16", "auto", "float32"),
            ("float16", "float16", "float16"),
            ("float32", "bfloat16", "bfloat16"),
            ("bfloat16", "float32", "float32"),
            ("float32", "float64", "float64"),
        ],
    )
    def test_of_the_loaded_weights(
        self, build: Build, checkpoint: Save, stored: str, asked: str, held: str
    ) -> None:
        model = build().to(getattr(torch, stored))
        subject = load(checkpoint(model), device="cpu", dtype=asked)
        assert {p.dtype for p in subject.model.parameters()} == {getattr(torch, held)}
        assert subject.provenance().dtype == held
        for name, tensor in model.state_dict().items():
            loaded = subject.model.state_dict()[name]
            assert torch.equal(loaded, tensor.to(loaded.dtype)), name

    @pytest.mark.parametrize("held", ["bfloat16", "float16"])
    def test_logits_are_float32_of_the_narrow_model(
        self, build: Build, checkpoint: Save, held: str
    ) -> None:
        model = build(initializer_range=0.05).to(getattr(torch, held))
        subject = load(checkpoint(model), device="cpu", dtype=held)
        tokens = subject.tokenize("def f")
        logits = subject.run(tokens).logits
        assert logits is not None
        assert logits.dtype == torch.float32
        expected = logits_of(model, tokens.ids).float()
        torch.testing.assert_close(logits[0], expected, rtol=0, atol=1e-2)


def test_a_revision_means_nothing_to_a_directory(directory: Path) -> None:
    subject = load(directory, device="cpu", revision=None)
    assert subject.provenance().revision is None


class TestHubCache:
    """A repository in the local cache, as a download would have left it."""

    COMMIT = "0123456789abcdef0123456789abcdef01234567"

    @pytest.fixture
    def cached(self, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        cache = tmp_path / "hub"
        repository = cache / "models--someone--tiny"
        snapshot = repository / "snapshots" / self.COMMIT
        shutil.copytree(directory, snapshot)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(self.COMMIT)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        return snapshot

    @pytest.mark.parametrize("revision", [None, "main", COMMIT])
    def test_loads_without_a_network(self, cached: Path, revision: str | None) -> None:
        subject = load("someone/tiny", device="cpu", revision=revision)
        assert subject.name == "someone/tiny"
        assert len(subject.tokenize("def f")) == 5
        record = subject.provenance()
        assert record.model == "someone/tiny"
        assert record.revision == self.COMMIT
        assert subject.origin.weights == (cached / "model.safetensors",)

    def test_weights_are_those_of_the_revision(
        self, cached: Path, build: Build, text: Callable[..., plip.Tokens]
    ) -> None:
        other = cached.parent / ("f" * 40)
        shutil.copytree(cached, other)
        changed = build(initializer_range=0.2)
        changed.save_pretrained(other)  # type: ignore[operator]
        (cached.parents[1] / "refs" / "v2").write_text(other.name)
        subject = load("someone/tiny", device="cpu", revision="v2")
        logits = subject.run(text(5)).logits
        assert logits is not None
        torch.testing.assert_close(logits[0], logits_of(changed, text(5).ids), rtol=0, atol=2e-5)
        assert subject.provenance().revision == other.name
        assert subject.origin.weights == (other / "model.safetensors",)

    def test_another_revision_is_not_there(self, cached: Path) -> None:
        with pytest.raises(ModelNotFoundError):
            load("someone/tiny", device="cpu", revision="v2")

    def test_weights_that_were_not_downloaded_are_not_there(self, cached: Path) -> None:
        os.remove(cached / "model.safetensors")
        with pytest.raises(ModelNotFoundError, match="someone/tiny: wanted weights"):
            load("someone/tiny", device="cpu")


class TestWrap:
    def test_keeps_the_model_itself(self, build: Build, tokenizer: PreTrainedTokenizerFast) -> None:
        model = build()
        subject = wrap(model, tokenizer)
        assert subject.model is model
        assert subject.name == "memory:Qwen2ForCausalLM"
        assert len(subject.tokenize("def f")) == 5

    def test_takes_a_name(self, build: Build) -> None:
        assert wrap(build(), name="mine").name == "mine"

    def test_without_a_tokenizer_only_tokenize_fails(
        self, build: Build, text: Callable[..., plip.Tokens]
    ) -> None:
        subject = wrap(build())
        assert subject.run(text(4)).logits is not None
        assert subject.provenance().tokenizer_hash is None
        with pytest.raises(TextError) as caught:
            subject.tokenize("def f")
        assert str(caught.value) == (
            "memory:Qwen2ForCausalLM: wanted a tokenizer, found none; "
            "pass one to plip.wrap(model, tokenizer)"
        )
