"""Continuing a text with a transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from plip.models.forward import KeyValues
from plip.models.stream import Piece
from plip.models.track import Track
from plip.models.witness import RowsEvidence, Witness, bear_witness
from plip.plan import Plan
from plip.text import Tokens

__all__ = ["AttentionDecoder", "Extend"]

#: Runs pieces behind what was kept of the tokens before them; returns logits [piece, vocab] at
#: their last rows, and what is kept now.
Extend = Callable[
    [Sequence[Track], Sequence[Piece], Sequence[KeyValues | None]],
    tuple[Tensor, Sequence[KeyValues]],
]


class AttentionDecoder:
    """Continues a prompt as a batch, each copy with its own keys and values behind the prompt.

    Args:
        extend: the model.
        prompt: what is continued.
        plan: what to change, or None.
        throughout: whether the plan acts on new rows too, as far as it names them.
    """

    def __init__(self, extend: Extend, prompt: Tokens, plan: Plan | None, throughout: bool) -> None:
        self._extend = extend
        self._prompt = prompt
        self._plan = plan
        self._later = plan if throughout else None
        self._kept: Sequence[KeyValues] = ()
        self._length = len(prompt)
        self._evidence: list[list[RowsEvidence]] = []
        self._begun: tuple[Tensor, KeyValues, list[RowsEvidence]] | None = None

    def begin(self, copies: int) -> Tensor:
        """Compute the prompt once; return the logits behind it for each copy, [copy, vocab]."""
        if self._begun is None:
            track = Track("prompt", len(self._prompt), 0, self._plan, None)
            logits, kept = self._extend([track], [Piece(self._prompt.ids)], [None])
            self._begun = logits[0], kept[0], track.evidence
        row, prompt, evidence = self._begun
        self._kept = [prompt] * copies
        self._length = len(self._prompt)
        self._evidence = [list(evidence) for _ in range(copies)]
        return row.expand(copies, -1)

    def step(self, ids: Sequence[int]) -> Tensor:
        """Take one more token of each copy; return the logits behind it, [copy, vocab]."""
        self._length += 1
        tracks = [
            Track(f"sample {copy}", self._length, self._length - 1, self._later, None)
            for copy in range(len(ids))
        ]
        pieces = [Piece((token,), self._length - 1) for token in ids]
        logits, self._kept = self._extend(tracks, pieces, self._kept)
        for found, track in zip(self._evidence, tracks, strict=True):
            found += track.evidence
        return logits

    def witness(self, copy: int) -> Witness | None:
        """Say what the plan did in the prompt and, if it went on, behind it."""
        if self._plan is None:
            return None
        return bear_witness(self._plan, self._evidence[copy], f"sample {copy}")
