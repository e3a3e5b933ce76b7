"""Loading a model from a hub id, a directory or the package, or taking one from memory."""

from __future__ import annotations

import json
from pathlib import Path
from pickle import PickleError
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from plip.errors import (
    CheckpointError,
    DeviceError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from plip.models.probe import check_finite, probe, probe_tokens
from plip.models.provenance import Origin
from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM, world_tokenizer
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.models.sources import BUNDLED, commit_of, find_file, source_of, weight_files
from plip.models.subject import Subject
from plip.models.transformer import TransformerSubject

__all__ = ["load", "wrap"]

_DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def load(
    name: str | Path | None = None,
    *,
    device: str = "auto",
    dtype: str = "auto",
    revision: str | None = None,
) -> Subject:
    """Load a model and its tokenizer, and probe it.

    Code from a repository is never run. Weights come from safetensors files, or, where there are
    none, from torch files read with `weights_only`. `HF_HUB_OFFLINE=1` keeps to the local cache.

    Args:
        name: a hub id, a directory, or a bundled name; None stands for "bundled:transformer".
        device: "auto" (CUDA, else Apple's MPS, else CPU) or a torch device.
        dtype: "auto" or "float32", "bfloat16", "float16", "float64". "auto" is the checkpoint's
            own, except that float16 becomes float32 on a CPU, and that RWKV-6 is run in float32:
            rounding in a narrower type moves its logits as far as the effects to be measured.
        revision: a commit, branch or tag of a hub repository.

    Returns:
        The subject.

    Raises:
        ModelNotFoundError: no such id, directory or bundled name, or no way to reach the hub.
        CheckpointError: configuration, weights or tokenizer damaged, missing or incomplete.
        UnsupportedModelError: neither RWKV-6 nor a causal transformer that the seam can steer
            exactly.
        DeviceError: no such device or dtype.
    """
    asked = f"{BUNDLED}transformer" if name is None else str(name)
    where = _device(device)
    source = source_of(asked)
    config = _read(asked, "config.json", AutoConfig, source, revision)
    # From here on one commit: a branch may move between two downloads.
    commit = commit_of(source, revision)
    revision = revision if commit is None else commit
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise UnsupportedModelError(
            asked,
            wanted="a causal language model of the transformers library",
            found=type(config).__name__,
            advice="use a decoder-only model",
        )
    model = _model(asked, source, config, _dtype(dtype, config, where), revision)
    tokenizer = _tokenizer(asked, source, config, revision)
    origin = Origin(asked, commit, weight_files(source, commit))
    try:
        model = model.to(where)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(
            asked,
            wanted=f"room on {where}",
            found=f"{type(error).__name__}: {error}",
            advice="choose a smaller dtype or another device",
        ) from error
    return _subject(model, tokenizer, origin)


def wrap(model: nn.Module, tokenizer: Any = None, *, name: str | None = None) -> Subject:
    """Take a model that is in memory already, and probe it.

    The model is left as it was found after every run, its attention implementation included.

    Args:
        model: a causal language model of the transformers library, or an `Rwkv6ForCausalLM`.
        tokenizer: its tokenizer, one that gives spans; without one only `tokenize` fails.
        name: what to call it in records; its class by default.

    Raises:
        UnsupportedModelError: neither RWKV-6 nor a causal transformer that the seam can steer
            exactly.
        CheckpointError: its logits are not numbers.
    """
    called = name if name is not None else f"memory:{type(model).__name__}"
    return _subject(model, tokenizer, Origin(called))


def _subject(model: nn.Module, tokenizer: Any, origin: Origin) -> Subject:
    if isinstance(model, Rwkv6ForCausalLM):
        with torch.no_grad():
            logits = model(torch.tensor([probe_tokens(model)], device=model.device)).logits
        check_finite(logits, origin.name)
        return Rwkv6Subject(model, tokenizer, origin)
    return TransformerSubject(model, tokenizer, probe(model, origin.name), origin)


def _device(device: str) -> torch.device:
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(
            f"device {device!r}",
            wanted="a device that torch can use",
            found=str(error).splitlines()[0],
            advice="use --cpu or device='cpu'",
        ) from error
    return found


def _dtype(dtype: str, config: Any, device: torch.device) -> torch.dtype:
    if dtype == "auto":
        if isinstance(config, Rwkv6Config):
            return torch.float32
        stored = getattr(config, "dtype", None) or torch.float32
        too_narrow = stored == torch.float16 and device.type == "cpu"
        return torch.float32 if too_narrow else stored
    if dtype not in _DTYPES:
        raise DeviceError(
            f"dtype {dtype!r}",
            wanted="auto, " + ", ".join(_DTYPES),
            found=repr(dtype),
            advice="choose one of these",
        )
    return _DTYPES[dtype]


def _read(asked: str, what: str, kind: Any, source: str, revision: str | None) -> Any:
    """Read a configuration or tokenizer, telling what is missing from what is damaged."""
    try:
        return kind.from_pretrained(source, revision=revision, trust_remote_code=False)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _damaged(asked, f"a {what}", error) from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ImportError,
        StrictDataclassError,
        ArithmeticError,
    ) as error:
        reason = str(error).replace(source, "")
        if "trust_remote_code" in reason or "model type" in reason or "model_type" in reason:
            raise UnsupportedModelError(
                asked,
                wanted="an architecture that the transformers library carries",
                found=_first_line(error),
                advice="plip never runs code from a repository; use another model",
            ) from error
        if Path(source).is_dir():
            raise _damaged(asked, f"a {what}", error) from error
        raise ModelNotFoundError(
            asked,
            wanted=f"a model id, a directory or a bundled name with its {what}",
            found=_first_line(error),
            advice="check the id and the network; HF_HUB_OFFLINE=1 keeps to the local cache",
        ) from error


