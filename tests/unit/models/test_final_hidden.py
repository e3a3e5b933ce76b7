"""The final hidden state is what a model projects onto its vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import plip
from plip.errors import ConfigError, ContextLengthError
from plip.models import Rwkv6Subject
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., Any]


@pytest.mark.parametrize("family", ["qwen2", "llama", "gemma", "starcoder2", "phi3", "mistral"])
def test_its_projection_is_the_logits(
    family: str, build: Build, text: Callable[..., Tokens]
) -> None:
    model = build(family)
    subject = plip.wrap(model)
    tokens = text(11)
    hidden = subject.final_hidden(tokens)
    assert hidden.shape == (11, 32)
    assert hidden.dtype == torch.float32
    logits = subject.run(tokens, positions="all").logits
    assert logits is not None
    projected = model.get_output_embeddings()(hidden)
    torch.testing.assert_close(projected, logits[0], rtol=1e-4, atol=1e-5)


def test_of_a_recurrent_model(tiny_recurrent: Rwkv6Subject, text: Callable[..., Tokens]) -> None:
    tokens = text(11)
    hidden = tiny_recurrent.final_hidden(tokens)
    logits = tiny_recurrent.run(tokens, positions="all").logits
    assert logits is not None
    with torch.no_grad():
        projected = tiny_recurrent.model.head(hidden)
    torch.testing.assert_close(projected, logits[0], rtol=1e-4, atol=1e-5)


def test_a_float64_model_keeps_its_type(build: Build, text: Callable[..., Tokens]) -> None:
    assert plip.wrap(build().double()).final_hidden(text(3)).dtype == torch.float64
    assert plip.wrap(build().bfloat16()).final_hidden(text(3)).dtype == torch.float32


def test_a_text_that_does_not_fit(build: Build, text: Callable[..., Tokens]) -> None:
    subject = plip.wrap(build())
    with pytest.raises(ContextLengthError, match=r"wanted at most 64 tokens.* found 65 tokens"):
        subject.final_hidden(text(65))
    with pytest.raises(ConfigError, match="wanted one token or more"):
        subject.final_hidden(Tokens("x", (9999,), ((0, 1),)))
