"""Saying exactly which model was run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from plip.records import SubjectRecord

__all__ = ["Origin", "describe"]

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model came from.

    Args:
        name: the id, directory or bundled name it was asked for by.
        revision: the commit of its repository, None where there is none.
        weights: the files its weights were read from; empty for a model in memory.
    """

    name: str
    revision: str | None = None
    weights: tuple[Path, ...] = ()


def describe(
    model: nn.Module, tokenizer: Any, origin: Origin, *, attention: str = "sdpa"
) -> SubjectRecord:
    """Say exactly what is run.

    The hash of the weights is the SHA-256 over the files they were read from, in the order of
    their names, or over names, shapes, dtypes and bytes of the tensors of a model in memory.

    Args:
        model: the model.
        tokenizer: its tokenizer or None.
        origin: where they came from.
        attention: what computes the rows that are not steered.
    """
    parameter = next(model.parameters())
    return SubjectRecord(
        model=origin.name,
        revision=origin.revision,
        architecture=type(model).__name__,
        weight_hash=_hash_files(origin.weights) if origin.weights else _hash_tensors(model),
        tokenizer_hash=None if tokenizer is None else _hash_tokenizer(tokenizer),
        dtype=str(parameter.dtype).removeprefix("torch."),
        device=str(parameter.device),
        attention=attention,
    )


def _hash_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _hash_tensors(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        flat = tensor.detach().contiguous().view(-1).view(torch.uint8).cpu()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(flat.numpy().tobytes())
    return digest.hexdigest()


def _hash_tokenizer(tokenizer: Any) -> str | None:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return getattr(tokenizer, "vocabulary_hash", None)
    content = json.loads(backend.to_str())
    # What the last call asked for, not what the tokenizer is.
    content.pop("truncation", None)
    content.pop("padding", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
