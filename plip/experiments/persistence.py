"""Persistence: how test syntax depends on the marker's distance and on the scale of steering."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from plip.experiments.aims import Aim, aims
from plip.experiments.continuations import (
    continuation_record,
    continued,
    draw_seed,
    proportion,
    steering_record,
)
from plip.experiments.layers import choose_steered
from plip.experiments.persistence_summary import summarise
from plip.experiments.prompt_config import (
    Controls,
    Factor,
    PromptConfig,
    check_samples,
    each_once,
)
from plip.experiments.prompting import Placed, place, prompt_fields, take
from plip.models import Subject
from plip.plan import name_factors
from plip.records import AnyRecord, PersistenceCell, PersistenceSummary, PromptControl
from plip.text import Prompts

__all__ = ["DEFAULT_SCALES", "NAME", "PersistenceConfig", "count", "run"]

NAME = "persistence"

#: The paper's scales (§8.4), and the knockout of the write.
DEFAULT_SCALES = (0.0, 1.0, 3.0, 5.0, 9.0)

_Name = tuple[str, float | None, float, PromptControl | None]


class PersistenceConfig(PromptConfig):
    """The options of a persistence experiment; the paper's by default."""

    scales: tuple[Factor, ...] = Field(default=DEFAULT_SCALES, min_length=1)
    """Factors of the attention to the marker, or of its write, each once; 1 is no plan at all."""

    temperatures: tuple[Factor, ...] = Field(default=(0.8,), min_length=1)
    """Of sampling, each once."""

    samples: Annotated[int, Field(ge=1)] = 30
    """Continuations of each prompt at each scale and temperature."""

    controls: Controls = ("token",)
    """What the same steering is done to beside the marker; each costs nearly as much again."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """How often prompts are drawn for an interval."""

    @field_validator("scales", "temperatures")
    @classmethod
    def _each_once(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        return each_once(values)

    @field_validator("samples")
    @classmethod
    def _one_if_greedy(cls, samples: int, info: ValidationInfo) -> int:
        return check_samples(samples, info.data.get("temperatures", ()))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A prompt at one scale and temperature.

    Args:
        placed: the prompt.
        scale: the factor in all layers, None for the options' factors.
        temperature: of sampling.
        control: what is steered, None for the marker.
    """

    placed: Placed
    scale: float | None
    temperature: float
    control: PromptControl | None

    @property
    def name(self) -> _Name:
        return self.placed.prompt.id, self.scale, self.temperature, self.control


def count(config: PersistenceConfig, prompts: Prompts) -> int:
    """Count the cells that the experiment goes through."""
    columns = sum(len(_columns(config, control)) for control in (None, *config.controls))
    return len(take(prompts, config)) * columns * len(config.temperatures)


def run(
    config: PersistenceConfig, subject: Subject, prompts: Prompts, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Sample each prompt at each scale and temperature, and count test syntax.

    A cell's draws come from the seed, its prompt, its scale and its temperature alone, and the
    samples of a cell are computed in batches of one size: results do not depend on the order of the
    cells or on how a run was cut up. A control is drawn with the numbers of the cell that it stands
    beside. Continuations are parsed, and never executed.

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
    choice = choose_steered(config.layer, subject, config.factors)
    placed = place(take(prompts, config), subject, config)
    if any(isinstance(record, PersistenceSummary) for record in done):
        return
    records: dict[_Name, PersistenceCell] = {
        (record.prompt, record.scale, record.temperature, record.aim.control): record
        for record in done
        if isinstance(record, PersistenceCell)
    }
    cells = [
        _Cell(each, scale, temperature, control)
        for temperature in config.temperatures
        for each in placed
        for control in (None, *config.controls)
        for scale in _columns(config, control)
    ]
    aimed: dict[str, dict[PromptControl | None, Aim]] = {}
    for cell in cells:
        if cell.name not in records:
            prompt = cell.placed.prompt.id
            if prompt not in aimed:
                every = aims(cell.placed, choice.layers, config.controls, subject, config)
                aimed[prompt] = {aim.control: aim for aim in every}
            aim = aimed[prompt][cell.control]
            factors = config.factors_in(choice.layers, cell.scale)
            records[cell.name] = _measure(cell, aim, factors, subject, config)
            yield records[cell.name]
    yield summarise([records[cell.name] for cell in cells], choice, subject, config)


def _columns(config: PersistenceConfig, control: PromptControl | None) -> list[float | None]:
    """List the scales of a prompt, None for the factors.

    A control has no run of its own without steering, but for another marker, whose text is another.
    """
    scales: list[float | None] = [
        scale for scale in config.scales if scale != 1 or control in (None, "marker")
    ]
    return scales if config.factors is None else [*scales, None]


def _measure(
    cell: _Cell,
    aim: Aim,
    factors: tuple[float, ...],
    subject: Subject,
    config: PersistenceConfig,
) -> PersistenceCell:
    written = name_factors(config.factors or ()) if cell.scale is None else cell.scale
    seed = draw_seed(config.seed, cell.placed.prompt.id, written, cell.temperature)
    continuations = (
        ()
        if aim.excluded is not None
        else continued(
            aim.placed,
            aim.plan(factors),
            subject,
            config,
            temperature=cell.temperature,
            samples=config.samples,
            seed=seed,
        )
    )
    samples = [continuation_record(aim.placed, each) for each in continuations]
    return PersistenceCell(
        **prompt_fields(aim.placed, config),
        aim=aim.record(factors),
        scale=cell.scale,
        temperature=cell.temperature,
        draw_seed=seed,
        witness=steering_record(continuations),
        paper=proportion(
            [bool(each.detection.paper) for each in samples], confidence=config.confidence
        ),
        parsed=proportion(
            [bool(each.detection.parsed) for each in samples], confidence=config.confidence
        ),
        samples=tuple(samples),
    )
