"""The files a bundled model consists of, and the manifest that says where they come from."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from tools.train_bundled import corpus, tokenizer
from tools.train_bundled.corpus import Corpus
from tools.train_bundled.hashing import sha256_of_file
from tools.train_bundled.train import Plan, Progress

WEIGHTS = "model.safetensors"
MANIFEST = "manifest.json"
CARD = "README.md"
SIZE_LIMIT = 8_000_000
PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a dictionary as readable JSON."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export_model(model: PreTrainedModel, directory: Path) -> None:
    """Write the configuration and the weights in float16; tied weights are written once."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {
        name: weight.detach().to(torch.float16).contiguous()
        for name, weight in model.state_dict().items()
        if name not in model.all_tied_weights_keys
    }
    save_file(state, str(directory / WEIGHTS), metadata={"format": "pt"})
    (directory / WEIGHTS).chmod(0o644)
    write_json(directory / "config.json", {**model.config.to_diff_dict(), "dtype": "float16"})


def load_exported(directory: Path) -> tuple[Any, Any]:
    """The exported model in float32 and its tokenizer, read from the files alone."""
    model = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, local_files_only=True
    )
    return model.eval(), AutoTokenizer.from_pretrained(directory, local_files_only=True)


def directory_size(directory: Path) -> int:
    """Bytes of all files of an exported model."""
    return sum(path.stat().st_size for path in directory.iterdir())


def machine(device: str) -> dict[str, str]:
    """What the training ran on, as far as it bears on the numbers."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": models[0] if models else platform.processor(),
        "threads": str(torch.get_num_threads()),
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def manifest(
    directory: Path,
    name: str,
    data: Corpus,
    plan: Plan,
    progress: Progress,
    evaluation: dict[str, Any],
    device: str,
) -> dict[str, Any]:
    """Everything needed to build the model again and to tell whether it came out the same."""
    weights = directory / WEIGHTS
    return {
        "model": name,
        "weights": {
            "file": WEIGHTS,
            "sha256": sha256_of_file(weights),
            "bytes": weights.stat().st_size,
            "dtype": "float16",
        },
        "tokenizer": {
            "kind": "byte-level BPE with the Qwen2 pre-tokenizer pattern",
            "vocabulary": tokenizer.VOCABULARY,
            "sha256": sha256_of_file(directory / "tokenizer.json"),
            "documents_encoded_in_two_pieces": tokenizer.SPLIT_SHARE,
        },
        "sources": [
            {
                "name": source.name,
                "version": source.version,
                "registry": source.registry,
                "licence": source.licence,
                "language": source.language,
                "files": len(source.files),
                "sha256": source.sha256,
            }
            for source in data.sources
        ],
        "mix_bytes": data.bytes_by_kind,
        "documents": len(data.training),
        "seeds": {
            "corpus": corpus.SEED,
            "encoding": tokenizer.SPLIT_SEED,
            "training": plan.seed,
        },
        "training": {
            "plan": asdict(plan),
            "precision": "bfloat16 autocast, float32 weights",
            "steps": progress.step,
            "tokens": progress.tokens,
            "loss": round(progress.loss, 4),
            "seconds": round(progress.seconds),
        },
        "packages": {package: version(package) for package in PACKAGES},
        "machine": machine(device),
        "evaluation": evaluation,
    }
