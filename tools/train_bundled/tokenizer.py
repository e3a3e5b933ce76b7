"""The byte-level BPE tokenizer shared by the bundled models."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 2048
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0
TRAINING_BYTES = 12_000_000
SPLIT_SEED = 7
SPLIT_SHARE = 0.15
SPLIT_AT_PROMPT_END = 0.7
LONGEST_POSITION = 1024

QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PROMPT_ENDS = (">>> ", "assert_eq!(", "#[test]\n", "}\n", "}\n\n")


def train_tokenizer(documents: list[str]) -> Tokenizer:
    """Train on the first documents, up to a number of bytes."""
    sample: list[str] = []
    size = 0
    for document in documents:
        if size >= TRAINING_BYTES:
            break
        sample.append(document)
        size += len(document.encode())
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample, trainer)
    return tokenizer


def _cut(document: str, rng: random.Random) -> int:
    """Where to cut a document: mostly where prompts tend to end."""
    markers = [marker for marker in _PROMPT_ENDS if marker in document]
    if markers and rng.random() < SPLIT_AT_PROMPT_END:
        marker = rng.choice(markers)
        ends = [found.end() for found in re.finditer(re.escape(marker), document)]
        return rng.choice(ends)
    return rng.randrange(1, len(document))


def encode(tokenizer: Tokenizer, documents: list[str]) -> list[list[int]]:
    """Token ids of each document, some encoded in two pieces so that odd borders are familiar."""
    rng = random.Random(SPLIT_SEED)
    spans: list[tuple[str, ...]] = []
    for document in documents:
        if rng.random() < SPLIT_SHARE and len(document) > 1:
            cut = _cut(document, rng)
            spans.append((document[:cut], document[cut:]))
        else:
            spans.append((document,))
    flat = tokenizer.encode_batch([part for span in spans for part in span])
    encoded: list[list[int]] = []
    position = 0
    for span in spans:
        parts = flat[position : position + len(span)]
        position += len(span)
        encoded.append([token for part in parts for token in part.ids])
    return encoded


def save_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """Write the files ``AutoTokenizer`` reads; no special token is added when encoding."""
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "eos_token": END_OF_TEXT,
        "model_max_length": LONGEST_POSITION,
        "pad_token": END_OF_TEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": None,
    }
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (directory / "tokenizer_config.json").write_text(text, encoding="utf-8")
