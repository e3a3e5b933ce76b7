"""A forward pass in which a decoder layer gets chosen rows of the stream only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from plip.errors import UnsupportedModelError
from plip.models.anatomy import Anatomy
from plip.models.forward import Forward, KeyValues, attend_rows
from plip.models.seam import Call, active
from plip.models.stream import Piece, blocks_of
from plip.models.track import Track

__all__ = ["Staged"]

# Arguments of a decoder layer that have one entry for each row of the stream.
_BY_ROW = frozenset({"cache_position", "position_embeddings", "position_ids"})


class _KeysOnly(Exception):  # no error: the rest of the layer is not wanted
    """Ends a decoder layer once its keys and values are known."""


class Staged(Forward, ABC):
    """A session in which some layers compute some rows.

    Args:
        anatomy: the model's layers.
        pieces: what lies in the stream, one piece a track.
        tracks: the sequences.
        past: keys and values before each track's first row.
        keep_from: keep keys and values of this layer and the ones above.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        pieces: Sequence[Piece],
        tracks: Sequence[Track],
        *,
        past: Sequence[KeyValues | None],
        keep_from: int,
    ) -> None:
        super().__init__(anatomy, blocks_of(pieces), tracks, past=past, keep_from=keep_from)
        self.pieces = pieces
        self.last = len(anatomy.layers) - 1
        self.key_rows = 0
        self._keys_only = False
        starts = [0]
        for piece in pieces:
            starts.append(starts[-1] + len(piece.ids))
        self._starts = starts
        self._chosen: dict[int, list[tuple[int, ...]]] = {}

    def choose(self, layer: int, rows: list[tuple[int, ...]]) -> None:
        """Let a layer compute these rows only, absolute positions for each track."""
        self._chosen[layer] = rows

    def start_of(self, track: int) -> int:
        """Return where a track begins in the stream."""
        return self._starts[track]

    def index(self, layer: int) -> list[int]:
        """Return where a layer's chosen rows lie in the stream."""
        return [
            start + position - piece.first
            for start, piece, rows in zip(
                self._starts, self.pieces, self._chosen[layer], strict=False
            )
            for position in rows
        ]

    def ends(self) -> list[int]:
        """Return where each track's last token lies among the chosen rows of the last layer."""
        ends, start = [], 0
        for track, rows in zip(self.tracks, self._chosen[self.last], strict=True):
            ends.append(start + rows.index(track.n_tokens - 1))
            start += len(rows)
        return ends

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Stand between the decoder layers of the model while this session is active."""
        handles = []
        try:
            for number, layer in enumerate(self.anatomy.layers):
                before, after = partial(self._before, number), partial(self._after, number)
                handles.append(layer.block.register_forward_pre_hook(before, with_kwargs=True))
                handles.append(layer.block.register_forward_hook(after))
            yield
        finally:
            for handle in handles:
                handle.remove()

    @abstractmethod
    def enter(self, layer: int, hidden: Tensor) -> Tensor:
        """Return the hidden states that a layer gets, of its chosen rows: [1, row, dim]."""

    @abstractmethod
    def leave(self, layer: int, hidden: Tensor) -> Tensor:
        """Return the hidden states that a layer hands on."""

    def attend(self, call: Call) -> Tensor:
        """Compute the attention of the rows that this layer gets; see `Session`."""
        if self._keys_only:
            self._keep(call)
            raise _KeysOnly
        if call.layer not in self._chosen:
            return super().attend(call)
        self.layer_rows[call.layer] += call.query.shape[2]
        return self._attend_chosen(call)

    def _attend_chosen(self, call: Call) -> Tensor:
        outs: list[Tensor] = []
        start = 0
        for number, rows in enumerate(self._chosen[call.layer]):
            if not rows:
                continue
            part = slice(start, start + len(rows))
            start += len(rows)
            query = call.query[:, :, part]
            key, value = self.keys_values(number, call.layer)
            sees = self.visibility(call.layer)
            out = attend_rows(call, query, key[None], value[None], rows, sees)
            self.steer(call, number, rows, (query[0], key, value), out[0])
            outs.append(out)
        return torch.cat(outs, dim=1)

    def keys_values(self, track: int, layer: int) -> tuple[Tensor, Tensor]:
        """Return every key and value that a track's chosen rows may see in a layer."""
        return self.kept[track][layer]

    def _keep(self, call: Call) -> None:
        number = 0
        for block in self.blocks:
            key, value = self.with_past(call, block, number)
            for copy in range(block.copies):
                self.kept[number][call.layer] = (key[copy], value[copy])
                number += 1
        self.key_rows += call.key.shape[2]

    def collect_keys(self, forward: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """Run a decoder layer on the whole stream up to its keys and values, and keep them."""
        self._keys_only = True
        try:
            forward(*args, **kwargs)
        except _KeysOnly:
            return
        finally:
            self._keys_only = False
        raise UnsupportedModelError(
            "decoder layer",
            wanted="one attention in each layer",
            found="a layer that ended without it",
            advice="run the plans one by one",
        )

    def _before(
        self,
        layer: int,
        block: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None = None,
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        # Without kwargs it is called for another thread, after its own has taken it off.
        if kwargs is None or active() is not self or self._keys_only:
            return None
        hidden = args[0] if args else kwargs["hidden_states"]
        if layer == self.last and self.needs_keys(layer):
            self.collect_keys(block.forward, args, kwargs)
        given = self.enter(layer, hidden)
        if layer in self._chosen:
            chosen = torch.tensor(self.index(layer), device=hidden.device)
            rows = self._starts[-1]
            args = (*args[:1], *(_select("position", item, chosen, rows) for item in args[1:]))
            kwargs = {
                name: given if name == "hidden_states" else _select(name, item, chosen, rows)
                for name, item in kwargs.items()
            }
        return ((given, *args[1:]) if args else args), kwargs

    def needs_keys(self, layer: int) -> bool:
        """Whether the last layer's keys and values must be computed for the whole stream."""
        return True

    def _after(self, layer: int, block: nn.Module, args: Any, output: Any) -> Any:
        if active() is not self or self._keys_only:
            return None
        if isinstance(output, tuple):
            return (self.leave(layer, output[0]), *output[1:])
        return self.leave(layer, output)


def _select(name: str, value: Any, chosen: Tensor, rows: int) -> Any:
    """Choose rows of what a decoder layer is given beside its hidden states."""
    if isinstance(value, tuple):
        return tuple(_select(name, item, chosen, rows) for item in value)
    if isinstance(value, dict):
        return {key: _select(name, item, chosen, rows) for key, item in value.items()}
    if not isinstance(value, Tensor):
        return value
    if name in _BY_ROW:
        axis = 0 if value.ndim == 1 else 1
        if value.ndim and value.shape[axis] == rows:
            return value.index_select(axis, chosen.to(value.device))
    raise UnsupportedModelError(
        "decoder layer",
        wanted="hidden states and positions as the only tensors",
        found=f"{name} of shape {tuple(value.shape)}",
        advice="run the plans one by one",
    )
