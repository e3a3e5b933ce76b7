"""The bundled transformer: a Qwen2 of 2.8 million parameters."""

from __future__ import annotations

from transformers import Qwen2Config, Qwen2ForCausalLM

from tools.train_bundled.tokenizer import END_OF_TEXT_ID

CONTEXT = 1024


def transformer_config(vocabulary: int) -> Qwen2Config:
    """Shape of the model."""
    return Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=3,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=END_OF_TEXT_ID,
        architectures=["Qwen2ForCausalLM"],
    )


def build_transformer(vocabulary: int) -> Qwen2ForCausalLM:
    """The model with fresh weights, drawn from torch's global generator."""
    return Qwen2ForCausalLM(transformer_config(vocabulary))
