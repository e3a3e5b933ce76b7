"""What the witness of steered writes says, and that it speaks up when something else was done."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from rwkv6_steering_oracle import HEADS, LAYERS, model, oracle, sole, subject, text_of, tokens
from torch import Tensor

import plip
import plip.models.rwkv6.mixing as mixing
import plip.models.rwkv6.sweep as sweeping
from plip.errors import NoEffectError, WitnessError
from plip.kernels import wkv
from plip.models import Capture
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.models.rwkv6.witness import LayerRecurrence, StateWitness, bear_state_witness, examine
from plip.plan import ALL, Knockout, Plan, Scale, Step, into
from plip.text import Tokens

pytestmark = pytest.mark.fast


def recurrence(*, broken: float = 0.0, late: bool = False) -> LayerRecurrence:
    """One head of one dimension, three tokens, Scale(3) at token 1.

    k = 1, 2, 4, v = 1, 10, 100, r = 1, u = 5, every decay a half, S = 8 before:
    S = 4 + 1 = 5, 2.5 + 3 · 20 = 62.5, 31.25 + 400 = 431.25; without the plan 5, 22.5, 411.25.
    o = 5 + 8 = 13, 100 + 5 = 105, 2000 + 62.5 = 2062.5.
    """

    def row(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[None, :, None]

    output = row(13.0, 105.0, 2062.5 + broken)
    return LayerRecurrence(
        receptance=row(1, 1, 1),
        key=row(1, 2, 4),
        value=row(1, 10, 100),
        log_decay=row(0.5, 0.5, 0.5).log(),
        bonus=torch.tensor([[5.0]], dtype=torch.float64),
        before=row(8.0),
        output=output[:, -1:] if late else output,
        after=row(431.25),
    )


def step(factor: float = 3.0, at: int | list[int] = 1, **options: Any) -> Step:
    return Plan(Scale(factor), into(at), **({"layers": ALL} | options)).steps[0]


@pytest.mark.parametrize("late", [False, True], ids=["all outputs", "the last output"])
def test_the_figures_by_hand(late: bool) -> None:
    ((index, found),) = examine(2, recurrence(late=late), [(7, step())], 0, 3)
    assert (index, found.layer, found.operation, found.writes) == (7, 2, Scale(3.0), 1)
    assert found.state_before == pytest.approx(22.5)
    assert found.state_after == pytest.approx(62.5)
    assert found.largest_change == pytest.approx(40 / 62.5)
    assert found.remaining == pytest.approx(20 / 411.25)
    assert found.largest_error <= 1e-15


def test_the_figures_count_from_the_first_token_that_is_run() -> None:
    ((_, found),) = examine(0, recurrence(), [(0, step(at=11))], 10, 13)
    assert found.state_after == pytest.approx(62.5)
    assert found.largest_error <= 1e-15


def test_steps_are_told_apart() -> None:
    """Scale(1.5) and then Scale(2): 22.5 → 32.5 → 62.5 after token 1."""
    steps = [(0, step(1.5)), (2, step(2.0))]
    (first, one), (second, other) = examine(0, recurrence(), steps, 0, 3)
    assert (first, second) == (0, 2)
    assert (one.state_before, one.state_after) == (pytest.approx(22.5), pytest.approx(32.5))
    assert (other.state_before, other.state_after) == (pytest.approx(32.5), pytest.approx(62.5))
    assert other.largest_change == pytest.approx(30 / 62.5)
    assert one.largest_error == other.largest_error <= 1e-15


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda seen: seen.after[0].mul_(1.01), 0.01),
        (lambda seen: seen.output[:, 2].add_(20.625), 0.01),
        (lambda seen: seen.output[:, 1].add_(2.1), 0.02),
    ],
    ids=["the state at the end", "the row that reads the write", "the row of the write"],
)
def test_what_misses_its_closed_form_is_measured(
    change: Callable[[LayerRecurrence], Any], error: float
) -> None:
    seen = recurrence()
    change(seen)
    ((_, found),) = examine(0, seen, [(0, step())], 0, 3)
    assert found.largest_error == pytest.approx(error)
    plan = Plan(Scale(3), into(1), layers=[0])
    with pytest.raises(WitnessError) as caught:
        bear_state_witness(plan, [(0, found)], "sequence 4")
    assert not isinstance(caught.value, NoEffectError)
    assert str(caught.value) == (
        "sequence 4: wanted a state and an output that reach the plan's closed form, found "
        f"Scale(factor=3.0) in layer 0 missing it by {error}; do not use this run: report the "
        "model and the plan"
    )
    assert caught.value.details == {"layers": [0]}


@pytest.mark.parametrize("known", [7, 2, 1], ids=["all outputs", "the last two", "the last"])
def test_outputs_are_looked_at_where_a_write_can_show(known: int) -> None:
    """At the last steered token of each step, at the next one, and at the last of the text."""
    n = 7
    generator = torch.Generator().manual_seed(3)
    r, k, v = (torch.randn(2, n, 4, generator=generator, dtype=torch.float64) for _ in range(3))
    w = -torch.rand(2, n, 4, generator=generator, dtype=torch.float64)
    u, before = torch.ones(2, 4, dtype=torch.float64), torch.zeros(2, 4, 4, dtype=torch.float64)
    steps = [(0, step(3.0, [0, 2])), (1, step(0.5, 3, heads=[1]))]
    write = torch.ones(2, n, dtype=torch.float64)
    write[:, [0, 2]] = 3
    write[1, 3] = 0.5
    output, after = (each[0] for each in wkv(*(each[None] for each in (r, k, v, w)), u,
                     before[None], write[None]))  # fmt: skip
    for token in (None, *range(n - known, n)):
        wrong = output[:, n - known :].clone()
        if token is not None:
            wrong[:, token - n] += 1
        seen = LayerRecurrence(r, k, v, w, u, before, wrong, after)
        (_, one), (_, other) = examine(0, seen, steps, 0, n)
        assert one.largest_error == other.largest_error
        assert (one.largest_error > 0.01) == (token in (2, 3, 4, 6))
        assert one.largest_error > 0.01 or one.largest_error < 1e-12


@pytest.mark.parametrize("where", ["output", "after", "key", "before"])
def test_what_is_no_number_is_an_error(where: str) -> None:
    seen = recurrence()
    getattr(seen, where)[0, -1] = math.nan
    ((_, found),) = examine(0, seen, [(0, step())], 0, 3)
    with pytest.raises(WitnessError, match="missing it by nan"):
        bear_state_witness(Plan(Scale(3), into(1), layers=[0]), [(0, found)], "sequence")


def test_an_empty_evidence() -> None:
    plan = Plan(Knockout(), into(1), layers=[0])
    with pytest.raises(NoEffectError) as caught:
        bear_state_witness(plan, [], "sequence")
    assert str(caught.value) == (
        "sequence: wanted Knockout() to change what is written into the state, found no such write "
        "among the tokens that were computed; check positions, heads and layers against the text"
    )
    same = Plan(Scale(1), into(1), layers=[0])
    assert bear_state_witness(same, [], "sequence") == StateWitness(())


def test_the_summary() -> None:
    plan = sole(3.0, 2, 3)[0].then(Plan(Knockout(), into([0, 4]), layers=[1, 3]))
    (witness,) = subject().run(tokens(6), plan=plan).witness
    assert isinstance(witness, StateWitness)
    assert [(s.layer, s.writes) for s in witness.steps] == [(3, 1), (1, 2), (3, 2)]
    assert witness.layers == (1, 3)
    assert witness.writes == 5


def test_the_figures_of_a_run() -> None:
    """Norms over the steered heads only, from the states of a plain loop."""
    text, heads = tokens(8, 1), [1, 3]
    plan, change = sole(3.0, 5, 2, heads)
    (witness,) = subject().run(text, plan=plan).witness
    assert isinstance(witness, StateWitness)
    (found,) = witness.steps
    without, having = oracle(model(), text.ids), oracle(model(), text.ids, [change])
    before, after = without.states[2][5][heads], having.states[2][5][heads]
    assert found.state_before == pytest.approx(float((before**2).sum() ** 0.5))
    assert found.state_after == pytest.approx(float((after**2).sum() ** 0.5))
    plain, final = without.states[2][-1][heads], having.states[2][-1][heads]
    left = ((final - plain) ** 2).sum() ** 0.5 / (plain**2).sum() ** 0.5
    assert found.remaining == pytest.approx(float(left))


def ignored(*inputs: Any) -> tuple[Tensor, Tensor]:
    return wkv(*inputs[:6], None)


def on_the_bonus_too(*inputs: Any) -> tuple[Tensor, Tensor]:
    r, k, v, _, u, _, write = inputs
    output, after = wkv(*inputs)
    if write is not None:
        own = (r * u[:, None] * k).sum(-1, keepdim=True)
        output = output + own * (write[..., None] - 1) * v
    return output, after


def instead_of_the_state(*inputs: Any) -> tuple[Tensor, Tensor]:
    return on_the_bonus_too(*inputs)[0], ignored(*inputs)[1]


def with_the_decay(*inputs: Any) -> tuple[Tensor, Tensor]:
    r, k, v, w, u, state, write = inputs
    return wkv(r, k, v, w if write is None else w * write[..., None], u, state, write)


def late(*inputs: Any) -> tuple[Tensor, Tensor]:
    write = inputs[6]
    return wkv(*inputs[:6], None if write is None else write.roll(1, -1))


def early(*inputs: Any) -> tuple[Tensor, Tensor]:
    write = inputs[6]
    return wkv(*inputs[:6], None if write is None else write.roll(-1, -1))


def on_another_head(*inputs: Any) -> tuple[Tensor, Tensor]:
    write = inputs[6]
    return wkv(*inputs[:6], None if write is None else write.roll(1, 1))


def squared(*inputs: Any) -> tuple[Tensor, Tensor]:
    write = inputs[6]
    return wkv(*inputs[:6], None if write is None else write.square())


def a_stale_state(*inputs: Any) -> tuple[Tensor, Tensor]:
    return wkv(*inputs)[0], inputs[5]


def no_number(*inputs: Any) -> tuple[Tensor, Tensor]:
    output, after = wkv(*inputs)
    return output * math.nan, after * math.nan


FAULTS = [
    ignored,
    on_the_bonus_too,
    instead_of_the_state,
    with_the_decay,
    late,
    early,
    on_another_head,
    squared,
    a_stale_state,
    no_number,
]


def ways(dtype: str, text: Tokens, plan: Plan) -> list[Callable[[], Any]]:
    """Return every way of carrying out a plan."""
    one, capture = subject(dtype), Capture([2], [9])
    return [
        lambda: one.run(text, plan=plan),
        lambda: one.run([tokens(4), text], plan=[None, plan]),
        lambda: one.run(text, plan=plan, positions="none", capture=capture),
        lambda: one.prefill(text, plan=plan),
        lambda: one.sweep([text], [[None, plan]]),
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("at", [0, 3, 8], ids=["first", "middle", "last but one"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_faulty_recurrence_is_found_out(
    monkeypatch: pytest.MonkeyPatch, fault: Any, at: int, dtype: str
) -> None:
    """By a run, a batch, and a sweep; the last layer of a sweep has a sum of its own."""
    monkeypatch.setattr(mixing, "wkv", fault)
    # The decay of an empty state is nothing; a factor of 0 is its own square.
    at = 1 if fault is with_the_decay and at == 0 else at
    for factor in (3.0,) if fault is squared else (0.0, 3.0):
        for run in ways(dtype, tokens(10, 2), sole(factor, at, 1, [0, 2])[0]):
            with pytest.raises(WitnessError, match="closed form"):
                run()


def test_a_fault_at_the_last_token_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing reads its write, but the state keeps it."""
    plan = sole(3.0, 9, 1, [0, 2])[0]
    for fault in FAULTS:
        with monkeypatch.context() as patched:
            patched.setattr(mixing, "wkv", fault)
            with pytest.raises(WitnessError, match="closed form"):
                subject().run(tokens(10, 2), plan=plan)


