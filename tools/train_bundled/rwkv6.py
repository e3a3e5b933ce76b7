"""The bundled RWKV-6: 3.5 million parameters."""

from __future__ import annotations

from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM
from tools.train_bundled.tokenizer import END_OF_TEXT_ID
from tools.train_bundled.transformer import CONTEXT


def rwkv6_config(vocabulary: int) -> Rwkv6Config:
    """Shape of the model."""
    return Rwkv6Config(
        vocab_size=vocabulary,
        hidden_size=192,
        num_hidden_layers=6,
        head_size=32,
        time_mix_rank=16,
        time_decay_rank=32,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=END_OF_TEXT_ID,
        architectures=["Rwkv6ForCausalLM"],
    )


def build_rwkv6(vocabulary: int) -> Rwkv6ForCausalLM:
    """The model with fresh weights, drawn from torch's global generator."""
    return Rwkv6ForCausalLM(rwkv6_config(vocabulary))
