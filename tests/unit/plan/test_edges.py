"""Edges: what they name, in which order, and what they refuse."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from plip.errors import EdgeError
from plip.plan import ALL, All, Edges, edges, into, out_of

pytestmark = pytest.mark.fast


def test_all_is_one_value() -> None:
    assert repr(ALL) == "ALL"
    assert isinstance(ALL, All)
    assert list(All) == [ALL]
    assert pickle.loads(pickle.dumps(ALL)) is ALL


@pytest.mark.parametrize("keys", [[2, 0, 2], (0, 2), {2, 0}, iter([2, 0]), range(0, 3, 2)])
def test_positions_are_sorted_and_unique(keys: Any) -> None:
    assert edges(query=5, keys=keys) == Edges((5,), (0, 2), own=True)


def test_one_position_needs_no_list() -> None:
    assert edges(query=5, keys=0) == edges(query=[5], keys=[0])
    assert into(3) == into([3]) == Edges(ALL, (3,), own=False)
    assert out_of(3) == out_of([3]) == Edges((3,), ALL, own=False)


def test_the_same_edges_in_two_ways() -> None:
    assert into(3, own=True) == edges(query=ALL, keys=3)
    assert out_of(3, own=True) == edges(query=3, keys=ALL)


@pytest.mark.parametrize(
    ("made", "rows"),
    [
        (edges(query=[4, 2], keys=[1, 2]), (2, 4)),
        (edges(query=0, keys=0), (0,)),
        (into(3), range(4, 6)),
        (into(3, own=True), range(3, 6)),
        (into([3, 1]), range(2, 6)),
        (into([3, 1], own=True), range(1, 6)),
        (out_of([0, 3]), (3,)),
        (out_of([0, 3], own=True), (0, 3)),
        (edges(query=ALL, keys=ALL), range(6)),
        (Edges(ALL, ALL, own=False), range(1, 6)),
    ],
)
def test_which_rows_have_edges(made: Edges, rows: range | tuple[int, ...]) -> None:
    assert tuple(made.query_positions(6)) == tuple(rows)


@pytest.mark.parametrize(
    ("made", "query", "count"),
    [
        (edges(query=[2, 4], keys=[1, 2]), 2, 2),
        (into([1, 3]), 1, 0),
        (into([1, 3]), 2, 1),
        (into([1, 3]), 3, 1),
        (into([1, 3]), 4, 2),
        (into([1, 3], own=True), 1, 1),
        (into([1, 3], own=True), 3, 2),
        (out_of(3), 3, 3),
        (out_of(3, own=True), 3, 4),
        (edges(query=ALL, keys=ALL), 5, 6),
        (Edges(ALL, ALL, own=False), 5, 5),
    ],
)
def test_how_many_edges_a_row_has(made: Edges, query: int, count: int) -> None:
    assert made.key_count(query) == count


def test_listed_edges_were_all_named() -> None:
    assert edges(query=3, keys=1).listed
    assert not into(1).listed
    assert not out_of(1).listed
    assert not edges(query=ALL, keys=ALL).listed


def test_a_key_behind_its_query_is_refused() -> None:
    with pytest.raises(EdgeError) as caught:
        edges(query=[2, 7], keys=[0, 3])
    assert str(caught.value) == (
        "edge (2, 3): wanted a key at or before its query, found key 3 > query 2; a causal model "
        "attends backwards only: swap them or drop the pair"
    )
    assert caught.value.details == {"query": 2, "key": 3}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: edges(query=[], keys=0), "query positions: wanted at least one, each ≥ 0, found"),
        (lambda: edges(query=3, keys=[]), "key positions: wanted at least one, each ≥ 0, found []"),
        (lambda: into([]), "key positions: wanted at least one"),
        (lambda: out_of(-1), "query positions: wanted at least one, each ≥ 0, found [-1]"),
        (lambda: edges(query=3, keys=[-2, 1]), "found [-2, 1]; count token positions from 0"),
        (lambda: edges(query=3, keys=[1.0]), "edge positions: wanted whole numbers or plip.ALL"),  # type: ignore[list-item]  # wrong on purpose
        (lambda: edges(query=True, keys=0), "edge positions: wanted whole numbers"),
        (lambda: into("abc"), "found 'abc'; Tokens.at(char) gives token positions"),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_positions_without_meaning(call: Any, text: str) -> None:
    with pytest.raises(EdgeError) as caught:
        call()
    assert text in str(caught.value)


@pytest.mark.parametrize("value", [1.5, None, object()])
def test_what_is_no_position_at_all(value: Any) -> None:
    with pytest.raises(EdgeError, match="edge positions: wanted whole numbers or"):
        edges(query=9, keys=value)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (edges(query=6, keys=0), "query position 6: wanted a position below 6, the number of tok"),
        (edges(query=ALL, keys=[0, 9]), "key position 9: wanted a position below 6"),
        (into(5), "wanted at least one edge, found none in a text of 6 tokens"),
        (
            out_of(0),
            "wanted at least one edge, found none in a text of 6 tokens; into(key) needs a",
        ),
    ],
)
def test_a_text_too_short(made: Edges, text: str) -> None:
    with pytest.raises(EdgeError) as caught:
        made.check(6)
    assert text in str(caught.value)


def test_a_text_long_enough() -> None:
    for made in (
        edges(query=5, keys=5),
        into(4),
        into(5, own=True),
        out_of(1),
        out_of(0, own=True),
    ):
        made.check(6)


def test_edges_are_frozen_hashable_and_pickle() -> None:
    made = edges(query=5, keys=[0, 2])
    with pytest.raises(AttributeError):
        made.own = False  # type: ignore[misc]  # frozen
    assert hash(made) == hash(edges(query=[5], keys=[2, 0]))
    assert pickle.loads(pickle.dumps(made)) == made


def test_the_json_form() -> None:
    assert into([3, 1]).to_json() == {"queries": "all", "keys": [1, 3], "own": False}
    assert edges(query=3, keys=ALL).to_json() == {"queries": [3], "keys": "all", "own": True}


def test_one_form_of_each_set_of_edges() -> None:
    listed = edges(query=[3, 5], keys=[0, 1])
    assert Edges((5, 3, 3), (1, 0)) == listed
    assert hash(Edges((5, 3), (1, 0))) == hash(listed)
    assert Edges((3, 5), (0, 1), own=False) == listed
    assert Edges((3, 5), (0, 1), own=False).to_json() == listed.to_json()
