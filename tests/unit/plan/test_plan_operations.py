"""Operations: the numbers they take."""

from __future__ import annotations

import math
from typing import Any

import pytest

from plip.errors import OperationError
from plip.plan import Knockout, Operation, Scale, SetValue
from plip.plan.operations import operation_from_json

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("factor", [0, 0.0, 1e-300, 1, 3.5, 1e300])
def test_factors(factor: float) -> None:
    made = Scale(factor)
    assert type(made.factor) is float
    assert made.factor == factor


@pytest.mark.parametrize("target", [0, 0.25, 1, 1.0])
def test_targets(target: float) -> None:
    assert type(SetValue(target).target) is float


@pytest.mark.parametrize(
    "wrong",
    [-1, -1e-300, math.nan, math.inf, -math.inf, "2", None, True, pytest.param(10**400, id="huge")],
)
def test_factors_without_meaning(wrong: Any) -> None:
    with pytest.raises(OperationError) as caught:
        Scale(wrong)
    assert str(caught.value) == (
        f"Scale: wanted a finite factor ≥ 0, found {wrong!r}; give factor as a plain number"
    )


@pytest.mark.parametrize("wrong", [-0.1, 1.0000001, math.nan, math.inf, "0.5", None, False])
def test_targets_without_meaning(wrong: Any) -> None:
    with pytest.raises(OperationError) as caught:
        SetValue(wrong)
    assert str(caught.value) == (
        f"SetValue: wanted a target in [0, 1], found {wrong!r}; give target as a plain number"
    )


def test_only_a_scale_of_1_is_an_identity() -> None:
    assert Scale(1).is_identity
    for operation in (Scale(0), Scale(1 + 1e-12), Knockout(), SetValue(1), SetValue(0)):
        assert not operation.is_identity


def test_minus_zero_is_zero() -> None:
    assert math.copysign(1, Scale(-0.0).factor) == 1
    assert math.copysign(1, SetValue(-0.0).target) == 1


@pytest.mark.parametrize("operation", [Knockout(), Scale(2.5), SetValue(0.25)])
def test_operations_are_values(operation: Operation) -> None:
    assert operation_from_json(operation.to_json()) == operation
    assert hash(operation_from_json(operation.to_json())) == hash(operation)


def test_operations_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Scale(2).factor = 3.0  # type: ignore[misc]  # frozen
    with pytest.raises(AttributeError):
        SetValue(0.2).target = 3.0  # type: ignore[misc]  # frozen


@pytest.mark.parametrize(
    "data",
    [
        {"op": "erase"},
        {"op": "knockout", "factor": 1},
        {"op": "scale"},
        {"op": "scale", "factor": 1, "target": 1},
        {"op": "set_value", "factor": 1},
        [],
        None,
        "knockout",
    ],
)
def test_json_that_is_no_operation(data: Any) -> None:
    with pytest.raises(OperationError, match=r"operation: wanted \{'op': 'knockout'\}"):
        operation_from_json(data)


def test_json_with_a_number_that_has_no_meaning() -> None:
    with pytest.raises(OperationError, match="a finite factor ≥ 0, found '3'"):
        operation_from_json({"op": "scale", "factor": "3"})
