"""Tokenizers of every kind that matters for character spans, trained here on a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

LINES = [
    'def total(left, right):\n    """\n    >>> total(4, 9)\n    13\n    """\n    return left',
    "fn total(left: i64) -> i64 {\n    left\n}\n\n#[test]\nfn test_total() {}",
]
SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


@pytest.fixture(scope="session")
def byte_level() -> Callable[..., PreTrainedTokenizerFast]:
    """Make a byte-level BPE tokenizer (GPT-2, Qwen2, StarCoder2)."""

    def make(*, trim_offsets: bool = False, add_prefix_space: bool = False) -> Any:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
            add_prefix_space=add_prefix_space, trim_offsets=trim_offsets
        )
        trainer = trainers.BpeTrainer(
            vocab_size=330,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=SPECIAL,
            show_progress=False,
        )
        tokenizer.train_from_iterator(LINES, trainer)
        tokenizer.post_processor = processors.Sequence(
            [processors.ByteLevel(trim_offsets=trim_offsets), _template()]
        )
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer)

    return make


@pytest.fixture(scope="session")
def metaspace() -> Callable[..., PreTrainedTokenizerFast]:
    """Make a SentencePiece-like tokenizer with `▁` for spaces and byte fallback."""

    def make(*, prepend_scheme: str = "always", unigram: bool = False) -> Any:
        trainer: Any
        if unigram:
            tokenizer = Tokenizer(models.Unigram())
            trainer = trainers.UnigramTrainer(
                vocab_size=70, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
            )
        else:
            tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
            trainer = trainers.BpeTrainer(
                vocab_size=330, special_tokens=[*SPECIAL, *BYTES], show_progress=False
            )
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme)
        tokenizer.train_from_iterator(LINES, trainer)
        tokenizer.post_processor = _template()
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")

    return make


@pytest.fixture(scope="session")
def llama_like() -> PreTrainedTokenizerFast:
    """A tokenizer that writes its `▁` by normalising, as LLaMA's converted files do."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=[*SPECIAL, *BYTES], show_progress=False
    )
    tokenizer.train_from_iterator(LINES, trainer)
    tokenizer.post_processor = _template()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


def _template() -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
