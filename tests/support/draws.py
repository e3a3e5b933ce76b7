"""Hypothesis strategies: plans, each with what the oracle must do for it, written independently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from families import Family, tokens
from hypothesis import settings
from hypothesis import strategies as st
from oracle import Change

from plip.plan import ALL, Edges, Knockout, Operation, Plan, Scale, SetValue, edges, into, out_of
from plip.text import Tokens

__all__ = ["FACTORS", "Case", "cases", "pairs_of", "share", "steps"]

#: Factors of a scale: none, less, more, strong, and the identity.
FACTORS = (0.0, 0.02, 0.5, 1.0, 1.7, 3.0, 40.0)


def share(examples: int) -> settings:
    """Ask for some of every 50 examples that the profile runs: many families make many."""
    return settings(max_examples=max(1, settings().max_examples * examples // 50))


@dataclass(frozen=True)
class Case:
    """A text, a plan, and the same as changes of the oracle."""

    text: Tokens
    plan: Plan
    changes: tuple[Change, ...]

    def __repr__(self) -> str:
        return f"Case({len(self.text)} tokens, {self.plan})"

    @property
    def first_row(self) -> int:
        """The first row with an edge of a step that is not the identity."""
        return min(q for change in self.changes if not change.idle for q, _ in change.pairs)


def pairs_of(kind: str, own: bool, some: Iterable[int], n: int) -> frozenset[tuple[int, int]]:
    """Return the edges that `into` (into keys) or `out_of` (out of queries) stands for."""
    chosen = set(some)
    return frozenset(
        (q, k)
        for q in range(n)
        for k in range(q + 1)
        if (k if kind == "into" else q) in chosen and (own or q != k)
    )


@st.composite
def _edges(draw: Any, family: Family, n: int, layers: list[int]) -> tuple[Edges, Any]:
    kinds = ["listed", "listed", "into", "out_of", "all queries", "all keys", "all but own"]
    kind = draw(st.sampled_from(kinds))
    if kind == "listed":
        query = draw(st.integers(0, n - 1))
        seen = [k for k in range(query + 1) if all(family.sees(at, query, k) for at in layers)]
        keys = draw(st.lists(st.sampled_from(seen), min_size=1, max_size=4, unique=True))
        whole = [
            q
            for q in range(max(keys), n)
            if all(family.sees(at, q, key) for at in layers for key in keys)
        ]
        more = draw(st.lists(st.sampled_from(whole), max_size=3))
        queries = [*more, query]
        return edges(query=queries, keys=keys), frozenset((q, k) for q in queries for k in keys)
    own = draw(st.booleans())
    if kind in ("into", "all queries"):
        own = own or kind == "all queries" or n == 1
        last = n - 1 if own else n - 2
        keys = draw(st.lists(st.integers(0, last), min_size=1, max_size=3, unique=True))
        made = into(keys, own=own) if kind == "into" else edges(query=ALL, keys=keys)
        return made, pairs_of("into", own, keys, n)
    if kind in ("out_of", "all keys"):
        own = own or kind == "all keys"
        first = 0 if own else 1
        queries = draw(st.lists(st.integers(first, n - 1), min_size=1, max_size=3, unique=True))
        made = out_of(queries, own=own) if kind == "out_of" else edges(query=queries, keys=ALL)
        return made, pairs_of("out_of", own, queries, n)
    return Edges(ALL, ALL, own=False), pairs_of("into", False, range(n), n)


@st.composite
def _operation(draw: Any, most: int, idle: bool) -> tuple[Operation, str, float]:
    kind = draw(st.sampled_from(["knockout", "scale", "scale", "set"]))
    if kind == "knockout":
        return Knockout(), "zero", 0.0
    if kind == "scale":
        factor = draw(st.sampled_from(FACTORS if idle else [f for f in FACTORS if f != 1.0]))
        return Scale(factor), "multiply", factor
    # Of `most` edges of a row: the share of all attention that they get together.
    target = draw(st.sampled_from([0.0, 0.1, 0.6, 0.95, 1.0])) / most
    return SetValue(target), "set", target


@st.composite
def steps(draw: Any, family: Family, n: int, *, idle: bool = False) -> tuple[Plan, Change]:
    """Draw a plan of one step that fits a text of `n` tokens, and its change.

    With `idle` it may be the identity.
    """
    layers = draw(
        st.lists(st.integers(0, family.n_layers - 1), min_size=1, max_size=3, unique=True)
    )
    every_layer = draw(st.integers(0, 7)) == 0
    if every_layer:
        layers = list(range(family.n_layers))
    some_heads = draw(
        st.none() | st.lists(st.integers(0, family.heads - 1), min_size=1, unique=True)
    )
    where, pairs = draw(_edges(family, n, layers))
    most = max(
        sum(family.sees(layer, q, k) for q, k in pairs if q == query)
        for query in {q for q, _ in pairs}
        for layer in layers
    )
    operation, kind, amount = draw(_operation(max(most, 1), idle))
    plan = Plan(
        operation,
        where,
        layers=ALL if every_layer else layers,
        heads=ALL if some_heads is None else some_heads,
    )
    heads = range(family.heads) if some_heads is None else some_heads
    change = Change(kind, pairs, frozenset(layers), frozenset(heads), amount)  # type: ignore[arg-type]  # one of its kinds
    return plan, change


@st.composite
def cases(
    draw: Any,
    family: Family,
    *,
    most_steps: int = 1,
    min_tokens: int = 2,
    max_tokens: int = 24,
    idle: bool = False,
    seed: int | None = None,
) -> Case:
    """Draw a text and a plan of some steps."""
    n = draw(st.integers(min_tokens, max_tokens))
    text = tokens(n, draw(st.integers(0, 9)) if seed is None else seed)
    made = draw(st.lists(steps(family, n, idle=idle), min_size=1, max_size=most_steps))
    plan = made[0][0]
    for other, _ in made[1:]:
        plan = plan.then(other)
    return Case(text, plan, tuple(change for _, change in made))
