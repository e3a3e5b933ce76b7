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
    """Return how many times as fast as the reference a call is: the median of rounds."""
    call()
    found = [seconds(reference) / seconds(call) for _ in range(rounds)]
    print(f"\n{name}: {statistics.median(found):.2f} times as fast, {[f'{x:.2f}' for x in found]}")
    return statistics.median(found)


def test_a_scan_of_layers_and_scales(state_subject: Rwkv6Subject) -> None:
    """Against a full forward for each point.

    In units of a layer's multiply-adds for 256 tokens, full forwards are 24 · 6 = 144. A sweep has
    a baseline of 5.5; of each of 18 points that change something, and 0.75 of the tokens, 0.65 of
    a layer behind the steered write, the layers between, and 0.35 of the last one: 34 in all. So
    no sweep that computes every point exactly can be much more than 3.7 times as fast.
    """
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
    assert speed("layer × scale scan", sweep, full, 7) >= 3


def test_sampling_a_batch(state_subject: Rwkv6Subject) -> None:
    """120 continuations of one prompt against one at a time, in tokens per second."""
    prompt = draw(64)

    def sample(count: int) -> None:
        state_subject.generate(
            prompt, max_new_tokens=32, temperature=1.0, samples=count, batch=count
        )

    few = 6
    ratio = speed("sampling", lambda: sample(120), lambda: [sample(1) for _ in range(few)], 5)
    print(f"tokens per second: {ratio * 120 / few:.1f} times as many")
    assert ratio * 120 / few >= 8
