"""A steered run against the plain oracle, over all families, operations and kinds of edges."""

from __future__ import annotations

import pytest
import torch
from draws import Case, cases, share
from families import FAMILIES, Family, family, model, reference, subject, tokens
from hypothesis import assume, given
from hypothesis import strategies as st
from judge import FLOORS, LOW, bits, tolerance, verdict
from oracle import Change, Truth, oracle

from plip.errors import (
    NoEffectError,
)
from plip.models import Capture
from plip.plan import Knockout, Plan, Scale, SetValue, edges

pytestmark = pytest.mark.fast

each_family = pytest.mark.parametrize("name", FAMILIES)


def draw_good(data: st.DataObject, name: str, **limits: int) -> tuple[Case, Truth]:
    """Draw a plan that can be carried out and changes something, with the truth about it."""
    case = data.draw(cases(family(name), **limits))
    truth = oracle(reference(name, "float64"), case.text.ids, case.changes)
    assume(verdict(case, truth) is None)
    return case, truth


def everything(chosen: Family, n: int) -> Capture:
    """Capture every row of every layer."""
    return Capture(range(chosen.n_layers), range(n))


@each_family
@share(15)
@given(data=st.data())
def test_a_run_is_the_oracles(name: str, data: st.DataObject) -> None:
    """Logits at all positions, captured rows in the order asked for, and the errors."""
    case = data.draw(cases(family(name), most_steps=3, idle=True))
    truth = oracle(reference(name, "float64"), case.text.ids, case.changes)
    wanted = verdict(case, truth)
    n = len(case.text)
    queries = data.draw(st.permutations(range(n)))[: data.draw(st.integers(1, n))]
    layers = range(family(name).n_layers)
    capture = Capture(layers, queries)
    if wanted is not None:
        with pytest.raises(wanted):
            subject(name, "float64").run(case.text, plan=case.plan, capture=capture)
        return
    run = subject(name, "float64").run(case.text, plan=case.plan, capture=capture, positions="all")
    assert run.logits is not None
    assert run.logits.shape == (1, *truth.logits.shape)
    assert run.logits.dtype == torch.float64
    assert (run.logits[0] - truth.logits).abs().max() <= tolerance(name, truth.logits)
    for layer in layers:
        found = run.attention[layer]
        assert found.shape == (1, family(name).heads, len(queries), n)
        assert (found[0] - truth.weights[layer][:, queries]).abs().max() <= tolerance(name, found)
        assert (found.sum(-1) - 1).abs().max() <= 1e-12
        assert (found[0] >= 0).all()
        for place, query in enumerate(queries):
            hidden = [k for k in range(n) if not family(name).sees(layer, query, k)]
            assert (found[0, :, place, hidden] == 0).all()
    last = subject(name, "float64").run(case.text, plan=case.plan)
    assert last.logits is not None
    assert (last.logits[0] - truth.logits[-1]).abs().max() <= tolerance(name, truth.logits)


@each_family
@share(3)
@given(data=st.data())
def test_a_run_without_logits_captures_the_same(name: str, data: st.DataObject) -> None:
    case, _ = draw_good(data, name)
    last = max(max(change.layers) for change in case.changes)
    stop = data.draw(st.integers(last, family(name).n_layers - 1))
    capture = Capture({last, stop}, range(len(case.text)))
    full = subject(name).run(case.text, plan=case.plan, capture=capture)
    short = subject(name).run(case.text, plan=case.plan, capture=capture, positions="none")
    assert short.logits is None
    assert short.witness == full.witness
    for layer in (last, stop):
        assert torch.equal(short.attention[layer], full.attention[layer])
    assert all(rows == 0 for rows in short.work.layer_rows[stop + 1 :])


@pytest.mark.parametrize("dtype", LOW)
@each_family
@share(3)
@given(data=st.data())
def test_low_precision_adds_nothing(name: str, dtype: str, data: st.DataObject) -> None:
    """The error against float64 stays near what the unsteered SDPA run has."""
    case = data.draw(cases(family(name), most_steps=2, min_tokens=6))
    exact = reference(name, dtype)
    truth = oracle(exact, case.text.ids, case.changes)
    assume(verdict(case, truth) is None)
    run = subject(name, dtype).run(
        case.text,
        plan=case.plan,
        capture=everything(family(name), len(case.text)),
        positions="all",
    )
    assert run.logits is not None
    assert run.logits.dtype == torch.float32
    plain = oracle(exact, case.text.ids)
    with torch.no_grad():
        unsteered = model(name, dtype)(input_ids=torch.tensor([case.text.ids])).logits[0]
    floor = (unsteered - plain.logits).abs().max()
    assert (run.logits[0] - truth.logits).abs().max() <= FLOORS * floor
    eager = oracle(model(name, dtype), case.text.ids)
    floor = max((eager.weights[at] - plain.weights[at]).abs().max() for at in plain.weights)
    for layer, found in run.attention.items():
        assert found.dtype == torch.float32
        assert (found[0] - truth.weights[layer]).abs().max() <= FLOORS * floor
        # Each of n float32 weights is right to some 1e-7 of the row.
        assert (found.sum(-1) - 1).abs().max() <= 1e-6
        for query in range(len(case.text)):
            hidden = [k for k in range(len(case.text)) if not family(name).sees(layer, query, k)]
            assert (found[0, :, query, hidden] == 0).all()


