"""The two halves of an RWKV-6 block: mixing over time, and over channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm, silu

from plip.kernels import rows_dtype, wkv
from plip.models.rwkv6.config import Rwkv6Config

__all__ = ["ChannelMixing", "Padding", "Projections", "TimeMixing", "shift"]


@dataclass(frozen=True, slots=True)
class Padding:
    """Which tokens of a batch are real, and where each one's predecessor is.

    Args:
        real: bool, [batch, token].
        previous: of each token, 1 + the position of the last real token before it; 0 stands for
            the token before the first one, [batch, token].
        last: 1 + the position of the last real token, 0 where there is none, [batch].
    """

    real: Tensor
    previous: Tensor
    last: Tensor

    @classmethod
    def of(cls, mask: Tensor) -> Padding | None:
        """Read an attention mask [batch, token]; None where every token is real."""
        real = mask.bool()
        if bool(real.all()):
            return None
        places = torch.arange(1, mask.shape[1] + 1, device=mask.device)
        latest = (places * real).cummax(1).values
        previous = torch.cat([torch.zeros_like(latest[:, :1]), latest[:, :-1]], dim=1)
        return cls(real, previous, latest[:, -1])


def shift(tokens: Tensor, before: Tensor, padding: Padding | None) -> tuple[Tensor, Tensor]:
    """Put each token's predecessor in its place.

    Args:
        tokens: [batch, token, dim].
        before: the token before the first one, [batch, dim].
        padding: which tokens to pass over.

    Returns:
        The predecessors, like `tokens`, and the last real token, like `before`.
    """
    known = torch.cat([before[:, None], tokens], dim=1)
    if padding is None:
        return known[:, :-1], tokens[:, -1]
    width = tokens.shape[-1]
    previous = known.gather(1, padding.previous[..., None].expand(-1, -1, width))
    last = known.gather(1, padding.last[:, None, None].expand(-1, -1, width))
    return previous, last[:, 0]


@dataclass(frozen=True, slots=True)
class Projections:
    """What time mixing makes of its input; the first four go into the recurrence.

    Args:
        receptance: r, [batch, head, token, dim], float32 (float64).
        key: k, likewise.
        value: v, likewise.
        log_decay: w = −exp(…), likewise.
        gate: [batch, token, width], in the model's dtype.
    """

    receptance: Tensor
    key: Tensor
    value: Tensor
    log_decay: Tensor
    gate: Tensor

    def map(self, change: Callable[[Tensor], Tensor]) -> Projections:
        """Apply a function to every tensor."""
        return Projections(
            change(self.receptance),
            change(self.key),
            change(self.value),
            change(self.log_decay),
            change(self.gate),
        )


class TimeMixing(nn.Module):
    """Gated linear attention with a decay that depends on the data."""

    def __init__(self, config: Rwkv6Config, layer: int) -> None:
        super().__init__()
        self.layer = layer
        width, inner = config.hidden_size, config.n_heads * config.head_size
        time_mix_rank, time_decay_rank = config.ranks
        self.n_heads = config.n_heads
        self.time_maa_x = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_w = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_k = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_v = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_r = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_g = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_w1 = nn.Parameter(torch.empty(width, 5 * time_mix_rank))
        self.time_maa_w2 = nn.Parameter(torch.empty(5, time_mix_rank, width))
        self.time_decay = nn.Parameter(torch.empty(1, 1, inner))
        self.time_decay_w1 = nn.Parameter(torch.empty(width, time_decay_rank))
        self.time_decay_w2 = nn.Parameter(torch.empty(time_decay_rank, inner))
        self.time_faaaa = nn.Parameter(torch.empty(config.n_heads, config.head_size))
        self.receptance = nn.Linear(width, inner, bias=False)
        self.key = nn.Linear(width, inner, bias=False)
        self.value = nn.Linear(width, inner, bias=False)
        self.gate = nn.Linear(width, inner, bias=False)
        self.output = nn.Linear(inner, width, bias=False)
        self.ln_x = nn.GroupNorm(config.n_heads, inner, eps=config.group_norm_epsilon)

    @property
    def bonus(self) -> Tensor:
        """u of the recurrence, [head, dim]."""
        return self.time_faaaa.to(rows_dtype(self.time_faaaa.dtype))

    def project(self, tokens: Tensor, previous: Tensor) -> Projections:
        """Mix each token with its predecessor, in proportions that depend on both, and project."""
        w, k, v, r, g = self._mixed(tokens, previous)
        return Projections(
            receptance=self._heads(self.receptance(r)),
            key=self._heads(self.key(k)),
            value=self._heads(self.value(v)),
            log_decay=self._heads(self._log_decay(w)),
            gate=silu(self.gate(g)),
        )

    def _mixed(self, tokens: Tensor, previous: Tensor) -> tuple[Tensor, ...]:
        gap = previous - tokens
        half = torch.tanh((tokens + gap * self.time_maa_x) @ self.time_maa_w1)
        parts = half.view(-1, 5, self.time_maa_w2.shape[1]).transpose(0, 1)
        offsets = torch.bmm(parts, self.time_maa_w2).view(5, *tokens.shape)
        bases = (
            self.time_maa_w,
            self.time_maa_k,
            self.time_maa_v,
            self.time_maa_r,
            self.time_maa_g,
        )
        return tuple(
            tokens + gap * (base + offset) for base, offset in zip(bases, offsets, strict=True)
        )

    def _log_decay(self, mixed: Tensor) -> Tensor:
        dtype = rows_dtype(self.time_decay.dtype)
        with torch.autocast(mixed.device.type, enabled=False):
            low = torch.tanh(mixed.to(dtype) @ self.time_decay_w1.to(dtype))
            return -torch.exp(self.time_decay.to(dtype) + low @ self.time_decay_w2.to(dtype))

    def _heads(self, tokens: Tensor) -> Tensor:
        dtype = rows_dtype(self.time_decay.dtype)
        batch, n_tokens, width = tokens.shape
        heads = tokens.view(batch, n_tokens, self.n_heads, width // self.n_heads)
        return heads.transpose(1, 2).to(dtype)

    def recur(
        self, made: Projections, state: Tensor, write: Tensor | None, padding: Padding | None
    ) -> tuple[Tensor, Tensor]:
        """Run the recurrence; padding neither writes nor lets the state decay."""
        log_decay = made.log_decay
        if padding is not None:
            real = padding.real[:, None]
            log_decay = log_decay.masked_fill(~real[..., None], 0)
            write = real.to(log_decay.dtype) if write is None else write * real
        with torch.autocast(state.device.type, enabled=False):
            return wkv(made.receptance, made.key, made.value, log_decay, self.bonus, state, write)

    def emit(self, mixed: Tensor, gate: Tensor) -> Tensor:
        """Normalise each head, gate, and project: [batch, head, token, dim] → [batch, token, C]."""
        rows = mixed.transpose(1, 2).flatten(-2)
        normed = group_norm(
            rows.flatten(0, 1),
            self.n_heads,
            self.ln_x.weight.to(rows.dtype),
            self.ln_x.bias.to(rows.dtype),
            self.ln_x.eps,
        )
        projected: Tensor = self.output(normed.view_as(rows).to(gate.dtype) * gate)
        return projected


class ChannelMixing(nn.Module):
    """A gated feed-forward network that also sees the token before."""

    def __init__(self, config: Rwkv6Config, layer: int) -> None:
        super().__init__()
        self.layer = layer
        width, inner = config.hidden_size, config.intermediate_size or 0
        self.time_maa_k = nn.Parameter(torch.empty(1, 1, width))
        self.time_maa_r = nn.Parameter(torch.empty(1, 1, width))
        self.key = nn.Linear(width, inner, bias=False)
        self.receptance = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(inner, width, bias=False)

    def forward(self, tokens: Tensor, previous: Tensor) -> Tensor:
        """Return σ(R r) · V relu(K k)², r and k the tokens mixed with their predecessors."""
        gap = previous - tokens
        inner = torch.relu(self.key(tokens + gap * self.time_maa_k)).square()
        gate = torch.sigmoid(self.receptance(tokens + gap * self.time_maa_r))
        mixed: Tensor = gate * self.value(inner)
        return mixed
