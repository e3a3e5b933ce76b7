"""One block of RWKV-6."""

from __future__ import annotations

from torch import Tensor, nn

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.rwkv6.mixing import ChannelMixing, Padding, TimeMixing, shift
from plip.models.rwkv6.state import LayerState

__all__ = ["Rwkv6Block"]


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
    ) -> tuple[Tensor, LayerState]:
        """Run the block.

        Args:
            hidden: [batch, token, C].
            state: what the tokens before have left.
            write: factors of the writes into the state, [batch, head or 1, token].
            padding: which tokens are real.

        Returns:
            The block's output, like `hidden`, and the state after the last token.
        """
        if self.layer == 0:
            hidden = self.pre_ln(hidden)
        tokens = self.ln1(hidden)
        previous, time_shift = shift(tokens, state.time_shift, padding)
        made = self.attention.project(tokens, previous)
        mixed, wkv = self.attention.recur(made, state.wkv, write, padding)
        hidden = hidden + self.attention.emit(mixed, made.gate)
        tokens = self.ln2(hidden)
        previous, channel_shift = shift(tokens, state.channel_shift, padding)
        hidden = hidden + self.feed_forward(tokens, previous)
        return hidden, LayerState(time_shift, channel_shift, wkv)
