"""The witness of two heads that are worked out by hand, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from plip.errors import NoEffectError, PlanError, WitnessError
from plip.kernels import Visibility
from plip.models import Capture, Witness, wrap
from plip.models.track import LayerInput, Track
from plip.models.witness import RowsEvidence, StepEvidence, bear_witness
from plip.plan import Knockout, Operation, Plan, Scale, SetValue, edges, into, out_of
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]


def two_heads(plan: Plan, *, layer: int = 0) -> tuple[Track, torch.Tensor]:
    """Send one row through a layer of two heads.

    The weights of row 3 are [1, 2, 4, 1] / 8 in head 0 and [1, 1, 1, 1] / 4 in head 1: the keys
    are the logarithms of [1, 2, 4, 1], the queries 1 and 0. The values are [1, 0, 0, 8].
    """
    track = Track("two heads", 4, 0, plan, Capture([layer], [3]))
    data = LayerInput(
        layer=layer,
        query=torch.tensor([[[1.0]], [[0.0]]]),
        key=torch.tensor([1.0, 2.0, 4.0, 1.0]).log().view(1, 4, 1),
        value=torch.tensor([1.0, 0.0, 0.0, 8.0]).view(1, 4, 1),
        scaling=1.0,
        softcap=None,
        visibility=Visibility(),
    )
    out = torch.full((1, 2, 1), 99.0)
    track.attend(data, [3], out)
    return track, out[0, :, 0]


def at(operation: Operation, keys: list[int], *, heads: object = None) -> Plan:
    options = {} if heads is None else {"heads": heads}
    return Plan(operation, edges(query=3, keys=keys), layers=[0], **options)  # type: ignore[arg-type]


def witness_of(plan: Plan) -> Witness:
    return bear_witness(plan, two_heads(plan)[0].evidence, "two heads")


class TestByHand:
    def test_scale(self) -> None:
        plan = at(Scale(3.0), [0, 2])
        track, out = two_heads(plan)
        # A = 5/8 and 1/2; 3A / (1 + 2A) = 15/18 and 3/4.
        (step,) = bear_witness(plan, track.evidence, "two heads").steps
        assert step.layer == 0
        assert step.operation == Scale(3.0)
        assert step.rows == 1
        assert step.mass_before == pytest.approx((5 / 8 + 1 / 2) / 2, abs=1e-7)
        assert step.mass_after == pytest.approx((15 / 18 + 3 / 4) / 2, abs=1e-7)
        assert step.mass_expected == pytest.approx((15 / 18 + 3 / 4) / 2, abs=1e-7)
        assert 0 <= step.largest_error < 1e-6
        # |15/18 − 5/8| / (15/18) = 1/4 and |3/4 − 1/2| / (3/4) = 1/3.
        assert step.largest_change == pytest.approx(1 / 3, abs=1e-6)
        weights = torch.tensor([[3, 2, 12, 1], [3, 1, 3, 1]]) / torch.tensor([[18.0], [8.0]])
        torch.testing.assert_close(track.rows[0, 3], weights, rtol=0, atol=1e-6)
        torch.testing.assert_close(out, torch.tensor([11 / 18, 11 / 8]), rtol=0, atol=1e-6)

    def test_knockout(self) -> None:
        plan = at(Knockout(), [2])
        track, out = two_heads(plan)
        (step,) = bear_witness(plan, track.evidence, "two heads").steps
        assert step.mass_before == pytest.approx((4 / 8 + 1 / 4) / 2, abs=1e-7)
        assert step.mass_after == step.mass_expected == 0.0
        assert step.largest_change == 1.0
        weights = torch.tensor([[1, 2, 0, 1], [1, 1, 0, 1]]) / torch.tensor([[4.0], [3.0]])
        torch.testing.assert_close(track.rows[0, 3], weights, rtol=0, atol=1e-6)
        torch.testing.assert_close(out, torch.tensor([9 / 4, 9 / 3]), rtol=0, atol=1e-6)

    def test_set_value(self) -> None:
        plan = at(SetValue(0.1), [0, 1])
        track, _ = two_heads(plan)
        (step,) = bear_witness(plan, track.evidence, "two heads").steps
        assert step.mass_before == pytest.approx((3 / 8 + 1 / 2) / 2, abs=1e-7)
        assert step.mass_after == pytest.approx(0.2, abs=1e-7)
        assert step.mass_expected == pytest.approx(0.2, abs=1e-7)
        weights = torch.tensor([[0.1, 0.1, 0.64, 0.16], [0.1, 0.1, 0.4, 0.4]])
        torch.testing.assert_close(track.rows[0, 3], weights, rtol=0, atol=1e-6)

    def test_one_head(self) -> None:
        plan = at(Scale(3.0), [0, 2], heads=[0])
        track, out = two_heads(plan)
        (step,) = bear_witness(plan, track.evidence, "two heads").steps
        assert step.mass_before == pytest.approx(5 / 8, abs=1e-7)
        assert step.mass_after == pytest.approx(15 / 18, abs=1e-7)
        assert step.largest_change == pytest.approx(1 / 4, abs=1e-6)
        torch.testing.assert_close(track.rows[0, 3][1], torch.full((4,), 0.25))
        assert out[1] == 99.0  # the head that is not steered keeps what it had

    def test_two_steps(self) -> None:
        plan = at(Scale(3.0), [0, 2]).then(at(Knockout(), [1]))
        first, second = witness_of(plan).steps
        assert first.operation == Scale(3.0)
        assert second.operation == Knockout()
        assert second.mass_before == pytest.approx((2 / 18 + 1 / 8) / 2, abs=1e-7)
        assert second.mass_after == 0.0

    def test_the_whole(self) -> None:
        witness = witness_of(at(Scale(3.0), [0, 2]))
        assert witness.rows == 1
        assert witness.layers == (0,)
        assert 0 <= witness.row_sum_error < 1e-6
        assert witness.forbidden_mass == 0.0

    def test_the_identity_leaves_none(self) -> None:
        track, out = two_heads(at(Scale(1.0), [0, 2]))
        assert track.evidence == []
        assert out.tolist() == [99.0, 99.0]
        witness = witness_of(at(Scale(1.0), [0, 2]))
        assert witness == Witness(steps=(), rows=0, row_sum_error=0.0, forbidden_mass=0.0)
        assert witness.layers == ()

    def test_an_identity_among_steps(self) -> None:
        witness = witness_of(at(Scale(1.0), [0]).then(at(Scale(3.0), [0, 2])))
        assert [step.operation for step in witness.steps] == [Scale(3.0)]


class TestNoEffect:
    def test_a_whole_row(self) -> None:
        with pytest.raises(NoEffectError) as caught:
            witness_of(at(Scale(3.0), [0, 1, 2, 3]))
        assert caught.value.who == "two heads"
        assert caught.value.wanted == "Scale(factor=3.0) to change the weight of its edges"
        assert caught.value.found == "the same mass before and after: 1 in layer 0"
        assert caught.value.details == {"operation": "Scale(factor=3.0)"}
        assert caught.value.exit_code == 6

    @pytest.mark.parametrize("seed", range(8))
    def test_a_whole_row_of_large_scores(self, seed: int) -> None:
        # Adding log 3 to scores of thirty rounds each of them: that is no intervention.
        generator = torch.Generator().manual_seed(seed)
        plan = Plan(Scale(3.0), edges(query=5, keys=range(6)), layers=[0])
        track = Track("large", 6, 0, plan, None)
        data = LayerInput(
            layer=0,
            query=torch.ones(1, 1, 1),
            key=30 + 3 * torch.rand(1, 6, 1, generator=generator),
            value=torch.ones(1, 6, 1),
            scaling=1.0,
            softcap=None,
            visibility=Visibility(),
        )
        track.attend(data, [5], torch.zeros(1, 1, 1))
        with pytest.raises(NoEffectError):
            bear_witness(plan, track.evidence, "large")

    def test_edges_that_have_no_mass(self) -> None:
        with pytest.raises(NoEffectError, match="the same mass before and after: 0 in layer 0"):
            witness_of(at(Knockout(), [1]).then(at(Scale(3.0), [1])))

    def test_knocked_out_twice(self) -> None:
        with pytest.raises(NoEffectError):
            witness_of(at(Knockout(), [1]).then(at(Knockout(), [1])))

    def test_no_row_at_all(self) -> None:
        with pytest.raises(NoEffectError) as caught:
            bear_witness(at(Knockout(), [1]), [], "somebody")
        assert caught.value.found == "no row with such edges among the rows that were computed"

    def test_a_value_that_is_there_already(self) -> None:
        with pytest.raises(NoEffectError):
            witness_of(at(SetValue(0.25), [2], heads=[1]))

    def test_one_head_of_two_is_enough(self) -> None:
        (step,) = witness_of(at(SetValue(0.25), [2])).steps
        assert step.largest_change == pytest.approx(0.5)

    def test_values_that_are_exchanged_have_an_effect(self) -> None:
        # Head 0 had 1/8 and 4/8 there, and gets 5/16 and 5/16: the sum is what it was.
        (step,) = witness_of(at(SetValue(5 / 16), [0, 2], heads=[0])).steps
        assert step.largest_change > 0.1

    def test_a_window_may_leave_some_layers_without_edges(self, build: Build, text: Text) -> None:
        kinds = ["full_attention", "sliding_attention", "full_attention"]
        subject = wrap(build("qwen2", use_sliding_window=True, sliding_window=4, layer_types=kinds))
        prefix = subject.prefill(Tokens("x" * 8, text(9).ids[:8], text(9).spans[:8]))
        plan = Plan(Scale(3.0), into(2), layers=[0, 1])
        (witness,) = subject.run(text(9), plan=plan, prefix=prefix).witness
        assert witness is not None
        assert witness.layers == (0,)
        with pytest.raises(NoEffectError):
            subject.run(text(9), plan=Plan(Scale(3.0), into(2), layers=[1]), prefix=prefix)


class TestFaults:
    """Evidence of a seam that does not do what it should."""

    GOOD = RowsEvidence(
        layer=3,
        rows=1,
        row_sum_error=torch.tensor(1e-7),
        forbidden=torch.tensor(0.0),
        steps=(
            StepEvidence(
                step=0,
                before=torch.tensor([0.2]),
                after=torch.tensor([0.0]),
                expected=torch.tensor([0.0]),
                rows=1,
                change=torch.tensor(1.0),
            ),
        ),
    )

    def fault(self, evidence: RowsEvidence) -> str:
        plan = Plan(Knockout(), edges(query=3, keys=[0]), layers=[3])
        with pytest.raises(WitnessError) as caught:
            bear_witness(plan, [self.GOOD, evidence], "somebody")
        assert type(caught.value) is WitnessError
        assert caught.value.exit_code == 6
        assert caught.value.wanted == (
            "steered rows that sum to 1, stay causal and reach the plan's closed form"
        )
        assert caught.value.found == "; ".join(caught.value.details["faults"])
        return caught.value.found

    def test_none(self) -> None:
        plan = Plan(Knockout(), edges(query=3, keys=[0]), layers=[3])
        witness = bear_witness(plan, [self.GOOD], "somebody")
        assert witness.rows == 1
        assert witness.row_sum_error == pytest.approx(1e-7)

    @pytest.mark.parametrize("error", [2e-5, 0.5, math.nan])
    def test_a_row_sum(self, error: float) -> None:
        found = self.fault(replace(self.GOOD, row_sum_error=torch.tensor(error)))
        assert found == f"a row that misses 1 by {error:.3g}"

    @pytest.mark.parametrize("mass", [1e-9, 0.5, math.nan])
    def test_forbidden_keys(self, mass: float) -> None:
        found = self.fault(replace(self.GOOD, forbidden=torch.tensor(mass)))
        assert found == f"mass {mass:.3g} on keys that a row may not see"

    @pytest.mark.parametrize("after", [2e-5, 0.1, math.nan])
    def test_the_closed_form(self, after: float) -> None:
        step = replace(self.GOOD.steps[0], after=torch.tensor([after]))
        found = self.fault(replace(self.GOOD, layer=4, steps=(step,)))
        assert found == f"Knockout() in layer 4 missing its closed form by {after:.3g}"

    def test_one_entry_of_many(self) -> None:
        step = replace(
            self.GOOD.steps[0],
            before=torch.full((40,), 0.2),
            after=torch.tensor([0.0] * 39 + [0.1]),
            expected=torch.zeros(40),
        )
        found = self.fault(replace(self.GOOD, layer=4, steps=(step,)))
        assert found == "Knockout() in layer 4 missing its closed form by 0.1"

    def test_several_at_once(self) -> None:
        found = self.fault(
            replace(self.GOOD, row_sum_error=torch.tensor(0.5), forbidden=torch.tensor(0.25))
        )
        assert found == "a row that misses 1 by 0.5; mass 0.25 on keys that a row may not see"


class TestOfRuns:
    def test_blocks_of_rows_are_one_step(self) -> None:
        part = TestFaults.GOOD
        plan = Plan(Knockout(), edges(query=[3, 4], keys=[0]), layers=[3])
        witness = bear_witness(plan, [part, part], "somebody")
        assert [step.rows for step in witness.steps] == [2]
        assert witness.rows == 2

    def test_layers_come_in_order(self) -> None:
        part = TestFaults.GOOD
        plan = Plan(Knockout(), edges(query=3, keys=[0]), layers=[1, 3])
        witness = bear_witness(plan, [part, replace(part, layer=1)], "somebody")
        assert [step.layer for step in witness.steps] == [1, 3]
        assert witness.layers == (1, 3)

    def test_of_a_model_against_its_captured_rows(self, build: Build, text: Text) -> None:
        subject = wrap(build())
        plan = Plan(Scale(4.0), edges(query=[4, 7], keys=[1, 3]), layers=[1], heads=[0, 3])
        capture = Capture([1], [4, 7])
        before = subject.run(text(9), capture=capture).attention[1][0]
        run = subject.run(text(9), plan=plan, capture=capture)
        after = run.attention[1][0]
        assert run.witness[0] is not None
        (step,) = run.witness[0].steps
        assert step.rows == run.witness[0].rows == 2
        for figure, weights in ((step.mass_before, before), (step.mass_after, after)):
            mass = weights[[0, 3]][..., [1, 3]].sum(-1)
            assert figure == pytest.approx(float(mass.mean()), abs=1e-6)
        masses = before[[0, 3]][..., [1, 3]].sum(-1)
        reached = 4 * masses / (1 + 3 * masses)
        assert step.mass_expected == pytest.approx(float(reached.mean()), abs=1e-6)
        change = (reached - masses).abs() / torch.maximum(reached, masses)
        assert step.largest_change == pytest.approx(float(change.max()), abs=1e-5)

    @pytest.mark.parametrize("way", ["run", "sweep"])
    def test_of_an_identity_is_empty(self, build: Build, text: Text, way: str) -> None:
        subject = wrap(build())
        plan = Plan(Scale(1.0), into(2), layers=range(3))
        if way == "run":
            run = subject.run(text(9), plan=plan)
        else:
            (run,) = subject.sweep([text(9)], [[plan]])
        assert run.witness == (Witness(steps=(), rows=0, row_sum_error=0.0, forbidden_mass=0.0),)
        plain = subject.run(text(9)).logits
        assert run.logits is not None
        assert plain is not None
        if way == "run":
            assert torch.equal(run.logits, plain)

    def test_rows_without_edges_are_not_counted(self, build: Build, text: Text) -> None:
        subject = wrap(build("starcoder2", sliding_window=4))
        (witness,) = subject.run(text(12), plan=Plan(Scale(3.0), into(2), layers=[1])).witness
        assert witness is not None
        assert witness.rows == 3

    def test_a_model_whose_scores_overflow_is_told_from_an_empty_row(
        self, build: Build, text: Text
    ) -> None:
        model = build()
        subject = wrap(model)
        with torch.no_grad():
            model.model.embed_tokens.weight[text(9).ids[3]] = torch.nan  # type: ignore[union-attr, index, operator]
        plan = Plan(Scale(3.0), edges(query=5, keys=[0]), layers=[1])
        with pytest.raises(WitnessError) as caught:
            subject.run(text(9), plan=plan)
        assert str(caught.value) == (
            "sequence, layer 1: wanted attention scores that are numbers, "
            "found NaN, before anything was steered; "
            "the model overflows in its dtype: load it in float32 or bfloat16"
        )

    def test_all_keys_at_less_than_all_attention_are_refused(
        self, build: Build, text: Text
    ) -> None:
        subject = wrap(build())
        with pytest.raises(PlanError):
            subject.run(text(9), plan=Plan(SetValue(0.1), out_of(3, own=True), layers=[1]))
