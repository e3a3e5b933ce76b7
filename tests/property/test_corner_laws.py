"""Steering where random models do not reach: sharp rows, windows, blocks, and each error's text."""

from __future__ import annotations

import pytest
import torch
from families import family, subject, tokens
from judge import bits, tolerance

from plip.errors import EdgeError, EmptyRowError, NoEffectError, OperationError, PlanError
from plip.kernels import Visibility
from plip.models import Capture, Witness
from plip.models.track import LayerInput, Track
from plip.models.witness import bear_witness
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of

pytestmark = pytest.mark.fast


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
    monkeypatch.setattr("plip.kernels.scores._BLOCK", 3 * 4 * n)
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
        "sequence, layer 1, head 2, query 3: wanted a visible key beside the edges to take the "
        "rest of the row, found Knockout() on all that the row still attends to; leave the row "
        "another key, such as the query itself"
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


def test_an_effect_is_on_the_edges_of_the_step() -> None:
    """An edge that has all of its row in float32 stays as it is, whatever becomes of the rest."""
    plan = Plan(Scale(2.0), edges(query=1, keys=[0]), layers=[0])
    with pytest.raises(NoEffectError, match="the same mass before and after: 1 in layer 0"):
        steer([0.0, -20.0], plan)
    weights, _, _ = steer([0.0, -10.0], plan)
    assert weights[1] == pytest.approx(0.5 * 4.54e-5, rel=1e-3)


def test_no_effect_says_why() -> None:
    run = subject("qwen2").run
    with pytest.raises(NoEffectError) as caught:
        run(tokens(9), plan=Plan(Scale(2.0), edges(query=0, keys=0), layers=[1, 2]))
    assert str(caught.value) == (
        "sequence: wanted Scale(factor=2.0) to change the weight of its edges, found the same mass "
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
    other = Plan(SetValue(0.25), edges(query=3, keys=range(4)), layers=[1])
    witness = run(tokens(9), plan=other).witness[0]  # the mass stays 1, its shares do not
    assert witness is not None
    assert (witness.steps[0].mass_before, witness.steps[0].mass_after) == pytest.approx((1, 1))
    reaching = Plan(Scale(2.0), edges(query=[0, 3], keys=0), layers=[1])
    assert run(tokens(9), plan=reaching).witness[0] is not None  # row 0 cannot, row 3 can
