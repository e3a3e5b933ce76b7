"""Dose-response: how a prediction moves as the marker's edges, or its write, are scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from torch import Tensor

from plip.errors import ConfigError, LayerError, MeasureError
from plip.experiments.conditions import Mode, Treatment, treatments
from plip.experiments.config import ExperimentConfig, LayerIndex, doses_once
from plip.experiments.dose_points import sample_record
from plip.experiments.dose_summary import summarise
from plip.experiments.layers import check_heads, choose_layers
from plip.experiments.precision import check_precision
from plip.experiments.samples import batches, count, locate, sample_fields
from plip.measure import attention_to_targets
from plip.models import Capture, Subject
from plip.records import AnyRecord, DoseResponseSample, DoseResponseSummary
from plip.text import Corpus, Group, Located

__all__ = ["DEFAULT_DOSES", "NAME", "DoseResponseConfig", "count", "run"]

NAME = "dose-response"

#: The paper's factors (§2.1).
DEFAULT_DOSES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)

Dose = Annotated[float, Field(ge=0)]


class DoseResponseConfig(ExperimentConfig):
    """The options of a dose-response experiment."""

    layer: LayerIndex | None = None
    """The steered layer, from 0; None for the model's own default."""

    groups: tuple[Group, ...] = Field(default=(Group.RUST_TEST,), min_length=1)
    """Which groups of the corpus to steer; the paper's by default."""

    doses: Annotated[tuple[Dose, ...], AfterValidator(doses_once)] = Field(
        default=DEFAULT_DOSES, min_length=1
    )
    """Factors of the target edges, or of the marker's write into the state, each once."""

    heads: tuple[LayerIndex, ...] | None = Field(default=None, min_length=1)
    """The heads to steer, from 0, such as a scan's; None for all. Attention is that of all."""

    target_attention: Annotated[float, Field(gt=0, lt=1)] | None = None
    """A level of attention to reach as well, a fraction."""

    mode: Mode = "set-value"
    """How that level is reached."""

    allow_narrow: bool = False
    """Whether a recurrent model may run in bfloat16 or float16, whose rounding is worth about as
    many nats as the effects that are looked for."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """Bootstrap samples drawn for each interval."""


def run(
    config: DoseResponseConfig, subject: Subject, corpus: Corpus, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Steer each sample's marker → target edges by every dose, and measure what changes.

    Of a model with a recurrent state it is the marker's write into the state that is scaled.

    All doses of a batch of texts share their work (`Subject.sweep`). The baseline is a run without
    a plan in that same sweep.

    Args:
        config: the options.
        subject: the model.
        corpus: the samples.
        done: records of the same run that are there already.

    Yields:
        A `DoseResponseSample` for every sample that is not done, then a `DoseResponseSummary`.

    Raises:
        LayerError, CorpusError, PositionError, ContextLengthError, ConfigError: before anything is
            run.
        MeasureError: no sample can be measured, or logits are no numbers.
        WitnessError: an intervention that did not do what it says.

    Source: STEERING_RESULTS.md §2, §8.
    """
    _check_options(config, subject)
    choice = choose_layers(config.layer, subject)
    check_heads(config.heads, [choice.layer], subject)
    located = locate(config, subject, corpus)
    _check_measurable(located)
    _check_reach(choice.layer, subject, located)
    if any(isinstance(record, DoseResponseSummary) for record in done):
        return
    records = {record.key: record for record in done if isinstance(record, DoseResponseSample)}
    waiting = [item for item in located if item.sample.id not in records]
    for batch in batches(waiting, config.batch_tokens, copies=len(config.doses) + 1):
        for record in _measure(batch, choice.layer, subject, config):
            records[record.key] = record
            yield record
    yield summarise(
        [records[item.sample.id] for item in located],
        choice,
        subject.mechanism,
        seed=config.seed,
        confidence=config.confidence,
        resamples=config.resamples,
    )


def _check_options(config: DoseResponseConfig, subject: Subject) -> None:
    """Check that the model is asked for what it can answer, precisely enough."""
    check_precision(config.allow_narrow, subject)
    if subject.mechanism == "state" and config.target_attention is not None:
        raise ConfigError(
            "option target_attention",
            wanted="doses only",
            found=f"a level of attention for {subject.name}, which has no attention to bring to it",
            advice="leave it out: the write into the state is scaled by the doses",
        )

    if config.heads is not None and config.target_attention is not None:
        raise ConfigError(
            "option heads",
            wanted="all heads, where they are brought to a level of attention",
            found=f"heads {list(config.heads)}",
            advice="leave out heads or target_attention",
        )


def _check_measurable(located: Sequence[Located]) -> None:
    if all(item.excluded is not None for item in located):
        raise MeasureError(
            "samples",
            wanted="at least one that can be measured",
            found=f"none of {len(located)}; {located[0].sample.id!r}: {located[0].excluded}",
            advice="choose other groups or another corpus",
        )


def _check_reach(layer: int, subject: Subject, located: Sequence[Located]) -> None:
    """Refuse the last layer: above it no row reads another, so every divergence would be 0.

    The last layer's state is read by that layer's own later rows, so that it may be steered.
    """
    if layer < subject.n_layers - 1 or subject.mechanism == "state":
        return
    inner = [
        item.sample.id
        for item in located
        if item.excluded is None and item.query < len(item.tokens) - 1
    ]
    if inner:
        raise LayerError(
            f"layer {layer}",
            wanted="a layer below the last, whose steered rows can reach the prediction",
            found=f"the last of {subject.n_layers}, and markers before the last token "
            f"({len(inner)} samples, such as {inner[0]!r})",
            advice=f"steer a layer in 0 … {subject.n_layers - 2}",
            details={"layer": layer, "layers": subject.n_layers},
        )


def _measure(
    batch: Sequence[Located], layer: int, subject: Subject, config: DoseResponseConfig
) -> Iterator[DoseResponseSample]:
    measured = [item for item in batch if item.excluded is None]
    found: dict[str, DoseResponseSample] = {}
    if measured:
        plans = _plans(measured, layer, subject, config)
        runs = subject.sweep(
            [item.tokens for item in measured],
            [[None, *(each.plan for each in mine if each.plan is not None)] for mine in plans],
            capture=[Capture(layers=[layer], queries=[item.query]) for item in measured],
        )
        for item, mine, outcome in zip(measured, plans, runs, strict=True):
            found[item.sample.id] = sample_record(item, layer, mine, outcome, config.heads)
    for item in batch:
        yield found.get(item.sample.id) or DoseResponseSample(
            **sample_fields(item), layer=layer, baseline_attention=None, points=()
        )


def _plans(
    measured: Sequence[Located], layer: int, subject: Subject, config: DoseResponseConfig
) -> list[list[Treatment]]:
    weights: Sequence[Tensor | None] = [None] * len(measured)
    if config.target_attention is not None and config.mode == "scale":
        rows = subject.run(
            [item.tokens for item in measured],
            capture=[Capture(layers=[layer], queries=[item.query]) for item in measured],
            positions="none",
        ).attention[layer]
        weights = [
            attention_to_targets(row[:, 0], item.keys).weights
            for row, item in zip(rows, measured, strict=True)
        ]
    return [
        list(
            treatments(
                item,
                known,
                subject,
                layer=layer,
                doses=config.doses,
                target=config.target_attention,
                heads=config.heads,
            )
        )
        for item, known in zip(measured, weights, strict=True)
    ]
