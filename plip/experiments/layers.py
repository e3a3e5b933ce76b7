"""Which layers to measure or steer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from plip.errors import HeadError, LayerError
from plip.models import Subject, known_models
from plip.plan import name_layers

__all__ = ["LayerChoice", "check_heads", "choose_layers", "choose_steered", "default_layer"]


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The layers of an experiment.

    Args:
        layers: which ones are measured, or steered at once, ascending.
        layer: the one reported where only one can be.
        why: why these.
    """

    layers: tuple[int, ...]
    layer: int
    why: str


def choose_layers(
    asked: int | Sequence[int] | Literal["all"] | None, subject: Subject
) -> LayerChoice:
    """Choose layers: those asked for, the paper's for its models, else two thirds of the depth.

    Of several the default layer is reported if it is among them, else the lowest.

    Raises:
        LayerError: the model has no such layer.

    Source: STEERING_RESULTS.md §1.1.
    """
    n_layers = subject.n_layers
    default = default_layer(subject.name, n_layers)
    if asked is not None and asked != "all":
        layers = tuple(sorted([asked] if isinstance(asked, int) else asked))
        _check_there(layers, subject)
        return LayerChoice(
            layers,
            default if default in layers else layers[0],
            f"{name_layers(layers)}, as asked for",
        )
    if _paper_layer(subject.name) is None:
        why = f"layer {default}, two thirds of the depth of {n_layers}"
    else:
        why = f"layer {default}, the paper's for {subject.name}"
    return LayerChoice(tuple(range(n_layers)) if asked == "all" else (default,), default, why)


def choose_steered(
    asked: Sequence[int] | None,
    subject: Subject,
    factors: Sequence[tuple[int, float]] | None = None,
) -> LayerChoice:
    """Choose the layers that are steered at once; the lowest of them is `layer`.

    Args:
        asked: layers, None for those that factors name, or for the default one.
        subject: the model.
        factors: an own factor for some of the layers, None where there are none. A layer that is
            asked for and has none keeps its attention, as with factor 1.

    Raises:
        LayerError: the model has no such layer, or a factor belongs to none of the steered ones.

    Source: STEERING_RESULTS.md §1.1 for the default.
    """
    named = () if factors is None else tuple(layer for layer, _ in factors)
    choice = choose_layers(asked if asked is not None else named or None, subject)
    others = sorted(set(named) - set(choice.layers))
    if others:
        raise LayerError(
            "option factors",
            wanted=f"factors of {name_layers(choice.layers)}, which are steered",
            found=f"a factor of {name_layers(others)}",
            advice="name these layers too, or leave the layers to the factors",
            details={"layers": others},
        )
    return replace(choice, layer=choice.layers[0])


def _check_there(layers: Sequence[int], subject: Subject) -> None:
    missing = [layer for layer in layers if layer >= subject.n_layers]
    if missing:
        raise LayerError(
            name_layers(missing),
            wanted=f"a layer in 0 … {subject.n_layers - 1} of {subject.name}",
            found=", ".join(map(str, missing)),
            advice="`plip models` shows how many layers a model has",
            details={"layer": missing[0], "layers": subject.n_layers},
        )


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
