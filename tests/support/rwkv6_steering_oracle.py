"""RWKV-6 with steered writes a second time: numpy, float64, one token after another.

It reads a state dict and three numbers of the configuration, and shares no code with plip. A write
k vᵀ that enters the state is multiplied by the factors that are set for its layer, head and token;
nothing else is touched. The weight of every token in every output is told by its own product of
decays, not by sums of logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray
from rwkv6_oracle import randomise

import plip
from plip.models.rwkv6 import Rwkv6Config, Rwkv6ForCausalLM
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.plan import ALL, Edges, Knockout, Plan, Scale, into
from plip.text import Tokens

__all__ = [
    "HEADS",
    "LAYERS",
    "VOCABULARY",
    "Change",
    "Truth",
    "model",
    "oracle",
    "plans",
    "sole",
    "subject",
    "text_of",
    "tokens",
]

Array = NDArray[np.float64]

LAYERS, HEADS, SIZE, VOCABULARY = 4, 4, 8, 61


@cache
def model(dtype: str = "float64", seed: int = 0) -> Rwkv6ForCausalLM:
    """Return a tiny model whose every parameter is a draw; nobody changes it."""
    config = Rwkv6Config(
        vocab_size=VOCABULARY,
        hidden_size=24,
        num_hidden_layers=LAYERS,
        attention_hidden_size=HEADS * SIZE,
        head_size=SIZE,
        head_size_divisor=4,
        intermediate_size=40,
        time_mix_rank=5,
        time_decay_rank=7,
        max_position_embeddings=512,
    )
    made = randomise(Rwkv6ForCausalLM(config).double(), seed)
    return made.to(getattr(torch, dtype)).eval()


@cache
def subject(dtype: str = "float64", seed: int = 0) -> Rwkv6Subject:
    """Return that model as a subject, without a tokenizer."""
    return plip.wrap(model(dtype, seed))


def tokens(n: int, seed: int = 0) -> Tokens:
    """Return a text of `n` random tokens."""
    return text_of(np.random.default_rng([n, seed]).integers(0, VOCABULARY, n).tolist())


def text_of(ids: Sequence[int]) -> Tokens:
    """Return a text of given tokens, one character each."""
    return Tokens("x" * len(ids), tuple(ids), tuple((i, i + 1) for i in range(len(ids))))


@dataclass(frozen=True)
class Change:
    """What a step does: the writes of some tokens in some layers and heads, times a factor."""

    positions: frozenset[int]
    layers: frozenset[int]
    heads: frozenset[int]
    factor: float


@dataclass
class Truth:
    """What a text gives under some changes.

    Args:
        logits: [token, vocabulary].
        weights: by layer, signed weights of tokens in outputs, [head, query, key].
        output: by layer, o, [head, token, dim].
        value: by layer, v, likewise.
        states: by layer, S after each token, [token, head, dim, dim].
        writes: by layer, k vᵀ as it is before any change, likewise.
        decays: by layer, exp(w), [token, head, dim].
    """

    logits: Array
    weights: list[Array] = field(default_factory=list)
    output: list[Array] = field(default_factory=list)
    value: list[Array] = field(default_factory=list)
    states: list[Array] = field(default_factory=list)
    writes: list[Array] = field(default_factory=list)
    decays: list[Array] = field(default_factory=list)

    def fractions(self, layer: int) -> Array:
        """Return positive weights over their sum, 0 where there is none, [head, query, key]."""
        raw = self.weights[layer]
        done = np.zeros_like(raw)
        for head in range(raw.shape[0]):
            for query in range(raw.shape[1]):
                kept = [max(0.0, a) for a in raw[head, query]]
                if sum(kept) > 0:
                    done[head, query] = [a / sum(kept) for a in kept]
        return done


def oracle(judged: Rwkv6ForCausalLM, ids: Sequence[int], changes: Sequence[Change] = ()) -> Truth:
    """Run a text from the empty state."""
    p = {name: t.detach().double().cpu().numpy() for name, t in judged.state_dict().items()}
    norm_epsilon = judged.config.layer_norm_epsilon
    group_epsilon = 1e-5 * judged.config.head_size_divisor**2

    def norm(x: Array, name: str) -> Array:
        scaled = (x - x.mean()) / np.sqrt(x.var() + norm_epsilon)
        return np.asarray(scaled * p[name + ".weight"] + p[name + ".bias"])

    truth = Truth(np.empty(0))
    stream = [p["rwkv.embeddings.weight"][token] for token in ids]
    for layer in range(judged.config.num_hidden_layers):
        at = f"rwkv.blocks.{layer}."
        if layer == 0:
            stream = [norm(x, at + "pre_ln") for x in stream]
        q = {
            name.removeprefix(at + "attention."): value
            for name, value in p.items()
            if name.startswith(at + "attention.")
        }
        f = {
            name.removeprefix(at + "feed_forward."): value
            for name, value in p.items()
            if name.startswith(at + "feed_forward.")
        }
        bonus = q["time_faaaa"]
        n_heads, size = bonus.shape
        state = np.zeros((n_heads, size, size))
        before = before_channel = np.zeros_like(stream[0])
        alive: list[Array] = []  # of each earlier token: what is left of its k, [head, dim]
        rows, outs, values, states, writes, decays, done = [], [], [], [], [], [], []
        for t, x in enumerate(stream):
            a = norm(x, at + "ln1")
            gap = before - a
            before = a
            rank = q["time_maa_w1"].shape[1] // 5
            low = np.tanh((a + gap * q["time_maa_x"][0, 0]) @ q["time_maa_w1"])
            mixed = {
                name: a
                + gap
                * (
                    q["time_maa_" + name][0, 0]
                    + low[i * rank : (i + 1) * rank] @ q["time_maa_w2"][i]
                )
                for i, name in enumerate("wkvrg")
            }
            r, k, v = (
                (q[name + ".weight"] @ mixed[name[0]]).reshape(n_heads, size)
                for name in ("receptance", "key", "value")
            )
            gate = q["gate.weight"] @ mixed["g"]
            raw = (
                q["time_decay"][0, 0]
                + np.tanh(mixed["w"] @ q["time_decay_w1"]) @ (q["time_decay_w2"])
            )
            decay = np.exp(-np.exp(raw)).reshape(n_heads, size)
            write = np.array([np.outer(k[h], v[h]) for h in range(n_heads)])
            out = np.array(
                [r[h] @ (bonus[h][:, None] * write[h] + state[h]) for h in range(n_heads)]
            )
            row = [(r * left).sum(1) for left in alive] + [(r * bonus * k).sum(1)]
            factor = np.ones(n_heads)
            for change in changes:
                if layer in change.layers and t in change.positions:
                    factor[sorted(change.heads)] *= change.factor
            state = np.array(
                [decay[h][:, None] * state[h] + factor[h] * write[h] for h in range(n_heads)]
            )
            alive = [left * decay for left in alive] + [factor[:, None] * k]
            centred = out - out.mean(1, keepdims=True)
            scaled = centred / np.sqrt(out.var(1, keepdims=True) + group_epsilon)
            normed = scaled.reshape(-1) * q["ln_x.weight"] + q["ln_x.bias"]
            x = x + q["output.weight"] @ (normed * gate / (1 + np.exp(-gate)))
            b = norm(x, at + "ln2")
            gap = before_channel - b
            before_channel = b
            inner = np.maximum(f["key.weight"] @ (b + gap * f["time_maa_k"][0, 0]), 0) ** 2
            open_ = f["receptance.weight"] @ (b + gap * f["time_maa_r"][0, 0])
            done.append(x + f["value.weight"] @ inner / (1 + np.exp(-open_)))
            rows.append(row), outs.append(out), values.append(v), states.append(state)
            writes.append(write), decays.append(decay)
        weights = np.zeros((n_heads, len(ids), len(ids)))
        for t, row in enumerate(rows):
            weights[:, t, : t + 1] = np.array(row).T
        truth.weights.append(weights)
        truth.output.append(np.array(outs).transpose(1, 0, 2))
        truth.value.append(np.array(values).transpose(1, 0, 2))
        truth.states.append(np.array(states))
        truth.writes.append(np.array(writes))
        truth.decays.append(np.array(decays))
        stream = done
    truth.logits = np.array([p["head.weight"] @ norm(x, "rwkv.ln_out") for x in stream])
    return truth


def sole(
    factor: float, at: int, layer: int, heads: Sequence[int] = range(HEADS)
) -> tuple[Plan, Change]:
    """Return a plan that scales one write, and its change."""
    plan = Plan(Scale(factor), into(at), layers=[layer], heads=list(heads))
    return plan, Change(frozenset([at]), frozenset([layer]), frozenset(heads), factor)


#: Factors of a scale: none, less, the identity, more, strong.
FACTORS = (0.0, 0.05, 0.5, 1.0, 1.7, 3.0, 9.0)


@st.composite
def _steps(draw: Any, first: int, n: int, idle: bool) -> tuple[Plan, Change]:
    everywhere = draw(st.integers(0, 9)) == 0
    at = draw(st.lists(st.integers(first, n - 1), min_size=1, max_size=4, unique=True))
    layers = draw(st.none() | st.lists(st.integers(0, LAYERS - 1), min_size=1, unique=True))
    heads = draw(st.none() | st.lists(st.integers(0, HEADS - 1), min_size=1, unique=True))
    factors = FACTORS if idle else [factor for factor in FACTORS if factor != 1.0]
    factor = draw(st.sampled_from(factors))
    knocked = factor == 0.0 and draw(st.booleans())
    plan = Plan(
        Knockout() if knocked else Scale(factor),
        Edges(ALL, ALL, own=False) if everywhere else into(at),
        layers=ALL if layers is None else layers,
        heads=ALL if heads is None else heads,
    )
    change = Change(
        frozenset(range(first, n) if everywhere else at),
        frozenset(range(LAYERS) if layers is None else layers),
        frozenset(range(HEADS) if heads is None else heads),
        factor,
    )
    return plan, change


def _effective(changes: Sequence[Change]) -> bool:
    """Whether no step finds only writes that are gone already."""
    gone: set[tuple[int, int, int]] = set()
    for change in changes:
        mine = {
            (layer, head, at)
            for layer in change.layers
            for head in change.heads
            for at in change.positions
        }
        # The witness looks at the last write of a step, and at all heads and layers.
        last = {place for place in mine if place[2] == max(change.positions)}
        if change.factor != 1.0 and last <= gone:
            return False
        if change.factor == 0.0:
            gone |= mine
    return True


@st.composite
def plans(
    draw: Any, n: int, *, first: int = 0, most: int = 3, idle: bool = True
) -> tuple[Plan, tuple[Change, ...]]:
    """Draw a plan for the writes of tokens `first` … n − 1, and what the oracle must do."""
    steps = draw(
        st.lists(_steps(first, n, idle), min_size=1, max_size=most).filter(
            lambda made: _effective([change for _, change in made])
        )
    )
    plan = steps[0][0]
    for other, _ in steps[1:]:
        plan = plan.then(other)
    return plan, tuple(change for _, change in steps)
