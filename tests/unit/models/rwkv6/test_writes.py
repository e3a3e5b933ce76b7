"""From a plan to factors of writes, and which plans are refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from plip.errors import EdgeError, HeadError, LayerError, OperationError, PlipError
from plip.models.rwkv6.writes import check_writes, factors, layer_steps, positions
from plip.plan import ALL, Edges, Knockout, Plan, Scale, SetValue, Step, edges, into, out_of

pytestmark = pytest.mark.fast

#: Two layers of three heads, a text of eight tokens of which the first two come from a prefix.
PLACE = ((3, 3), 2, 8)
EVERY = Edges(ALL, ALL, own=False)


def step(operation: Any, where: Edges, **options: Any) -> Step:
    return Plan(operation, where, **({"layers": ALL} | options)).steps[0]


@pytest.mark.parametrize(
    "plan",
    [
        Plan(Scale(3), into(2), layers=[0]),
        Plan(Knockout(), into([2, 7]), layers=[1], heads=[2]),
        Plan(Scale(1e15), into(7), layers=ALL),
        Plan(Scale(0), EVERY, layers=ALL),
        Plan(Scale(1e8), into(3), layers=[0]).then(Plan(Scale(1e7), into(4), layers=[0])),
        Plan(Scale(1e15), into(3), layers=[0]).then(Plan(Scale(1e-9), into(4), layers=[0])),
    ],
)
def test_what_is_accepted(plan: Plan) -> None:
    check_writes("sequence", plan, *PLACE)


NO_WRITE = "into(position), the write of a token into the recurrent state"
AN_RNN = (
    "an RNN keeps no edge for each pair of tokens: every later token reads the same state, so "
    "steer the write with plip.into(position)"
)


@pytest.mark.parametrize(
    ("plan", "error", "fields"),
    [
        (
            Plan(Scale(3), edges(query=5, keys=[2, 3]), layers=[0]),
            EdgeError,
            (
                "me, Edges(queries=(5,), keys=(2, 3), own=True)",
                NO_WRITE,
                "edges to chosen queries",
                AN_RNN,
            ),
        ),
        (
            Plan(Knockout(), out_of(5), layers=[0]),
            EdgeError,
            (
                "me, Edges(queries=(5,), keys=ALL, own=False)",
                NO_WRITE,
                "edges to chosen queries",
                AN_RNN,
            ),
        ),
        (
            Plan(Scale(1), edges(query=5, keys=[2]), layers=[0]),
            EdgeError,
            (
                "me, Edges(queries=(5,), keys=(2,), own=True)",
                NO_WRITE,
                "edges to chosen queries",
                AN_RNN,
            ),
        ),
        (
            Plan(Scale(3), into(5, own=True), layers=[0]),
            EdgeError,
            (
                "me, Edges(queries=ALL, keys=(5,), own=True)",
                NO_WRITE,
                "the token's edge to itself, which is no part of the state",
                AN_RNN,
            ),
        ),
        (
            Plan(SetValue(0.25), into(5), layers=[0]),
            OperationError,
            (
                "me, SetValue(target=0.25)",
                "Scale or Knockout",
                "SetValue, which needs a row of weights that sum to 1",
                "scale the write into the state instead",
            ),
        ),
        (
            Plan(Scale(3), into([3, 8]), layers=[0]),
            EdgeError,
            (
                "me, into([3, 8])",
                "positions in 2 … 7, the tokens that this run computes",
                "3 … 8",
                "count token positions from 0; a write within a prefix is steered by prefill",
            ),
        ),
        (
            Plan(Scale(3), into([1, 3]), layers=[0]),
            EdgeError,
            (
                "me, into([1, 3])",
                "positions in 2 … 7, the tokens that this run computes",
                "1 … 3",
                "count token positions from 0; a write within a prefix is steered by prefill",
            ),
        ),
        (
            Plan(Scale(3), into(4), layers=[1, 2]),
            LayerError,
            (
                "layer 2",
                "a layer in 0 … 1",
                "2",
                "`plip models` shows how many layers a model has",
            ),
        ),
        (
            Plan(Scale(3), into(4), layers=[1], heads=[0, 3]),
            HeadError,
            (
                "head 3",
                "a query head in 0 … 2",
                "3",
                "heads are query heads, not key-value groups",
            ),
        ),
        (
            Plan(Scale(2e15), into(4), layers=[0]),
            OperationError,
            (
                "me, Scale(factor=2000000000000000.0)",
                "factors of at most 1e+15, all steps together",
                "2e+15",
                "choose a smaller factor: outputs would leave the range of float32",
            ),
        ),
        (
            Plan(Scale(1e9), into(4), layers=[0]).then(Plan(Scale(1e9), into(4), layers=[0])),
            OperationError,
            (
                "me, Scale(factor=1000000000.0)",
                "factors of at most 1e+15, all steps together",
                "1e+18",
                "choose a smaller factor: outputs would leave the range of float32",
            ),
        ),
    ],
)
@pytest.mark.parametrize("later", [False, True], ids=["alone", "a later step"])
def test_what_is_refused(
    plan: Plan, error: type[PlipError], fields: tuple[str, ...], later: bool
) -> None:
    if later:
        plan = Plan(Scale(0.5), into(3), layers=ALL).then(plan)
    with pytest.raises(error) as caught:
        check_writes("me", plan, *PLACE)
    found = caught.value
    assert type(found) is error
    assert (found.who, found.wanted, found.found, found.advice) == fields


def test_details_of_a_position_out_of_range() -> None:
    with pytest.raises(EdgeError) as caught:
        check_writes("me", Plan(Scale(3), into([3, 9]), layers=[0]), *PLACE)
    assert caught.value.details == {"positions": [3, 9], "first": 2, "tokens": 8}


def test_factors_by_hand() -> None:
    steps = [
        step(Scale(3), into([2, 4])),
        step(Scale(0.5), into(4), heads=[1]),
        step(Knockout(), into(3), heads=[0, 2]),
        step(Scale(2), EVERY, heads=[0]),
    ]
    found = factors(steps, 3, 2, 6)
    assert found.dtype == torch.float64
    assert found.tolist() == [[6, 0, 6, 2], [3, 1, 1.5, 1], [3, 0, 3, 1]]
    assert factors([], 2, 2, 4).tolist() == [[1, 1], [1, 1]]


def test_positions_of_a_step() -> None:
    assert positions(step(Scale(3), EVERY), 2, 6) == [2, 3, 4, 5]
    assert positions(step(Scale(3), into([4, 2, 4])), 2, 6) == [2, 4]


def test_steps_of_a_layer() -> None:
    plan = (
        Plan(Scale(3), into(1), layers=[0])
        .then(Plan(Scale(1), into(1), layers=ALL))
        .then(Plan(Knockout(), into(1), layers=ALL))
    )
    assert [index for index, _ in layer_steps(plan, 0)] == [0, 2]
    assert [index for index, _ in layer_steps(plan, 1)] == [2]
    assert layer_steps(None, 0) == []