def _model(
    asked: str, source: str, config: Any, dtype: torch.dtype, revision: str | None
) -> nn.Module:
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            source,
            config=config,
            dtype=dtype,
            revision=revision,
            trust_remote_code=False,
            weights_only=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except SafetensorError as error:
        raise _damaged(asked, "weights", error) from error
    except OSError as error:
        if Path(source).is_dir():
            raise _damaged(asked, "weights", error) from error
        raise ModelNotFoundError(
            asked,
            wanted="weights that can be read",
            found=_first_line(error),
            advice="check the id and the network; HF_HUB_OFFLINE=1 keeps to the local cache",
        ) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        ImportError,
        AttributeError,
        RuntimeError,
        EOFError,
        PickleError,
        ArithmeticError,
        UserWarning,
    ) as error:
        raise _damaged(asked, "weights", error) from error
    faults = {
        kind: sorted(map(str, info[kind]))
        for kind in ("missing_keys", "mismatched_keys", "unexpected_keys")
        if info.get(kind)
    }
    if faults:
        listed = "; ".join(
            f"{len(names)} {kind.removesuffix('_keys')}, such as {names[0]}"
            for kind, names in faults.items()
        )
        raise CheckpointError(
            asked,
            wanted="exactly the weights of its configuration",
            found=listed,
            advice="the checkpoint is incomplete or of another model",
            details=faults,
        )
    return model.eval()  # type: ignore[no-any-return]  # transformers is not typed here


def _tokenizer(asked: str, source: str, config: Any, revision: str | None) -> Any:
    """Read the tokenizer; an RWKV-6 without a tokenizer.json has a world vocabulary."""
    if isinstance(config, Rwkv6Config) and find_file(source, "tokenizer.json", revision) is None:
        return world_tokenizer(source, revision=revision)
    tokenizer = _read(asked, "tokenizer", AutoTokenizer, source, revision)
    if len(tokenizer) <= len(tokenizer.get_added_vocab()):
        raise CheckpointError(
            asked,
            wanted="a tokenizer that can be read",
            found="no vocabulary",
            advice="download the checkpoint again",
        )
    return tokenizer


def _damaged(asked: str, what: str, error: Exception) -> CheckpointError:
    return CheckpointError(
        asked,
        wanted=f"{what} that can be read",
        found=_first_line(error),
        advice="download the checkpoint again",
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
