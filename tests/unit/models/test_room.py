"""The room's public face."""

from __future__ import annotations

import pytest

import plip.models

pytestmark = pytest.mark.fast


def test_public_names() -> None:
    assert plip.models.__all__ == [
        "Capture",
        "Continuation",
        "Generation",
        "KnownModel",
        "Prefix",
        "Run",
        "Rwkv6Subject",
        "StateWitness",
        "StepWitness",
        "Subject",
        "TransformerSubject",
        "Witness",
        "Work",
        "WriteWitness",
        "known_models",
        "load",
        "wrap",
    ]
    assert all(hasattr(plip.models, name) for name in plip.models.__all__)


def test_known_models_are_the_bundled_ones_and_the_papers() -> None:
    known = {model.name: (model.architecture, model.layers) for model in plip.models.known_models()}
    assert known == {
        "bundled:transformer": ("Qwen2ForCausalLM", 6),
        "bundled:rwkv6": ("Rwkv6ForCausalLM", 6),
        "Qwen/Qwen2.5-Coder-3B-Instruct": ("Qwen2ForCausalLM", 36),
        "Qwen/Qwen2.5-Coder-7B-Instruct": ("Qwen2ForCausalLM", 28),
        "bigcode/starcoder2-3b": ("Starcoder2ForCausalLM", 30),
        "google/codegemma-7b-it": ("GemmaForCausalLM", 28),
        "codellama/CodeLlama-7b-hf": ("LlamaForCausalLM", 32),
        "microsoft/Phi-3-mini-4k-instruct": ("Phi3ForCausalLM", 32),
        "RWKV/v6-Finch-1B6-HF": ("Rwkv6ForCausalLM", 24),
    }


def test_default_layers_are_the_papers() -> None:
    defaults = {model.name: model.default_layer for model in plip.models.known_models()}
    assert {name: layer for name, layer in defaults.items() if layer is not None} == {
        "Qwen/Qwen2.5-Coder-3B-Instruct": 20,
        "Qwen/Qwen2.5-Coder-7B-Instruct": 16,
        "RWKV/v6-Finch-1B6-HF": 2,
    }
