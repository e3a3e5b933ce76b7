"""Plans: how layers and heads are given, JSON, digests, checks against a model and a text."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest

import plip.plan
from plip.errors import EdgeError, HeadError, LayerError, OperationError, PlanError
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of

pytestmark = pytest.mark.fast

HEADS = (4, 4, 4, 2)


def plan(**changes: Any) -> Plan:
    """Return a plan that fits `HEADS` and eight tokens."""
    options = {"layers": [1, 2], "heads": [0, 1], **changes}
    operation = options.pop("operation", Scale(3.0))
    where = options.pop("edges", edges(query=6, keys=[0, 4]))
    return Plan(operation, where, **options)


def test_public_names() -> None:
    assert plip.plan.__all__ == sorted(plip.plan.__all__)
    assert set(plip.plan.__all__) == {
        "ALL",
        "All",
        "Edges",
        "Indices",
        "Knockout",
        "Operation",
        "Plan",
        "Scale",
        "SetValue",
        "Step",
        "edges",
        "into",
        "name_factors",
        "name_layers",
        "out_of",
        "read_factors",
        "read_layers",
        "scale_by_layer",
        "spell_layers",
    }
    for name in plip.plan.__all__:
        assert hasattr(plip.plan, name)


def test_plans_need_no_torch() -> None:
    code = "import sys, plip.plan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "layers",
    [[3, 1, 2], (1, 2, 3, 1), {1, 2, 3}, range(1, 4), [range(1, 3), 3], [range(1, 4), 2]],
)
def test_indices_in_many_ways(layers: Any) -> None:
    assert plan(layers=layers) == plan(layers=[1, 2, 3])
    assert plan(layers=layers).digest == plan(layers=[1, 2, 3]).digest
    assert plan(heads=layers).steps[0].heads == (1, 2, 3)


def test_one_index_and_all() -> None:
    assert plan(layers=2).steps[0].layers == (2,)
    assert plan(layers=ALL).steps[0].layers is ALL
    assert Plan(Knockout(), into(1), layers=0).steps[0].heads is ALL
    assert tuple(plan(layers=ALL).steps[0].layer_indices(3)) == (0, 1, 2)
    assert tuple(plan(layers=[2]).steps[0].layer_indices(3)) == (2,)


@pytest.mark.parametrize("wrong", [[], -1, [0, -2], range(0), "2", [1.0], True, None, [[1]], 2.0])
def test_indices_without_meaning(wrong: Any) -> None:
    with pytest.raises(LayerError) as caught:
        plan(layers=wrong)
    assert str(caught.value) == (
        f"layers: wanted indices ≥ 0, ranges of them, or plip.ALL, found {wrong!r}; count layers "
        "from 0"
    )
    with pytest.raises(HeadError, match="heads: wanted indices ≥ 0"):
        plan(heads=wrong)


def test_arguments_of_another_kind() -> None:
    for wrong in ((3.0, into(1)), (Scale(3.0), (6, 0)), (Scale, into(1))):
        with pytest.raises(PlanError, match="Plan: wanted an operation and edges, such as Scale"):
            Plan(*wrong, layers=0)  # type: ignore[arg-type]  # wrong on purpose


# -- values


def test_the_digest_of_a_plan_never_changes() -> None:
    """Records name plans by it: a new digest would orphan them."""
    made = Plan(Scale(3.0), edges(query=27, keys=[0, 4]), layers=[20])
    assert json.dumps(made.to_json()) == (
        '{"steps": [{"operation": {"op": "scale", "factor": 3.0}, "edges": {"queries": [27], '
        '"keys": [0, 4], "own": true}, "layers": [20], "heads": "all"}]}'
    )
    assert made.digest == "cb0fee1ba1a10d4e983a4f3718cae97f029bcbc58959574a5d9fb911bef4939b"


def test_equal_plans_are_one_value() -> None:
    one = Plan(Scale(3), edges(query=[6], keys=(4, 0)), layers=range(1, 3), heads=[1, 0, 1])
    assert one == plan()
    assert hash(one) == hash(plan())
    assert one.digest == plan().digest
    assert {one, plan()} == {plan()}
    assert one != plan(layers=1)
    assert one != "plan"


@pytest.mark.parametrize(
    "other",
    [
        plan(operation=Scale(3.0000001)),
        plan(operation=Knockout()),
        plan(operation=SetValue(0.3)),
        plan(edges=edges(query=6, keys=[0, 5])),
        plan(edges=edges(query=7, keys=[0, 4])),
        plan(edges=into(4)),
        plan(edges=into(4, own=True)),
        plan(edges=out_of(6)),
        plan(layers=[1]),
        plan(layers=ALL),
        plan(heads=[0]),
        plan(heads=ALL),
        plan().then(plan()),
    ],
)
def test_other_plans_have_other_digests(other: Plan) -> None:
    assert other != plan()
    assert other.digest != plan().digest


def test_a_scale_of_minus_zero_is_the_same_plan() -> None:
    one, other = plan(operation=Scale(0.0)), plan(operation=Scale(-0.0))
    assert one == other
    assert one.digest == other.digest


def test_a_plan_is_frozen() -> None:
    made = plan()
    with pytest.raises(AttributeError, match="a plan is frozen: cannot set steps"):
        made.steps = ()
    with pytest.raises(AttributeError):
        made.other = 1  # type: ignore[attr-defined]  # frozen
    with pytest.raises(AttributeError):
        made.steps[0].layers = (0,)  # type: ignore[misc]  # frozen


def test_a_plan_pickles_and_copies() -> None:
    for made in (plan(), plan().then(plan(operation=Knockout(), layers=ALL))):
        for twin in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
            assert twin == made
            assert twin.digest == made.digest


def test_plans_in_order() -> None:
    first, second = plan(), plan(operation=Knockout())
    both = first.then(second)
    assert both.steps == first.steps + second.steps
    assert both != second.then(first)
    assert first.then(second).then(first) == first.then(second.then(first))
    assert first == plan()  # and is left as it was
    assert Plan.from_steps(both.steps) == both
    assert repr(first).startswith("Plan(steps=[Step(operation=Scale(factor=3.0), edges=Edges(")


def test_a_plan_has_a_step() -> None:
    with pytest.raises(PlanError, match="Plan: wanted at least one step, found none; use None for"):
        Plan.from_steps([])


def test_identity() -> None:
    one = plan(operation=Scale(1))
    assert one.is_identity
    assert one.then(one).is_identity
    assert not one.then(plan()).is_identity


# -- JSON


@pytest.mark.parametrize(
    "made",
    [
        plan(),
        plan(operation=SetValue(1 / 3)).then(plan(operation=Knockout())),
        plan(edges=into([3, 1]), layers=ALL, heads=ALL),
        plan(edges=out_of([3, 1], own=True)),
    ],
)
def test_json_and_back(made: Plan) -> None:
    text = json.dumps(made.to_json())
    assert Plan.from_json(json.loads(text)) == made
    assert Plan.from_json(json.loads(text)).digest == made.digest


def broken(**changes: Any) -> dict[str, Any]:
    """Return a plan's JSON with its step changed."""
    data: Any = plan().to_json()
    step = data["steps"][0]
    for name, value in changes.items():
        target = step["edges"] if name in step["edges"] else step
        if value is None:
            del target[name]
        else:
            target[name] = value
    return dict(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"steps": []},
        {"steps": {}},
        {**broken(), "version": 1},
        broken(layers=None),
        broken(heads=None),
        broken(own=None),
        broken(queries=None),
        broken(more=1),
        broken(layers="some"),
        broken(layers=[1.5]),
        broken(layers=[True]),
        broken(layers=[]),
        broken(layers=[-1]),
        broken(heads=3),
        broken(queries=[2]),
        broken(queries=[-2]),
        broken(keys=["0"]),
        broken(own=1),
        broken(operation={"op": "scale", "factor": -1}),
        broken(operation={"op": "scale", "factor": float("nan")}),
        broken(operation="knockout"),
    ],
)
def test_json_that_is_no_plan(data: Any) -> None:
    with pytest.raises(PlanError):
        Plan.from_json(data)


