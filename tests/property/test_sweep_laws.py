"""A sweep is its plans one by one, at the cost of what they change."""

from __future__ import annotations

import pytest
import torch
from draws import Case, cases, share
from families import FAMILIES, family, model, reference, subject, tokens
from hypothesis import assume, given
from hypothesis import strategies as st
from judge import FLOORS, near
from oracle import oracle

from plip.errors import ConfigError, EmptyRowError, NoEffectError
from plip.models import Capture, Work
from plip.plan import ALL, Knockout, Plan, Scale, edges, into, out_of
from plip.text import Tokens

pytestmark = pytest.mark.fast

each_family = pytest.mark.parametrize("name", FAMILIES)


def same(plan: Plan) -> Plan:
    """Return the identity at the place of a plan."""
    step = plan.steps[0]
    return Plan(Scale(1), step.edges, layers=step.layers, heads=step.heads)


@each_family
@share(7)
@given(data=st.data())
def test_a_sweep_is_its_runs(name: str, data: st.DataObject) -> None:
    """Logits and captures against the oracle; witnesses against the run of each plan."""
    chosen = family(name)
    texts: list[Tokens] = []
    listed: list[list[Case | Plan | None]] = []
    captures: list[Capture | None] = []
    for number in range(data.draw(st.integers(1, 3))):
        # Texts of one length lie in one block, and must not take each other's keys.
        n = data.draw(
            st.integers(2, 24) if not texts else st.just(len(texts[0])) | st.integers(2, 24)
        )
        sized = cases(chosen, most_steps=2, min_tokens=n, max_tokens=n, seed=number)
        found: list[Case | Plan | None] = list(data.draw(st.lists(sized, max_size=3)))
        assume(all(lawful(name, case) for case in found if isinstance(case, Case)))
        if data.draw(st.booleans()):
            found.append(Plan(Scale(1), edges(query=n - 1, keys=[n - 1]), layers=ALL))
        if not found or data.draw(st.booleans()):
            found.append(None)
        texts.append(tokens(n, number))
        listed.append(data.draw(st.permutations(found)))
        captures.append(
            data.draw(
                st.none()
                | st.builds(
                    Capture,
                    st.sets(st.integers(0, chosen.n_layers - 1), min_size=1),
                    st.lists(st.integers(0, n - 1), min_size=1, unique=True),
                )
            )
        )
    plans = [[item.plan if isinstance(item, Case) else item for item in mine] for mine in listed]
    runs = subject(name, "float64").sweep(texts, plans, capture=captures)
    assert len(runs) == len(texts)
    for text, mine, capture, run in zip(texts, listed, captures, runs, strict=True):
        assert run.logits is not None
        truths = [
            oracle(
                reference(name, "float64"),
                text.ids,
                item.changes if isinstance(item, Case) else (),
            )
            for item in mine
        ]
        assert near(name, run.logits, torch.stack([truth.logits[-1] for truth in truths]))
        assert sorted(run.attention) == ([] if capture is None else list(capture.layers))
        for layer, found in run.attention.items():
            assert capture is not None
            wanted = torch.stack([truth.weights[layer][:, capture.queries] for truth in truths])
            assert found.shape == wanted.shape
            assert near(name, found, wanted)
        for item, witness in zip(mine, run.witness, strict=True):
            if not isinstance(item, Case):
                assert witness is None if item is None else witness.rows == 0  # type: ignore[union-attr]  # an identity has one
                continue
            (alone,) = subject(name, "float64").run(text, plan=item.plan).witness
            assert witness is not None
            assert alone is not None
            assert [(s.layer, s.operation, s.rows) for s in witness.steps] == [
                (s.layer, s.operation, s.rows) for s in alone.steps
            ]
            for one, other in zip(witness.steps, alone.steps, strict=True):
                assert one.mass_before == pytest.approx(other.mass_before, rel=1e-5, abs=1e-9)
                assert one.mass_after == pytest.approx(other.mass_after, rel=1e-5, abs=1e-9)
            assert witness.rows == alone.rows
        idle = [number for number, item in enumerate(mine) if not isinstance(item, Case)]
        for number in idle:
            assert torch.equal(run.logits[number], run.logits[idle[0]])


def lawful(name: str, case: Case) -> bool:
    """Whether a plan can be carried out and changes something in every step."""
    truth = oracle(reference(name, "float64"), case.text.ids, case.changes)
    effects = [truth.effect(number) for number in range(len(case.changes))]
    return not truth.emptied and min(effects) > 1e-4


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@each_family
@share(1)
@given(data=st.data())
def test_a_sweep_in_low_precision(name: str, dtype: str, data: st.DataObject) -> None:
    """A few floors, the error of the unsteered SDPA run; identities equal None bit for bit."""
    case = data.draw(cases(family(name), min_tokens=6))
    exact = reference(name, dtype)
    truth = oracle(exact, case.text.ids, case.changes)
    assume(not truth.emptied and truth.effect(0) > 1e-4)
    run, other = subject(name, dtype).sweep(
        [case.text, tokens(9, 2)],
        [[same(case.plan), case.plan, None], [None]],
    )
    assert run.logits is not None
    assert other.logits is not None
    assert torch.equal(run.logits[0], run.logits[2])
    plain = oracle(exact, case.text.ids)
    with torch.no_grad():
        unsteered = model(name, dtype)(input_ids=torch.tensor([case.text.ids])).logits[0]
    floor = (unsteered - plain.logits).abs().max()
    assert (run.logits[1] - truth.logits[-1]).abs().max() <= FLOORS * floor
    assert (run.logits[0] - plain.logits[-1]).abs().max() <= FLOORS * floor


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", ["qwen2", "gpt2"])
def test_plans_that_change_nothing_give_one_result(name: str, dtype: str) -> None:
    """Bit for bit, wherever they stand in the list, whether work is shared or not."""
    for n in range(2, 10):
        strong = Plan(Scale(3.0), edges(query=1, keys=[0]), layers=[1])
        plans = [same(strong), strong, None, same(strong), None]
        (run,) = subject(name, dtype).sweep([tokens(n)], [plans])
        assert run.logits is not None
        for number in (2, 3, 4):
            assert torch.equal(run.logits[number], run.logits[0])


