"""A steered run against the plain oracle, over all families, operations and kinds of edges.

Tolerances. In float64 the seam computes in float64 throughout, so that a run and the oracle differ
by rounding of float64 alone, some 1e-15, wherever the model itself stays in float64. RMS norms do
not: they round to float32 whatever the model's dtype, and two values that differ by 1e-15 on
different sides of a rounding boundary come out 6e-8 apart, relative; a handful of those, amplified
by the layers above, stay below 1e-6 of the largest logit. LayerNorm families get 1e-11.

In float32, bfloat16 and float16 the measure is the floor: what the model's own unsteered SDPA run
misses the float64 oracle by on the same text.
"""

from __future__ import annotations

import pytest
import torch
from draws import Case, cases, share
from families import FAMILIES, Family, family, model, reference, subject, tokens
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import Change, Truth, oracle
from torch import Tensor

from plip.errors import (
    EdgeError,
    EmptyRowError,
    NoEffectError,
    OperationError,
    PlanError,
    PlipError,
)
from plip.kernels import Visibility
from plip.models import Capture, Run, Witness
from plip.models.track import LayerInput, Track
from plip.models.witness import bear_witness
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of

pytestmark = pytest.mark.fast

#: Families whose own code stays in float64.
EXACT = ("starcoder2", "gpt_neox", "gpt2")
LOW = ("float32", "bfloat16", "float16")

each_family = pytest.mark.parametrize("name", FAMILIES)


def tolerance(name: str, truth: Tensor) -> float:
    """Return what a float64 run may miss the oracle by."""
    scale = max(1.0, float(truth.abs().max()))
    return scale * (1e-11 if name in EXACT else 1e-6)


def verdict(case: Case, truth: Truth) -> type[PlipError] | None:
    """Return the error that a plan must end in, by what the oracle saw of it."""
    if truth.emptied:
        return EmptyRowError
    effects = [truth.effect(i) for i, change in enumerate(case.changes) if not change.idle]
    assume(not any(1e-8 < effect < 1e-4 for effect in effects))
    return NoEffectError if any(effect < 1e-6 for effect in effects) else None


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


# Steering works on scores, and the relative error of a weight is at most twice the error of its
# row's scores, before and after: so a steered weight is no worse than an unsteered one of its
# size, and the same holds of what is computed from it. What is left is luck, within this factor.
FLOORS = 4


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


def bits(run: Run) -> Tensor:
    """Return the logits of a run."""
    assert run.logits is not None
    return run.logits


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


# -- examples that random models do not reach


def steer(scores: list[float], plan: Plan) -> tuple[list[float], float, Witness]:
    """Steer one row of given scores in float32; return weights, output and witness."""
    track = Track("row", len(scores), 0, plan, Capture([0], [len(scores) - 1]))
    row = torch.tensor(scores)[None, :, None]
    layer = LayerInput(0, torch.ones(1, 1, 1), row, row.exp(), 1.0, None, Visibility())
    out = torch.full((1, 1, 1), torch.nan)
    assert track.attend(layer, [len(scores) - 1], out) == 1
    weights = track.rows[0, len(scores) - 1][0].tolist()
    return weights, float(out), bear_witness(plan, track.evidence, "row")


@pytest.mark.parametrize("operation", [Knockout(), Scale(0), SetValue(0.0)])
def test_what_is_left_of_a_row_that_one_edge_had(operation: Knockout | Scale | SetValue) -> None:
    """All but 1e-30 of a float32 row lies on the edge, and the rest keeps its proportions."""
    plan = Plan(operation, edges(query=3, keys=[0]), layers=[0])
    weights, out, witness = steer([0.0, -70.0, -69.0, -71.5], plan)
    wanted = torch.softmax(torch.tensor([-70.0, -69.0, -71.5]).double(), 0).tolist()
    assert weights == pytest.approx([0.0, *wanted], rel=1e-5)
    assert out == pytest.approx(sum(w * w0 for w, w0 in zip(wanted, VALUES, strict=True)), rel=1e-5)
    assert (witness.steps[0].mass_before, witness.steps[0].mass_after) == (1, 0)


VALUES = torch.tensor([-70.0, -69.0, -71.5]).double().exp().tolist()


