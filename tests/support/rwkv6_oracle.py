"""RWKV-6 written a second time, in numpy and float64, one token after another, to judge plip by.

It reads nothing but a state dict and four numbers of the configuration, and shares no code with
`plip.kernels` or `plip.models`. Names in the equations are those of Peng et al. 2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Made", "Shape", "oracle", "randomise"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What the tensors do not say.

    Args:
        head_size: S.
        norm_epsilon: of all layer norms.
        head_size_divisor: the group norm's ε is 1e-5 times its square.
    """

    head_size: int
    norm_epsilon: float = 1e-5
    head_size_divisor: int = 8


@dataclass
class Made:
    """What a text gives.

    Args:
        logits: [token, vocabulary].
        hidden: the input of each block, and the normed output of the last, [token, C] each.
        time_shift: by layer, the last token's input to time mixing, [C].
        channel_shift: by layer, the last token's input to channel mixing, [C].
        wkv: by layer, S after the last token, [head, key dim, value dim].
        log_decay: by layer, [token, head, key dim].
    """

    logits: Array
    hidden: list[Array] = field(default_factory=list)
    time_shift: list[Array] = field(default_factory=list)
    channel_shift: list[Array] = field(default_factory=list)
    wkv: list[Array] = field(default_factory=list)
    log_decay: list[Array] = field(default_factory=list)


def oracle(
    tensors: Mapping[str, Tensor],
    shape: Shape,
    ids: Sequence[int],
    writes: Mapping[tuple[int, int], float] | None = None,
) -> Made:
    """Run one text from the empty state.

    Args:
        tensors: the state dict of an `Rwkv6ForCausalLM`.
        shape: what it does not say.
        ids: the tokens.
        writes: factors of writes into the state, by (layer, token); all others are 1.
    """
    p = {name: tensor.detach().double().cpu().numpy() for name, tensor in tensors.items()}
    n_layers = 1 + max(int(name.split(".")[2]) for name in p if name.startswith("rwkv.blocks."))
    made = Made(np.empty(0))
    x = [p["rwkv.embeddings.weight"][token] for token in ids]
    for layer in range(n_layers):
        made.hidden.append(np.array(x))
        factors = [(writes or {}).get((layer, t), 1.0) for t in range(len(ids))]
        x = _block(p, f"rwkv.blocks.{layer}.", shape, x, factors, made)
    x = [_norm(token, p, "rwkv.ln_out", shape.norm_epsilon) for token in x]
    made.hidden.append(np.array(x))
    head = p.get("head.weight", p["rwkv.embeddings.weight"])
    made.logits = np.array([head @ token for token in x])
    return made


def _block(
    p: dict[str, Array], at: str, shape: Shape, x: list[Array], factors: list[float], made: Made
) -> list[Array]:
    if at + "pre_ln.weight" in p:
        x = [_norm(token, p, at + "pre_ln", shape.norm_epsilon) for token in x]
    n_heads, size = p[at + "attention.time_faaaa"].shape
    assert size == shape.head_size
    state = np.zeros((n_heads, size, size))
    previous_time, previous_channel = np.zeros_like(x[0]), np.zeros_like(x[0])
    done, decays = [], []
    for token, factor in zip(x, factors, strict=True):
        a = _norm(token, p, at + "ln1", shape.norm_epsilon)
        mixed, state, log_decay = _time_mix(p, at, shape, a, previous_time, state, factor)
        token = token + mixed
        previous_time = a
        b = _norm(token, p, at + "ln2", shape.norm_epsilon)
        token = token + _channel_mix(p, at + "feed_forward.", b, previous_channel)
        previous_channel = b
        done.append(token)
        decays.append(log_decay)
    made.time_shift.append(previous_time)
    made.channel_shift.append(previous_channel)
    made.wkv.append(state)
    made.log_decay.append(np.array(decays))
    return done


