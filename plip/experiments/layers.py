"""Which layer to measure or steer where none is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from plip.errors import HeadError, LayerError
from plip.models import Subject, known_models

__all__ = ["LayerChoice", "check_heads", "choose_layers", "default_layer"]


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The layers of an experiment.

    Args:
        layers: which ones are measured.
        layer: the one reported where only one can be.
        why: why that one.
    """

    layers: tuple[int, ...]
    layer: int
    why: str


def choose_layers(asked: int | Literal["all"] | None, subject: Subject) -> LayerChoice:
    """Choose layers: the one asked for, the paper's for its models, else two thirds of the depth.

    Raises:
        LayerError: the model has no such layer.

    Source: STEERING_RESULTS.md §1.1.
    """
    n_layers = subject.n_layers
    if isinstance(asked, int):
        if asked >= n_layers:
            raise LayerError(
                f"layer {asked}",
                wanted=f"a layer in 0 … {n_layers - 1} of {subject.name}",
                found=str(asked),
                advice="`plip models` shows how many layers a model has",
                details={"layer": asked, "layers": n_layers},
            )
        return LayerChoice((asked,), asked, f"layer {asked}, as asked for")
    layer = default_layer(subject.name, n_layers)
    if _paper_layer(subject.name) is None:
        why = f"layer {layer}, two thirds of the depth of {n_layers}"
    else:
        why = f"layer {layer}, the paper's for {subject.name}"
    return LayerChoice(tuple(range(n_layers)) if asked == "all" else (layer,), layer, why)


def check_heads(heads: Sequence[int] | None, layers: Iterable[int], subject: Subject) -> None:
    """Check that every layer has the heads that are asked for.

    Raises:
        HeadError: one has not.
    """
    for layer in layers:
        if heads is not None and max(heads) >= subject.heads[layer]:
            raise HeadError(
                f"head {max(heads)}",
                wanted=f"a query head in 0 … {subject.heads[layer] - 1} of layer {layer}",
                found=str(max(heads)),
                advice="heads are query heads, not key-value groups",
                details={"head": max(heads), "heads": subject.heads[layer]},
            )


def default_layer(name: str, n_layers: int) -> int:
    """Return the layer that experiments take: the paper's for its models, else ⌊2 N / 3⌋.

    Args:
        name: what the model was loaded by.
        n_layers: N, its decoder layers.

    Source: STEERING_RESULTS.md §1.1.
    """
    layer = _paper_layer(name)
    return 2 * n_layers // 3 if layer is None else layer


def _paper_layer(name: str) -> int | None:
    """Return the layer the paper took for a model, or for the instruction-tuned form of it."""
    layers = {model.name: model.default_layer for model in known_models()}
    return layers.get(name, layers.get(f"{name}-Instruct"))
