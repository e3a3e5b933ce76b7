"""Continuing a text with a transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from plip.models.anatomy import Anatomy
from plip.models.forward import Forward, KeyValues
from plip.models.memory import GrowingMemory, NextRows
from plip.models.stream import Piece, blocks_of
from plip.models.track import Track
from plip.models.witness import RowsEvidence, Witness, bear_witness
from plip.plan import Plan
from plip.text import Tokens

__all__ = ["AttentionDecoder", "Compute"]

#: Runs a session on pieces; returns logits [piece, vocab] at their last rows.
Compute = Callable[[Forward, Sequence[Piece]], Tensor]


class AttentionDecoder:
    """Continues a prompt as a batch, each copy with its own keys and values behind the prompt.

    Args:
        compute: the model.
        anatomy: its layers.
        prompt: what is continued.
        plan: what to change, or None.
        throughout: whether the plan acts on new rows too, as far as it names them.
    """

    def __init__(
        self,
        compute: Compute,
        anatomy: Anatomy,
        prompt: Tokens,
        plan: Plan | None,
        *,
        throughout: bool,
    ) -> None:
        self._compute = compute
        self._anatomy = anatomy
        self._prompt = prompt
        self._plan = plan
        self._later = plan if throughout else None
        self._memory = GrowingMemory({}, 1)
        self._length = len(prompt)
        self._evidence: list[list[RowsEvidence]] = []
        self._begun: tuple[Tensor, KeyValues, list[RowsEvidence]] | None = None

    def begin(self, copies: int) -> Tensor:
        """Compute the prompt once; return the logits behind it for each copy, [copy, vocab]."""
        if self._begun is None:
            track = Track("prompt", len(self._prompt), 0, self._plan, None)
            pieces = [Piece(self._prompt.ids)]
            session = Forward(self._anatomy, blocks_of(pieces), [track], past=[None], keep_from=0)
            logits = self._compute(session, pieces)
            self._begun = logits[0], session.kept[0], track.evidence
        row, prompt, evidence = self._begun
        self._memory = GrowingMemory(prompt, copies)
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
        logits = self._compute(NextRows(self._anatomy, pieces, tracks, self._memory), pieces)
        for found, track in zip(self._evidence, tracks, strict=True):
            found += track.evidence
        return logits

    def witness(self, copy: int) -> Witness | None:
        """Say what the plan did in the prompt and, if it went on, behind it."""
        if self._plan is None:
            return None
        return bear_witness(self._plan, self._evidence[copy], f"sample {copy}")
