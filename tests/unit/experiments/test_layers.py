"""Which layer is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from plip.errors import LayerError
from plip.experiments.layers import LayerChoice, choose_layers, choose_steered

pytestmark = pytest.mark.fast


@dataclass
class Depth:
    """The part of a subject that the choice looks at."""

    name: str
    n_layers: int


def _choose(asked: Any, name: str, n_layers: int) -> LayerChoice:
    return choose_layers(asked, Depth(name, n_layers))  # type: ignore[arg-type]  # all it looks at


@pytest.mark.parametrize(
    ("name", "n_layers", "layer"),
    [
        ("Qwen/Qwen2.5-Coder-3B-Instruct", 36, 20),
        ("Qwen/Qwen2.5-Coder-3B", 36, 20),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", 28, 16),
        ("Qwen/Qwen2.5-Coder-7B", 28, 16),
    ],
)
def test_the_papers_models_have_the_papers_layers(name: str, n_layers: int, layer: int) -> None:
    expected = LayerChoice((layer,), layer, f"layer {layer}, the paper's for {name}")
    assert _choose(None, name, n_layers) == expected


@pytest.mark.parametrize(("n_layers", "layer"), [(6, 4), (7, 4), (8, 5), (32, 21), (1, 0), (2, 1)])
def test_others_have_two_thirds_of_their_depth(n_layers: int, layer: int) -> None:
    expected = LayerChoice((layer,), layer, f"layer {layer}, two thirds of the depth of {n_layers}")
    assert _choose(None, "someone/something", n_layers) == expected


def test_a_known_model_without_a_layer_of_its_own_has_two_thirds() -> None:
    assert _choose(None, "bigcode/starcoder2-3b", 30).layer == 20


def test_a_layer_that_is_asked_for_is_taken() -> None:
    found = _choose(3, "Qwen/Qwen2.5-Coder-3B-Instruct", 36)
    assert found == LayerChoice((3,), 3, "layer 3, as asked for")


def test_all_layers_are_measured_and_the_default_reported() -> None:
    found = _choose("all", "Qwen/Qwen2.5-Coder-7B-Instruct", 28)
    assert found.layers == tuple(range(28))
    assert found.layer == 16


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(LayerError) as caught:
        _choose(6, "someone/something", 6)
    assert str(caught.value) == (
        "layer 6: wanted a layer in 0 … 5 of someone/something, found 6; "
        "`plip models` shows how many layers a model has"
    )


def test_several_layers_are_taken_and_the_default_reported_if_it_is_among_them() -> None:
    found = _choose((4, 2), "someone/something", 6)
    assert found == LayerChoice((2, 4), 4, "layers 2, 4, as asked for")
    assert _choose((1, 2, 3), "someone/something", 6).layer == 1


def test_layers_that_are_not_there() -> None:
    with pytest.raises(LayerError) as caught:
        _choose((2, 6, 7), "someone/something", 6)
    assert str(caught.value).startswith(
        "layers 6–7: wanted a layer in 0 … 5 of someone/something, found 6, 7; "
    )


def _steer(asked: Any, factors: Any = None) -> LayerChoice:
    return choose_steered(asked, Depth("someone/something", 6), factors)  # type: ignore[arg-type]  # all it looks at


def test_the_lowest_steered_layer_is_the_first() -> None:
    assert _steer((2, 4)) == LayerChoice((2, 4), 2, "layers 2, 4, as asked for")
    assert _steer(None) == LayerChoice((4,), 4, "layer 4, two thirds of the depth of 6")


def test_factors_name_layers_where_nothing_else_does() -> None:
    factors = ((1, 3.0), (3, 1.5))
    assert _steer(None, factors) == LayerChoice((1, 3), 1, "layers 1, 3, as asked for")
    assert _steer((1, 2, 3), factors).layers == (1, 2, 3)
    with pytest.raises(LayerError) as caught:
        _steer((1, 2), factors)
    assert str(caught.value) == (
        "option factors: wanted factors of layers 1–2, which are steered, found a factor of "
        "layer 3; name these layers too, or leave the layers to the factors"
    )
    with pytest.raises(LayerError, match="layer 9: wanted a layer in 0 … 5"):
        _steer(None, ((1, 3.0), (9, 3.0)))