def test_a_faulty_sum_in_the_last_layer_of_a_sweep_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = sweeping.state_after

    def unsteered(*inputs: Any) -> Tensor:
        return real(*inputs[:4], None)

    monkeypatch.setattr(sweeping, "state_after", unsteered)
    with pytest.raises(WitnessError, match="layer 3 missing it by"):
        subject().sweep([tokens(10, 2)], [[sole(3.0, 4, LAYERS - 1)[0]]])


@pytest.fixture
def changed() -> Callable[..., Rwkv6Subject]:
    """Make a subject of a changed copy of the model: `changed(lambda model: …)`."""

    def make(change: Callable[[Any], Any], dtype: str = "float64") -> Rwkv6Subject:
        # Changed behind the back of wrap, which would refuse weights that are no numbers.
        found = plip.wrap(copy.deepcopy(model(dtype)))
        assert isinstance(found, Rwkv6Subject)
        with torch.no_grad():
            change(found.model)
        return found

    return make


def test_a_head_without_keys_has_no_write_to_steer(changed: Callable[..., Rwkv6Subject]) -> None:
    silent = changed(lambda mine: mine.rwkv.blocks[1].attention.key.weight[8:16].zero_())
    text = tokens(9, 3)
    mechanisms: list[Callable[[Plan], Any]] = [
        lambda plan: silent.run(text, plan=plan),
        lambda plan: silent.sweep([text], [[plan, None]]),
        lambda plan: silent.prefill(text, plan=plan),
    ]
    for mechanism in mechanisms:
        with pytest.raises(NoEffectError) as caught:
            mechanism(Plan(Scale(3), into(4), layers=[1], heads=[1]))
        assert str(caught.value).split(": ", 1)[1] == (
            "wanted Scale(factor=3.0) to change what is written into the state, found the same "
            "state before and after; check positions, heads and layers against the text"
        )
        assert caught.value.details == {"operation": "Scale(factor=3.0)"}
        mechanism(Plan(Scale(3), into(4), layers=[1]))  # the other heads write
        mechanism(Plan(Scale(3), into(4), layers=[0, 1], heads=[1]))  # the other layer's head does


