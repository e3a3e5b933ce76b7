"""What is asked of a run, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from torch import Tensor, nn

from plip.errors import LayerError, PositionError
from plip.models.rwkv6.witness import StateWitness
from plip.models.witness import Witness

__all__ = ["Capture", "Positions", "Prefix", "Run", "Work"]

#: Which logits a run returns: of the last token of each text, of every token, or none.
Positions = Literal["last", "all", "none"]


@dataclass(frozen=True, slots=True, init=False)
class Capture:
    """Which rows of attention to keep.

    Args:
        layers: layer indices.
        queries: absolute positions of the rows in the text.

    Raises:
        LayerError, PositionError: nothing asked for, or something that is no index ≥ 0.
    """

    layers: tuple[int, ...]
    queries: tuple[int, ...]

    def __init__(self, layers: Iterable[int], queries: Iterable[int]) -> None:
        layers = tuple(layers) if isinstance(layers, Iterable) else (None,)
        queries = tuple(queries) if isinstance(queries, Iterable) else (None,)
        if not _indices(layers):
            raise LayerError(
                "Capture",
                wanted="at least one layer index ≥ 0",
                found=repr(layers),
                advice="name the layers to capture",
            )
        if not _indices(queries) or len(set(queries)) != len(queries):
            raise PositionError(
                "Capture",
                wanted="at least one query position ≥ 0, each once",
                found=repr(queries),
                advice="Tokens.at(char) gives token positions",
            )
        object.__setattr__(self, "layers", tuple(sorted(set(layers))))
        object.__setattr__(self, "queries", tuple(queries))


def _indices(values: tuple[object, ...]) -> bool:
    return bool(values) and all(type(value) is int and value >= 0 for value in values)


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first tokens of a text, computed once, with what they leave for later ones.

    Args:
        ids: the tokens.
        memory: what they leave: by layer, their keys and values, each [key-value head, key, dim];
            or a recurrent state.
        model: the model that computed them; no other can use them.
    """

    ids: tuple[int, ...]
    memory: Any
    model: nn.Module


@dataclass(frozen=True, slots=True)
class Work:
    """What a run cost, in exact counts.

    Args:
        layer_rows: rows that went through each decoder layer; a plain forward of n tokens is n in
            every layer.
        steered_rows: rows whose attention was computed again, over all layers.
        key_rows: rows of the last layer of which only the key and value were computed.
    """

    layer_rows: tuple[int, ...]
    steered_rows: int
    key_rows: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gives back, one entry a sequence in the order they were given.

    Args:
        logits: float32 (float64 of a float64 model) [batch, vocab] at the last token of each
            sequence, or [batch, n, vocab] at every token with NaN behind shorter sequences, or
            None where none were asked for.
        attention: by layer, weights [batch, head, captured query, key] in float32 (float64); 0 at
            keys behind a shorter sequence, NaN in rows that a sequence did not capture.
        witness: what each sequence's plan did, None where it had no plan.
        work: what it cost.
    """

    logits: Tensor | None
    attention: Mapping[int, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    witness: tuple[Witness | StateWitness | None, ...] = ()
    work: Work = Work((), 0)
