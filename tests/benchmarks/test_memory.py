"""Peak memory and start-up time, each in a process of its own. `tox run -e bench`."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.bench

_CHILD = """
    import resource, sys, torch
    from transformers import AutoConfig, AutoModelForCausalLM
    import plip
    from plip.text import Tokens
    torch.set_num_threads(1)
    steered, length = sys.argv[1] == "steered", int(sys.argv[2])
    config = AutoConfig.for_model(
        "qwen2", vocab_size=2048, hidden_size=448, intermediate_size=1792, num_hidden_layers=4,
        num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=8192,
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    subject = plip.wrap(model)
    ids = tuple(token % 2000 for token in range(length))
    text = Tokens("x" * length, ids, tuple((i, i + 1) for i in range(length)))
    plan = plip.Plan(plip.Scale(3.0), plip.edges(query=length // 2, keys=[0, 4]), layers=[2])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if steered:
        subject.run(text, plan=plan)
    else:
        with torch.no_grad():
            model(torch.tensor([ids]), use_cache=False, logits_to_keep=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak, peak - before)
"""


def _peak(kind: str, length: int) -> tuple[int, int]:
    """Return the peak memory of a run, and how much of it the run added, in KiB.

    The least of three processes: what the allocator keeps back differs from one to the next.
    """
    command = [sys.executable, "-c", textwrap.dedent(_CHILD), kind, str(length)]
    found = []
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peak, added = done.stdout.split()[-2:]
        found.append((int(peak), int(added)))
    return min(found)


def test_peak_memory_is_that_of_the_plain_model():
    plain, steered = _peak("plain", 4096), _peak("steered", 4096)
    plain_half, steered_half = _peak("plain", 2048), _peak("steered", 2048)
    print(f"\npeak and added KiB: plain {plain_half} at 2048, {plain} at 4096")
    print(f"peak and added KiB: steered {steered_half} at 2048, {steered} at 4096")
    assert steered[0] <= 1.10 * plain[0]
    # It grows as the plain model does, whose memory is linear: one matrix of all weights would
    # add 900 000 KiB at 4096.
    assert steered[1] / steered_half[1] <= 1.25 * plain[1] / plain_half[1]


@pytest.mark.parametrize(
    ("arguments", "most"),
    [(["-c", "import plip"], 0.5), (["-m", "plip", "--help"], 1.0)],
    ids=["import plip", "plip --help"],
)
def test_start(benchmark, arguments, most):
    def start():
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    benchmark.pedantic(start, rounds=5, iterations=1, warmup_rounds=1)
    print(f"\n{benchmark.name}: {benchmark.stats.stats.median:.2f} s")
    assert benchmark.stats.stats.median <= most
