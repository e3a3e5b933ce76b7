"""Dose-response in several layers at once, against single steered runs."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from plip.errors import ConfigError, HeadError, LayerError, WitnessError
from plip.experiments import DoseResponseConfig
from plip.experiments.dose_response import run
from plip.measure import attention_to_targets
from plip.models import Capture, Rwkv6Subject, StateWitness, TransformerSubject, Witness, load
from plip.plan import Knockout, Plan, Scale, SetValue, edges, into, scale_by_layer
from plip.records import DosePoint, DoseResponseSample, DoseResponseSummary
from plip.text import CharMarks, Corpus, Group, Located, Sample

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject


def _run(
    subject: Subject, corpus: Corpus, **options: Any
) -> tuple[list[tuple[Located, DoseResponseSample]], DoseResponseSummary]:
    chosen = {"resamples": 99, "max_samples": 3, "controls": (), **options}
    *samples, summary = run(DoseResponseConfig(**chosen), subject, corpus)
    assert isinstance(summary, DoseResponseSummary)
    by_id = {sample.id: sample for sample in corpus}
    found = []
    for record in samples:
        assert isinstance(record, DoseResponseSample)
        sample = by_id[record.sample]
        found.append((sample.locate(subject.tokenize(sample.text)), record))
    return found, summary


def _by_loop(baseline: torch.Tensor, steered: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, steered))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def _check(subject: Subject, item: Located, plan: Plan, point: DosePoint) -> Any:
    """Compare a point with a run of its own; return that run."""
    layers = [entry.layer for entry in point.layers]
    one = subject.run(item.tokens, plan=plan, capture=Capture(layers, [item.query]))
    plain = subject.run(item.tokens).logits
    assert plain is not None
    assert one.logits is not None
    assert point.plan_hash == plan.digest
    assert point.kl_nats == pytest.approx(_by_loop(plain[0], one.logits[0]), rel=2e-2, abs=1e-9)
    if subject.mechanism == "attention":
        for entry in point.layers:
            row = one.attention[entry.layer][0, :, 0]
            level = float(attention_to_targets(row, item.keys).mean)
            assert entry.attention == pytest.approx(level, abs=1e-6)
        reached = [entry.attention for entry in point.layers]
        assert point.attention == pytest.approx(math.fsum(reached) / len(reached))  # type: ignore[arg-type]  # none is None
    return one


def test_a_dose_in_two_layers_is_a_steered_run(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(3, 1), doses=[0.0, 4.0])
    assert summary.layers == (1, 3)
    assert summary.layer_choice == "layers 1, 3, as asked for"
    for item, record in found:
        assert record.layers == (1, 3)
        where = edges(query=item.query, keys=item.keys)
        for point in record.points:
            assert point.dose is not None
            plan = Plan(Scale(point.dose), where, layers=[1, 3])
            (witness,) = _check(tiny, item, plan, point).witness
            assert isinstance(witness, Witness)
            for entry, step in zip(point.layers, witness.steps, strict=True):
                assert (entry.layer, entry.factor) == (step.layer, point.dose)
                assert entry.mass_before == pytest.approx(step.mass_before, abs=1e-6)
                assert entry.mass_after == pytest.approx(step.mass_after, abs=1e-6)
                assert entry.attention_predicted == pytest.approx(entry.attention, abs=1e-5)
                # All heads are steered: the mean over targets is a share of the mass.
                assert entry.attention == pytest.approx(step.mass_after / len(item.keys), abs=1e-6)


def test_above_the_lowest_layer_the_baseline_predicts_nothing(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    """The closed form from the baseline is missed there, the one from the run itself is not."""
    found, _ = _run(tiny, corpus, layer=(0, 4), doses=[30.0], max_samples=10)
    gaps = []
    for item, record in found:
        rows = tiny.run(
            item.tokens, capture=Capture([4], [item.query]), positions="none"
        ).attention[4]
        mass = attention_to_targets(rows[0, :, 0], item.keys).edge_mass
        naive = float((30 * mass / (1 + 29 * mass)).mean()) / len(item.keys)
        upper = record.points[0].layers[1]
        assert upper.attention is not None
        assert upper.attention_predicted == pytest.approx(upper.attention, abs=1e-6)
        gaps.append(abs(upper.attention - naive))
    assert max(gaps) > 1e-4


def test_factors_are_one_more_condition(tiny: TransformerSubject, corpus: Corpus) -> None:
    factors = ((1, 3.0), (2, 1.0), (4, 0.5))
    found, summary = _run(tiny, corpus, doses=[3.0], factors=factors)
    assert summary.layers == (1, 2, 4)
    assert [dose.condition for dose in summary.doses] == ["dose", "factors"]
    assert [entry.factor for entry in summary.doses[1].layers] == [3.0, 1.0, 0.5]
    assert [entry.factor for entry in summary.doses[0].layers] == [3.0] * 3
    for item, record in found:
        where = edges(query=item.query, keys=item.keys)
        point = record.points[1]
        assert (point.condition, point.dose, point.target) == ("factors", None, None)
        _check(tiny, item, scale_by_layer(where, factors), point)
        lowest, idle, upper = point.layers
        assert lowest.attention_predicted is not None
        assert upper.attention_predicted is not None
        # Between the two nothing is done, and what the layer gives is nobody's to predict.
        assert (idle.factor, idle.attention_predicted, idle.mass_before) == (1.0, None, None)
        assert point.attention_predicted is None


def test_factors_may_be_those_of_some_of_the_layers(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    found, _ = _run(tiny, corpus, layer=(1, 3), doses=[2.0], factors=((3, 4.0),))
    for item, record in found:
        where = edges(query=item.query, keys=item.keys)
        below, steered = record.points[1].layers
        plan = scale_by_layer(where, {1: 1.0, 3: 4.0})
        _check(tiny, item, plan, record.points[1])
        # Below the lowest layer that changes, attention is that of the baseline.
        assert below.attention == record.baseline[0].attention
        assert below.attention_predicted == pytest.approx(below.attention, abs=1e-6)
        assert steered.attention_predicted == pytest.approx(steered.attention, abs=1e-5)


def test_factors_that_are_all_the_same_are_that_dose(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject in (tiny, tiny_recurrent):
        found, _ = _run(subject, corpus, doses=[3.0], factors=((0, 3.0), (2, 3.0)))
        for _, record in found:
            dose, factors = record.points
            assert dose.plan_hash == factors.plan_hash
            assert dose.kl_nats == pytest.approx(factors.kl_nats, rel=1e-2, abs=1e-9)
            assert dose.steered_token == factors.steered_token
            for one, other in zip(dose.layers, factors.layers, strict=True):
                assert one.attention == pytest.approx(other.attention, abs=1e-7)
                assert one.state_norm == pytest.approx(other.state_norm)


def test_dose_1_and_dose_0(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject in (tiny, tiny_recurrent):
        found, _ = _run(subject, corpus, layer=(0, 1, 2), doses=[1.0, 0.0])
        for item, record in found:
            identity, zero = record.points
            assert (identity.kl_nats, identity.top1_changed) == (0.0, False)
            assert identity.attention == (record.baseline_attention if subject is tiny else None)
            assert identity.state_norm == record.baseline_state_norm
            where = edges(query=item.query, keys=item.keys) if subject is tiny else into(item.query)
            plan = Plan(Knockout(), where, layers=[0, 1, 2])
            plain, knocked = (subject.run(item.tokens, plan=each).logits for each in (None, plan))
            assert plain is not None
            assert knocked is not None
            assert zero.kl_nats == pytest.approx(_by_loop(plain[0], knocked[0]), rel=2e-2)
            if subject is tiny:
                assert zero.attention == 0.0


def test_the_order_of_the_layers_does_not_matter(tiny: TransformerSubject, corpus: Corpus) -> None:
    options = {"doses": [2.0], "controls": ("edges", "layer")}
    one = DoseResponseConfig(layer=(1, 3, 4), factors=((1, 2.0), (4, 3.0)), **options)
    other = DoseResponseConfig(layer=(4, 1, 3), factors=((4, 3.0), (1, 2.0)), **options)
    assert one == other
    assert list(run(one, tiny, corpus.take(1))) == list(run(other, tiny, corpus.take(1)))


def test_a_value_is_set_in_every_layer(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(1, 3), doses=[2.0], target_attention=0.15)
    for item, record in found:
        point = record.points[1]
        plan = Plan(SetValue(0.15), edges(query=item.query, keys=item.keys), layers=[1, 3])
        _check(tiny, item, plan, point)
        assert [entry.attention for entry in point.layers] == pytest.approx([0.15] * 2, abs=1e-6)
        assert point.attention_predicted == 0.15
        assert {entry.factor for entry in point.layers} == {None}
    assert [entry.attention.mean for entry in summary.doses[1].layers] == pytest.approx(
        [0.15] * 2, abs=1e-6
    )


def test_some_heads_of_several_layers(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, _ = _run(tiny, corpus, layer=(1, 3), heads=(0, 2), doses=[5.0])
    for item, record in found:
        where = edges(query=item.query, keys=item.keys)
        _check(tiny, item, Plan(Scale(5.0), where, layers=[1, 3], heads=[0, 2]), record.points[0])
        for entry in record.points[0].layers:
            assert entry.attention_predicted == pytest.approx(entry.attention, abs=1e-5)
    with pytest.raises(HeadError):
        _run(tiny, corpus, layer=(1, 3), heads=(4,))


def test_a_prediction_above_the_lowest_layer_can_be_missed(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = TransformerSubject.sweep

    def shifted(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        runs = sweep(self, *args, **options)
        for one in runs:
            one.attention[3][1:] *= 0.9
        return runs

    monkeypatch.setattr(TransformerSubject, "sweep", shifted)
    with pytest.raises(WitnessError) as caught:
        _run(tiny, corpus, layer=(1, 3), doses=[6.0])
    assert ", layer 3: wanted Scale(factor=6.0) to reach attention" in str(caught.value)


def test_a_layer_that_reaches_nothing_is_said(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(4, 5), doses=[3.0], factors=((5, 3.0),))
    assert summary.layer_choice == (
        "layers 4–5, as asked for; what is done in layer 5 reaches no prediction"
    )
    alone, _ = _run(tiny, corpus, layer=4, doses=[3.0])
    for (_, record), (_, other) in zip(found, alone, strict=True):
        assert record.points[0].kl_nats == pytest.approx(other.points[0].kl_nats, rel=1e-2)
        assert record.points[1].excluded == "above the last layer no row reads the marker's"
    assert (summary.doses[1].n, summary.doses[1].excluded) == (0, 3)
    with pytest.raises(LayerError, match="layer 5: wanted a layer below the last"):
        _run(tiny, corpus, factors=((5, 3.0),))


def test_what_cannot_be_done_takes_no_row_of_the_run(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    options = {"doses": [3.0], "factors": ((5, 3.0),), "target_attention": 0.1}
    found, _ = _run(tiny, corpus, layer=(4, 5), controls=("edges",), **options)
    for item, record in found:
        _, excluded, point = record.points
        assert excluded.excluded is not None
        assert excluded.controls[0].excluded is not None
        where = edges(query=item.query, keys=item.keys)
        _check(tiny, item, Plan(SetValue(0.1), where, layers=[4, 5]), point)
        beside = edges(query=item.query, keys=point.controls[0].positions)
        plan = Plan(SetValue(0.1), beside, layers=[4, 5])
        plain, steered = (tiny.run(item.tokens, plan=each).logits for each in (None, plan))
        assert plain is not None
        assert steered is not None
        kl = _by_loop(plain[0], steered[0])
        assert point.controls[0].kl_nats == pytest.approx(kl, rel=2e-2, abs=1e-9)


def test_a_marker_at_the_end_reaches_the_prediction_from_the_last_layer_too(
    tiny: TransformerSubject,
) -> None:
    text = "fn f(x: u8) {}\n>>>"
    end = Sample("end", Group.RUST_TEST, text, CharMarks(marker=15, pattern=">>>", targets=(0, 3)))
    found, summary = _run(tiny, Corpus((end,)), layer=(4, 5), doses=[3.0], factors=((5, 3.0),))
    assert summary.layer_choice == "layers 4–5, as asked for"
    ((_, record),) = found
    assert record.points[1].kl_nats is not None
    assert record.points[1].kl_nats > 0


def test_a_factor_is_solved_in_one_layer_only(tiny: TransformerSubject, corpus: Corpus) -> None:
    with pytest.raises(ConfigError, match="option mode: wanted one layer, where a factor"):
        _run(tiny, corpus, layer=(1, 3), target_attention=0.1, mode="scale")


def test_writes_in_several_layers(tiny_recurrent_checkpoint: Any, corpus: Corpus) -> None:
    subject = load(tiny_recurrent_checkpoint, device="cpu", dtype="float64")
    assert isinstance(subject, Rwkv6Subject)
    factors = ((0, 3.0), (2, 0.0))
    found, summary = _run(subject, corpus, layer=(0, 2, 3), doses=[4.0], factors=factors)
    for item, record in found:
        dose, own = record.points
        for point, plan in (
            (dose, Plan(Scale(4.0), into(item.query), layers=[0, 2, 3])),
            (own, scale_by_layer(into(item.query), {0: 3.0, 2: 0.0, 3: 1.0})),
        ):
            (witness,) = _check(subject, item, plan, point).witness
            assert isinstance(witness, StateWitness)
            steps = {step.layer: step for step in witness.steps}
            for entry, base in zip(point.layers, record.baseline, strict=True):
                assert entry.attention is None
                step = steps.get(entry.layer)
                if step is None:
                    assert (entry.state_norm, entry.state_remaining) == (base.state_norm, None)
                    continue
                assert entry.state_norm == pytest.approx(step.state_after, rel=1e-9)
                assert entry.state_remaining == pytest.approx(step.remaining, rel=1e-9)
                # Right after the write every layer's state is the baseline's, but for its factor.
                assert base.state_norm == pytest.approx(step.state_before, rel=1e-9)
        assert own.state_remaining is None
        assert dose.state_norm == pytest.approx(
            math.fsum(entry.state_norm or 0 for entry in dose.layers) / 3
        )
    assert [entry.state_norm.n for entry in summary.doses[0].layers] == [3] * 3
    assert summary.doses[0].layers[0].attention.n == 0


def test_the_baseline_of_every_layer(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(1, 3), doses=[2.0])
    for item, record in found:
        rows = tiny.run(item.tokens, capture=Capture([1, 3], [item.query])).attention
        levels = [
            float(attention_to_targets(rows[layer][0, :, 0], item.keys).mean) for layer in (1, 3)
        ]
        assert [entry.attention for entry in record.baseline] == pytest.approx(levels, abs=1e-6)
        assert record.baseline_attention == pytest.approx(sum(levels) / 2, abs=1e-6)
    first = [record.points[0].layers[0].attention for _, record in found]
    assert summary.doses[0].layers[0].attention.mean == pytest.approx(math.fsum(first) / 3)  # type: ignore[arg-type]  # none is None
