"""What experiments know of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from torch import Tensor

from plip.models.generation import Generation, Steer
from plip.models.results import Capture, Positions, Run
from plip.plan import Plan
from plip.records import Mechanism, SubjectRecord
from plip.text import Tokens

__all__ = ["Subject"]


class Subject(Protocol):
    """A loaded model with its tokenizer."""

    @property
    def mechanism(self) -> Mechanism:
        """What a plan acts on: edges of attention, or writes into a recurrent state."""

    @property
    def name(self) -> str:
        """The id, directory or bundled name it was loaded from."""

    @property
    def heads(self) -> tuple[int, ...]:
        """Query heads of each layer."""

    @property
    def n_layers(self) -> int:
        """How many decoder layers there are."""

    @property
    def tokenizer(self) -> Any:
        """The tokenizer, None without one."""

    @property
    def context(self) -> int:
        """The longest text in tokens."""

    def tokenize(self, text: str, *, special_tokens: bool = False) -> Tokens:
        """Turn a text into tokens with character spans; see `plip.text.tokenize`."""

    def run(
        self,
        tokens: Tokens | Sequence[Tokens],
        *,
        plan: Plan | Sequence[Plan | None] | None = None,
        capture: Capture | Sequence[Capture | None] | None = None,
        positions: Positions = "last",
    ) -> Run:
        """Run one or several sequences, each with its own plan."""

    def sweep(
        self,
        tokens: Sequence[Tokens],
        plans: Sequence[Sequence[Plan | None]],
        *,
        capture: Sequence[Capture | None] | None = None,
    ) -> list[Run]:
        """Run every sequence under several plans, sharing what they have in common."""

    def final_hidden(self, tokens: Tokens) -> Tensor:
        """Compute the final hidden state of every token, behind the final norm: [token, hidden]."""

    def generate(
        self,
        tokens: Tokens,
        *,
        plan: Plan | None = None,
        steer: Steer = "prompt",
        max_new_tokens: int = 80,
        temperature: float = 0.0,
        samples: int = 1,
        seed: int = 0,
        batch: int = 32,
    ) -> Generation:
        """Continue a text, steered or not, until its end or the limit."""

    def provenance(self) -> SubjectRecord:
        """Say exactly what was run."""
