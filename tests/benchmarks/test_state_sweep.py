"""What RWKV-6 saves by sharing work, as ratios taken round by round. `tox run -e bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

import plip
from plip import Plan, Scale, into
from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.text import Tokens

pytestmark = pytest.mark.bench

LENGTH, MARKER, SCALES = 256, 64, (0.0, 1.0, 3.0, 9.0)


@pytest.fixture(scope="module")
def state_subject() -> Rwkv6Subject:
    """An RWKV-6 of six layers and hidden size 512 with random weights, on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = Rwkv6Config(
        vocab_size=2048, hidden_size=512, num_hidden_layers=6, head_size=64, eos_token_id=None
    )
    return plip.wrap(Rwkv6ForCausalLM(config).eval())


def draw(length: int) -> Tokens:
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(3, 2000, (length,), generator=generator).tolist()
    return Tokens("x" * length, tuple(ids), tuple((i, i + 1) for i in range(length)))


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def speed(name: str, call: Callable[[], Any], reference: Callable[[], Any], rounds: int) -> float:
    """Return how many times as fast as the reference a call is, the median of alternating rounds."""
    call()
    found = [seconds(reference) / seconds(call) for _ in range(rounds)]
    print(f"\n{name}: {statistics.median(found):.2f} times as fast, {[f'{x:.2f}' for x in found]}")
    return statistics.median(found)


def test_a_scan_of_layers_and_scales(state_subject: Rwkv6Subject) -> None:
    """Against a full forward for each point."""
    text = draw(LENGTH)
    plans = [
        Plan(Scale(scale), into(MARKER), layers=[layer])
        for layer in range(state_subject.n_layers)
        for scale in SCALES
    ]

    def sweep() -> Any:
        return state_subject.sweep([text], [plans])[0].logits

    def full() -> Any:
        return torch.cat([state_subject.run(text, plan=plan).logits for plan in plans])

    assert float((sweep() - full()).abs().max()) <= 1e-5
    assert speed("layer × scale scan", sweep, full, 7) >= 4


def test_sampling_a_batch(state_subject: Rwkv6Subject) -> None:
    """120 continuations of one prompt against one at a time, in tokens per second."""
    prompt = torch.tensor([draw(64).ids])
    options = {"do_sample": True, "max_new_tokens": 32, "pad_token_id": 0}

    def batch() -> None:
        state_subject.model.generate(prompt, num_return_sequences=120, **options)

    def one_at_a_time() -> None:
        for _ in range(6):
            state_subject.model.generate(prompt, **options)

    assert speed("sampling", batch, one_at_a_time, 5) * 120 / 6 >= 8