@pytest.mark.parametrize("dtype", ["float64", *LOW])
@each_family
@share(2)
@given(data=st.data())
def test_a_scale_of_1_is_the_identity(name: str, dtype: str, data: st.DataObject) -> None:
    """Bit for bit: alone, beside steered sequences, and after or before nothing at all."""
    case = data.draw(cases(family(name)))
    where = case.plan.steps[0]
    same = Plan(Scale(1), where.edges, layers=where.layers, heads=where.heads)
    for plan in (same, same.then(same)):
        steered = subject(name, dtype).run(case.text, plan=plan, positions="all")
        plain = subject(name, dtype).run(case.text, positions="all")
        assert torch.equal(bits(steered), bits(plain))
        assert steered.work.steered_rows == 0
        assert steered.witness[0] is not None
        assert steered.witness[0].steps == ()
    other = tokens(8, 3)
    strong = Plan(Scale(5.0), edges(query=6, keys=[5]), layers=[1]) if name != "chunked" else None
    one = subject(name, dtype).run(
        [other, case.text, case.text, other], plan=[strong, same, None, None], positions="all"
    )
    none = subject(name, dtype).run([other, case.text, case.text, other], positions="all")
    for number in (1, 2, 3):
        found = torch.nan_to_num(bits(one)[number], 7.0)
        assert torch.equal(found, torch.nan_to_num(bits(none)[number], 7.0))


@each_family
@share(3)
@given(data=st.data())
def test_a_scale_of_0_is_a_knockout_is_minus_infinity(name: str, data: st.DataObject) -> None:
    case, _ = draw_good(data, name)
    (step,), (change,) = case.plan.steps, case.changes
    results = [
        oracle(
            reference(name, "float64"),
            case.text.ids,
            [Change(kind, change.pairs, change.layers, change.heads)],
        )
        for kind in ("mask", "zero")
    ]
    assume(not results[0].emptied)
    runs = []
    for operation in (Scale(0), Knockout()):
        plan = Plan(operation, step.edges, layers=step.layers, heads=step.heads)
        run = subject(name, "float64").run(case.text, plan=plan, positions="all")
        runs.append(bits(run)[0])
    assert torch.equal(*runs)
    for truth in results:
        assert (runs[0] - truth.logits).abs().max() <= tolerance(name, truth.logits)


@each_family
@share(3)
@given(data=st.data(), one=st.sampled_from([0.3, 2.0, 7.0]), two=st.sampled_from([0.4, 3.0, 11.0]))
def test_scales_compose(name: str, data: st.DataObject, one: float, two: float) -> None:
    case, _ = draw_good(data, name)
    step = case.plan.steps[0]

    def plan(factor: float) -> Plan:
        return Plan(Scale(factor), step.edges, layers=step.layers, heads=step.heads)

    try:
        once = subject(name, "float64").run(case.text, plan=plan(one * two), positions="all")
    except NoEffectError:
        assume(False)
    twice = subject(name, "float64").run(case.text, plan=plan(one).then(plan(two)), positions="all")
    assert (bits(once) - bits(twice)).abs().max() <= tolerance(name, bits(once))


