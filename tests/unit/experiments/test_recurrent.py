"""Calibration and dose-response of a model with a recurrent state, against single runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from plip.errors import ConfigError, MeasureError
from plip.experiments import CalibrateConfig, DoseResponseConfig, calibrate, dose_response
from plip.experiments.layers import default_layer
from plip.models import Capture, Rwkv6Subject, StateWitness, load
from plip.plan import Plan, Scale, into
from plip.records import (
    AnyRecord,
    CalibrationSample,
    CalibrationSummary,
    DosePoint,
    DoseResponseSample,
    DoseResponseSummary,
)
from plip.text import CharMarks, Corpus, Group, Located, Sample

pytestmark = pytest.mark.fast

LAYER = 1
DOSES = (0.0, 1.0, 3.0)


def _steer(
    subject: Rwkv6Subject, corpus: Corpus, **options: Any
) -> tuple[dict[str, DoseResponseSample], DoseResponseSummary]:
    config = DoseResponseConfig(
        **{"layer": LAYER, "doses": DOSES, "resamples": 50, "controls": (), **options}
    )
    *samples, summary = dose_response.run(config, subject, corpus)
    assert isinstance(summary, DoseResponseSummary)
    return {record.sample: record for record in _of(samples, DoseResponseSample)}, summary


def _of(records: Sequence[AnyRecord], kind: Any) -> list[Any]:
    assert all(isinstance(record, kind) for record in records)
    return list(records)


def _item(subject: Rwkv6Subject, sample: Sample) -> Located:
    return sample.locate(subject.tokenize(sample.text))


def _by_loop(baseline: torch.Tensor, steered: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, steered))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def _check_dose(subject: Rwkv6Subject, sample: Sample, dose: float, point: DosePoint) -> None:
    item = _item(subject, sample)
    plan = Plan(Scale(dose), into(item.query), layers=[LAYER])
    baseline, steered = subject.run(item.tokens), subject.run(item.tokens, plan=plan)
    assert baseline.logits is not None
    assert steered.logits is not None
    (witness,) = steered.witness
    assert isinstance(witness, StateWitness)
    (step,) = witness.steps
    assert point.state_norm == pytest.approx(step.state_after, rel=1e-10)
    assert point.state_remaining == pytest.approx(step.remaining, rel=1e-10)
    divergence = _by_loop(baseline.logits[0], steered.logits[0])
    assert divergence > 1e-7
    assert point.kl_nats == pytest.approx(divergence, rel=1e-6)
    assert point.steered_token == int(steered.logits[0].argmax())
    assert point.plan_hash == plan.digest
    assert (point.attention, point.attention_predicted) == (None, None)


def test_every_dose_is_that_of_a_single_run(
    tiny_recurrent_checkpoint: Path, corpus: Corpus
) -> None:
    subject = load(tiny_recurrent_checkpoint, device="cpu", dtype="float64")
    assert isinstance(subject, Rwkv6Subject)
    found, summary = _steer(subject, corpus, max_samples=3)
    assert summary.mechanism == "state"
    assert len(found) == 3
    for sample in corpus.group(Group.RUST_TEST)[:3]:
        knockout, identity, more = found[sample.id].points
        _check_dose(subject, sample, 0.0, knockout)
        _check_dose(subject, sample, 3.0, more)
        assert (identity.kl_nats, identity.top1_changed, identity.state_remaining) == (0, False, 0)
        assert identity.state_norm == found[sample.id].baseline_state_norm


def test_the_summary_describes_state_norms(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found, summary = _steer(tiny_recurrent, corpus)
    for index, dose in enumerate(summary.doses):
        norms = [record.points[index].state_norm for record in found.values()]
        known = [norm for norm in norms if norm is not None]
        assert dose.state_norm.mean == pytest.approx(math.fsum(known) / len(known))
        assert (dose.n, dose.state_norm.n, dose.attention.n) == (10, 10, 0)
        assert dose.attention.undefined == "no sample"
    assert summary.baseline_state_norm.mean == summary.doses[1].state_norm.mean
    baselines = [record.baseline_attention for record in found.values()]
    assert summary.baseline_attention.mean == pytest.approx(
        math.fsum(level for level in baselines if level is not None) / 10
    )


def test_the_last_layer_can_be_steered(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found, _ = _steer(tiny_recurrent, corpus, layer=3, max_samples=2)
    for record in found.values():
        assert (record.points[0].kl_nats or 0) > 0


def test_a_marker_at_the_end_is_excluded(tiny_recurrent: Rwkv6Subject) -> None:
    text = "fn add(a: i32) {}\n#["
    sample = Sample(
        id="end",
        group=Group.RUST_TEST,
        text=text,
        marks=CharMarks(marker=18, pattern="#[", targets=(3,)),
    )
    item = _item(tiny_recurrent, sample)
    assert item.query == len(item.tokens) - 1
    found, summary = _steer(tiny_recurrent, Corpus((sample,)))
    points = found["end"].points
    assert [point.dose for point in points] == list(DOSES)
    for point in points:
        assert point.excluded == "the marker is the last token, and no later one reads it"
    assert [(dose.n, dose.excluded) for dose in summary.doses] == [(0, 1)] * 3
    assert found["end"].baseline_state_norm is None


def test_a_level_of_attention_is_refused(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    with pytest.raises(ConfigError, match="which has no attention to bring to it"):
        _steer(tiny_recurrent, corpus, target_attention=0.1)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_types_are_refused_unless_one_insists(
    tiny_recurrent_checkpoint: Path, corpus: Corpus, dtype: str
) -> None:
    subject = load(tiny_recurrent_checkpoint, device="cpu", dtype=dtype)
    assert isinstance(subject, Rwkv6Subject)
    with pytest.raises(ConfigError) as raised:
        _steer(subject, corpus, max_samples=1)
    assert str(raised.value) == (
        "dtype: wanted float32 or float64 for the divergence of a recurrent model, found "
        f"{dtype}, whose rounding alone is worth about 2e-5 nats; load it in float32, or insist "
        "with allow_narrow"
    )
    found, _ = _steer(subject, corpus, max_samples=1, allow_narrow=True)
    assert all(point.kl_nats is not None for point in next(iter(found.values())).points)


def test_calibration_is_effective_attention(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    *samples, summary = calibrate.run(
        CalibrateConfig(layer="all", max_samples=2), tiny_recurrent, corpus
    )
    assert isinstance(summary, CalibrationSummary)
    assert [layer.layer for layer in summary.layers] == [0, 1, 2, 3]
    for record, sample in zip(_of(samples, CalibrationSample), corpus.take(2), strict=True):
        item = _item(tiny_recurrent, sample)
        if item.excluded:
            continue
        run = tiny_recurrent.run(
            item.tokens, capture=Capture(layers=range(4), queries=[item.query])
        )
        for layer in range(4):
            rows = run.attention[layer][0, :, 0].double()
            assert torch.allclose(rows.sum(-1), torch.ones(4, dtype=torch.float64), atol=1e-5)
            expected = rows[:, list(item.keys)].mean()
            assert record.layers[layer].attention == pytest.approx(float(expected), abs=1e-6)
            assert record.layers[layer].undefined_heads == 0


def test_heads_without_fractions_are_left_out_and_counted(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Rwkv6Subject.run
    rows: list[torch.Tensor] = []

    def without_heads(self: Rwkv6Subject, *args: Any, **options: Any) -> Any:
        run = honest(self, *args, **options)
        changed = run.attention[LAYER].clone()
        changed[0, 1] = 0
        changed[1] = 0
        rows.append(changed)
        return dataclasses.replace(run, attention={LAYER: changed})

    monkeypatch.setattr(Rwkv6Subject, "run", without_heads)
    config = CalibrateConfig(layer=LAYER, max_samples=2, groups=(Group.PYTHON_DOCTEST,))
    first, second, summary = calibrate.run(config, tiny_recurrent, corpus)
    assert isinstance(first, CalibrationSample)
    assert isinstance(second, CalibrationSample)
    assert isinstance(summary, CalibrationSummary)
    (layer,) = first.layers
    left = rows[0][0, [0, 2, 3], 0][:, list(first.keys)]
    assert layer.attention == pytest.approx(float(left.mean()), abs=1e-7)
    assert (layer.undefined_heads, layer.per_head[1], layer.edge_mass[1]) == (1, None, None)
    assert layer.per_target == pytest.approx(left.mean(0).tolist(), abs=1e-7)
    (nothing,) = second.layers
    assert (nothing.attention, nothing.undefined_heads) == (None, 4)
    assert set(nothing.per_target) == {None}
    (group,) = summary.layers[0].groups
    assert (group.n, group.excluded, group.mean) == (1, 1, layer.attention)


def test_logits_that_are_no_numbers_are_an_error(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Rwkv6Subject.sweep

    def broken(self: Rwkv6Subject, *args: Any, **options: Any) -> Any:
        runs = honest(self, *args, **options)
        for run in runs:
            assert run.logits is not None
            run.logits[1, 0] = torch.nan
        return runs

    monkeypatch.setattr(Rwkv6Subject, "sweep", broken)
    with pytest.raises(MeasureError, match="found NaN"):
        _steer(tiny_recurrent, corpus, max_samples=1)


def test_the_papers_layer() -> None:
    assert default_layer("RWKV/v6-Finch-1B6-HF", 24) == 2
