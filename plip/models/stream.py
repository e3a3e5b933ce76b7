"""Sequences laid end to end in one stream of rows, so that there is no padding anywhere.

Everything in a decoder but attention works on rows one by one, and the seam keeps the sequences
apart, so a batch is one long row of tokens with the positions starting again at each sequence.
See docs/decisions/0004-packed-streams.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Block", "Piece", "blocks_of", "pack"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of consecutive tokens of one sequence.

    Args:
        ids: the tokens.
        first: position of the first one in its sequence.
    """

    ids: tuple[int, ...]
    first: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring pieces of equal length and position, whose attention is one batch.

    Args:
        start: first row in the stream.
        copies: how many pieces.
        length: rows of each.
        first: position of the first row of each.
    """

    start: int
    copies: int
    length: int
    first: int

    @property
    def stop(self) -> int:
        """One past the last row in the stream."""
        return self.start + self.copies * self.length

    def split(self, tensor: Tensor) -> Tensor:
        """Cut this block out of a stream: [1, head, row, dim] → [copy, head, row, dim]."""
        mine = tensor[:, :, self.start : self.stop]
        if self.copies == 1:
            return mine
        _, heads, _, dim = mine.shape
        return mine.view(heads, self.copies, self.length, dim).transpose(0, 1)

    def rows(self, copy: int) -> slice:
        """Return the rows of one copy in the stream."""
        start = self.start + copy * self.length
        return slice(start, start + self.length)


def pack(pieces: Sequence[Piece], device: torch.device) -> tuple[Tensor, Tensor]:
    """Lay pieces end to end.

    Returns:
        The token ids and their positions, both [1, row], int64.
    """
    ids = [token for piece in pieces for token in piece.ids]
    positions = [piece.first + offset for piece in pieces for offset in range(len(piece.ids))]
    return torch.tensor([ids], device=device), torch.tensor([positions], device=device)


def blocks_of(pieces: Sequence[Piece]) -> list[Block]:
    """Group neighbouring pieces of equal length and position."""
    blocks: list[Block] = []
    start = 0
    for piece in pieces:
        length = len(piece.ids)
        last = blocks[-1] if blocks else None
        if last is not None and (last.length, last.first) == (length, piece.first):
            blocks[-1] = Block(last.start, last.copies + 1, length, piece.first)
        else:
            blocks.append(Block(start, 1, length, piece.first))
        start += length
    return blocks
