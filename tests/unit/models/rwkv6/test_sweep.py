"""A sweep over plans is its runs, at the cost of what they change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from draws import share
from hypothesis import given
from hypothesis import strategies as st
from rwkv6_steering_oracle import (
    HEADS,
    LAYERS,
    VOCABULARY,
    Change,
    model,
    oracle,
    plans,
    sole,
    subject,
    tokens,
)
from torch import Tensor

from plip.errors import ConfigError, EdgeError, NoEffectError, PositionError
from plip.models import Capture, Run, Work
from plip.plan import ALL, Knockout, Plan, Scale, edges, into

pytestmark = pytest.mark.fast

Item = tuple[Plan, tuple[Change, ...]] | Plan | None


def logits(run: Run) -> Tensor:
    assert run.logits is not None
    return run.logits


def idle(at: int) -> Plan:
    return Plan(Scale(1), into(at), layers=ALL)


@st.composite
def items(draw: Any, n: int) -> list[Item]:
    """Draw plans with their changes, identities and None, in any order."""
    found: list[Item] = list(draw(st.lists(plans(n), max_size=4)))
    found += draw(st.lists(st.sampled_from([None, idle(n - 1), idle(0)]), max_size=2))
    return draw(st.permutations(found or [None]))


@given(data=st.data())
def test_a_sweep_is_its_runs(data: st.DataObject) -> None:
    """Logits and captured rows against the oracle, witnesses against the run of each plan."""
    texts, listed, captures = [], [], []
    for number in range(data.draw(st.integers(1, 2))):
        n = data.draw(st.integers(1, 20))
        texts.append(tokens(n, number))
        listed.append(data.draw(items(n)))
        layers = data.draw(st.sets(st.integers(0, LAYERS - 1)))
        queries = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
        captures.append(Capture(layers, queries) if layers else None)
    chosen = [[item[0] if isinstance(item, tuple) else item for item in mine] for mine in listed]
    runs = subject().sweep(texts, chosen, capture=captures)
    assert len(runs) == len(texts)
    for text, mine, plan, capture, run in zip(texts, listed, chosen, captures, runs, strict=True):
        truths = [
            oracle(model(), text.ids, item[1] if isinstance(item, tuple) else ()) for item in mine
        ]
        assert logits(run).shape == (len(mine), VOCABULARY)
        wanted = np.array([truth.logits[-1] for truth in truths])
        assert np.abs(logits(run).numpy() - wanted).max() <= 1e-12 * max(1, np.abs(wanted).max())
        assert sorted(run.attention) == ([] if capture is None else list(capture.layers))
        for layer, rows in run.attention.items():
            assert capture is not None
            fractions = np.array(
                [truth.fractions(layer)[:, list(capture.queries)] for truth in truths]
            )
            assert rows.shape == fractions.shape
            assert np.abs(rows.numpy() - fractions).max() <= 1e-12
        for one, witness in zip(plan, run.witness, strict=True):
            (alone,) = subject().run(text, plan=one).witness
            assert (witness is None) == (alone is None) == (one is None)
            if witness is None or alone is None:
                continue
            assert len(witness.steps) == len(alone.steps)
            for here, there in zip(witness.steps, alone.steps, strict=True):
                assert (here.layer, here.operation, here.writes) == (
                    there.layer,
                    there.operation,
                    there.writes,
                )
                for name in ("state_before", "state_after", "largest_change", "remaining"):
                    assert getattr(here, name) == pytest.approx(
                        getattr(there, name), rel=1e-9, abs=1e-12, nan_ok=True
                    )
        quiet = [number for number, item in enumerate(plan) if item is None or item.is_identity]
        for number in quiet:
            assert torch.equal(logits(run)[number], logits(run)[quiet[0]])


@share(10)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@given(data=st.data())
def test_a_sweep_in_low_precision(dtype: str, data: st.DataObject) -> None:
    """As near to the oracle as runs are, within a few floors; plans that do nothing are one."""
    n = data.draw(st.integers(1, 20))
    text = tokens(n, 3)
    plan, changes = data.draw(plans(n, most=1, idle=False))
    (run,) = subject(dtype).sweep([text], [[idle(0), plan, None]])
    assert logits(run).dtype == torch.float32
    assert torch.equal(logits(run)[0], logits(run)[2])
    exact = model(dtype)
    plain = subject(dtype).run(text)
    floor = np.abs(logits(plain)[0].numpy() - oracle(exact, text.ids).logits[-1]).max()
    wanted = oracle(exact, text.ids, changes).logits[-1]
    eps = torch.finfo(getattr(torch, dtype)).eps
    assert np.abs(logits(run)[1].numpy() - wanted).max() <= 8 * max(floor, 4 * eps)
    assert np.abs(logits(run)[0].numpy() - logits(plain)[0].numpy()).max() <= 8 * max(floor, eps)


@pytest.mark.parametrize("n", [1, 2, 3, 33])
@pytest.mark.parametrize("layer", [0, LAYERS - 1])
@pytest.mark.parametrize("where", ["first token", "token before the last", "last token"])
def test_the_corners(n: int, layer: int, where: str) -> None:
    at = {"first token": 0, "token before the last": max(0, n - 2), "last token": n - 1}[where]
    text = tokens(n, 4)
    every = Capture(range(LAYERS), range(n))
    mine = [sole(factor, at, layer) for factor in (0.0, 3.0)]
    # Alone, with the baseline, and beside a plan that begins elsewhere.
    other = sole(2.0, n // 2, 1)
    for group in (mine[:1], [*mine, None], [other, *mine]):
        made = [None if each is None else each[0] for each in group]
        for capture in (None, every):
            (run,) = subject().sweep([text], [made], capture=[capture])
            for number, each in enumerate(group):
                truth = oracle(model(), text.ids, () if each is None else [each[1]])
                found = logits(run)[number].numpy()
                assert np.abs(found - truth.logits[-1]).max() <= 1e-12
                for row in range(LAYERS) if capture else ():
                    rows = run.attention[row][number].numpy()
                    assert np.abs(rows - truth.fractions(row)).max() <= 1e-12
    (run,) = subject().sweep([text], [[mine[1][0], None]])
    same = np.abs((logits(run)[0] - logits(run)[1]).numpy()).max() <= 1e-12
    assert same == (at == n - 1)  # nothing reads the last token's write


@pytest.mark.parametrize("n", [40, 131])
def test_more_rows_than_one_batch_takes(n: int) -> None:
    """Each plan its own factor, in one order and another."""
    text = tokens(n, 5)
    mine = [sole(factor, 3, 1) for factor in np.linspace(0, 9, 19) if factor != 1]
    (run,) = subject().sweep([text], [[plan for plan, _ in mine]])
    (turned,) = subject().sweep([text], [[plan for plan, _ in mine][::-1]])
    assert float((logits(run) - logits(turned).flip(0)).abs().max()) <= 1e-12
    for number in (0, 7, len(mine) - 1):
        wanted = oracle(model(), text.ids, [mine[number][1]]).logits[-1]
        assert np.abs(logits(run)[number].numpy() - wanted).max() <= 1e-12


def test_the_model_is_left_as_it_was() -> None:
    before = {name: each.clone() for name, each in model().state_dict().items()}
    text = tokens(9)
    plain = logits(subject().run(text, positions="all"))
    subject().sweep([text], [[sole(3.0, 2, 1)[0], sole(0.0, 4, 2)[0]]])
    assert all(torch.equal(each, before[name]) for name, each in model().state_dict().items())
    assert torch.equal(logits(subject().run(text, positions="all")), plain)


def test_a_sweep_raises_what_its_runs_raise() -> None:
    text, good = tokens(6), sole(3.0, 2, 1)[0]
    gone = good.then(sole(0.0, 2, 1)[0]).then(sole(2.0, 2, 1)[0])
    with pytest.raises(NoEffectError, match=r"^sequence 0, plan 1: wanted Scale\(factor=2.0\)"):
        subject().sweep([text], [[good, gone]])
    with pytest.raises(EdgeError, match=r"^sequence 1, plan 0, into\(\[6\]\): wanted positions"):
        subject().sweep([text, text], [[good], [sole(2.0, 6, 1)[0]]])
    one = Plan(Scale(2), edges(query=3, keys=[1]), layers=[0])
    with pytest.raises(EdgeError, match=r"^sequence 0, plan 1, Edges"):
        subject().sweep([text], [[None, one]])
    with pytest.raises(PositionError, match=r"^sequence 0, plan 0, capture: wanted query posit"):
        subject().sweep([text], [[good]], capture=[Capture([0], [6])])
    with pytest.raises(ConfigError, match="wanted 1 lists of plans, none empty, found 1 lists"):
        subject().sweep([text], [[]])
    with pytest.raises(ConfigError, match="wanted 2 lists of plans"):
        subject().sweep([text, text], [[good]])
    with pytest.raises(ConfigError, match="wanted one for each of the 1 sequences, found 2 of"):
        subject().sweep([text], [[good]], capture=[None, None])


def test_steps_without_a_change_do_not_move_the_start() -> None:
    """An identity in a low layer or at an early token costs nothing."""
    text, plan = tokens(8), sole(3.0, 5, 2)[0]
    early = Plan(Scale(1), into(0), layers=[0]).then(plan)
    (one,), (other,) = (subject().sweep([text], [[each]]) for each in (plan, early))
    assert one.work == other.work
    assert torch.equal(logits(one), logits(other))
    assert [replace(step, layer=0) for step in one.witness[0].steps] == [  # type: ignore[union-attr]  # has steps
        replace(step, layer=0)
        for step in other.witness[0].steps  # type: ignore[union-attr]  # likewise
    ]


def test_knockout_is_a_factor_of_0() -> None:
    text = tokens(7)
    out = Plan(Knockout(), into(2), layers=[1], heads=range(HEADS))
    (run,) = subject().sweep([text], [[out, sole(0.0, 2, 1)[0]]])
    assert float((logits(run)[0] - logits(run)[1]).abs().max()) <= 1e-12


def test_work_without_a_change() -> None:
    (run,) = subject().sweep([tokens(6)], [[None, idle(2)]])
    assert run.work == Work((6, 6, 6, 1), 0, key_rows=6)


def test_work_by_hand() -> None:
    """Eight tokens in four layers; two plans from token 5 in layer 2, one from token 3 in the last.

    Without a plan, in pieces that end before tokens 3, 5 and 8: 8 rows in layers 0 to 2, in the
    last one 3 and 2 and the last row, for which 3 were projected. The first two plans: 3 rows each
    in layer 2, 3 projected and 1 run each in the last. The other one has its projections already.
    """
    plans = [
        sole(3.0, 5, 2)[0],
        None,
        sole(0.0, 3, 3)[0],
        sole(9.0, 5, 2)[0],
        idle(0),
    ]
    (run,) = subject().sweep([tokens(8)], [plans])
    assert run.work == Work((8, 8, 8 + 2 * 3, 3 + 2 + 1 + 2 + 1), 0, key_rows=3 + 2 * 3)


def test_work_of_a_scan_of_layers_and_scales() -> None:
    """16 tokens, token 4, factors 0, 1, 3, 9: three points in each layer cost anything."""
    plans = [
        sole(factor, 4, layer)[0] for layer in range(LAYERS) for factor in (0.0, 1.0, 3.0, 9.0)
    ]
    (run,) = subject().sweep([tokens(16)], [plans])
    rows = 3 * 12
    last = 4 + 1 + LAYERS * 3
    assert run.work == Work(
        (16 + rows, 16 + 2 * rows, 16 + 3 * rows, last), 0, key_rows=12 + 3 * rows
    )
