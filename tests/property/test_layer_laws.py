"""Laws of steering several layers at once, each by its own factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import rwkv6_steering_oracle as recurrent
import torch
from draws import FACTORS, share
from families import FAMILIES, family, reference, subject, tokens
from hypothesis import assume, given
from hypothesis import strategies as st
from judge import near
from oracle import Change, oracle

from plip.plan import (
    Edges,
    Knockout,
    Plan,
    Scale,
    edges,
    into,
    name_layers,
    read_factors,
    read_layers,
    scale_by_layer,
    spell_layers,
)

pytestmark = pytest.mark.fast

each_family = pytest.mark.parametrize("name", FAMILIES)

LAYERS = st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True)
FACTOR = st.floats(0, 1e6, allow_nan=False)


@given(LAYERS)
def test_what_is_written_is_read(layers: list[int]) -> None:
    assert read_layers(spell_layers(layers).replace("–", "-")) == tuple(sorted(layers))
    assert name_layers(layers).split(" ", 1)[1] == spell_layers(layers)


@given(st.dictionaries(st.integers(0, 60), FACTOR, min_size=1, max_size=12), st.randoms())
def test_factors_are_read_in_any_order(factors: dict[int, float], random: Any) -> None:
    parts = [f"{layer}:{factor!r}" for layer, factor in factors.items()]
    random.shuffle(parts)
    assert dict(read_factors(",".join(parts))) == factors


@given(LAYERS, FACTOR, st.randoms())
def test_one_factor_for_all_is_a_dose(layers: list[int], factor: float, random: Any) -> None:
    where = edges(query=6, keys=[0, 2])
    dose = Plan(Scale(factor), where, layers=layers)
    shuffled = list(layers)
    random.shuffle(shuffled)
    assert scale_by_layer(where, [(layer, factor) for layer in shuffled]) == dose
    assert Plan(Scale(factor), where, layers=shuffled).digest == dose.digest


@given(st.dictionaries(st.integers(0, 60), FACTOR, min_size=1), st.randoms())
def test_the_order_of_layers_says_nothing(factors: dict[int, float], random: Any) -> None:
    pairs = list(factors.items())
    random.shuffle(pairs)
    assert scale_by_layer(into(3), pairs).digest == scale_by_layer(into(3), factors).digest


@st.composite
def _steered(draw: Any, name: str) -> tuple[Any, Edges, frozenset[tuple[int, int]], list[int]]:
    """Draw a text, edges that every one of some layers sees, and these layers."""
    chosen = family(name)
    text = tokens(draw(st.integers(3, 16)), draw(st.integers(0, 9)))
    layers = draw(
        st.lists(st.integers(0, chosen.n_layers - 1), min_size=1, max_size=3, unique=True)
    )
    query = draw(st.integers(1, len(text) - 1))
    seen = [k for k in range(query) if all(chosen.sees(at, query, k) for at in layers)]
    assume(seen)
    keys = draw(st.lists(st.sampled_from(seen), min_size=1, max_size=3, unique=True))
    return text, edges(query=query, keys=keys), frozenset((query, key) for key in keys), layers


def _changes(
    name: str, pairs: frozenset[tuple[int, int]], factors: Mapping[int, float]
) -> list[Change]:
    heads = frozenset(range(family(name).heads))
    return [
        Change("multiply", pairs, frozenset({layer}), heads, factor)
        for layer, factor in factors.items()
    ]


@each_family
@share(6)
@given(data=st.data())
def test_steering_several_layers_is_the_oracles(name: str, data: st.DataObject) -> None:
    """In a run and in a sweep, with the closed form of every layer in the witness."""
    text, where, pairs, layers = data.draw(_steered(name))
    factors = {layer: data.draw(st.sampled_from(FACTORS)) for layer in layers}
    changes = _changes(name, pairs, factors)
    truth = oracle(reference(name, "float64"), text.ids, changes)
    moving = [number for number, change in enumerate(changes) if not change.idle]
    assume(not truth.emptied and all(truth.effect(number) > 1e-4 for number in moving))
    plan = scale_by_layer(where, factors)
    run = subject(name, "float64").run(text, plan=plan)
    (swept,) = subject(name, "float64").sweep([text], [[None, plan]])
    assert run.logits is not None
    assert swept.logits is not None
    assert near(name, run.logits[0], truth.logits[-1])
    assert near(name, swept.logits[1], truth.logits[-1])
    for witness in (run.witness[0], swept.witness[1]):
        assert witness is not None
        assert {step.layer for step in witness.steps} == {
            layer for layer, factor in factors.items() if factor != 1
        }
        for step in witness.steps:
            at = layers.index(step.layer)
            before, after = (
                sum(note[place] for note in truth.masses[at]) / len(truth.masses[at])
                for place in (4, 5)
            )
            assert step.mass_before == pytest.approx(before, rel=1e-5, abs=1e-9)
            assert step.mass_after == pytest.approx(after, rel=1e-5, abs=1e-9)


@each_family
@share(3)
@given(data=st.data())
def test_dose_1_of_any_layers_is_the_identity(name: str, data: st.DataObject) -> None:
    text, where, _, layers = data.draw(_steered(name))
    plan = scale_by_layer(where, dict.fromkeys(layers, 1.0))
    (swept,) = subject(name).sweep([text], [[None, plan]])
    run = subject(name).run(text, plan=plan).logits
    plain = subject(name).run(text).logits
    assert swept.logits is not None
    assert run is not None
    assert plain is not None
    assert torch.equal(swept.logits[0], swept.logits[1])
    assert torch.equal(run, plain)


@each_family
@share(3)
@given(data=st.data())
def test_dose_0_of_any_layers_is_their_knockout(name: str, data: st.DataObject) -> None:
    text, where, pairs, layers = data.draw(_steered(name))
    truth = oracle(
        reference(name, "float64"), text.ids, _changes(name, pairs, dict.fromkeys(layers, 0.0))
    )
    assume(not truth.emptied and all(truth.effect(at) > 1e-4 for at in range(len(layers))))
    zero = scale_by_layer(where, dict.fromkeys(layers, 0.0))
    knockout = Plan(Knockout(), where, layers=layers)
    (swept,) = subject(name, "float64").sweep([text], [[zero, knockout]])
    assert swept.logits is not None
    # Two rows of one batch may be rounded apart.
    assert (swept.logits[0] - swept.logits[1]).abs().max() <= 1e-12
    assert near(name, swept.logits[0], truth.logits[-1])


@given(data=st.data())
def test_writes_in_several_layers_are_the_plain_loops(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 16))
    text = recurrent.tokens(n, data.draw(st.integers(0, 9)))
    token = data.draw(st.integers(0, n - 2))
    factors = data.draw(
        st.dictionaries(st.integers(0, recurrent.LAYERS - 1), st.sampled_from(FACTORS), min_size=1)
    )
    changes = [
        recurrent.Change(
            frozenset({token}), frozenset({layer}), frozenset(range(recurrent.HEADS)), factor
        )
        for layer, factor in factors.items()
    ]
    truth = recurrent.oracle(recurrent.model(), text.ids, changes)
    plan = scale_by_layer(into(token), factors)
    knocked = scale_by_layer(into(token), dict.fromkeys(factors, 0.0))
    removed = Plan(Knockout(), into(token), layers=list(factors))
    same = scale_by_layer(into(token), dict.fromkeys(factors, 1.0))
    (swept,) = recurrent.subject().sweep([text], [[None, plan, knocked, removed, same]])
    run = recurrent.subject().run(text, plan=plan).logits
    assert run is not None
    assert swept.logits is not None
    assert abs(run[0].numpy() - truth.logits[-1]).max() <= 1e-10
    assert abs(swept.logits[1].numpy() - truth.logits[-1]).max() <= 1e-10
    assert (swept.logits[2] - swept.logits[3]).abs().max() <= 1e-12
    assert torch.equal(swept.logits[4], swept.logits[0])
