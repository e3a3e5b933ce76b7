"""Calibration, against the model's own full attention and figures by hand."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from plip.errors import LayerError
from plip.experiments import CalibrateConfig
from plip.experiments.calibrate import run
from plip.models import TransformerSubject, load
from plip.records import AnyRecord, CalibrationSample, CalibrationSummary, LayerSummary
from plip.text import CharMarks, Corpus, Group, Sample

pytestmark = pytest.mark.fast


def _run(
    subject: TransformerSubject, corpus: Corpus, **options: Any
) -> tuple[dict[str, CalibrationSample], CalibrationSummary]:
    *samples, summary = run(CalibrateConfig(**options), subject, corpus)
    assert isinstance(summary, CalibrationSummary)
    return {sample.sample: sample for sample in _samples(samples)}, summary


def _samples(records: Sequence[AnyRecord]) -> list[CalibrationSample]:
    assert all(isinstance(record, CalibrationSample) for record in records)
    return [record for record in records if isinstance(record, CalibrationSample)]


@pytest.fixture(scope="module")
def eager(tiny_checkpoint: Path) -> Any:
    """The same weights in float64, with the whole attention matrix computed."""
    return AutoModelForCausalLM.from_pretrained(
        tiny_checkpoint, attn_implementation="eager", dtype=torch.float64
    ).eval()


def test_every_figure_is_that_of_the_full_matrix(
    tiny_checkpoint: Path, corpus: Corpus, eager: Any
) -> None:
    # Even then transformers takes the softmax in float32.
    tiny = load(tiny_checkpoint, device="cpu", dtype="float64")
    found, _ = _run(tiny, corpus, layer="all", max_samples=3)
    assert len(found) == 12
    for sample in corpus.take(3):
        record = found[sample.id]
        tokens = tiny.tokenize(sample.text)
        located = sample.locate(tokens)
        if located.excluded:
            continue
        with torch.no_grad():
            matrices = eager(torch.tensor([tokens.ids]), output_attentions=True).attentions
        for layer in range(tiny.n_layers):
            entry = record.layers[layer]
            weights = [
                [float(matrices[layer][0, head, located.query, key]) for key in located.keys]
                for head in range(4)
            ]
            flat = [weight for head in weights for weight in head]
            assert entry.layer == layer
            assert entry.attention == pytest.approx(math.fsum(flat) / len(flat), abs=1e-6)
            assert entry.per_head == pytest.approx([statistics.fmean(h) for h in weights], abs=1e-6)
            assert entry.edge_mass == pytest.approx([math.fsum(h) for h in weights], abs=1e-6)
            assert entry.per_target == pytest.approx(
                [statistics.fmean(column) for column in zip(*weights, strict=True)], abs=1e-6
            )


def test_one_layer_is_what_all_layers_say_of_it(tiny: TransformerSubject, corpus: Corpus) -> None:
    every, _ = _run(tiny, corpus, layer="all", max_samples=1)
    one, _ = _run(tiny, corpus, layer=2, max_samples=1)
    for name, record in one.items():
        assert [entry.layer for entry in record.layers] == [2]
        assert record.layers[0].attention == pytest.approx(
            every[name].layers[2].attention, abs=1e-7
        )


def test_batches_do_not_matter(tiny: TransformerSubject, corpus: Corpus) -> None:
    together, one = _run(tiny, corpus, batch_tokens=100_000)
    apart, other = _run(tiny, corpus, batch_tokens=1)
    for name, record in together.items():
        for entry, again in zip(record.layers, apart[name].layers, strict=True):
            assert entry.attention == pytest.approx(again.attention, abs=1e-7)
    assert one.layers[0].python == pytest.approx(other.layers[0].python, abs=1e-7)


def test_the_order_of_the_corpus_does_not_matter(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus)
    again, other = _run(tiny, Corpus(corpus.samples[::-1]))
    assert {
        name: record.layers[0].attention for name, record in found.items() if record.layers
    } == {
        name: pytest.approx(record.layers[0].attention, abs=1e-7)
        for name, record in again.items()
        if record.layers
    }
    assert summary.layers[0].ratio == pytest.approx(other.layers[0].ratio, rel=1e-6)


def test_the_summary_is_the_mean_of_the_samples(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=3)
    (layer,) = summary.layers
    assert [group.group for group in layer.groups] == list(Group)
    for group in layer.groups:
        values = [
            record.layers[0].attention
            for record in found.values()
            if record.group == group.group and record.excluded is None
        ]
        assert group.n == len(values)
        assert group.mean == pytest.approx(statistics.fmean(values))
        assert group.sd == pytest.approx(statistics.stdev(values))
    assert layer.python == layer.groups[0].mean
    assert layer.rust == layer.groups[1].mean
    assert layer.python is not None
    assert layer.rust is not None
    assert layer.ratio == pytest.approx(layer.python / layer.rust)
    assert layer.recommended_target == layer.python
    assert (summary.layer, summary.layer_choice) == (3, "layer 3, as asked for")


def test_a_sample_that_cannot_be_measured_is_a_record_with_its_reason(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    behind = Sample(
        "behind",
        Group.RUST_TEST,
        "#[test]\nfn works() {}",
        CharMarks(marker=0, pattern="#[test]", targets=(8, 11)),
    )
    found, summary = _run(tiny, Corpus((*corpus.group(Group.RUST_TEST), behind)))
    record = found["behind"]
    assert record.excluded is not None
    assert "come after the marker's token" in record.excluded
    assert record.layers == ()
    (group,) = summary.layers[0].groups
    assert (group.n, group.excluded) == (10, 1)
    values = [r.layers[0].attention for r in found.values() if r.layers]
    assert group.mean == pytest.approx(statistics.fmean(values))


def _only(subject: TransformerSubject, corpus: Corpus, *groups: Group) -> LayerSummary:
    _, summary = _run(subject, corpus, groups=groups, max_samples=1)
    return summary.layers[0]


def test_without_a_language_there_is_no_ratio(tiny: TransformerSubject, corpus: Corpus) -> None:
    layer = _only(tiny, corpus, Group.PYTHON_DOCTEST)
    assert (layer.ratio, layer.ratio_undefined) == (None, "no Rust test was measured")
    assert layer.recommended_target is not None
    layer = _only(tiny, corpus, Group.RUST_TEST)
    assert (layer.ratio, layer.ratio_undefined) == (None, "no Python doctest was measured")
    assert layer.recommended_target is None


def test_one_sample_has_no_sd(tiny: TransformerSubject, corpus: Corpus) -> None:
    (group,) = _only(tiny, corpus, Group.RUST_TEST).groups
    assert group.mean is not None
    assert group.sd is None


def test_what_is_done_is_not_run_again(tiny: TransformerSubject, corpus: Corpus) -> None:
    config = CalibrateConfig(max_samples=2)
    everything = list(run(config, tiny, corpus))
    rest = list(run(config, tiny, corpus, everything[:3]))
    assert [record.sample for record in _samples(rest[:-1])] == [
        record.sample for record in _samples(everything[3:-1])
    ]
    summary, again = everything[-1], rest[-1]
    assert isinstance(summary, CalibrationSummary)
    assert isinstance(again, CalibrationSummary)
    assert again.layers[0].python == pytest.approx(summary.layers[0].python, abs=1e-7)
    assert list(run(config, tiny, corpus, everything)) == []


def test_a_missing_layer_is_refused_before_anything_runs(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    with pytest.raises(LayerError, match="wanted a layer in 0 … 5"):
        next(run(CalibrateConfig(layer=6), tiny, corpus))


def test_one_pass_captures_every_layer_and_no_logits(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    forward = TransformerSubject.run

    def counted(self: TransformerSubject, tokens: Any, **options: Any) -> Any:
        calls.append(options)
        return forward(self, tokens, **options)

    monkeypatch.setattr(TransformerSubject, "run", counted)
    list(run(CalibrateConfig(layer="all", batch_tokens=100_000), tiny, corpus))
    (call,) = calls
    assert call["positions"] == "none"
    assert call["capture"][0].layers == tuple(range(6))
