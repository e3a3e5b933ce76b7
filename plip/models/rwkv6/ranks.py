"""Reading the ranks of an RWKV-6 checkpoint from its tensors."""

from __future__ import annotations

import copy
import json
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers.utils import cached_file

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.sources import WEIGHTS

__all__ = ["with_ranks"]

_HUB = ("revision", "cache_dir", "local_files_only", "token", "subfolder", "force_download")
_TIME_MIX, _TIME_DECAY = "attention.time_maa_w2", "attention.time_decay_w1"


def with_ranks(source: str | PathLike[str] | None, options: dict[str, Any]) -> Rwkv6Config:
    """Return a checkpoint's configuration with the ranks that its tensors have.

    Args:
        source: a directory or hub id; None for none, whose configuration stays as it is.
        options: what `from_pretrained` was given.
    """
    hub = {name: options[name] for name in _HUB if name in options}
    config: Rwkv6Config = options.get("config") or Rwkv6Config.from_pretrained(source, **hub)
    if source is None or None not in (config.time_mix_rank, config.time_decay_rank):
        return config
    shapes = _shapes(str(source), hub)
    found = copy.deepcopy(config)
    # A checkpoint that lacks the tensors keeps the published ranks: loading then names what it
    # lacks. One whose blocks differ is found out there as well.
    found.time_mix_rank = shapes.get(_TIME_MIX, (0, None))[1]
    found.time_decay_rank = shapes.get(_TIME_DECAY, (0, None))[1]
    return found


def _shapes(source: str, hub: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of one block's low-rank tensors."""
    for name in WEIGHTS:
        path = _file(source, name, hub)
        if path is None:
            continue
        if not name.endswith(".json"):
            return _shapes_in(path)
        shards: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        holding = {
            file for tensor, file in shards.items() if tensor.endswith((_TIME_MIX, _TIME_DECAY))
        }
        found: dict[str, tuple[int, ...]] = {}
        for file in sorted(holding):
            shard = _file(source, file, hub)
            if len(found) < 2 and shard is not None:
                found |= _shapes_in(shard)
        return found
    return {}


def _file(source: str, name: str, hub: dict[str, Any]) -> Path | None:
    found = cached_file(source, name, _raise_exceptions_for_missing_entries=False, **hub)
    return None if found is None else Path(found)


def _shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 # no mapping
    else:
        tensors = torch.load(path, map_location="meta", weights_only=True, mmap=True)
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    return {
        suffix: shape
        for name, shape in shapes.items()
        for suffix in (_TIME_MIX, _TIME_DECAY)
        if name.endswith(suffix)
    }
