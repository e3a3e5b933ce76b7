"""Which layer to measure or steer where none is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plip.errors import LayerError
from plip.models import Subject, known_models

__all__ = ["LayerChoice", "choose_layers"]


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

    ⌊2 N / 3⌋ for N layers.

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
    known = _known_layer(subject.name)
    if known is not None:
        layer, why = known, f"layer {known}, the paper's for {subject.name}"
    else:
        layer = 2 * n_layers // 3
        why = f"layer {layer}, two thirds of the depth of {n_layers}"
    return LayerChoice(tuple(range(n_layers)) if asked == "all" else (layer,), layer, why)


def _known_layer(name: str) -> int | None:
    """Return the layer the paper took for a model, or for the instruction-tuned form of it."""
    layers = {model.name: model.default_layer for model in known_models()}
    return layers.get(name, layers.get(f"{name}-Instruct"))
