"""Reading `--layer` and `--factors`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from plip.errors import LayerError
from plip.plan import name_layers, read_factors, read_layers

__all__ = [
    "Ablated",
    "Factors",
    "Measured",
    "Steered",
    "factors_by_layer",
    "layers_or_all",
    "one_layer",
    "only",
    "steered_layers",
]

_DEFAULT = "By default the paper's for its models, else two thirds of the depth."

Measured: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="LAYERS|all",
        help=f"A layer from 0, several such as 2,4 or 2-5, or all of them. {_DEFAULT}",
    ),
]
Ablated: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="LAYERS|all",
        help="A layer from 0, several that are ablated at once, such as 2,4 or 2-5, or all, each "
        f"in turn. {_DEFAULT}",
    ),
]
Steered: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="LAYERS",
        help=f"A layer from 0, or several that are steered at once, such as 2,4 or 2-5. {_DEFAULT}",
    ),
]
Factors: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="LAYER:X,…",
        help="A factor for each layer, such as 2:3,4:1.5 or 2-4:3, at once.",
    ),
]


def steered_layers(text: str | None) -> tuple[int, ...] | None:
    """Read what `--layer` was given, None where it was not.

    Raises:
        LayerError: not layers.
    """
    return None if text is None else read_layers(text)


def layers_or_all(text: str | None) -> tuple[int, ...] | Literal["all"] | None:
    """Read what `--layer` was given where it may be `all`, None where it was not.

    Raises:
        LayerError: neither layers nor `all`.
    """
    return "all" if text == "all" else steered_layers(text)


def only(layers: tuple[int, ...] | Literal["all"] | None) -> int | None:
    """Return the layer, where one was named; a list of heads is that of one layer."""
    return layers[0] if isinstance(layers, tuple) and len(layers) == 1 else None


def one_layer(text: str | None, why: str) -> int | None:
    """Read what `--layer` was given where it may only be one, None where it was not.

    Args:
        text: what was given.
        why: why only one, for the error.

    Raises:
        LayerError: no layer, or several.
    """
    found = steered_layers(text)
    if found is not None and len(found) > 1:
        raise LayerError("--layer", wanted="one layer", found=name_layers(found), advice=why)
    return only(found)


def factors_by_layer(text: str | None) -> tuple[tuple[int, float], ...] | None:
    """Read what `--factors` was given, None where it was not.

    Raises:
        LayerError, OperationError: not layers with their factors.
    """
    return None if text is None else read_factors(text)
