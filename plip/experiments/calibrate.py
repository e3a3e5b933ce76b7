"""Calibration: how much attention markers pay to the functions they test."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from plip.experiments.config import ExperimentConfig, Layers
from plip.experiments.layers import LayerChoice, choose_layers
from plip.experiments.samples import batches, count, locate, sample_fields
from plip.experiments.spread import mean_and_sd
from plip.measure import TargetAttention, attention_to_targets
from plip.models import Capture, Subject
from plip.records import (
    AnyRecord,
    CalibrationSample,
    CalibrationSummary,
    GroupAttention,
    LayerAttention,
    LayerSummary,
)
from plip.text import Corpus, Group, Located

__all__ = ["NAME", "CalibrateConfig", "count", "run"]

NAME = "calibrate"


class CalibrateConfig(ExperimentConfig):
    """The options of a calibration."""

    layer: Layers | Literal["all"] | None = None
    """A layer from 0, several, or all of them; None for the model's own default."""


def run(
    config: CalibrateConfig, subject: Subject, corpus: Corpus, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Measure attention from each sample's marker to its targets, without steering.

    Of a model with a recurrent state it is effective attention.

    One pass over each batch of texts captures all layers, and stops after the last of them.

    Args:
        config: the options.
        subject: the model.
        corpus: the samples.
        done: records of the same run that are there already.

    Yields:
        A `CalibrationSample` for every sample that is not done, a `CalibrationSummary` at the end.

    Raises:
        LayerError, CorpusError, PositionError, ContextLengthError: before anything is run.

    Source: STEERING_RESULTS.md §1.
    """
    choice = choose_layers(config.layer, subject)
    located = locate(config, subject, corpus)
    if any(isinstance(record, CalibrationSummary) for record in done):
        return
    records = {record.key: record for record in done if isinstance(record, CalibrationSample)}
    for batch in batches(located, config.batch_tokens, done=records):
        for record in _measure(batch, choice.layers, subject):
            if record.key not in records:
                records[record.key] = record
                yield record
    yield _summarise([records[item.sample.id] for item in located], choice)


def _measure(
    batch: Sequence[Located], layers: tuple[int, ...], subject: Subject
) -> Iterator[CalibrationSample]:
    measured = [item for item in batch if item.excluded is None]
    found: dict[str, tuple[LayerAttention, ...]] = {}
    if measured:
        attention = subject.run(
            [item.tokens for item in measured],
            capture=[Capture(layers=layers, queries=[item.query]) for item in measured],
            positions="none",
        ).attention
        for row, item in enumerate(measured):
            found[item.sample.id] = tuple(
                _layer_attention(
                    layer, attention_to_targets(attention[layer][row, :, 0], item.keys)
                )
                for layer in layers
            )
    for item in batch:
        yield CalibrationSample(**sample_fields(item), layers=found.get(item.sample.id, ()))


def _layer_attention(layer: int, attention: TargetAttention) -> LayerAttention:
    return LayerAttention(
        layer=layer,
        attention=_or_none(float(attention.mean)),
        per_target=tuple(map(_or_none, attention.per_target.tolist())),
        per_head=tuple(map(_or_none, attention.per_head.tolist())),
        edge_mass=tuple(map(_or_none, attention.edge_mass.tolist())),
        undefined_heads=int((~attention.defined).sum()),
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _summarise(records: Sequence[CalibrationSample], choice: LayerChoice) -> CalibrationSummary:
    return CalibrationSummary(
        layer=choice.layer,
        layer_choice=choice.why,
        layers=tuple(
            _summarise_layer(records, index, layer) for index, layer in enumerate(choice.layers)
        ),
    )


def _summarise_layer(records: Sequence[CalibrationSample], index: int, layer: int) -> LayerSummary:
    groups = tuple(
        _summarise_group(group, [record for record in records if record.group == group], index)
        for group in Group
        if any(record.group == group for record in records)
    )
    means = {group.group: group.mean for group in groups}
    python, rust = means.get(Group.PYTHON_DOCTEST), means.get(Group.RUST_TEST)
    ratio, reason = _ratio(python, rust)
    return LayerSummary(
        layer=layer,
        groups=groups,
        python=python,
        rust=rust,
        ratio=ratio,
        ratio_undefined=reason,
        recommended_target=python,
    )


def _summarise_group(
    group: Group, records: Sequence[CalibrationSample], index: int
) -> GroupAttention:
    measured = [record.layers[index].attention for record in records if record.excluded is None]
    values = [value for value in measured if value is not None]
    mean, sd = mean_and_sd(values)
    return GroupAttention(
        group=group.value, n=len(values), excluded=len(records) - len(values), mean=mean, sd=sd
    )


def _ratio(python: float | None, rust: float | None) -> tuple[float | None, str | None]:
    if python is None:
        return None, "no Python doctest was measured"
    if rust is None:
        return None, "no Rust test was measured"
    if rust == 0:
        return None, "the mean of the Rust tests is 0"
    return python / rust, None
