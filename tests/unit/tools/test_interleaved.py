"""Reordered queries and keys are rotated in neighbouring pairs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

import plip
from plip.errors import UnsupportedModelError
from plip.models import Capture
from plip.text import Tokens
from tools.interleaved import interleave

pytestmark = pytest.mark.fast

N, DIM, HEADS, KV = 9, 8, 4, 2


@pytest.fixture
def model() -> Qwen2ForCausalLM:
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=100,
        hidden_size=DIM * HEADS,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        num_key_value_heads=KV,
        max_position_embeddings=64,
        initializer_range=0.3,
    )
    made = Qwen2ForCausalLM(config).eval()
    for layer in made.model.layers:
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj):
            torch.nn.init.normal_(projection.bias)
    return made


@pytest.fixture
def text() -> Tokens:
    return Tokens("x" * N, tuple(range(3, 3 + N)), tuple((i, i + 1) for i in range(N)))


def turned(states: Tensor) -> Tensor:
    """Rotate [head, token, unit] in neighbouring pairs, one by one."""
    out = states.clone()
    for token in range(N):
        for pair in range(DIM // 2):
            angle = torch.tensor(token / 10000.0 ** (2 * pair / DIM))
            a, b = states[:, token, 2 * pair], states[:, token, 2 * pair + 1]
            out[:, token, 2 * pair] = a * angle.cos() - b * angle.sin()
            out[:, token, 2 * pair + 1] = a * angle.sin() + b * angle.cos()
    return out


def by_hand(model: Qwen2ForCausalLM, text: Tokens) -> Tensor:
    """Return the first layer's weights [head, query, key] with neighbouring pairs rotated."""
    layer = model.model.layers[0]
    hidden = layer.input_layernorm(model.model.embed_tokens(torch.tensor([text.ids])))[0]
    query = turned(layer.self_attn.q_proj(hidden).view(N, HEADS, DIM).transpose(0, 1))
    key = turned(layer.self_attn.k_proj(hidden).view(N, KV, DIM).transpose(0, 1))
    scores = query @ key.repeat_interleave(HEADS // KV, 0).transpose(1, 2) / DIM**0.5
    return scores.masked_fill(torch.ones(N, N).triu(1).bool(), -torch.inf).softmax(-1)


def test_attention_is_that_of_neighbouring_pairs(model: Qwen2ForCausalLM, text: Tokens) -> None:
    with torch.no_grad():
        wanted = by_hand(model, text)
    capture = Capture(layers=[0], queries=range(N))
    before = plip.wrap(model).run(text, capture=capture).attention[0][0]
    assert interleave(model) == 4
    after = plip.wrap(model).run(text, capture=capture).attention[0][0]
    torch.testing.assert_close(after, wanted, rtol=1e-4, atol=1e-6)
    assert (before - wanted).abs().max() > 0.01


def test_it_can_be_written_and_loaded(
    model: Qwen2ForCausalLM, text: Tokens, tmp_path: Path
) -> None:
    interleave(model)
    model.save_pretrained(tmp_path)
    again = Qwen2ForCausalLM.from_pretrained(tmp_path)
    logits = [plip.wrap(each).run(text).logits for each in (model, again)]
    assert logits[0] is not None
    assert logits[1] is not None
    assert torch.equal(logits[0], logits[1])


def test_a_model_without_rotation() -> None:
    model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2))
    with pytest.raises(UnsupportedModelError, match="wanted rotary embeddings, and projections"):
        interleave(model)