@each_family
@share(4)
@given(data=st.data(), portion=st.sampled_from([0.05, 0.5, 0.9, 1.0]))
def test_set_value_reaches_it_and_keeps_proportions(
    name: str, data: st.DataObject, portion: float
) -> None:
    n, layer = data.draw(st.integers(3, 24)), data.draw(st.integers(0, family(name).n_layers - 1))
    query = data.draw(st.integers(1, n - 1))
    seen = [key for key in range(query + 1) if family(name).sees(layer, query, key)]
    assume(len(seen) > 1)
    keys = data.draw(st.lists(st.sampled_from(seen), min_size=1, unique=True))
    assume(len(keys) < len(seen))
    others = sorted(set(seen) - set(keys))
    target = portion / len(keys)
    text, capture = tokens(n, 4), Capture([layer], [query])
    plan = Plan(SetValue(target), edges(query=query, keys=keys), layers=[layer], heads=[2])
    before = subject(name, "float64").run(text, capture=capture).attention[layer][0, :, 0]
    after = subject(name, "float64").run(text, plan=plan, capture=capture).attention[layer][0, :, 0]
    assert (after[2, keys] - target).abs().max() <= 1e-14
    kept = before[2, others] / before[2, others].sum() * (1 - portion)
    assert (after[2, others] - kept).abs().max() <= 1e-14
    untouched = [0, 1, 3]
    assert torch.equal(after[untouched], before[untouched])


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@each_family
@share(3)
@given(data=st.data())
def test_rows_before_the_first_steered_one_are_untouched(
    name: str, dtype: str, data: st.DataObject
) -> None:
    """Causality, bit for bit; and a layer below the first steered one is captured unchanged."""
    case, _ = draw_good(data, name, most_steps=2)
    capture = everything(family(name), len(case.text))
    plain = subject(name, dtype).run(case.text, positions="all", capture=capture)
    steered = subject(name, dtype).run(case.text, plan=case.plan, positions="all", capture=capture)
    first = case.first_row
    lowest = min(min(change.layers) for change in case.changes if not change.idle)
    assert torch.equal(bits(steered)[:, :first], bits(plain)[:, :first])
    for layer, found in steered.attention.items():
        rows = len(case.text) if layer < lowest else first
        assert torch.equal(found[:, :, :rows], plain.attention[layer][:, :, :rows])


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@each_family
@share(4)
@given(data=st.data())
def test_rows_without_a_visible_edge_are_untouched(
    name: str, dtype: str, data: st.DataObject
) -> None:
    """In the last layer a plan reaches its own rows and nothing else, bit for bit."""
    chosen = family(name)
    case, _ = draw_good(data, name)
    (step,), (change,) = case.plan.steps, case.changes
    last = chosen.n_layers - 1
    assume(last in change.layers)
    plan = Plan(step.operation, step.edges, layers=[last], heads=step.heads)
    plain = subject(name, dtype).run(case.text, positions="all")
    try:
        steered = subject(name, dtype).run(case.text, plan=plan, positions="all")
    except NoEffectError:
        assume(False)
    mine = {q for q, k in change.pairs if chosen.sees(last, q, k)}
    rest = sorted(set(range(len(case.text))) - mine)
    assert torch.equal(bits(steered)[:, rest], bits(plain)[:, rest])
    assert steered.work.steered_rows == len(mine)


@each_family
@share(4)
@given(data=st.data())
def test_the_witness_tells_what_the_oracle_saw(name: str, data: st.DataObject) -> None:
    case, truth = draw_good(data, name, most_steps=2)
    (witness,) = subject(name, "float64").run(case.text, plan=case.plan).witness
    assert witness is not None
    assert witness.row_sum_error <= 1e-12
    assert witness.forbidden_mass == 0
    busy = [number for number, change in enumerate(case.changes) if not change.idle]
    expected = [
        (case.plan.steps[number].operation, layer, number)
        for number in busy
        for layer in sorted({note[0] for note in truth.masses[number]})
    ]
    assert [(step.operation, step.layer) for step in witness.steps] == [
        (operation, layer) for operation, layer, _ in expected
    ]
    for step, (_, layer, number) in zip(witness.steps, expected, strict=True):
        notes = [note for note in truth.masses[number] if note[0] == layer]
        before = sum(note[4] for note in notes) / len(notes)
        after = sum(note[5] for note in notes) / len(notes)
        assert step.rows == len({note[2] for note in notes})
        assert step.mass_before == pytest.approx(before, abs=1e-6)
        assert step.mass_after == pytest.approx(after, abs=1e-6)
        assert step.mass_expected == pytest.approx(after, abs=1e-6)
        assert step.largest_error <= 1e-9
        closed = [closed_form(case.changes[number], note[4], note[3]) for note in notes]
        assert max(abs(x - note[5]) for x, note in zip(closed, notes, strict=True)) <= 1e-9
    steered = {(note[0], note[2]) for number in busy for note in truth.masses[number]}
    assert witness.layers == tuple(sorted({layer for layer, _ in steered}))
    assert witness.rows == len(steered)


def closed_form(change: Change, mass: float, count: int) -> float:
    """Return the mass of a row's edges after a change, from their mass before."""
    if change.kind == "multiply":
        return change.amount * mass / (1 + (change.amount - 1) * mass)
    return count * change.amount if change.kind == "set" else 0.0