def _faded(*writes: float) -> LayerRecurrence:
    """One head of one dimension and four tokens, the first and the last of which write nothing.

    k = 0, 1, 1, 0, v = 1, S = 2 before; all of it decays at token 2, and nothing elsewhere.
    """

    def row(*values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[None, :, None]

    made = (row(1, 1, 1, 1), row(0, 1, 1, 0), row(1, 1, 1, 1), row(0, 0, -40, 0))
    bonus, before = torch.zeros(1, 1, dtype=torch.float64), row(2.0)
    factor = torch.tensor([writes], dtype=torch.float64)
    output, after = wkv(*(each[None] for each in made), bonus, before[None], factor[None])
    return LayerRecurrence(*made, bonus, before, output[0], after[0])


def test_earlier_writes_count_where_the_last_one_writes_nothing() -> None:
    """S = 2 after token 0, 5 against 3 after token 1, then 1 and next to nothing of the rest."""
    plan = Plan(Scale(3), into([0, 1, 3]), layers=[0])
    ((_, found),) = examine(0, _faded(3, 3, 1, 3), [(0, plan.steps[0])], 0, 4)
    assert found.largest_change == pytest.approx(2 / 5)
    assert found.writes == 3
    assert found.state_before == pytest.approx(1)
    assert found.remaining == pytest.approx(2 * math.exp(-40))
    assert bear_state_witness(plan, [(0, found)], "sequence").writes == 3


def test_writes_that_write_nothing_have_no_effect() -> None:
    plan = Plan(Scale(3), into([0, 3]), layers=[0])
    ((_, found),) = examine(0, _faded(3, 1, 1, 3), [(0, plan.steps[0])], 0, 4)
    assert found.largest_change == 0
    with pytest.raises(NoEffectError, match="the same state before and after"):
        bear_state_witness(plan, [(0, found)], "sequence")


def test_of_several_steps_each_has_its_own_change() -> None:
    steps = [(0, step(3.0, [1, 3])), (1, step(5.0, [0, 3]))]
    (_, one), (_, other) = examine(0, _faded(5, 3, 1, 15), steps, 0, 4)
    assert one.largest_change == pytest.approx(2 / 5)
    assert other.largest_change == 0


@pytest.mark.parametrize("way", ["run", "sweep", "prefill"])
def test_a_silent_last_token_of_a_model(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Token 2 leaves nothing of token 1's write, and token 3 has no key."""
    honest = mixing.TimeMixing.project

    def silent(self: mixing.TimeMixing, *given: Tensor) -> mixing.Projections:
        made = honest(self, *given)
        key, log_decay = made.key.clone(), made.log_decay.clone()
        key[:, :, -1] = 0
        log_decay[:, :, -2:-1] = -60
        return dataclasses.replace(made, key=key, log_decay=log_decay)

    monkeypatch.setattr(mixing.TimeMixing, "project", silent)
    text, plan = text_of([7, 9, 11, 60]), Plan(Scale(3), into([1, 3]), layers=[1])
    if way == "prefill":
        subject().prefill(text, plan=plan)
        return
    run = subject().run(text, plan=plan) if way == "run" else subject().sweep([text], [[plan]])[0]
    (witness,) = run.witness
    assert isinstance(witness, StateWitness)
    assert witness.steps[0].largest_change > 0.01
    assert witness.steps[0].remaining < 1e-6
    with pytest.raises(NoEffectError):
        subject().run(text, plan=Plan(Scale(3), into([3]), layers=[1]))


def test_a_write_that_is_gone_cannot_be_scaled() -> None:
    out = sole(0.0, 4, 1)[0]
    with pytest.raises(NoEffectError, match=r"wanted Scale\(factor=3.0\) to change"):
        subject().run(tokens(9), plan=out.then(sole(3.0, 4, 1)[0]))
    with pytest.raises(NoEffectError, match=r"wanted Knockout\(\) to change"):
        subject().run(tokens(9), plan=out.then(Plan(Knockout(), into(4), layers=[1])))


def test_a_factor_that_rounding_swallows_is_no_intervention() -> None:
    for dtype in ("float32", "float64"):
        with pytest.raises(NoEffectError, match="the same state before and after"):
            subject(dtype).run(tokens(9), plan=sole(1 + 1e-9, 4, 1)[0])
        subject(dtype).run(tokens(9), plan=sole(1.001, 4, 1)[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_whose_weights_are_no_numbers(
    changed: Callable[..., Rwkv6Subject], dtype: str
) -> None:
    def break_it(mine: Any) -> None:
        mine.rwkv.blocks[1].attention.value.weight[3, 2] = math.nan

    broken, plan = changed(break_it, dtype), sole(3.0, 4, 1)[0]
    with pytest.raises(WitnessError, match="missing it by nan"):
        broken.run(tokens(9), plan=plan)
    with pytest.raises(WitnessError, match="missing it by nan"):
        broken.sweep([tokens(9)], [[None, plan]])


def test_nothing_is_left_to_remain() -> None:
    """All writes of a text are knocked out, and then what they would be is asked for."""
    text = text_of([5])
    (witness,) = subject().run(text, plan=sole(0.0, 0, 0, range(HEADS))[0]).witness
    assert isinstance(witness, StateWitness)
    assert witness.steps[0].state_after == 0
    assert witness.steps[0].remaining == 1
    assert witness.steps[0].largest_error == 0


def test_strong_writes_and_long_texts_are_no_false_alarm() -> None:
    """In float32 the run stays far below the tolerance of 1e-4."""
    plans = [sole(factor, at, layer)[0] for factor in (0.0, 1e6) for at in (0, 250, 498)
             for layer in range(LAYERS)]  # fmt: skip
    (run,) = subject("float32").sweep([tokens(500)], [plans])
    worst = 0.0
    for witness in run.witness:
        assert isinstance(witness, StateWitness)
        worst = max(worst, *(step.largest_error for step in witness.steps))
    assert worst <= 1e-5
