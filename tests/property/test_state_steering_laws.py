"""Laws of steered writes, for any text and plan, against a plain loop over tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from draws import share
from hypothesis import given
from hypothesis import strategies as st
from rwkv6_steering_oracle import (
    HEADS,
    LAYERS,
    Change,
    Truth,
    model,
    oracle,
    plans,
    sole,
    subject,
    text_of,
    tokens,
)
from torch import Tensor

from plip.models import Capture, Run
from plip.plan import ALL, Knockout, Plan, Scale, into

pytestmark = pytest.mark.fast

EXACT = 1e-10
EVERY = Capture(range(LAYERS), [0])


def logits(run: Run) -> Tensor:
    assert run.logits is not None
    return run.logits


def off(found: Tensor, wanted: np.ndarray) -> float:
    """Return the largest difference, NaN included."""
    return float(np.abs(found.double().numpy() - wanted).max())


@given(data=st.data())
def test_a_run_is_the_plain_loop(data: st.DataObject) -> None:
    """Logits of every token, fractions of every row, and the witness."""
    n = data.draw(st.integers(1, 20))
    text = tokens(n, data.draw(st.integers(0, 9)))
    plan, changes = data.draw(plans(n))
    every = Capture(range(LAYERS), range(n))
    run = subject().run(text, plan=plan, capture=every, positions="all")
    truth = oracle(model(), text.ids, changes)
    assert off(logits(run)[0], truth.logits) <= EXACT
    assert sorted(run.attention) == list(range(LAYERS))
    for layer, rows in run.attention.items():
        assert rows.shape == (1, HEADS, n, n)
        assert off(rows[0], truth.fractions(layer)) <= EXACT
    (witness,) = run.witness
    assert witness is not None
    assert [(step.layer, step.operation, step.writes) for step in witness.steps] == [
        (layer, step.operation, len(change.positions))
        for step, change in zip(plan.steps, changes, strict=True)
        for layer in sorted(change.layers)
        if change.factor != 1.0
    ]
    judge_witness(text.ids, changes, witness)


def judge_witness(ids: tuple[int, ...], changes: tuple[Change, ...], witness: object) -> None:
    """Compare every figure with the states of two plain loops, one without the step.

    Steps act in their layers on what the whole plan has left in the layers below.
    """
    steps = iter(witness.steps)  # type: ignore[attr-defined]  # one of two kinds
    for number, change in enumerate(changes):
        if change.factor == 1.0:
            continue
        for layer in sorted(change.layers):
            below = [replace(each, layers=each.layers - {layer}) for each in changes]
            mine = [replace(each, layers=each.layers & {layer}) for each in changes[: number + 1]]
            without = oracle(model(), ids, [*below, *mine[:-1]]).states[layer]
            having = oracle(model(), ids, [*below, *mine]).states[layer]
            step, last, heads = next(steps), max(change.positions), sorted(change.heads)
            before, after = without[last][heads], having[last][heads]
            changed = [
                np.linalg.norm(b - a) / max(np.linalg.norm(a), np.linalg.norm(b), 1e-300)
                for a, b in zip(before, after, strict=True)
            ]
            assert step.state_before == pytest.approx(np.linalg.norm(before), rel=1e-9, abs=1e-14)
            assert step.state_after == pytest.approx(np.linalg.norm(after), rel=1e-9, abs=1e-14)
            assert step.largest_change == pytest.approx(max(changed), rel=1e-9, abs=1e-12)
            plain, final = without[-1][heads], having[-1][heads]
            if np.linalg.norm(plain) > 0:
                left = np.linalg.norm(final - plain) / np.linalg.norm(plain)
                assert step.remaining == pytest.approx(left, rel=1e-9, abs=1e-12)
            else:
                assert not np.isfinite(step.remaining)
            assert step.largest_error <= 1e-12
    assert next(steps, None) is None


@share(25)
@given(data=st.data())
def test_single_precision_is_as_near_as_an_unsteered_run(data: st.DataObject) -> None:
    """Within a few times what the unsteered float32 model misses the oracle by on the same text."""
    n = data.draw(st.integers(1, 24))
    text = tokens(n, data.draw(st.integers(0, 9)))
    plan, changes = data.draw(plans(n))
    floor = off(logits(subject("float32").run(text, positions="all"))[0], plain(text.ids).logits)
    found = logits(subject("float32").run(text, plan=plan, positions="all"))
    assert found.dtype == torch.float32
    wanted = oracle(model("float32"), text.ids, changes).logits
    assert off(found[0], wanted) <= 4 * max(floor, 1e-6)


def plain(ids: tuple[int, ...]) -> Truth:
    return oracle(model("float32"), ids)


@share(25)
@given(data=st.data())
def test_rows_up_to_the_first_steered_write_stay_bit_for_bit(data: st.DataObject) -> None:
    """Those of the token itself among them: its own write counts through the bonus only."""
    n = data.draw(st.integers(2, 40))
    text = tokens(n, 1)
    plan, changes = data.draw(plans(n, idle=False))
    first = min(min(change.positions) for change in changes)
    for dtype in ("float64", "float32"):
        before = logits(subject(dtype).run(text, positions="all"))[0]
        after = logits(subject(dtype).run(text, plan=plan, positions="all"))[0]
        assert torch.equal(before[: first + 1], after[: first + 1])


@share(20)
@given(data=st.data())
def test_a_factor_of_1_is_no_plan(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    text = tokens(n, 2)
    plan, _ = data.draw(plans(n))
    same = Plan.from_steps(replace(step, operation=Scale(1)) for step in plan.steps)
    for dtype in ("float64", "float32", "bfloat16"):
        found = subject(dtype).run(text, plan=same, positions="all", capture=EVERY)
        wanted = subject(dtype).run(text, positions="all", capture=EVERY)
        assert torch.equal(logits(found), logits(wanted))
        for layer in range(LAYERS):
            assert torch.equal(found.attention[layer], wanted.attention[layer])
        (witness,) = found.witness
        assert witness is not None
        assert witness.steps == ()
        assert wanted.witness == (None,)


@share(20)
@given(data=st.data())
def test_a_factor_of_0_is_the_knockout(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 30))
    plan, _ = data.draw(plans(n, most=1, idle=False))
    scaled, out = (
        subject().run(
            tokens(n, 3),
            plan=Plan.from_steps(replace(step, operation=operation) for step in plan.steps),
            positions="all",
        )
        for operation in (Scale(0), Knockout())
    )
    assert torch.equal(logits(scaled), logits(out))


@share(20)
@given(data=st.data())
def test_steps_multiply(data: st.DataObject) -> None:
    """Factors whose product is exact; the order of steps does not matter."""
    n = data.draw(st.integers(2, 30))
    text, at = tokens(n, 4), data.draw(st.integers(0, n - 2))
    layer = data.draw(st.integers(0, LAYERS - 1))
    one, other = data.draw(st.permutations([0.5, 2.0, 3.0]))[:2]
    whole = subject().run(text, plan=sole(one * other, at, layer)[0])
    steps = sole(one, at, layer)[0].then(sole(other, at, layer)[0])
    turned = sole(other, at, layer)[0].then(sole(one, at, layer)[0])
    assert off(logits(subject().run(text, plan=steps)), logits(whole).numpy()) <= 1e-13
    assert off(logits(subject().run(text, plan=turned)), logits(whole).numpy()) <= 1e-13


@share(25)
@given(data=st.data())
def test_one_steered_write_is_an_edit_of_the_state(data: st.DataObject) -> None:
    """Prefill to m, S_m += (s − 1) k_m v_mᵀ by hand, run the rest."""
    n = data.draw(st.integers(2, 24))
    text, at = tokens(n, 5), data.draw(st.integers(0, n - 2))
    layer, factor = data.draw(st.integers(0, LAYERS - 1)), data.draw(st.sampled_from([0, 0.5, 9]))
    heads = data.draw(st.lists(st.integers(0, HEADS - 1), min_size=1, unique=True))
    prefix = subject().prefill(text_of(text.ids[: at + 1]))
    write = torch.tensor(oracle(model(), text.ids).writes[layer][at])
    edited = prefix.memory.clone()
    edited.layers[layer].wkv[0, heads] += (factor - 1) * write[heads]
    found = subject().run(text, prefix=replace(prefix, memory=edited), positions="all")
    whole = subject().run(text, plan=sole(factor, at, layer, heads)[0], positions="all")
    assert off(logits(found)[0], logits(whole)[0, at + 1 :].numpy()) <= 1e-12


@share(25)
@given(data=st.data())
def test_a_plan_in_the_prefill_or_in_the_rest_is_the_plan_of_the_whole(
    data: st.DataObject,
) -> None:
    n = data.draw(st.integers(2, 24))
    cut = data.draw(st.integers(1, n - 1))
    text = tokens(n, 6)
    early, first = data.draw(plans(cut, idle=False))
    late, then = data.draw(plans(n, first=cut, idle=False))
    truth = oracle(model(), text.ids, [*first, *then])
    prefix = subject().prefill(text_of(text.ids[:cut]), plan=early)
    run = subject().run(text, prefix=prefix, plan=late, positions="all")
    assert off(logits(run)[0], truth.logits[cut:]) <= EXACT
    assert run.work.layer_rows == (n - cut,) * LAYERS
    again = subject().run(text, prefix=prefix)
    assert off(logits(again)[0], oracle(model(), text.ids, first).logits[-1]) <= EXACT


@share(25)
@given(data=st.data())
def test_a_batch_is_its_runs(data: st.DataObject) -> None:
    """Whatever stands beside a sequence, in whichever order: plans, prefixes and captures too."""
    texts, chosen, wanted, prefixes, captures = [], [], [], [], []
    prefixed = data.draw(st.booleans())
    for number in range(data.draw(st.integers(2, 4))):
        n = data.draw(st.integers(2, 24))
        text = tokens(n, number)
        cut = data.draw(st.integers(0, n - 1)) if prefixed else 0
        prefixes.append(subject().prefill(text_of(text.ids[:cut])) if cut else None)
        made = data.draw(st.none() | plans(n, first=cut))
        captures.append(
            None if prefixed or data.draw(st.booleans()) else Capture([number % LAYERS], [n - 1, 0])
        )
        texts.append(text)
        chosen.append(None if made is None else made[0])
        wanted.append((cut, oracle(model(), text.ids, () if made is None else made[1])))
    for positions in ("last", "all"):
        run = subject().run(
            texts, plan=chosen, prefix=prefixes, capture=captures, positions=positions
        )
        for number, (cut, truth) in enumerate(wanted):
            if positions == "last":
                assert off(logits(run)[number], truth.logits[-1]) <= EXACT
                continue
            length = len(texts[number]) - cut
            assert off(logits(run)[number, :length], truth.logits[cut:]) <= EXACT
            assert logits(run)[number, length:].isnan().all()
        for number, capture in enumerate(captures):
            alone = subject().run(
                texts[number],
                plan=chosen[number],
                prefix=prefixes[number],
                capture=capture,
            )
            assert (run.witness[number] is None) == (chosen[number] is None)
            for one, other in zip(
                getattr(run.witness[number], "steps", ()),
                getattr(alone.witness[0], "steps", ()),
                strict=True,
            ):
                assert (one.layer, one.writes) == (other.layer, other.writes)
                assert one.state_after == pytest.approx(other.state_after, rel=1e-9)
                assert one.remaining == pytest.approx(other.remaining, rel=1e-6, nan_ok=True)
            for layer in () if capture is None else capture.layers:
                assert capture is not None
                mine = run.attention[layer][number, :, : len(capture.queries)]
                truth = wanted[number][1].fractions(layer)[:, list(capture.queries)]
                width = len(texts[number])
                assert off(mine[..., :width], truth) <= EXACT
                assert not mine[..., width:].any()


@share(25)
@given(data=st.data())
def test_signed_weights_make_the_output(data: st.DataObject) -> None:
    """Σ_i a(t, i) v_i = o_t of the loop itself, with factors in it."""
    n = data.draw(st.integers(1, 20))
    _, changes = data.draw(plans(n))
    truth = oracle(model(), tokens(n, 7).ids, changes)
    for layer in range(LAYERS):
        made = truth.weights[layer] @ truth.value[layer]
        assert np.abs(made - truth.output[layer]).max() <= 1e-12


def test_a_knockout_of_the_last_token_is_seen_by_what_follows_only() -> None:
    text, last = tokens(9, 8), 8
    out = Plan(Knockout(), into(last), layers=ALL)
    for dtype in ("float64", "float32"):
        run = subject(dtype).run(text, plan=out, positions="all")
        assert torch.equal(logits(run), logits(subject(dtype).run(text, positions="all")))
        (witness,) = run.witness
        assert witness is not None
        assert witness.writes == LAYERS
        assert all(step.remaining > 0.01 for step in witness.steps)
    longer = text_of((*text.ids, 5, 6))
    plain = subject().run(longer, prefix=subject().prefill(text))
    cut = subject().run(longer, prefix=subject().prefill(text, plan=out))
    assert float((logits(plain) - logits(cut)).abs().max()) > 1e-3
    change = Change(frozenset([8]), frozenset(range(LAYERS)), frozenset(range(HEADS)), 0.0)
    assert off(logits(cut)[0], oracle(model(), longer.ids, [change]).logits[-1]) <= EXACT
