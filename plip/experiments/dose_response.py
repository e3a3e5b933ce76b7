"""Dose-response: how a prediction moves as the marker's edges, or its write, are scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from plip.errors import ConfigError, LayerError, MeasureError
from plip.experiments.arms import Setting
from plip.experiments.conditions import Mode, treatments
from plip.experiments.config import (
    ExperimentConfig,
    FactorsByLayer,
    LayerIndex,
    Layers,
    doses_once,
)
from plip.experiments.dose_points import sample_record
from plip.experiments.dose_runs import baseline_rows, carried_out, planned
from plip.experiments.dose_summary import summarise
from plip.experiments.layers import LayerChoice, check_heads, choose_layers, choose_steered
from plip.experiments.precision import check_precision
from plip.experiments.reach import silent_layers
from plip.experiments.samples import batches, count, locate, sample_fields
from plip.measure import attention_to_targets
from plip.models import Subject
from plip.plan import name_layers
from plip.records import AnyRecord, Control, DoseResponseSample, DoseResponseSummary
from plip.text import Corpus, Group, Located

__all__ = ["CONTROLS", "DEFAULT_DOSES", "NAME", "DoseResponseConfig", "count", "run"]

NAME = "dose-response"

#: The paper's factors (§2.1).
DEFAULT_DOSES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)

#: What stands beside every dose unless told otherwise.
CONTROLS: tuple[Control, ...] = ("edges", "marker", "layer")

Dose = Annotated[float, Field(ge=0)]


def _controls_once(controls: tuple[Control, ...]) -> tuple[Control, ...]:
    if len(set(controls)) < len(controls):
        raise ValueError("each control once")
    return controls


class DoseResponseConfig(ExperimentConfig):
    """The options of a dose-response experiment."""

    layer: Layers | None = None
    """The steered layer, from 0, or several that are steered at once; None for those that factors
    name, or for the model's own default."""

    groups: tuple[Group, ...] = Field(default=(Group.RUST_TEST,), min_length=1)
    """Which groups of the corpus to steer; the paper's by default."""

    doses: Annotated[tuple[Dose, ...], AfterValidator(doses_once)] = Field(
        default=DEFAULT_DOSES, min_length=1
    )
    """Factors of the target edges, or of the marker's write into the state, each once."""

    factors: FactorsByLayer | None = None
    """A factor for each of some layers, at once: one more condition. Steered layers without one
    keep factor 1."""

    heads: tuple[LayerIndex, ...] | None = Field(default=None, min_length=1)
    """The heads to steer, from 0, such as a scan's; None for all. Attention is that of all."""

    target_attention: Annotated[float, Field(gt=0, lt=1)] | None = None
    """A level of attention to reach as well, a fraction."""

    mode: Mode = "set-value"
    """How that level is reached."""

    controls: Annotated[tuple[Control, ...], AfterValidator(_controls_once)] = CONTROLS
    """What is done beside every dose: the same to edges of as many other tokens with about as much
    attention (or to another token's write), with a marker of another kind, and in another layer."""

    control_layer: Layers | None = None
    """The other layers, as many as are steered; None draws them for each sample."""

    allow_narrow: bool = False
    """Whether a recurrent model may run in bfloat16 or float16, whose rounding is worth about as
    many nats as the effects that are looked for."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the controls, the bootstrap and the permutations."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """Bootstrap samples and permutations drawn for each figure."""


def run(
    config: DoseResponseConfig, subject: Subject, corpus: Corpus, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Steer each sample's marker → target edges by every dose, and measure what changes.

    Of a model with a recurrent state it is the marker's write into the state that is scaled.
    Several layers are steered at once. Beside every dose stand its controls.

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
    choice = choose_steered(config.layer, subject, config.factors)
    _check_options(config, choice, subject)
    located = locate(config, subject, corpus)
    _check_measurable(located)
    silent = _check_reach(choice.layers, subject, located)
    if any(isinstance(record, DoseResponseSummary) for record in done):
        return
    setting = Setting(
        subject,
        choice.layers,
        config.heads,
        config.controls,
        config.control_layer,
        config.seed,
    )
    records = {record.key: record for record in done if isinstance(record, DoseResponseSample)}
    for batch in batches(located, config.batch_tokens, copies=_copies(config), done=records):
        for record in _measure(batch, setting, config):
            if record.key not in records:
                records[record.key] = record
                yield record
    note = f"; what is done in {name_layers(silent)} reaches no prediction" if silent else ""
    yield summarise(
        [records[item.sample.id] for item in located],
        choice.layers,
        choice.why + note,
        subject.mechanism,
        seed=config.seed,
        confidence=config.confidence,
        resamples=config.resamples,
    )


def _check_options(config: DoseResponseConfig, choice: LayerChoice, subject: Subject) -> None:
    """Check that the model is asked for what it can answer, precisely enough."""
    check_precision(config.allow_narrow, subject)
    check_heads(config.heads, choice.layers, subject)
    _check_control_layers(config, choice, subject)
    if config.target_attention is None:
        return
    if subject.mechanism == "state":
        raise ConfigError(
            "option target_attention",
            wanted="doses only",
            found=f"a level of attention for {subject.name}, which has no attention to bring to it",
            advice="leave it out: the write into the state is scaled by the doses",
        )
    if config.heads is not None:
        raise ConfigError(
            "option heads",
            wanted="all heads, where they are brought to a level of attention",
            found=f"heads {list(config.heads)}",
            advice="leave out heads or target_attention",
        )
    if config.mode == "scale" and len(choice.layers) > 1:
        raise ConfigError(
            "option mode",
            wanted="one layer, where a factor is solved for a level of attention",
            found=f"{name_layers(choice.layers)}, of which only the lowest has the baseline's rows",
            advice="steer one layer, or set the value (mode set-value)",
        )


def _check_control_layers(
    config: DoseResponseConfig, choice: LayerChoice, subject: Subject
) -> None:
    if config.control_layer is None:
        return
    others = choose_layers(config.control_layer, subject).layers
    found = None
    if "layer" not in config.controls:
        found = f"{name_layers(others)} without that control"
    elif len(others) != len(choice.layers):
        found = f"{name_layers(others)} beside {name_layers(choice.layers)}"
    elif common := sorted(set(others) & set(choice.layers)):
        found = f"{name_layers(common)} among both"
    if found is not None:
        raise ConfigError(
            "option control_layer",
            wanted="as many other layers as are steered, for the control of another layer",
            found=found,
            advice="name other layers, or leave it out to have them drawn",
        )


def _check_measurable(located: Sequence[Located]) -> None:
    if all(item.excluded is not None for item in located):
        raise MeasureError(
            "samples",
            wanted="at least one that can be measured",
            found=f"none of {len(located)}; {located[0].sample.id!r}: {located[0].excluded}",
            advice="choose other groups or another corpus",
        )


def _check_reach(
    layers: tuple[int, ...], subject: Subject, located: Sequence[Located]
) -> list[int]:
    """Refuse the last layer: above it no row reads another, so every divergence would be 0.

    The last layer's state is read by that layer's own later rows, so that it may be steered.

    Returns:
        Layers that cannot reach any prediction, where others can.
    """
    if subject.mechanism == "state":
        return []
    silent = silent_layers(located, layers, subject)
    inner = [
        item.sample.id
        for item in located
        if item.excluded is None and item.query < len(item.tokens) - 1
    ]
    if inner and layers == (subject.n_layers - 1,):
        raise LayerError(
            name_layers(layers),
            wanted="a layer below the last, whose steered rows can reach the prediction",
            found=f"the last of {subject.n_layers}, and markers before the last token "
            f"({len(inner)} samples, such as {inner[0]!r})",
            advice=f"steer a layer in 0 … {subject.n_layers - 2}",
            details={"layer": layers[0], "layers": subject.n_layers},
        )
    return silent


def _copies(config: DoseResponseConfig) -> int:
    """Count how often a text of a batch is run at once, at most."""
    n = len(config.doses)
    n += (config.factors is not None) + (config.target_attention is not None)
    return 1 + n + ("edges" in config.controls) * n + ("marker" in config.controls) * (1 + n)


def _measure(
    batch: Sequence[Located], setting: Setting, config: DoseResponseConfig
) -> Iterator[DoseResponseSample]:
    measured = [item for item in batch if item.excluded is None]
    found: dict[str, DoseResponseSample] = {}
    if measured:
        solve = config.target_attention is not None and config.mode == "scale"
        cases = []
        for item, rows in zip(measured, baseline_rows(measured, setting, solve=solve), strict=True):
            weights = None
            if solve:
                weights = attention_to_targets(rows[setting.layers[0]], item.keys).weights
            treated = treatments(
                weights,
                layers=setting.layers,
                doses=config.doses,
                factors=config.factors,
                target=config.target_attention,
            )
            cases.append(planned(item, rows, list(treated), setting))
        for item, (effect, *controls) in zip(measured, carried_out(cases, setting), strict=True):
            found[item.sample.id] = sample_record(item, effect, controls, setting)
    for item in batch:
        yield found.get(item.sample.id) or DoseResponseSample(
            **sample_fields(item), layers=setting.layers, baseline_attention=None, points=()
        )
