"""Keys and values of a text that is being continued, with room for what is to come."""

from __future__ import annotations

from torch import Tensor

from plip.models.anatomy import Anatomy
from plip.models.forward import Forward, KeyValues
from plip.models.seam import Call
from plip.models.stream import Block, Piece, blocks_of
from plip.models.track import Track

__all__ = ["GrowingMemory", "NextRows"]

# How many more rows there is room for whenever the room is used up.
_MORE = 64


class GrowingMemory:
    """What several copies of a text leave for later tokens, by layer.

    A new row is written behind the others in a tensor that has room for it, so that a step copies
    one row and not the whole text.

    Args:
        prompt: keys and values of the text, which all copies have in common.
        copies: how many.
    """

    def __init__(self, prompt: KeyValues, copies: int) -> None:
        self._held = {
            layer: (key.expand(copies, *key.shape), value.expand(copies, *value.shape))
            for layer, (key, value) in prompt.items()
        }

    def grow(self, layer: int, first: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Take new rows of a layer.

        Args:
            layer: the layer.
            first: position of the first of them, right behind those that are there.
            key: [copy, key-value head, row, dim].
            value: likewise.

        Returns:
            Keys and values of all rows from position 0, valid until the next call.
        """
        stop = first + key.shape[2]
        keys, values = self._held[layer]
        if stop > keys.shape[2]:
            room = stop + _MORE
            keys, values = _copied(keys[:, :, :first], room), _copied(values[:, :, :first], room)
            self._held[layer] = keys, values
        keys[:, :, first:stop] = key
        values[:, :, first:stop] = value
        return keys[:, :, :stop], values[:, :, :stop]


class NextRows(Forward):
    """A session of one more row of each copy.

    Args:
        anatomy: the model's layers.
        pieces: the rows, all at one position.
        tracks: the copies.
        memory: what they have behind them; it grows.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        pieces: list[Piece],
        tracks: list[Track],
        memory: GrowingMemory,
    ) -> None:
        super().__init__(anatomy, blocks_of(pieces), tracks, past=[])
        self._memory = memory

    def with_past(self, call: Call, block: Block, track: int) -> tuple[Tensor, Tensor]:
        """Return keys and values of all rows, the new ones among them; see `Forward`."""
        return self._memory.grow(
            call.layer, block.first, block.split(call.key), block.split(call.value)
        )


def _copied(rows: Tensor, room: int) -> Tensor:
    """Copy [copy, head, row, dim] into a tensor with room for so many rows."""
    copies, heads, length, dim = rows.shape
    roomy = rows.new_empty(copies, heads, room, dim)
    roomy[:, :, :length] = rows
    return roomy
