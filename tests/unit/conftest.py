"""A tiny checkpoint on the disk, for whatever runs a model from end to end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from plip.models import TransformerSubject, load
from plip.text import Corpus, bundled_corpus


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random Qwen2 of six layers and a byte-level tokenizer."""
    directory = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([sample.text for sample in bundled_corpus()], trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>").save_pretrained(
        directory
    )
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=400,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
    )
    Qwen2ForCausalLM(config).eval().save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def tiny(tiny_checkpoint: Path) -> TransformerSubject:
    """That checkpoint, loaded."""
    return load(tiny_checkpoint, device="cpu")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The bundled corpus."""
    return bundled_corpus()


@pytest.fixture
def full_device(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device that is always full, and that faulty code under test cannot replace by a file."""
    device = Path("/dev/full")
    if not device.is_char_device():
        pytest.skip("no /dev/full on this system (tests/QUARANTINES.md)")

    replace = os.replace

    def guarded(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
        if Path(target) == device:
            raise RuntimeError(f"{device} would have been replaced")
        replace(source, target)

    monkeypatch.setattr("os.replace", guarded)
    return device
