"""Speed as a ratio: each round runs the plain model and then the steered one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from transformers import AutoConfig, AutoModelForCausalLM

import plip
from plip.models import TransformerSubject
from plip.text import Tokens

Ratio = Callable[..., float]


@pytest.fixture(scope="session")
def subject() -> TransformerSubject:
    """A Qwen2 of twelve layers and hidden size 896 with random weights, on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "qwen2",
        vocab_size=2048,
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=12,
        num_attention_heads=14,
        num_key_value_heads=2,
        max_position_embeddings=8192,
    )
    return plip.wrap(AutoModelForCausalLM.from_config(config).eval())


@pytest.fixture(scope="session")
def plain(subject: TransformerSubject) -> Callable[[list[Tokens]], None]:
    """Run the model without plip, one text after the other, as its users do."""

    def run(texts: list[Tokens]) -> None:
        with torch.no_grad():
            for text in texts:
                subject.model(torch.tensor([text.ids]), use_cache=False, logits_to_keep=1)

    return run


@pytest.fixture(scope="session")
def text() -> Callable[[int], Tokens]:
    """Make a text of some length from random tokens."""

    def make(length: int) -> Tokens:
        generator = torch.Generator().manual_seed(length)
        ids = torch.randint(3, 2000, (length,), generator=generator).tolist()
        return Tokens("x" * length, tuple(ids), tuple((i, i + 1) for i in range(length)))

    return make


@pytest.fixture
def ratio(benchmark: BenchmarkFixture) -> Ratio:
    """Measure the median ratio of a call's time to that of another, alternating in one run."""

    def measure(call: Callable[[], Any], reference: Callable[[], Any], rounds: int) -> float:
        times: list[float] = []

        def timed() -> None:
            start = time.perf_counter()
            reference()
            times.append(time.perf_counter() - start)

        benchmark.pedantic(call, setup=timed, rounds=rounds, iterations=1, warmup_rounds=1)
        # The reference of the warm-up round is not counted either.
        pairs = zip(benchmark.stats.stats.data, times[1:], strict=True)
        # Round by round, because a machine's speed drifts over the minutes that this takes.
        found = statistics.median(mine / plain for mine, plain in pairs)
        benchmark.extra_info["ratio"] = found
        print(f"\n{benchmark.name}: {found:.3f} × the plain model")
        return found

    return measure