def _time_mix(
    p: dict[str, Array],
    at: str,
    shape: Shape,
    x: Array,
    previous: Array,
    state: Array,
    factor: float,
) -> tuple[Array, Array, Array]:
    at += "attention."
    n_heads, size = state.shape[:2]
    xx = previous - x
    w1, w2 = p[at + "time_maa_w1"], p[at + "time_maa_w2"]
    rank = w1.shape[1] // 5
    low = np.tanh((x + xx * p[at + "time_maa_x"][0, 0]) @ w1)
    into = {}
    for number, name in enumerate("wkvrg"):
        offset = low[number * rank : (number + 1) * rank] @ w2[number]
        into[name] = x + xx * (p[at + "time_maa_" + name][0, 0] + offset)
    r = (p[at + "receptance.weight"] @ into["r"]).reshape(n_heads, size)
    k = (p[at + "key.weight"] @ into["k"]).reshape(n_heads, size)
    v = (p[at + "value.weight"] @ into["v"]).reshape(n_heads, size)
    g = p[at + "gate.weight"] @ into["g"]
    raw = np.tanh(into["w"] @ p[at + "time_decay_w1"]) @ p[at + "time_decay_w2"]
    log_decay = -np.exp(p[at + "time_decay"][0, 0] + raw).reshape(n_heads, size)
    bonus = p[at + "time_faaaa"]
    epsilon = 1e-5 * shape.head_size_divisor**2
    heads, new = [], np.empty_like(state)
    for h in range(n_heads):
        write = np.outer(k[h], v[h])
        out = r[h] @ (np.diag(bonus[h]) @ write + state[h])
        new[h] = np.diag(np.exp(log_decay[h])) @ state[h] + factor * write
        heads.append((out - out.mean()) / np.sqrt(out.var() + epsilon))
    normed = np.concatenate(heads) * p[at + "ln_x.weight"] + p[at + "ln_x.bias"]
    return p[at + "output.weight"] @ (normed * g * _sigmoid(g)), new, log_decay


def _channel_mix(p: dict[str, Array], at: str, x: Array, previous: Array) -> Array:
    xx = previous - x
    k = p[at + "key.weight"] @ (x + xx * p[at + "time_maa_k"][0, 0])
    r = p[at + "receptance.weight"] @ (x + xx * p[at + "time_maa_r"][0, 0])
    out: Array = _sigmoid(r) * (p[at + "value.weight"] @ np.maximum(k, 0.0) ** 2)
    return out


def _norm(x: Array, p: dict[str, Array], name: str, epsilon: float) -> Array:
    normed: Array = (x - x.mean()) / np.sqrt(x.var() + epsilon)
    return normed * p[name + ".weight"] + p[name + ".bias"]


def _sigmoid(x: Array) -> Array:
    out: Array = 1.0 / (1.0 + np.exp(-x))
    return out


@torch.no_grad()
def randomise(model: nn.Module, seed: int = 0) -> Any:
    """Set every parameter to a draw: the first weights have zeros, which hide faults.

    Decays exp(−exp(w)) come to lie between about 0.1 and 0.99; embeddings and outputs are small
    enough for the epsilons of the norms to show.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(parameter: Tensor, std: float, mean: float = 0.0) -> Tensor:
        return mean + std * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)

    # By name, so that the draws do not depend on the order in which modules are made.
    for name, parameter in sorted(model.named_parameters()):
        last = name.rsplit(".", 1)[-1]
        if name.endswith("embeddings.weight"):
            drawn = normal(parameter, 0.02)
        elif last == "time_decay":
            drawn = normal(parameter, 1.0, -2.0)
        elif last == "time_faaaa":
            drawn = normal(parameter, 0.5, 0.3)
        elif last.startswith("time_maa_") and parameter.dim() == 3 and parameter.shape[0] == 1:
            drawn = normal(parameter, 0.4, 0.5)
        elif last in ("time_maa_w1", "time_maa_w2", "time_decay_w1", "time_decay_w2"):
            drawn = normal(parameter, parameter.shape[-2] ** -0.5)
        elif parameter.dim() == 1 and last == "weight":
            drawn = normal(parameter, 0.3, 1.0)
        elif last == "bias":
            drawn = normal(parameter, 0.2)
        elif ".attention." in name and not name.endswith("output.weight"):
            # Outputs of heads so small that the group norm's epsilon tells.
            drawn = normal(parameter, 0.4 * parameter.shape[-1] ** -0.5)
        else:
            drawn = normal(parameter, parameter.shape[-1] ** -0.5)
        parameter.copy_(drawn)
    return model