@each_family
@pytest.mark.parametrize("where", ["last layer", "last row", "last row of the last layer"])
def test_the_corners(name: str, where: str) -> None:
    """The last layer and the last row, beside plans elsewhere and captures everywhere."""
    n, last = 12, family(name).n_layers - 1
    query = n - 1 if "row" in where else 9
    layer = last if "layer" in where else 1
    plan = Plan(Scale(3.0), edges(query=query, keys=[query - 1]), layers=[layer])
    every = Capture(range(last + 1), range(n))
    one = subject(name, "float64")
    for plans in ([plan], [plan, None], [None, plan, Plan(Knockout(), out_of(3), layers=[1])]):
        (run,) = one.sweep([tokens(n, 1)], [plans], capture=[every])
        full = one.run([tokens(n, 1)] * len(plans), plan=plans, capture=every)
        assert run.logits is not None
        assert full.logits is not None
        assert near(name, run.logits, full.logits)
        for found in range(last + 1):
            assert near(name, run.attention[found], full.attention[found])
    if where == "last layer":
        (run,) = one.sweep([tokens(n, 1)], [[plan, None]])
        assert run.logits is not None
        assert near(name, run.logits[0], run.logits[1])  # nobody looks back at it


def test_work_by_hand() -> None:
    """Two texts of 6 and 4 tokens, four layers, plans first in layers 1 and 2.

    Without plans: 10 rows in layers 0 to 2; in the last one 10 rows of keys and two last rows.
    With plans: the first text twice from row 3 on, three rows each. Layer 0 has one idle row, layer
    1 the one row that is steered there, layer 2 all six, of which one is steered; the last one six
    rows of keys and two last rows.
    """
    plans = [
        [
            Plan(Scale(2.0), edges(query=3, keys=[1]), layers=[1]),
            None,
            Plan(Knockout(), edges(query=4, keys=[0]), layers=[2]),
        ],
        [None],
    ]
    one, other = subject("qwen2").sweep([tokens(6), tokens(4)], plans)
    assert one.work == other.work
    assert one.work == Work((10 + 1, 10 + 1, 10 + 6, 2 + 2), steered_rows=2, key_rows=10 + 6)


def test_work_of_the_last_layer_by_hand() -> None:
    """One text of 6 tokens under a plan in the last layer, with rows 2 and 5 captured there.

    Without plans: 6 rows below, then the keys of 6 and rows 2 and 5. With it: one idle row below
    and the steered row 4 with the last row 5 in the last layer, on the keys that are there.
    """
    plan = Plan(Scale(2.0), edges(query=4, keys=[1]), layers=[3])
    (run,) = subject("qwen2").sweep([tokens(6)], [[plan]], capture=[Capture([3], [2, 5])])
    assert run.work == Work((6 + 1, 6 + 1, 6 + 1, 2 + 2), steered_rows=1, key_rows=6)


def test_work_without_a_change_by_hand() -> None:
    (run,) = subject("qwen2").sweep([tokens(6)], [[None, None]])
    assert run.work == Work((6, 6, 6, 1), steered_rows=0, key_rows=6)


def test_work_where_nothing_can_be_shared() -> None:
    plan = Plan(Scale(2.0), edges(query=3, keys=[1]), layers=[1])
    (run,) = subject("gpt2").sweep([tokens(6)], [[plan, None]])
    assert run.work == Work((12, 12, 12, 12), steered_rows=1)


def test_work_of_a_run_by_hand() -> None:
    plan = Plan(Scale(2.0), into(2), layers=[1, 3])
    run = subject("qwen2").run([tokens(6), tokens(4)], plan=[plan, None])
    assert run.work == Work((10, 10, 10, 10), steered_rows=2 * 3)


def test_a_sweep_raises_what_its_runs_raise() -> None:
    one, text = subject("qwen2"), tokens(6)
    good = Plan(Scale(2.0), edges(query=3, keys=[1]), layers=[1])
    idle = Plan(Scale(2.0), edges(query=0, keys=[0]), layers=[2])
    with pytest.raises(NoEffectError, match="sequence 0, plan 1: wanted Scale"):
        one.sweep([text], [[good, idle]])
    empty = Plan(Knockout(), out_of(3, own=True), layers=[2])
    with pytest.raises(EmptyRowError, match="sequence 0, plan 1, layer 2, head 0, query 3"):
        one.sweep([text], [[good, empty]])
    with pytest.raises(ConfigError, match="1 lists of plans, none empty"):
        one.sweep([text], [[]])


@each_family
def test_whether_work_is_shared(name: str) -> None:
    assert subject(name).shares_work == family(name).shares_work
