"""Reading the ranks of an RWKV-6 checkpoint from its tensors."""

from __future__ import annotations

import copy
import json
from collections import Counter
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from safetensors import safe_open
from transformers.utils import cached_file

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.sources import WEIGHTS

__all__ = ["with_ranks"]

_HUB = ("revision", "cache_dir", "local_files_only", "token", "subfolder")
# Of each low-rank tensor: the rank that it tells, on which axis, and how many times over.
_TELLING = {
    "attention.time_maa_w1": ("time_mix_rank", 1, 5),
    "attention.time_maa_w2": ("time_mix_rank", 1, 1),
    "attention.time_decay_w1": ("time_decay_rank", 1, 1),
    "attention.time_decay_w2": ("time_decay_rank", 0, 1),
}


def with_ranks(source: str | PathLike[str] | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `from_pretrained` with the ranks that a configuration leaves out.

    Args:
        source: a directory or hub id; None for none.
        options: what `from_pretrained` was given. Its configuration is copied, not changed.
    """
    if source is None:
        return options
    hub = {name: options[name] for name in _HUB if name in options}
    given = options.get("config")
    if isinstance(given, Rwkv6Config):
        config = copy.deepcopy(given)
    else:
        config = Rwkv6Config.from_pretrained(source if given is None else given, **hub)
    left_out = [name for name in ("time_mix_rank", "time_decay_rank") if not getattr(config, name)]
    if not left_out:
        return options
    found = _ranks(str(source), hub)
    told = {name: found[name] for name in left_out if name in found}
    if not isinstance(given, Rwkv6Config):
        # transformers reads the configuration again, and changes it by what is left of the options.
        return told | options
    for name, rank in told.items():
        setattr(config, name, rank)
    return options | {"config": config}


def _ranks(source: str, hub: dict[str, Any]) -> dict[str, int]:
    """Return the ranks that most tensors have, so that loading names those that differ.

    A checkpoint that lacks the tensors has none: loading then names what it lacks.
    """
    votes: dict[str, Counter[int]] = {}
    for name, shape in _shapes(source, hub):
        for suffix, (rank, axis, times) in _TELLING.items():
            if name.endswith(suffix) and len(shape) > axis and shape[axis] % times == 0:
                votes.setdefault(rank, Counter())[shape[axis] // times] += 1
    return {rank: counted.most_common(1)[0][0] for rank, counted in votes.items()}


def _shapes(source: str, hub: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the names and shapes of a checkpoint's tensors."""
    for name in WEIGHTS:
        path = _file(source, name, hub)
        if path is None:
            continue
        if not name.endswith(".json"):
            return _shapes_in(path)
        files: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        shards = [_file(source, file, hub) for file in sorted(set(files.values()))]
        return [found for shard in shards if shard is not None for found in _shapes_in(shard)]
    return []


def _file(source: str, name: str, hub: dict[str, Any]) -> Path | None:
    found = cached_file(source, name, _raise_exceptions_for_missing_entries=False, **hub)
    return None if found is None else Path(found)


def _shapes_in(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return [(name, tuple(file.get_slice(name).get_shape())) for name in file.keys()]  # noqa: SIM118 # no mapping
    # Files of old have another format, which cannot be mapped into memory.
    tensors = torch.load(path, map_location="meta", weights_only=True, mmap=is_zipfile(path))
    return [(name, tuple(tensor.shape)) for name, tensor in tensors.items()]