def test_json_errors_say_what_is_wanted() -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_json({"step": []})
    assert str(caught.value) == (
        "plan JSON: wanted {'steps': [{'operation', 'edges', 'layers', 'heads'}, …]}, found "
        "{'step': []}; write plans with Plan.to_json()"
    )


# -- checks


def test_what_fits() -> None:
    plan().check(HEADS, 8)
    plan(layers=[0, 1, 2], heads=3).check(HEADS, 8)
    plan(layers=ALL, heads=[0, 1]).check(HEADS, 7)


@pytest.mark.parametrize(
    ("made", "error", "text"),
    [
        (
            plan(layers=[0, 4]),
            LayerError,
            "layer 4: wanted a layer in 0 … 3, found 4; `plip models`",
        ),
        (
            plan(layers=1, heads=4),
            HeadError,
            "head 4: wanted a query head in 0 … 3, found 4; heads",
        ),
        (plan(layers=[1, 3], heads=2), HeadError, "head 2: wanted a query head in 0 … 1, found 2"),
        (plan(layers=ALL, heads=2), HeadError, "head 2: wanted a query head in 0 … 1"),
        (plan(edges=into(8)), EdgeError, "key position 8: wanted a position below 8"),
        (plan(edges=into(7)), EdgeError, "wanted at least one edge, found none in a text of 8"),
        (
            plan(operation=SetValue(0.51)),
            OperationError,
            "SetValue(0.51): wanted 2 edges of a row to need at most all of its attention, found "
            "2 × 0.51 = 1.02 > 1; ask for at most 0.5",
        ),
        (plan().then(plan(layers=9)), LayerError, "layer 9: wanted a layer in 0 … 3"),
    ],
)
def test_what_does_not(made: Plan, error: type[PlanError], text: str) -> None:
    with pytest.raises(error) as caught:
        made.check(HEADS, 8)
    assert text in str(caught.value)


@pytest.mark.parametrize("count", range(1, 200))
def test_all_of_a_row_in_equal_parts(count: int) -> None:
    where = edges(query=count, keys=range(count))
    plan(operation=SetValue(1 / count), edges=where).check(HEADS, count + 1)


def test_a_row_needs_all_of_its_attention_in_the_longest_row() -> None:
    """Counted over the rows that are there: into(…) is counted at the layer, by what it sees."""
    plan(operation=SetValue(0.6), edges=into([1, 3])).check(HEADS, 8)
    with pytest.raises(OperationError, match=r"3 × 0\.4"):
        plan(operation=SetValue(0.4), edges=edges(query=[5, 7], keys=[0, 1, 2])).check(HEADS, 8)


def test_a_plan_is_followed_by_a_plan() -> None:
    plan = Plan(Knockout(), edges(query=1, keys=[0]), layers=[0])
    with pytest.raises(PlanError) as caught:
        plan.then(None)  # type: ignore[arg-type]
    assert str(caught.value) == "Plan.then: wanted a plan, found None; leave it out for none"
