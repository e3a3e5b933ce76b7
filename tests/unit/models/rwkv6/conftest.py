"""Tiny RWKV-6 models whose every parameter is a draw, and what the oracle makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import transformers
from rwkv6_oracle import Made, Shape, oracle, randomise
from torch import Tensor

from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

#: Everything differs from everything else, so that no two sizes can be mistaken.
SIZES: dict[str, Any] = {
    "vocab_size": 61,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "attention_hidden_size": 32,
    "head_size": 8,
    "head_size_divisor": 4,
    "intermediate_size": 40,
    "time_mix_rank": 5,
    "time_decay_rank": 7,
    "layer_norm_epsilon": 3e-4,
    "use_cache": True,
}


@pytest.fixture(scope="session")
def config() -> Callable[..., Rwkv6Config]:
    """Make a tiny configuration: `config(head_size=16)`."""
    return lambda **options: Rwkv6Config(**(SIZES | options))


@pytest.fixture(scope="session")
def build(config: Callable[..., Rwkv6Config]) -> Callable[..., Rwkv6ForCausalLM]:
    """Make a tiny model, in float64 unless told: `build(dtype=torch.float32, seed=1)`."""

    def make(dtype: torch.dtype = torch.float64, seed: int = 0, **options: Any) -> Rwkv6ForCausalLM:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = Rwkv6ForCausalLM(config(**options)).double()
        return randomise(model, seed).to(dtype).eval()

    return make


@pytest.fixture(scope="session")
def model(build: Callable[..., Rwkv6ForCausalLM]) -> Rwkv6ForCausalLM:
    """The tiny model in float64; nobody changes it."""
    return build()


@pytest.fixture(scope="session")
def judge() -> Callable[..., Made]:
    """Run the oracle on a model's parameters: `judge(model, ids)`."""

    def run(model: Rwkv6ForCausalLM, ids: Sequence[int], writes: Any = None) -> Made:
        config = model.config
        shape = Shape(config.head_size, config.layer_norm_epsilon, config.head_size_divisor)
        return oracle(model.state_dict(), shape, ids, writes)

    return run


@pytest.fixture(scope="session")
def ids() -> Callable[..., Tensor]:
    """Draw token ids [batch, token]: `ids(20)`, `ids(20, batch=3, seed=1)`."""

    def draw(n: int, batch: int = 1, seed: int = 0, vocabulary: int = 61) -> Tensor:
        generator = torch.Generator().manual_seed(1000 * seed + n)
        return torch.randint(1, vocabulary, (batch, n), generator=generator)

    return draw
