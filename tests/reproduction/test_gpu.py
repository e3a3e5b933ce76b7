"""A CUDA device gives what the CPU gives."""

from __future__ import annotations

import pytest
import torch

import plip

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available(), reason="no CUDA device (tests/QUARANTINES.md)"
    ),
]

TEXT = 'def add(a, b):\n    """\n    >>> add(2, 3)\n    5\n    """\n    return a + b\n'


def test_steering_on_cuda_is_steering_on_the_cpu() -> None:
    runs = []
    for device in ("cpu", "cuda"):
        subject = plip.load(device=device, dtype="float32")
        tokens = subject.tokenize(TEXT)
        query = tokens.at(TEXT.index(">>>"))
        plan = plip.Plan(plip.Scale(3.0), plip.edges(query=query, keys=[0, 1]), layers=[4])
        capture = plip.Capture([4], [query])
        run = subject.sweep([tokens], [[None, plan]], capture=[capture])[0]
        assert run.logits is not None
        runs.append((run.logits.cpu(), run.attention[4].cpu()))
    (logits, attention), (cuda_logits, cuda_attention) = runs
    torch.testing.assert_close(cuda_logits, logits, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(cuda_attention, attention, atol=1e-4, rtol=1e-3)
