"""Collecting what the tracks of a run kept into tensors with a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor

from plip.kernels import rows_dtype
from plip.models.results import Capture, Positions
from plip.models.stream import Piece

__all__ = ["Captured", "gather_attention", "gather_logits"]


class Captured(Protocol):
    """A sequence of a run with the rows that were kept of it."""

    @property
    def n_tokens(self) -> int:
        """Its length."""

    @property
    def capture(self) -> Capture | None:
        """Which rows were to be kept."""

    @property
    def rows(self) -> Mapping[tuple[int, int], Tensor]:
        """The kept rows by layer and query, [head, key]."""


def gather_attention(tracks: Sequence[Captured]) -> Mapping[int, Tensor]:
    """Collect captured rows by layer.

    Returns:
        layer → [track, head, captured query, key]; the weight of keys behind a shorter sequence
        is 0, rows that a track did not capture in a layer are NaN.
    """
    layers = sorted({layer for track in tracks for layer, _ in track.rows})
    return MappingProxyType({layer: _gather_layer(tracks, layer) for layer in layers})


def _gather_layer(tracks: Sequence[Captured], layer: int) -> Tensor:
    sample = next(row for track in tracks for (at, _), row in track.rows.items() if at == layer)
    queries = max(len(_queries(track, layer)) for track in tracks)
    keys = max(track.n_tokens for track in tracks)
    shape = (len(tracks), sample.shape[0], queries, keys)
    gathered = sample.new_full(shape, torch.nan)
    for number, track in enumerate(tracks):
        for place, query in enumerate(_queries(track, layer)):
            row = track.rows[layer, query]
            gathered[number, :, place, : row.shape[1]] = row
            gathered[number, :, place, row.shape[1] :] = 0
    return gathered


def _queries(track: Captured, layer: int) -> tuple[int, ...]:
    if track.capture is None or layer not in track.capture.layers:
        return ()
    return track.capture.queries


def gather_logits(logits: Tensor, pieces: Sequence[Piece], positions: Positions) -> Tensor:
    """Collect the logits of a stream.

    Args:
        logits: [row, vocab]: one row a piece for "last", every row of the stream for "all".
        pieces: what lies in the stream.
        positions: which of the two.

    Returns:
        [piece, vocab], or [piece, row, vocab] with NaN behind shorter pieces; float32, or float64
        of a float64 model.
    """
    logits = logits.to(rows_dtype(logits.dtype))
    if positions == "last":
        return logits
    lengths = [len(piece.ids) for piece in pieces]
    gathered = logits.new_full((len(pieces), max(lengths), logits.shape[-1]), torch.nan)
    for number, rows in enumerate(torch.split(logits, lengths)):
        gathered[number, : len(rows)] = rows
    return gathered
