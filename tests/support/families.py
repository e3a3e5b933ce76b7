"""Tiny random models made from configurations, one for each architecture that the laws hold for.

Nothing is downloaded. Every model of a name has the same weights whatever its dtype, up to the
dtype's rounding; `reference` is the model of a dtype with exactly its weights in float64, which is
what an oracle must run. All are cached: do not change one without undoing it.
"""

from __future__ import annotations

import copy
import functools
import warnings
import zlib
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

from plip.models import TransformerSubject, wrap
from plip.text import Tokens

__all__ = [
    "DTYPES",
    "FAMILIES",
    "SHARING",
    "WINDOWED",
    "Family",
    "family",
    "model",
    "reference",
    "subject",
    "tokens",
]

VOCABULARY = 97

#: By the short name that test ids show.
DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclass(frozen=True)
class Family:
    """One architecture at toy size.

    Args:
        name: what tests call it.
        model_type: what transformers calls it.
        options: what differs from the common configuration.
        windows: by layer, ("full" | "sliding" | "chunked", size); empty for full attention
            everywhere. Said here again, by hand, so that what plip finds out can be wrong.
        shares_work: whether `sweep` can give its layers chosen rows.
        heads: query heads.
        kv_heads: key-value heads.
        n_layers: decoder layers.
    """

    name: str
    model_type: str
    options: dict[str, Any] = field(default_factory=dict)
    windows: tuple[tuple[str, int], ...] = ()
    shares_work: bool = True
    heads: int = 4
    kv_heads: int = 2
    n_layers: int = 4

    def window(self, layer: int) -> tuple[str, int]:
        """Return which keys a layer sees."""
        return self.windows[layer] if self.windows else ("full", 0)

    def sees(self, layer: int, query: int, key: int) -> bool:
        """Whether a row of a layer sees a key."""
        kind, size = self.window(layer)
        if key > query:
            return False
        if kind == "sliding":
            return query - key < size
        if kind == "chunked":
            return query // size == key // size
        return True


_LISTED = (
    Family("qwen2", "qwen2"),
    Family("starcoder2", "starcoder2", {"sliding_window": 6}, windows=(("sliding", 6),) * 4),
    Family("gemma", "gemma", {"head_dim": 8, "num_key_value_heads": 1}, kv_heads=1),
    Family("llama", "llama"),
    Family("phi3", "phi3", {"sliding_window": 7}, windows=(("sliding", 7),) * 4),
    Family("mistral", "mistral", {"sliding_window": 5}, windows=(("sliding", 5),) * 4),
    Family("qwen3", "qwen3", {"head_dim": 8}),
    Family("olmo2", "olmo2"),
    Family("gpt_neox", "gpt_neox", kv_heads=4),
    Family(
        "gemma2",
        "gemma2",
        {
            "head_dim": 8,
            "sliding_window": 6,
            "attn_logit_softcapping": 3.0,
            "query_pre_attn_scalar": 8,
        },
        windows=(("sliding", 6), ("full", 0), ("sliding", 6), ("full", 0)),
    ),
    # Grouped heads whose size is not hidden / heads: 6 heads of 10 on a hidden size of 32.
    Family(
        "wide_heads",
        "qwen3",
        {
            "head_dim": 10,
            "num_attention_heads": 6,
            "num_key_value_heads": 3,
            "num_hidden_layers": 5,
        },
        heads=6,
        kv_heads=3,
        n_layers=5,
    ),
    # Layers of both kinds, the first ones full.
    Family(
        "mixed_windows",
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2},
        windows=(("full", 0), ("full", 0), ("sliding", 5), ("sliding", 5)),
    ),
    # Its decoder layers cannot be given chosen rows.
    Family(
        "gpt2",
        "gpt2",
        {"n_layer": 4, "n_head": 4, "n_embd": 32, "n_positions": 128, "n_inner": 48},
        shares_work=False,
        kv_heads=4,
    ),
    Family(
        "chunked",
        "llama4_text",
        {
            "attention_chunk_size": 8,
            "head_dim": 8,
            "moe_layers": [],  # a router's choice jumps, and no tolerance covers a jump
            "intermediate_size_mlp": 48,
            "no_rope_layers": [1, 1, 1, 0],
            "layer_types": [*["chunked_attention"] * 3, "full_attention"],
        },
        windows=(("chunked", 8), ("chunked", 8), ("chunked", 8), ("full", 0)),
    ),
)

#: Every family by name.
FAMILIES = {item.name: item for item in _LISTED}
#: Families whose `sweep` shares work.
SHARING = tuple(item.name for item in _LISTED if item.shares_work)
#: Families with a layer that does not see every earlier key.
WINDOWED = tuple(item.name for item in _LISTED if item.windows)


def family(name: str) -> Family:
    """Return a family by name."""
    return FAMILIES[name]


@functools.cache
def model(name: str, dtype: str = "float32") -> nn.Module:
    """Return the family's model in a dtype, in evaluation mode."""
    if dtype == "float32":
        return _seeded(name)
    made = copy.deepcopy(model(name, "float32"))
    _cast(made, DTYPES[dtype])
    return made


@functools.cache
def reference(name: str, dtype: str = "float32") -> nn.Module:
    """Return a float64 model with exactly the weights of `model(name, dtype)`."""
    if dtype == "float64":
        # Its own copy: an oracle sets the attention implementation of what it runs.
        return copy.deepcopy(model(name, "float64"))
    made = copy.deepcopy(model(name, dtype))
    _cast(made, torch.float64)
    return made


@functools.cache
def subject(name: str, dtype: str = "float32") -> TransformerSubject:
    """Return the family's model as a subject, without a tokenizer."""
    return wrap(model(name, dtype))


def tokens(n: int, seed: int = 0) -> Tokens:
    """Return a text of `n` random tokens, one character each."""
    generator = torch.Generator().manual_seed(seed * 1009 + n)
    ids = torch.randint(3, VOCABULARY, (n,), generator=generator).tolist()
    return Tokens("x" * n, tuple(ids), tuple((i, i + 1) for i in range(n)))


def _seeded(name: str) -> nn.Module:
    chosen = family(name)
    options: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": chosen.n_layers,
        "num_attention_heads": chosen.heads,
        "num_key_value_heads": chosen.kv_heads,
        "max_position_embeddings": 128,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "initializer_range": 0.2,  # scores spread over several units: attention is not flat
        "tie_word_embeddings": False,
        **chosen.options,
    }
    if chosen.model_type == "gpt2":
        options = {k: v for k, v in options.items() if not k.startswith(("num_", "max_"))}
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # toy sizes that a library warns of
        torch.manual_seed(zlib.crc32(name.encode()))
        config = AutoConfig.for_model(chosen.model_type, **options)
        made = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        for parameter in made.parameters():
            if parameter.ndim == 1:  # biases and norms would all be 0 or 1
                parameter.data += 0.2 * torch.randn_like(parameter)
    return made.requires_grad_(False)


def _cast(made: nn.Module, dtype: torch.dtype) -> None:
    """Cast the weights; rotary frequencies are buffers and stay float32, as in a loaded model."""
    for parameter in made.parameters():
        parameter.data = parameter.data.to(dtype)
    made.config.dtype = dtype


transformers.logging.set_verbosity_error()