@pytest.mark.parametrize(
    ("factor", "rest"),
    [
        *((factor, rest) for factor in (1e-6, 1e-4, 1e-3, 0.1) for rest in (1e-5, 1e-4, 1e-3)),
        *((factor, rest) for factor in (1e3, 1e39, 1e300) for rest in (1e-3, 0.5)),
    ],
)
def test_the_witness_raises_no_false_alarm_in_float32(factor: float, rest: float) -> None:
    """1 − A is lost to rounding where an edge has almost all of its row, and f·A overflows."""
    plan = Plan(Scale(factor), edges(query=1, keys=[0]), layers=[0])
    weights, _, witness = steer([0.0, float(torch.tensor(rest).double().log())], plan)
    wanted = factor / (factor + rest)
    assert weights[0] == pytest.approx(wanted, abs=1e-5)
    assert witness.steps[0].mass_expected == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("target", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("query", [1, 4])
@pytest.mark.parametrize("own_row", ["listed", "out_of"])
def test_a_set_value_on_all_of_a_row_must_add_up(target: float, query: int, own_row: str) -> None:
    """Nobody is there to take the rest of the row, whether it is the last one or not."""
    where = (
        edges(query=query, keys=range(query + 1))
        if own_row == "listed"
        else out_of(query, own=True)
    )
    target = target / (query + 1)
    with pytest.raises(PlanError) as caught:
        subject("qwen2").run(tokens(5), plan=Plan(SetValue(target), where, layers=[1]))
    assert isinstance(caught.value, EmptyRowError | OperationError)
    assert f"query {query}" in str(caught.value)


@pytest.mark.parametrize("name", ["qwen2", "gemma2", "mistral"])
def test_long_texts_in_blocks_of_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks bound the memory of long texts; here they hold three rows each."""
    n = 17
    plan = Plan(Scale(3.0), into([2, 6]), layers=[1, 2]).then(
        Plan(Knockout(), out_of([8, 9, 16]), layers=[2], heads=[1, 3])
    )
    capture = Capture([1, 2], [16, 3, 4, 0, 9])
    whole = subject(name, "float64").run(tokens(n), plan=plan, positions="all", capture=capture)
    for module in ("track", "forward"):
        monkeypatch.setattr(f"plip.models.{module}._BLOCK", 3 * 4 * n)
    parts = subject(name, "float64").run(tokens(n), plan=plan, positions="all", capture=capture)
    assert (bits(parts) - bits(whole)).abs().max() <= tolerance(name, bits(whole))
    assert parts.work == whole.work
    for layer, found in parts.attention.items():
        assert (found - whole.attention[layer]).abs().max() <= tolerance(name, found)
    (one,), (other,) = parts.witness, whole.witness
    assert one is not None
    assert other is not None
    assert one.rows == other.rows
    assert [(s.layer, s.operation, s.rows) for s in one.steps] == [
        (s.layer, s.operation, s.rows) for s in other.steps
    ]
    for mine, its in zip(one.steps, other.steps, strict=True):
        assert mine.mass_before == pytest.approx(its.mass_before, abs=1e-6)
        assert mine.mass_after == pytest.approx(its.mass_after, abs=1e-6)


def test_heads_without_edges_keep_their_output() -> None:
    """Bit for bit what SDPA gave them, in the rows where other heads are steered."""
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(4, 5, 3, generator=generator)
    key, value = torch.randn(2, 2, 5, 3, generator=generator)
    plan = Plan(Scale(3.0), edges(query=[2, 4], keys=[1]), layers=[0], heads=[3])
    plan = plan.then(Plan(Knockout(), edges(query=[4], keys=[0]), layers=[0], heads=[1]))
    track = Track("row", 5, 0, plan, Capture([0], [0, 4]))
    given = torch.randn(5, 4, 3, generator=generator)
    out = given.clone()
    layer = LayerInput(0, query, key, value, 0.5, None, Visibility())
    assert track.attend(layer, range(5), out) == 2
    changed = {(2, 3), (4, 3), (4, 1)}
    for row in range(5):
        for head in range(4):
            assert torch.equal(out[row, head], given[row, head]) == ((row, head) not in changed)
    assert sorted(track.rows) == [(0, 0), (0, 4)]


def test_a_row_that_loses_everything_says_where() -> None:
    plan = Plan(Knockout(), edges(query=3, keys=range(4)), layers=[1, 2], heads=[2])
    with pytest.raises(EmptyRowError) as caught:
        subject("qwen2").run(tokens(5), plan=plan)
    assert str(caught.value) == (
        "sequence, layer 1, head 2, query 3: wanted at least one visible key to keep its "
        "attention, found a plan that takes it all away; leave the row another key, such as the "
        "query itself"
    )
    assert caught.value.details == {"layer": 1, "head": 2, "query": 3}


def test_a_row_that_is_emptied_and_filled_again_is_still_refused() -> None:
    where = edges(query=3, keys=range(4))
    plan = Plan(Knockout(), where, layers=[1]).then(Plan(SetValue(0.25), where, layers=[1]))
    with pytest.raises(EmptyRowError):
        subject("qwen2").run(tokens(5), plan=plan)


@pytest.mark.parametrize("name", ["mistral", "mixed_windows", "chunked"])
def test_a_listed_edge_outside_the_window_is_refused(name: str) -> None:
    chosen = family(name)
    layer = next(i for i in range(chosen.n_layers) if chosen.window(i)[0] != "full")
    query = 10
    seen = [key for key in range(query + 1) if chosen.sees(layer, query, key)]
    run = subject(name).run
    plan = Plan(Knockout(), edges(query=query, keys=[seen[0]]), layers=[layer])
    assert run(tokens(14), plan=plan).witness[0] is not None
    for keys in ([seen[0] - 1], [seen[0] - 1, seen[0]]):
        plan = Plan(Knockout(), edges(query=[query], keys=keys), layers=[layer])
        with pytest.raises(EdgeError) as caught:
            run([tokens(4), tokens(14)], plan=[None, plan])
        assert str(caught.value).startswith(
            f"sequence 1, layer {layer}, query 10: wanted every key of "
        )
        assert "found 1 outside the layer's window; steer a layer with full attention" in str(
            caught.value
        )
    if name == "mixed_windows":
        everywhere = Plan(Knockout(), edges(query=query, keys=0), layers=ALL)
        with pytest.raises(EdgeError, match="layer 2, query 10"):
            run(tokens(14), plan=everywhere)
        full = Plan(Knockout(), edges(query=query, keys=0), layers=[0, 1])
        assert run(tokens(14), plan=full).witness[0] is not None


def test_a_set_value_counts_what_a_row_sees() -> None:
    """A window of 5 shows a row at most five of the six keys, and then they fit."""
    plan = Plan(SetValue(0.2), out_of(8), layers=[1])
    assert subject("mistral").run(tokens(9), plan=plan).witness[0] is not None
    with pytest.raises(OperationError, match=r"layer 1, SetValue\(0\.2\): wanted 8 edges of a row"):
        subject("qwen2").run(tokens(9), plan=plan)
    with pytest.raises(OperationError, match="2 edges of a row to need at most all"):
        subject("qwen2").run(tokens(9), plan=Plan(SetValue(0.6), into([1, 3]), layers=[1]))


def test_no_effect_says_why() -> None:
    run = subject("qwen2").run
    with pytest.raises(NoEffectError) as caught:
        run(tokens(9), plan=Plan(Scale(2.0), edges(query=0, keys=0), layers=[1, 2]))
    assert str(caught.value) == (
        "sequence: wanted Scale(factor=2.0) to change the mass of its edges, found the same mass "
        "before and after: 1 in layer 1, 1 in layer 2; check positions, heads and layers against "
        "the text; edges that carry no attention, or make up all of their row, cannot be steered"
    )
    with pytest.raises(NoEffectError, match="no row with such edges among the rows that were"):
        subject("chunked").run(tokens(9), plan=Plan(Knockout(), into(7), layers=[1]))
    capture = Capture([0], [3])
    above = Plan(Knockout(), into(2), layers=[2])
    with pytest.raises(NoEffectError):  # the run stops below the plan
        run(tokens(9), plan=above, capture=capture, positions="none")
    twice = Plan(Knockout(), into(2), layers=[2])
    with pytest.raises(NoEffectError, match="wanted Knockout"):
        run(tokens(9), plan=twice.then(twice))
    reaching = Plan(Scale(2.0), edges(query=[0, 3], keys=0), layers=[1])
    assert run(tokens(9), plan=reaching).witness[0] is not None  # row 0 cannot, row 3 can
