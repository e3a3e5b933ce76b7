"""Several layers at once: what is read, and what plan it makes."""

from __future__ import annotations

import pytest

from plip.errors import LayerError, OperationError, PlanError
from plip.plan import (
    Plan,
    Scale,
    edges,
    into,
    name_factors,
    name_layers,
    read_factors,
    read_layers,
    scale_by_layer,
    spell_layers,
)

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("4", (4,)),
        ("2,4", (2, 4)),
        ("4,2", (2, 4)),
        ("2-5", (2, 3, 4, 5)),
        ("3-3", (3,)),
        ("0,2-4", (0, 2, 3, 4)),
        (" 0, 2-4 ", (0, 2, 3, 4)),
        ("007", (7,)),
        ("9999", (9999,)),
    ],
)
def test_layers(text: str, layers: tuple[int, ...]) -> None:
    assert read_layers(text) == layers


_LAYERS = (
    "wanted layers such as 4, 2,4 or 0,2-4, found {}; "
    "separate layers by commas, and the ends of a range by a hyphen"
)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", _LAYERS.format("an empty entry")),
        ("2,", _LAYERS.format("an empty entry")),
        ("top", _LAYERS.format("'top'")),
        ("-1", _LAYERS.format("'-1'")),
        ("1-", _LAYERS.format("'1-'")),
        ("1-2-3", _LAYERS.format("'1-2-3'")),
        ("1.5", _LAYERS.format("'1.5'")),
        ("٣", _LAYERS.format("'٣'")),
        ("4-2", "wanted ranges from the lower to the higher layer, found 4-2; write 2-4"),
        ("2,2", "wanted each layer once, found layer 2 more than once; name each layer once"),
        (
            "2-4,3,4",
            "wanted each layer once, found layers 3–4 more than once; name each layer once",
        ),
        (
            "0-10000",
            "wanted layers up to 9999, found 0-10000; separate layers by commas, and the ends of "
            "a range by a hyphen",
        ),
    ],
)
def test_what_is_no_layer(text: str, rest: str) -> None:
    with pytest.raises(LayerError) as caught:
        read_layers(text)
    assert str(caught.value) == f"layers {text!r}: {rest}"


def test_a_number_too_long_to_convert() -> None:
    with pytest.raises(LayerError, match="wanted layers up to 9999, found 99999") as caught:
        read_layers("9" * 5000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("2:3", ((2, 3.0),)),
        ("2:3,4:1.5", ((2, 3.0), (4, 1.5))),
        ("4:1.5, 2:3", ((2, 3.0), (4, 1.5))),
        ("2-4:3,5:0", ((2, 3.0), (3, 3.0), (4, 3.0), (5, 0.0))),
    ],
)
def test_factors(text: str, factors: tuple[tuple[int, float], ...]) -> None:
    assert read_factors(text) == factors


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", "wanted factors such as 2:3,4:1.5 or 2-4:3, found ''; "),
        ("2", "wanted factors such as 2:3,4:1.5 or 2-4:3, found '2'; "),
        (":3", "wanted factors such as 2:3,4:1.5 or 2-4:3, found an empty entry; "),
        ("top:3", "wanted factors such as 2:3,4:1.5 or 2-4:3, found 'top'; "),
        ("3-2:1", "wanted ranges from the lower to the higher layer, found 3-2; write 2-3"),
        ("2:1,1-3:4", "wanted each layer once, found layer 2 more than once; name each layer once"),
    ],
)
def test_what_has_no_layer(text: str, rest: str) -> None:
    with pytest.raises(LayerError) as caught:
        read_factors(text)
    assert str(caught.value).startswith(f"factors {text!r}: {rest}")


@pytest.mark.parametrize("factor", ["", "-1", "nan", "inf", "1e999", "two", "3:4"])
def test_what_is_no_factor(factor: str) -> None:
    with pytest.raises(OperationError) as caught:
        read_factors(f"2:{factor}")
    assert str(caught.value) == (
        f"factors '2:{factor}': wanted finite factors ≥ 0, found {factor!r}; give each layer a "
        "factor such as 3 or 1.5; 0 is the knockout, 1 the identity"
    )


def test_one_factor_for_all_is_one_step() -> None:
    where = edges(query=6, keys=[0, 4])
    plan = scale_by_layer(where, {4: 3, 2: 3.0}, heads=[1])
    assert plan == Plan(Scale(3.0), where, layers=[2, 4], heads=[1])


def test_each_layer_has_its_factor_and_the_order_says_nothing() -> None:
    pairs = [(4, 1.5), (3, 3.0), (2, 1.5), (0, 0.0)]
    plan = scale_by_layer(into(3), pairs)
    found = {
        layer: step.operation.factor
        for step in plan.steps
        if isinstance(step.operation, Scale) and isinstance(step.layers, tuple)
        for layer in step.layers
    }
    assert found == dict(pairs)
    assert len(plan.steps) == 3
    assert scale_by_layer(into(3), pairs[::-1]).digest == plan.digest


def test_what_cannot_be_planned() -> None:
    with pytest.raises(PlanError, match="factors: wanted at least one layer, found none"):
        scale_by_layer(into(3), {})
    with pytest.raises(OperationError):
        scale_by_layer(into(3), {1: -1.0})
    with pytest.raises(LayerError):
        scale_by_layer(into(3), {-1: 1.0})


def test_how_layers_are_written() -> None:
    assert spell_layers((4,)) == "4"
    assert spell_layers((4, 0, 2, 3, 7)) == "0, 2–4, 7"
    assert name_layers((2,)) == "layer 2"
    assert name_layers((2, 3)) == "layers 2–3"


@pytest.mark.parametrize("text", ["2:3", "2:3,4:1.5", "0:0,7:10", "1:0.1", "3:1e-07"])
def test_factors_are_written_as_they_are_read(text: str) -> None:
    assert name_factors(read_factors(text)) == text
