"""What every record keeps to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import get_args

import pytest
from pydantic import ValidationError

from plip import records
from plip.records import AnyRecord, CalibrationSample, DosePoint, Record

pytestmark = pytest.mark.fast

Make = Callable[..., CalibrationSample]


def test_a_record_is_frozen(sample: Make) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        sample().query = 3  # type: ignore[misc]  # that is what is tested


def test_a_field_that_is_not_known_is_refused(sample: Make) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        sample(colour="red")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(value: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        DosePoint(condition="dose", dose=2.0, kl_nats=value)


def test_a_negative_divergence_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        DosePoint(condition="dose", dose=2.0, kl_nats=-1e-9)


@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_a_fraction_lies_between_0_and_1(value: float) -> None:
    with pytest.raises(ValidationError):
        DosePoint(condition="dose", dose=2.0, attention=value)


def test_a_line_names_its_schema_first(sample: Make) -> None:
    line = sample().to_line()
    assert line.startswith('{"schema":"plip.calibration.sample/1","sample":"rust_simple_add",')
    assert "\n" not in line


def test_a_line_reads_back_to_an_equal_record(sample: Make) -> None:
    record = sample("naïve → 測試")
    assert CalibrationSample.model_validate_json(record.to_line()) == record


def test_undefined_is_null() -> None:
    fields = json.loads(DosePoint(condition="dose", dose=2.0, excluded="too long").to_line())
    assert fields["kl_nats"] is None
    assert fields["attention"] is None
    assert fields["excluded"] == "too long"


def test_every_kind_of_line_has_a_schema_of_its_own() -> None:
    schemas = [kind.model_fields["schema_id"].default for kind in get_args(AnyRecord)]
    assert schemas == [
        "plip.ablation.sample/1",
        "plip.ablation.summary/1",
        "plip.calibration.sample/1",
        "plip.calibration.summary/1",
        "plip.contrast.function/1",
        "plip.contrast.summary/1",
        "plip.dose-response.sample/2",
        "plip.dose-response.summary/2",
        "plip.scan.sample/1",
        "plip.scan.summary/1",
        "plip.generation.sample/2",
        "plip.generation.summary/2",
        "plip.persistence.cell/2",
        "plip.persistence.summary/2",
    ]


def test_every_field_of_every_record_says_what_it_is() -> None:
    """A docstring stands under each field: as many as fields, in the module's source."""
    import ast
    import inspect

    kinds = [
        kind
        for kind in vars(records).values()
        if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
    ]
    assert len(kinds) >= 14
    for kind in kinds:
        (body,) = (node.body for node in ast.parse(inspect.getsource(kind)).body)  # type: ignore[attr-defined]  # a class
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign):
                documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                assert documented, f"{kind.__name__}.{ast.unparse(node.target)}"
