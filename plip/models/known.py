"""Models whose layers the paper names, and the ones that ship with the package."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KnownModel", "known_models"]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that plip has something to say about.

    Args:
        name: what `plip.load` takes.
        architecture: its class in transformers.
        layers: its decoder layers.
        default_layer: the layer that experiments take, None for two thirds of the depth.
        note: what is known of it here.
    """

    name: str
    architecture: str
    layers: int
    default_layer: int | None
    note: str


# Its family is tested on tiny checkpoints; the weights could not be had.
_UNRUN = "weights never run"


def known_models() -> tuple[KnownModel, ...]:
    """Return the bundled models and the paper's.

    Source: STEERING_RESULTS.md §1.1 for the default layers of Qwen2.5-Coder, §8.3 for RWKV-6's.
    """
    return (
        KnownModel("bundled:transformer", "Qwen2ForCausalLM", 6, None, "ships with plip"),
        KnownModel("bundled:rwkv6", "Rwkv6ForCausalLM", 6, None, "ships with plip"),
        KnownModel("Qwen/Qwen2.5-Coder-3B-Instruct", "Qwen2ForCausalLM", 36, 20, _UNRUN),
        KnownModel("Qwen/Qwen2.5-Coder-7B-Instruct", "Qwen2ForCausalLM", 28, 16, _UNRUN),
        KnownModel("bigcode/starcoder2-3b", "Starcoder2ForCausalLM", 30, None, _UNRUN),
        KnownModel("google/codegemma-7b-it", "GemmaForCausalLM", 28, None, _UNRUN),
        KnownModel("codellama/CodeLlama-7b-hf", "LlamaForCausalLM", 32, None, _UNRUN),
        KnownModel("microsoft/Phi-3-mini-4k-instruct", "Phi3ForCausalLM", 32, None, _UNRUN),
        KnownModel("RWKV/v6-Finch-1B6-HF", "Rwkv6ForCausalLM", 24, 2, _UNRUN),
    )
