"""Laws of plans: values that JSON, pickle and another way of writing them do not change."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plip.errors import EdgeError, PlanError
from plip.plan import ALL, Edges, Knockout, Plan, Scale, SetValue, edges, into, out_of

pytestmark = pytest.mark.fast

POSITIONS = st.lists(st.integers(0, 20), min_size=1, max_size=5)
INDICES = st.just(ALL) | POSITIONS
OPERATIONS = st.one_of(
    st.just(Knockout()),
    st.builds(Scale, st.floats(0, 1e12)),
    st.builds(SetValue, st.floats(0, 1)),
)


@st.composite
def some_edges(draw: st.DrawFn) -> Edges:
    """Edges of every kind."""
    own = draw(st.booleans())
    kind = draw(st.sampled_from(["into", "out_of", "listed", "all"]))
    if kind == "into":
        return into(draw(POSITIONS), own=own)
    if kind == "out_of":
        return out_of(draw(POSITIONS), own=own)
    if kind == "all":
        return Edges(ALL, ALL, own=own)
    keys = draw(POSITIONS)
    later = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    return edges(query=[max(keys) + off for off in later], keys=keys)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of one to three steps."""
    made = [
        Plan(draw(OPERATIONS), draw(some_edges()), layers=draw(INDICES), heads=draw(INDICES))
        for _ in range(draw(st.integers(1, 3)))
    ]
    plan = made[0]
    for other in made[1:]:
        plan = plan.then(other)
    return plan


@given(plans())
def test_json_pickle_and_digest(plan: Plan) -> None:
    text = json.dumps(plan.to_json())
    for twin in (Plan.from_json(json.loads(text)), pickle.loads(pickle.dumps(plan))):
        assert twin == plan
        assert hash(twin) == hash(plan)
        assert twin.digest == plan.digest
        assert json.dumps(twin.to_json()) == text


@given(plans(), plans())
def test_digests_are_equal_where_plans_are(one: Plan, other: Plan) -> None:
    assert (one == other) == (one.digest == other.digest)


@given(plans(), plans(), plans())
def test_order_is_kept_and_grouping_is_not(one: Plan, two: Plan, three: Plan) -> None:
    assert one.then(two).then(three) == one.then(two.then(three))
    assert one.then(two).steps == (*one.steps, *two.steps)


@given(st.data(), POSITIONS, POSITIONS)
def test_how_indices_are_written_does_not_matter(
    data: st.DataObject, layers: list[int], keys: list[int]
) -> None:
    def again(values: list[int]) -> Any:
        shuffled = data.draw(st.permutations(values + values[:1]))
        return data.draw(st.sampled_from([shuffled, tuple(shuffled), set(values), iter(shuffled)]))

    one = Plan(Scale(2), into(keys), layers=layers, heads=layers)
    other = Plan(Scale(2.0), into(again(keys)), layers=again(layers), heads=again(layers))
    assert one == other
    assert one.digest == other.digest
    low, high = min(layers), max(layers)
    whole = Plan(Scale(2), into(keys), layers=range(low, high + 1))
    parts: Any = [range(low, high), high, *range(low, high + 1)]
    assert whole.digest == Plan(Scale(2), into(keys), layers=parts).digest


def causal(made: Edges, n: int) -> set[tuple[int, int]]:
    """Return the edges by their definition."""
    return {
        (q, k)
        for q in range(n)
        for k in range(q + 1)
        if (made.queries is ALL or q in made.queries)
        and (made.keys is ALL or k in made.keys)
        and (made.own or made.listed or q != k)
    }


@given(some_edges(), st.integers(1, 32))
def test_rows_and_counts_are_those_of_the_edges(made: Edges, n: int) -> None:
    pairs = causal(made, n)
    named = [p for side in (made.queries, made.keys) if side is not ALL for p in side]
    if not pairs or any(position >= n for position in named):
        with pytest.raises(EdgeError):
            made.check(n)
        return
    made.check(n)
    assert list(made.query_positions(n)) == sorted({q for q, _ in pairs})
    for query in made.query_positions(n):
        assert made.key_count(query) == sum(q == query for q, _ in pairs)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(plans(), st.data())
def test_whatever_json_says_it_is_a_plan_or_a_plan_error(plan: Plan, data: st.DataObject) -> None:
    document: Any = json.loads(json.dumps(plan.to_json()))
    place = data.draw(st.sampled_from(document["steps"]))
    if data.draw(st.booleans()):
        place = place[data.draw(st.sampled_from(["operation", "edges"]))]
    name = data.draw(st.sampled_from(sorted(place)))
    place[name] = data.draw(JSON)
    try:
        read = Plan.from_json(document)
    except PlanError:
        return
    assert Plan.from_json(read.to_json()) == read
