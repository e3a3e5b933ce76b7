"""Persistence: how test syntax depends on the marker's distance and on the scale of steering."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from plip.experiments.config import FrozenConfig, LayerIndex
from plip.experiments.continuations import (
    continuation_record,
    draw_seed,
    proportion,
    steering_record,
)
from plip.experiments.generate import check_samples
from plip.experiments.layers import choose_layers
from plip.experiments.persistence_summary import summarise
from plip.experiments.prompting import (
    Placed,
    place,
    prompt_fields,
    steering,
    take,
    what_is_steered,
)
from plip.models import Subject
from plip.models.generation import Steer
from plip.records import AnyRecord, PersistenceCell, PersistenceSummary
from plip.text import Prompts

__all__ = ["DEFAULT_SCALES", "NAME", "PersistenceConfig", "count", "run"]

NAME = "persistence"

#: The paper's scales (§8.4), and the knockout of the write.
DEFAULT_SCALES = (0.0, 1.0, 3.0, 5.0, 9.0)

NotNegative = Annotated[float, Field(ge=0)]


class PersistenceConfig(FrozenConfig):
    """The options of a persistence experiment; the paper's by default."""

    layer: LayerIndex | None = None
    """The steered layer, from 0; None for the model's own default."""

    scales: tuple[NotNegative, ...] = Field(default=DEFAULT_SCALES, min_length=1)
    """Factors of the attention to the marker, or of its write, each once; 1 is no plan at all."""

    temperatures: tuple[NotNegative, ...] = Field(default=(0.8,), min_length=1)
    """Of sampling, each once."""

    samples: Annotated[int, Field(ge=1)] = 30
    """Continuations of each prompt at each scale and temperature."""

    max_new_tokens: Annotated[int, Field(ge=1)] = 80
    """The most tokens of a continuation."""

    steer: Steer = "prompt"
    """What is steered of a transformer: the prompt alone, or the continuation as well."""

    chat: bool = False
    """Whether prompts are put into the model's chat template."""

    max_prompts: Annotated[int, Field(ge=1)] | None = None
    """The most prompts, the first ones; None for all."""

    batch: Annotated[int, Field(ge=1)] = 32
    """How many continuations are computed together."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the draws, the bootstrap and the permutations."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """How often prompts are drawn for an interval."""

    @field_validator("scales", "temperatures")
    @classmethod
    def _each_once(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) < len(values):
            raise ValueError("each value once")
        return values

    @field_validator("samples")
    @classmethod
    def _one_if_greedy(cls, samples: int, info: ValidationInfo) -> int:
        return check_samples(samples, info.data.get("temperatures", ()))


@dataclass(frozen=True, slots=True)
class _Cell:
    placed: Placed
    scale: float
    temperature: float

    @property
    def name(self) -> tuple[str, float, float]:
        return self.placed.prompt.id, self.scale, self.temperature


def count(config: PersistenceConfig, prompts: Prompts) -> int:
    """Count the cells that the experiment goes through."""
    chosen = take(prompts, config.max_prompts)
    return len(chosen) * len(config.scales) * len(config.temperatures)


def run(
    config: PersistenceConfig, subject: Subject, prompts: Prompts, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Sample each prompt at each scale and temperature, and count test syntax.

    A cell's draws come from the seed, its prompt, its scale and its temperature alone, and the
    samples of a cell are computed in batches of one size: results do not depend on the order of the
    cells or on how a run was cut up. Continuations are parsed, and never executed.

    Args:
        config: the options.
        subject: the model.
        prompts: what is continued.
        done: records of the same run that are there already.

    Yields:
        A `PersistenceCell` for every cell that is not done, then a `PersistenceSummary`.

    Raises:
        LayerError, ConfigError, TextError, PositionError, ContextLengthError, EdgeError: before
            anything is run.
        MeasureError: logits that are not numbers.
        WitnessError: an intervention that did not do what it says.

    Source: STEERING_RESULTS.md §8.4.
    """
    choice = choose_layers(config.layer, subject)
    placed = place(
        take(prompts, config.max_prompts),
        subject,
        chat=config.chat,
        max_new_tokens=config.max_new_tokens,
        steer=config.steer,
    )
    if any(isinstance(record, PersistenceSummary) for record in done):
        return
    cells = [
        _Cell(each, scale, temperature)
        for temperature in config.temperatures
        for each in placed
        for scale in config.scales
    ]
    records = {
        (record.prompt, record.scale, record.temperature): record
        for record in done
        if isinstance(record, PersistenceCell)
    }
    for cell in cells:
        if cell.name not in records:
            records[cell.name] = _measure(cell, choice.layer, subject, config)
            yield records[cell.name]
    yield summarise(
        [records[cell.name] for cell in cells],
        choice,
        mechanism=subject.mechanism,
        steered=what_is_steered(subject, config.steer),
        max_new_tokens=config.max_new_tokens,
        confidence=config.confidence,
        resamples=config.resamples,
        seed=config.seed,
    )


def _measure(
    cell: _Cell, layer: int, subject: Subject, config: PersistenceConfig
) -> PersistenceCell:
    plan = steering(cell.placed, cell.scale, layer)
    seed = draw_seed(config.seed, *cell.name)
    continuations = subject.generate(
        cell.placed.tokens,
        plan=plan,
        steer=config.steer,
        max_new_tokens=config.max_new_tokens,
        temperature=cell.temperature,
        samples=config.samples,
        seed=seed,
        batch=config.batch,
    ).continuations
    samples = [continuation_record(cell.placed, each) for each in continuations]
    return PersistenceCell(
        **prompt_fields(cell.placed, chat=config.chat),
        layer=layer,
        scale=cell.scale,
        temperature=cell.temperature,
        draw_seed=seed,
        plan_hash=None if plan is None else plan.digest,
        witness=steering_record(continuations),
        paper=proportion(
            [bool(each.detection.paper) for each in samples], confidence=config.confidence
        ),
        parsed=proportion(
            [bool(each.detection.parsed) for each in samples], confidence=config.confidence
        ),
        samples=tuple(samples),
    )
