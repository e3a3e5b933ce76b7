"""One block of RWKV-6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.rwkv6.mixing import ChannelMixing, Padding, Projections, TimeMixing, shift
from plip.models.rwkv6.state import LayerState

__all__ = ["Recurrence", "Rwkv6Block", "Watch"]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What went into the recurrence of one block, and what came out.

    Args:
        made: the projections.
        bonus: u, [head, dim].
        write: factors of the writes, [batch, head or 1, token]; None is 1 everywhere.
        before: S before the first token, [batch, head, key dim, value dim].
        output: o, [batch, head, token, value dim].
        after: S after the last token.
    """

    made: Projections
    bonus: Tensor
    write: Tensor | None
    before: Tensor
    output: Tensor
    after: Tensor


#: Shown the recurrence of each block as soon as it has run.
Watch = Callable[[int, Recurrence], None]


class Rwkv6Block(nn.Module):
    """Time mixing, then channel mixing, each on a norm of the residual stream."""

    def __init__(self, config: Rwkv6Config, layer: int) -> None:
        super().__init__()
        width, epsilon = config.hidden_size, config.layer_norm_epsilon
        self.layer = layer
        if layer == 0:
            self.pre_ln = nn.LayerNorm(width, eps=epsilon)
        self.ln1 = nn.LayerNorm(width, eps=epsilon)
        self.ln2 = nn.LayerNorm(width, eps=epsilon)
        self.attention = TimeMixing(config, layer)
        self.feed_forward = ChannelMixing(config, layer)

    def forward(
        self,
        hidden: Tensor,
        state: LayerState,
        *,
        write: Tensor | None = None,
        padding: Padding | None = None,
        watch: Watch | None = None,
    ) -> tuple[Tensor, LayerState]:
        """Run the block.

        Args:
            hidden: [batch, token, C].
            state: what the tokens before have left.
            write: factors of the writes into the state, [batch, head or 1, token].
            padding: which tokens are real.
            watch: shown the recurrence.

        Returns:
            The block's output, like `hidden`, and the state after the last token.
        """
        hidden, made, time_shift = self.project(hidden, state, padding)
        return self.finish(
            hidden, made, time_shift, state, write=write, padding=padding, watch=watch
        )

    def project(
        self, hidden: Tensor, state: LayerState, padding: Padding | None = None
    ) -> tuple[Tensor, Projections, Tensor]:
        """Compute what does not depend on the recurrence.

        Returns:
            The residual stream, the projections, and the input of the last token.
        """
        if self.layer == 0:
            hidden = self.pre_ln(hidden)
        tokens = self.ln1(hidden)
        previous, time_shift = shift(tokens, state.time_shift, padding)
        return hidden, self.attention.project(tokens, previous), time_shift

    def finish(
        self,
        hidden: Tensor,
        made: Projections,
        time_shift: Tensor,
        state: LayerState,
        *,
        write: Tensor | None = None,
        padding: Padding | None = None,
        watch: Watch | None = None,
    ) -> tuple[Tensor, LayerState]:
        """Run the recurrence and everything behind it; arguments are what `project` returns."""
        mixed, wkv = self._recur(made, state, write, padding, watch)
        hidden = hidden + self.attention.emit(mixed, made.gate)
        tokens = self.ln2(hidden)
        previous, channel_shift = shift(tokens, state.channel_shift, padding)
        hidden = hidden + self.feed_forward(tokens, previous)
        return hidden, LayerState(time_shift, channel_shift, wkv)

    def last_row(
        self,
        hidden: Tensor,
        made: Projections,
        state: LayerState,
        *,
        write: Tensor | None = None,
        watch: Watch | None = None,
    ) -> Tensor:
        """Return the last token's row of `finish`, [batch, C], for nearly nothing beyond it.

        Two rows are carried through time mixing, since channel mixing sees the token before.
        """
        mixed, _ = self._recur(made, state, write, None, watch)
        tail = hidden[:, -2:] + self.attention.emit(mixed[:, :, -2:], made.gate[:, -2:])
        tokens = self.ln2(tail)
        before = tokens[:, :-1] if tokens.shape[1] == 2 else state.channel_shift[:, None]
        row: Tensor = (tail[:, -1:] + self.feed_forward(tokens[:, -1:], before))[:, 0]
        return row

    def _recur(
        self,
        made: Projections,
        state: LayerState,
        write: Tensor | None,
        padding: Padding | None,
        watch: Watch | None,
    ) -> tuple[Tensor, Tensor]:
        mixed, wkv = self.attention.recur(made, state.wkv, write, padding)
        if watch is not None:
            bonus = self.attention.bonus
            watch(self.layer, Recurrence(made, bonus, write, state.wkv, mixed, wkv))
        return mixed, wkv
