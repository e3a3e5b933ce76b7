"""The direct run: every row through every layer, with steered rows computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from plip.kernels import Visibility, row_output, row_scores, row_weights, rows_per_block
from plip.models.anatomy import Anatomy
from plip.models.seam import Call, sdpa
from plip.models.stream import Block
from plip.models.track import LayerInput, Track

__all__ = ["Forward", "KeyValues", "Stop", "attend_rows"]

#: Keys and values of one sequence by layer, each [key-value head, key, dim].
KeyValues = Mapping[int, tuple[Tensor, Tensor]]


class Stop(Exception):  # no error: the rest of the forward pass is not wanted
    """Ends a forward pass whose remainder nobody wants."""


class Forward:
    """A session that computes every row.

    Args:
        anatomy: the model's layers.
        blocks: how the tracks lie in the stream.
        tracks: the sequences, in the order of the blocks' copies.
        past: keys and values before each track's first row, None where it begins at 0.
        stop_after: the last layer whose rows are wanted, None to run to the logits.
        keep_from: keep keys and values of this layer and the ones above; None keeps none.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        blocks: Sequence[Block],
        tracks: Sequence[Track],
        *,
        past: Sequence[KeyValues | None],
        stop_after: int | None = None,
        keep_from: int | None = None,
    ) -> None:
        self.anatomy = anatomy
        self.blocks = blocks
        self.tracks = tracks
        self.past = past
        self.stop_after = stop_after
        self.keep_from = len(anatomy.layers) if keep_from is None else keep_from
        self.kept: list[dict[int, tuple[Tensor, Tensor]]] = [{} for _ in tracks]
        self.layer_rows = [0] * len(anatomy.layers)
        self.steered_rows = 0

    def layer_of(self, module: nn.Module) -> int | None:
        """Return the layer of an attention module."""
        return self.anatomy.layer_of(module)

    def mask(self, **kwargs: Any) -> Tensor | None:
        """Make no mask: the blocks know what is visible."""
        return None

    def attend(self, call: Call) -> Tensor:
        """Compute the attention of the stream; see `Session`."""
        self.layer_rows[call.layer] += call.query.shape[2]
        stop = call.layer == self.stop_after
        outs: list[Tensor] = []
        track = 0
        for block in self.blocks:
            query = block.split(call.query)
            key, value = self.with_past(call, block, track)
            rows = range(block.first, block.first + block.length)
            sees = self.visibility(call.layer)
            out = None if stop else attend_rows(call, query, key, value, rows, sees)
            for copy in range(block.copies):
                if call.layer >= self.keep_from:
                    self.kept[track][call.layer] = (key[copy], value[copy])
                if not self.tracks[track].idle:
                    mine = None if out is None else out[copy]
                    self.steer(call, track, rows, (query[copy], key[copy], value[copy]), mine)
                track += 1
            if out is not None:
                outs.append(out.reshape(1, -1, *out.shape[2:]))
        if stop:
            raise Stop
        return outs[0] if len(outs) == 1 else torch.cat(outs, dim=1)

    def visibility(self, layer: int) -> Visibility:
        """Return which keys a row of a layer may see."""
        return self.anatomy.layers[layer].visibility

    def with_past(self, call: Call, block: Block, track: int) -> tuple[Tensor, Tensor]:
        """Return a block's keys and values from position 0, [copy, key-value head, key, dim].

        Args:
            call: the call, whose keys and values are those of the rows that are computed.
            block: the block.
            track: the number of its first track.
        """
        key, value = block.split(call.key), block.split(call.value)
        if block.first == 0:
            return key, value
        pasts = [self.past[track + copy] for copy in range(block.copies)]
        keys = torch.stack([past[call.layer][0] for past in pasts if past is not None])
        values = torch.stack([past[call.layer][1] for past in pasts if past is not None])
        return torch.cat([keys, key], dim=2), torch.cat([values, value], dim=2)

    def steer(
        self,
        call: Call,
        track: int,
        rows: Sequence[int],
        data: tuple[Tensor, Tensor, Tensor],
        out: Tensor | None,
    ) -> None:
        """Let a track compute its steered and captured rows again; see `Track.attend`.

        Args:
            call: the call, for its layer, scaling and cap.
            track: the track's number.
            rows: absolute positions of its rows here.
            data: query [head, row, dim], key and value [key-value head, key, dim].
            out: [row, head, dim] or None.
        """
        layer = LayerInput(
            call.layer, *data, call.scaling, call.softcap, self.visibility(call.layer)
        )
        self.steered_rows += self.tracks[track].attend(layer, rows, out)


def attend_rows(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    rows: Sequence[int],
    visibility: Visibility,
) -> Tensor:
    """Compute unsteered attention of some rows of sequences of equal length.

    Args:
        call: the call, for its module, scaling and cap.
        query: [copy, head, row, dim].
        key: [copy, key-value head, key, dim], every key from position 0.
        value: [copy, key-value head, key, dim].
        rows: absolute positions of the rows, the same for each copy.
        visibility: which keys a row may see.

    Returns:
        [copy, row, head, dim].
    """
    keys = key.shape[2]
    every = torch.arange(keys, device=query.device)
    where = torch.tensor(rows, device=query.device)
    if call.softcap is not None:
        return _capped(call, query, key, value, visibility, where, every)
    plain = rows == range(keys) or list(rows) == [keys - 1]
    mask = None
    if not (plain and visibility.covers(keys)):
        mask = visibility.mask(where, every)[None, None]
    return sdpa(call.module, query, key, value, mask, call.scaling)


def _capped(
    call: Call,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    visibility: Visibility,
    where: Tensor,
    every: Tensor,
) -> Tensor:
    """Compute capped attention in blocks of rows: SDPA has no cap."""
    copies, heads, rows, _ = query.shape
    out = query.new_empty(copies, rows, heads, value.shape[-1])
    size = rows_per_block(heads, key.shape[2])
    for copy in range(copies):
        for start in range(0, rows, size):
            part = slice(start, start + size)
            scores = row_scores(
                query[copy, :, part],
                key[copy],
                visibility.mask(where[part], every),
                scaling=call.scaling,
                softcap=call.softcap,
            )
            mixed = row_output(row_weights(scores), value[copy])
            out[copy, part] = mixed.transpose(0, 1).to(out.dtype)
    return out
