"""What a bundled model can do: copying a function's name, and compressing code it has not seen."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

PROMPTS = Path(__file__).parents[2] / "tests" / "data" / "bundled_functions.json"
CRITERION = 0.90
HELD_OUT_PROMPTS = 200
BATCH = 20

_DEFINITIONS = {"python": re.compile(r"\bdef (\w+)\("), "rust": re.compile(r"\bfn (\w+)\(")}
_CALLS = {"python": re.compile(r">>> (?=(\w+)\()"), "rust": re.compile(r"assert_eq!\((?=(\w+)\()")}


@dataclass(frozen=True)
class Prompt:
    """A text that ends where a function's name is due."""

    id: str
    name: str
    prompt: str


def load_prompts(path: Path = PROMPTS) -> dict[str, list[Prompt]]:
    """The hand-written prompts by language."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return {language: [Prompt(**entry) for entry in entries] for language, entries in held.items()}


def prompts_of_documents(documents: Sequence[str], language: str) -> list[Prompt]:
    """Prompts cut out of generated documents before the first call of a function they define."""
    prompts: list[Prompt] = []
    for index, document in enumerate(documents):
        call = _CALLS[language].search(document)
        if call is None:
            continue
        text = document[: call.end()].rstrip(" ")
        if call.group(1) in _DEFINITIONS[language].findall(text):
            prompts.append(Prompt(f"{language}-held-out-{index}", call.group(1), text))
    return prompts[:HELD_OUT_PROMPTS]


def begins_name(token: str, name: str) -> bool:
    """Whether a decoded token, its leading space aside, is a non-empty beginning of a name."""
    return bool(token.strip()) and name.startswith(token.lstrip(" "))


@torch.inference_mode()
def next_tokens(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[str]:
    """The most probable next token after each text, decoded.

    Shorter texts are filled up on the right, where a causal model does not see the filling.
    """
    found: list[str] = []
    for start in range(0, len(texts), BATCH):
        encoded = [tokenizer(text)["input_ids"] for text in texts[start : start + BATCH]]
        longest = max(len(tokens) for tokens in encoded)
        filled = [tokens + [0] * (longest - len(tokens)) for tokens in encoded]
        logits = model(input_ids=torch.tensor(filled)).logits
        for row, tokens in zip(logits, encoded, strict=True):
            found.append(str(tokenizer.decode([int(row[len(tokens) - 1].argmax())])))
    return found


def copied_share(prompts: Sequence[Prompt], missed: list[dict[str, str]]) -> dict[str, Any]:
    """How many prompts were continued by the name, and what became of the others."""
    copied = len(prompts) - len(missed)
    return {
        "prompts": len(prompts),
        "copied": copied,
        "share": copied / len(prompts),
        "missed": missed,
    }


def name_copying(
    model: Any, tokenizer: Any, prompts: Sequence[Prompt], suffix: str = ""
) -> dict[str, Any]:
    """How often the most probable next token begins the function's name."""
    missed: list[dict[str, str]] = []
    tokens = next_tokens(model, tokenizer, [prompt.prompt + suffix for prompt in prompts])
    for prompt, token in zip(prompts, tokens, strict=True):
        if not begins_name(token, prompt.name):
            missed.append({"id": prompt.id, "name": prompt.name, "token": token})
    return copied_share(prompts, missed)


def evaluate_names(model: Any, tokenizer: Any, prompts: dict[str, list[Prompt]]) -> dict[str, Any]:
    """Name copying on the hand-written prompts; Python also after the space behind ``>>>``."""
    return {
        "python": name_copying(model, tokenizer, prompts["python"]),
        "python_after_space": name_copying(model, tokenizer, prompts["python"], " "),
        "rust": name_copying(model, tokenizer, prompts["rust"]),
    }


@torch.inference_mode()
def bits_per_byte(model: Any, tokenizer: Any, documents: Sequence[str], context: int) -> float:
    """Mean code length of documents, each read on its own after the end-of-text token."""
    nats = 0.0
    size = 0
    for document in documents:
        encoded = tokenizer(document, truncation=True, max_length=context - 1)["input_ids"]
        tokens = [tokenizer.eos_token_id, *encoded]
        inputs = torch.tensor([tokens])
        logits = model(input_ids=inputs).logits[0, :-1].float()
        nats += float(cross_entropy(logits, inputs[0, 1:], reduction="sum"))
        size += len(tokenizer.decode(encoded).encode())
    return nats / math.log(2) / size


def evaluate_held_out(
    model: Any, tokenizer: Any, validation: dict[str, list[str]], context: int
) -> dict[str, Any]:
    """Bits per byte of each kind of validation document, and copying of held-out made-up names."""
    figures: dict[str, Any] = {
        "bits_per_byte": {
            kind: round(bits_per_byte(model, tokenizer, documents, context), 4)
            for kind, documents in validation.items()
        }
    }
    for language in ("python", "rust"):
        prompts = prompts_of_documents(validation[f"generated {language}"], language)
        result = name_copying(model, tokenizer, prompts)
        figures[f"generated_names_{language}"] = {
            key: result[key] for key in ("prompts", "copied", "share")
        }
    return figures


def names_seen(prompts: Sequence[Prompt], documents: Sequence[str], language: str) -> list[str]:
    """Which of the hand-written names some training document defines."""
    pattern = _DEFINITIONS[language]
    defined = {name for document in documents for name in pattern.findall(document)}
    return sorted(prompt.name for prompt in prompts if prompt.name in defined)
