"""Dose-response, against single steered runs and figures by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from plip.errors import LayerError, MeasureError, NoEffectError, WitnessError
from plip.experiments import DoseResponseConfig
from plip.experiments.dose_response import run
from plip.measure import attention_to_targets
from plip.models import Capture, TransformerSubject
from plip.plan import Knockout, Plan, Scale, SetValue, edges
from plip.records import AnyRecord, DosePoint, DoseResponseSample, DoseResponseSummary
from plip.text import CharMarks, Corpus, Group, Sample

pytestmark = pytest.mark.fast

LAYER = 2


def _run(
    subject: TransformerSubject, corpus: Corpus, **options: Any
) -> tuple[list[DoseResponseSample], DoseResponseSummary]:
    config = DoseResponseConfig(**{"layer": LAYER, "resamples": 200, "controls": (), **options})
    *samples, summary = run(config, subject, corpus)
    assert isinstance(summary, DoseResponseSummary)
    return _samples(samples), summary


def _samples(records: Sequence[AnyRecord]) -> list[DoseResponseSample]:
    assert all(isinstance(record, DoseResponseSample) for record in records)
    return [record for record in records if isinstance(record, DoseResponseSample)]


def _by_loop(baseline: torch.Tensor, steered: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, steered))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def _check_against_single_runs(
    subject: TransformerSubject, sample: Sample, operation: Any, point: DosePoint
) -> None:
    item = sample.locate(subject.tokenize(sample.text))
    plan = Plan(operation, edges(query=item.query, keys=item.keys), layers=[LAYER])
    capture = Capture(layers=[LAYER], queries=[item.query])
    baseline = subject.run(item.tokens).logits
    steered = subject.run(item.tokens, plan=plan, capture=capture)
    assert baseline is not None
    assert steered.logits is not None
    row = steered.attention[LAYER][0, :, 0]
    reached = [float(row[head, key]) for head in range(4) for key in item.keys]
    assert point.attention == pytest.approx(math.fsum(reached) / len(reached), abs=1e-6)
    assert point.attention_predicted == pytest.approx(point.attention, abs=1e-6)
    assert point.kl_nats == pytest.approx(
        _by_loop(baseline[0], steered.logits[0]), rel=1e-2, abs=1e-9
    )
    assert point.baseline_token == int(baseline[0].argmax())
    assert point.steered_token == int(steered.logits[0].argmax())
    assert point.top1_changed == (point.baseline_token != point.steered_token)
    assert point.plan_hash == plan.digest


def test_every_dose_is_a_steered_run(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, _ = _run(tiny, corpus, doses=[0.0, 0.5, 6.0, 1000.0], max_samples=4)
    for sample, record in zip(corpus.group(Group.RUST_TEST), records, strict=False):
        assert record.sample == sample.id
        for point in record.points:
            assert point.condition == "dose"
            assert point.dose is not None
            _check_against_single_runs(tiny, sample, Scale(point.dose), point)
    assert len({point.kl_nats for record in records for point in record.points}) == 16


def test_a_value_is_set(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, _ = _run(tiny, corpus, doses=[2.0], target_attention=0.2, max_samples=2)
    for sample, record in zip(corpus.group(Group.RUST_TEST), records, strict=False):
        point = record.points[1]
        assert (point.condition, point.dose, point.target) == ("set-value", None, 0.2)
        assert point.attention == pytest.approx(0.2, abs=1e-6)
        _check_against_single_runs(tiny, sample, SetValue(0.2), point)


def test_a_factor_is_solved_for_each_sample(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, summary = _run(
        tiny, corpus, doses=[2.0], target_attention=0.2, mode="scale", max_samples=3
    )
    factors = set()
    for sample, record in zip(corpus.group(Group.RUST_TEST), records, strict=False):
        point = record.points[1]
        assert (point.condition, point.target) == ("scale-to-target", 0.2)
        assert point.dose is not None
        assert point.attention == pytest.approx(0.2, abs=1e-6)
        _check_against_single_runs(tiny, sample, Scale(point.dose), point)
        factors.add(point.dose)
    assert len(factors) == 3
    assert summary.doses[1].dose is None
    assert summary.doses[1].target == 0.2


def test_dose_1_is_the_baseline_exactly(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, summary = _run(tiny, corpus, doses=[1.0, 2.0])
    for record in records:
        assert record.points[0].kl_nats == 0.0
        assert record.points[0].attention == record.baseline_attention
        assert record.points[0].top1_changed is False
    kl = summary.doses[0].kl
    assert (kl.mean, kl.sd, kl.ci_low, kl.ci_high) == (0.0, 0.0, 0.0, 0.0)


def test_dose_0_is_the_knockout(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, _ = _run(tiny, corpus, doses=[0.0], max_samples=2)
    for sample, record in zip(corpus.group(Group.RUST_TEST), records, strict=False):
        assert record.points[0].attention == 0.0
        item = sample.locate(tiny.tokenize(sample.text))
        plan = Plan(Knockout(), edges(query=item.query, keys=item.keys), layers=[LAYER])
        knocked, plain = tiny.run([item.tokens] * 2, plan=[plan, None]).logits  # type: ignore[misc]  # two rows
        assert record.points[0].kl_nats == pytest.approx(_by_loop(plain, knocked), rel=1e-2)


def test_attention_rises_with_the_dose(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, summary = _run(tiny, corpus)
    for record in records:
        levels = [point.attention for point in record.points]
        assert None not in levels
        assert levels == sorted(levels)  # type: ignore[type-var]  # none is None
    assert [dose.dose for dose in summary.doses] == [0.5, 1, 2, 3, 4, 6]


def test_batches_and_order_do_not_matter(tiny: TransformerSubject, corpus: Corpus) -> None:
    together, one = _run(tiny, corpus, batch_tokens=1_000_000)
    apart, other = _run(tiny, Corpus(corpus.samples[::-1]), batch_tokens=1)
    by_name = {record.sample: record for record in apart}
    for record in together:
        for point, again in zip(record.points, by_name[record.sample].points, strict=True):
            assert point.attention == pytest.approx(again.attention, abs=1e-7)
            assert point.kl_nats == pytest.approx(again.kl_nats, rel=1e-2, abs=1e-9)
            assert point.plan_hash == again.plan_hash
    for dose, again_dose in zip(one.doses, other.doses, strict=True):
        assert dose.attention.mean == pytest.approx(again_dose.attention.mean, abs=1e-7)


def test_the_order_of_the_doses_does_not_matter(tiny: TransformerSubject, corpus: Corpus) -> None:
    up, _ = _run(tiny, corpus, doses=[0.5, 2.0, 6.0], max_samples=2)
    down, _ = _run(tiny, corpus, doses=[6.0, 2.0, 0.5], max_samples=2)
    for record, again in zip(up, down, strict=True):
        for point, mirrored in zip(record.points, again.points[::-1], strict=True):
            assert point.dose == mirrored.dose
            assert point.kl_nats == pytest.approx(mirrored.kl_nats, rel=1e-2, abs=1e-9)


def test_a_target_that_a_sample_cannot_have_is_left_out_with_its_reason(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    records, summary = _run(tiny, corpus, doses=[2.0], target_attention=0.4, max_samples=3)
    point = records[0].points[1]
    assert point.excluded is not None
    assert point.excluded.startswith("SetValue(0.4): wanted 3 edges of a row to need at most all")
    assert (point.attention, point.kl_nats, point.top1_changed) == (None, None, None)
    assert (summary.doses[0].n, summary.doses[0].excluded) == (3, 0)
    assert (summary.doses[1].n, summary.doses[1].excluded) == (0, 3)
    assert summary.doses[1].kl.undefined == "no sample"
    records, _ = _run(tiny, corpus, doses=[2.0], target_attention=0.4, mode="scale", max_samples=1)
    reason = records[0].points[1].excluded
    assert reason is not None
    assert reason.startswith("target attention 0.4: wanted a level between 0 and 0.333333")


def _late(name: str) -> Sample:
    marks = CharMarks(marker=0, pattern="#[test]", targets=(8, 11))
    return Sample(name, Group.RUST_TEST, "#[test]\nfn works() {}", marks)


def test_an_excluded_sample_counts_as_excluded(tiny: TransformerSubject, corpus: Corpus) -> None:
    mixed = Corpus((*corpus.group(Group.RUST_TEST)[:3], _late("late")))
    records, summary = _run(tiny, mixed, doses=[2.0])
    assert records[-1].sample == "late"
    assert records[-1].points == ()
    assert records[-1].baseline_attention is None
    assert (summary.doses[0].n, summary.doses[0].excluded) == (3, 1)
    assert summary.baseline_attention.n == 3


def test_nothing_to_measure_is_an_error(tiny: TransformerSubject) -> None:
    with pytest.raises(MeasureError) as caught:
        _run(tiny, Corpus((_late("late"), _late("later"))))
    assert str(caught.value).startswith(
        "samples: wanted at least one that can be measured, found none of 2; 'late': "
    )


def test_the_last_layer_is_refused(tiny: TransformerSubject, corpus: Corpus) -> None:
    with pytest.raises(LayerError) as caught:
        _run(tiny, corpus, layer=5)
    assert str(caught.value) == (
        "layer 5: wanted a layer below the last, whose steered rows can reach the prediction, "
        "found the last of 6, and markers before the last token (10 samples, such as "
        "'rust_simple_add'); steer a layer in 0 … 4"
    )


def test_the_last_layer_is_taken_where_the_marker_is_the_last_token(
    tiny: TransformerSubject,
) -> None:
    text = "fn f(x: u8) {}\n>>>"
    tokens = tiny.tokenize(text)
    assert tokens.at(15) == len(tokens) - 1
    end = Sample("end", Group.RUST_TEST, text, CharMarks(marker=15, pattern=">>>", targets=(0, 3)))
    # A sample that is excluded anyway is not asked.
    records, _ = _run(tiny, Corpus((end, _late("late"))), layer=5, doses=[3.0])
    assert records[0].points[0].kl_nats is not None
    assert records[0].points[0].kl_nats > 0


def test_a_row_that_misses_its_closed_form_stops_the_run(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = TransformerSubject.sweep

    def shifted(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        runs = sweep(self, *args, **options)
        for one in runs:
            one.attention[LAYER][1:] *= 0.9
        return runs

    monkeypatch.setattr(TransformerSubject, "sweep", shifted)
    with pytest.raises(WitnessError) as caught:
        _run(tiny, corpus, doses=[6.0])
    assert "wanted Scale(factor=6.0) to reach attention" in str(caught.value)


def test_an_intervention_without_effect_stops_the_run(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        raise NoEffectError("plan", wanted="an effect", found="none", advice="look")

    monkeypatch.setattr(TransformerSubject, "sweep", nothing)
    with pytest.raises(NoEffectError):
        _run(tiny, corpus)


def test_an_infinite_divergence_is_said_and_not_averaged(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = TransformerSubject.sweep

    def without_a_token(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        runs = sweep(self, *args, **options)
        logits = runs[0].logits.clone()
        logits[1, 7] = -torch.inf
        return [dataclasses.replace(runs[0], logits=logits), *runs[1:]]

    monkeypatch.setattr(TransformerSubject, "sweep", without_a_token)
    records, summary = _run(tiny, corpus, doses=[2.0], max_samples=3)
    assert (records[0].points[0].kl_nats, records[0].points[0].kl_infinite) == (None, True)
    assert summary.doses[0].kl.mean is None
    assert summary.doses[0].kl.undefined == "infinite in 1 of 3 samples"
    assert summary.doses[0].attention.mean is not None


def test_a_changed_prediction_is_said(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = TransformerSubject.sweep

    def another_word(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        runs = sweep(self, *args, **options)
        logits = runs[1].logits.clone()
        logits[1, 9] = 100.0
        return [runs[0], dataclasses.replace(runs[1], logits=logits), *runs[2:]]

    monkeypatch.setattr(TransformerSubject, "sweep", another_word)
    records, summary = _run(tiny, corpus, doses=[2.0, 3.0], max_samples=3)
    changed = [[point.top1_changed for point in record.points] for record in records]
    assert changed == [[False, False], [True, False], [False, False]]
    assert records[1].points[0].steered_token == 9
    assert records[1].points[0].baseline_token == records[1].points[1].baseline_token != 9
    assert [dose.top1_changed for dose in summary.doses] == [1, 0]


def test_the_summary_describes_the_samples(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, summary = _run(tiny, corpus, doses=[3.0], confidence=0.9, seed=5)
    (dose,) = summary.doses
    values = [record.points[0].kl_nats for record in records]
    tensor = torch.tensor(values, dtype=torch.float64)
    assert dose.kl.mean == pytest.approx(float(tensor.mean()))
    assert dose.kl.sd == pytest.approx(float(tensor.std()))
    assert dose.n == 10
    assert dose.top1_changed == sum(bool(record.points[0].top1_changed) for record in records)
    assert (summary.confidence, summary.resamples) == (0.9, 200)
    assert summary.layer_choice == "layer 2, as asked for"
    _, again = _run(tiny, corpus, doses=[3.0], confidence=0.9, seed=6)
    assert again.doses[0].kl.mean == dose.kl.mean
    assert again.doses[0].kl.ci_low != dose.kl.ci_low


def test_other_groups_may_be_steered(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, _ = _run(tiny, corpus, groups=[Group.PYTHON_DOCTEST], doses=[2.0], max_samples=2)
    assert [record.group for record in records] == ["python_doctest"] * 2


def test_what_is_done_is_not_run_again(tiny: TransformerSubject, corpus: Corpus) -> None:
    config = DoseResponseConfig(layer=LAYER, doses=[2.0], max_samples=4, resamples=200, controls=())
    everything = list(run(config, tiny, corpus))
    rest = list(run(config, tiny, corpus, everything[:3]))
    assert len(rest) == 2
    assert _samples(rest[:1])[0].sample == _samples(everything[3:4])[0].sample
    assert list(run(config, tiny, corpus, everything)) == []


def test_calibration_and_baseline_agree(tiny: TransformerSubject, corpus: Corpus) -> None:
    records, _ = _run(tiny, corpus, doses=[2.0], max_samples=2)
    for sample, record in zip(corpus.group(Group.RUST_TEST), records, strict=False):
        item = sample.locate(tiny.tokenize(sample.text))
        capture = Capture(layers=[LAYER], queries=[item.query])
        rows = tiny.run(item.tokens, capture=capture, positions="none").attention[LAYER]
        level = float(attention_to_targets(rows[0, :, 0], item.keys).mean)
        assert record.baseline_attention == pytest.approx(level, abs=1e-7)
