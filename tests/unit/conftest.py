"""A tiny checkpoint on the disk, for whatever runs a model from end to end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from plip.models import Rwkv6Subject, TransformerSubject, load
from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM
from plip.text import Corpus, bundled_corpus


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random Qwen2 of six layers and a byte-level tokenizer."""
    directory = tmp_path_factory.mktemp("tiny")
    _save_tokenizer(directory)
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


def _save_tokenizer(directory: Path) -> None:
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


@pytest.fixture(scope="session")
def tiny_recurrent_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random RWKV-6 of four layers, every weight drawn, and that tokenizer."""
    directory = tmp_path_factory.mktemp("tiny-recurrent")
    _save_tokenizer(directory)
    config = Rwkv6Config(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=4,
        head_size=8,
        time_mix_rank=4,
        time_decay_rank=6,
        max_position_embeddings=512,
    )
    model = Rwkv6ForCausalLM(config).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_norm = ".ln" in name and name.endswith("weight")
            shift = 1.0 if is_norm else -2.0 if name.endswith("time_decay") else 0.0
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3 + shift)
    model.save_pretrained(directory)
    return directory


@pytest.fixture(scope="session")
def tiny_recurrent(tiny_recurrent_checkpoint: Path) -> Rwkv6Subject:
    """That checkpoint, loaded."""
    subject = load(tiny_recurrent_checkpoint, device="cpu")
    assert isinstance(subject, Rwkv6Subject)
    return subject


@pytest.fixture(scope="session")
def tiny(tiny_checkpoint: Path) -> TransformerSubject:
    """That checkpoint, loaded."""
    subject = load(tiny_checkpoint, device="cpu")
    assert isinstance(subject, TransformerSubject)
    return subject


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
