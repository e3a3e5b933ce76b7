"""First weights of an RWKV-6 model."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from transformers import initialization as init

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.rwkv6.mixing import ChannelMixing, TimeMixing

__all__ = ["initialise"]


def initialise(module: nn.Module, config: Rwkv6Config) -> None:
    """Set the first weights of a module, as the model's authors do.

    Token shifts and decays are graded over channels and depth: low channels and deep layers look
    further back. The low-rank parts and the branches' last projections begin at 0, so that a block
    begins as the identity. A projection to the vocabulary that is tied to the embeddings begins
    small, an untied embedding very small.

    Source: Peng et al. 2024, Eagle and Finch, appendix on initialisation.
    """
    # Modules that own parameters, since transformers asks for no others; children come first.
    if isinstance(module, TimeMixing | ChannelMixing):
        depth = module.layer / max(1, config.num_hidden_layers - 1)
        ahead = 1 - module.layer / config.num_hidden_layers
        if isinstance(module, TimeMixing):
            _time_mixing(module, depth, ahead)
        else:
            _channel_mixing(module, ahead)
    elif isinstance(module, nn.LayerNorm):
        init.ones_(module.weight)
        init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        init.normal_(module.weight, std=0.02 if config.tie_word_embeddings else 1e-4)
    elif isinstance(module, nn.Linear) and module.out_features == config.vocab_size:
        init.normal_(module.weight, std=0.02)


def _time_mixing(mixing: TimeMixing, depth: float, ahead: float) -> None:
    place = _places(mixing.time_maa_x)
    for name, shares in {
        "x": 1 - place**ahead,
        "w": 1 - place**ahead,
        "k": 1 - place**ahead,
        "v": 1 - (place**ahead + 0.3 * depth),
        "r": 1 - place ** (0.5 * ahead),
        "g": 1 - place ** (0.5 * ahead),
    }.items():
        init.copy_(getattr(mixing, f"time_maa_{name}"), shares)
    init.zeros_(mixing.time_maa_w1)
    init.uniform_(mixing.time_maa_w2, -0.01, 0.01)
    inner = mixing.time_decay.shape[-1]
    channel = torch.arange(inner, dtype=torch.float32, device=mixing.time_decay.device)
    place = channel / max(1, inner - 1)
    init.copy_(mixing.time_decay, (-6 + 5 * place ** (0.7 + 1.3 * depth)).view(1, 1, -1))
    init.zeros_(mixing.time_decay_w1)
    init.uniform_(mixing.time_decay_w2, -0.01, 0.01)
    zigzag = ((channel + 1) % 3 - 1) * 0.1
    init.copy_(mixing.time_faaaa, (depth * (1 - place) + zigzag).view_as(mixing.time_faaaa))
    for linear, gain in (
        (mixing.receptance, 1.0),
        (mixing.key, 0.1),
        (mixing.value, 1.0),
        (mixing.gate, 0.1),
    ):
        _orthogonal(linear, gain)
    init.zeros_(mixing.output.weight)
    init.ones_(mixing.ln_x.weight)
    init.zeros_(mixing.ln_x.bias)


def _channel_mixing(mixing: ChannelMixing, ahead: float) -> None:
    shares = 1 - _places(mixing.time_maa_k) ** ahead
    init.copy_(mixing.time_maa_k, shares)
    init.copy_(mixing.time_maa_r, shares)
    _orthogonal(mixing.key, 1.0)
    init.zeros_(mixing.receptance.weight)
    init.zeros_(mixing.value.weight)


def _places(parameter: Tensor) -> Tensor:
    width = parameter.shape[-1]
    return (torch.arange(width, dtype=torch.float32, device=parameter.device) / width).view(
        1, 1, -1
    )


def _orthogonal(linear: nn.Linear, gain: float) -> None:
    rows, columns = linear.weight.shape
    init.orthogonal_(linear.weight, gain=gain * math.sqrt(max(1.0, rows / columns)))
