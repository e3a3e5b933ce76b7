"""Generation: what a model writes with and without steering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from plip.experiments.aims import Aim, aims
from plip.experiments.continuations import (
    as_code,
    continuation_record,
    continued,
    draw_seed,
    steering_record,
)
from plip.experiments.generate_summary import summarise
from plip.experiments.layers import LayerChoice, choose_steered
from plip.experiments.prompt_config import Controls, Factor, PromptConfig, check_samples
from plip.experiments.prompting import Placed, place, prompt_fields, take
from plip.measure import CodeMatch, first_difference, similarity
from plip.models import Continuation, Subject
from plip.records import (
    AnyRecord,
    CodeMatchRecord,
    GenerationControl,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    SimilarityRecord,
)
from plip.text import Prompts

__all__ = ["NAME", "GenerateConfig", "count", "run"]

NAME = "generate"


class GenerateConfig(PromptConfig):
    """The options of a generation experiment; the paper's by default."""

    scale: Factor | None = 3.0
    """The factor of the attention to the marker, or of its write, in all layers; None where factors
    are given, one for each layer."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """Of sampling; 0 takes the most probable token."""

    samples: Annotated[int, Field(ge=1)] = 1
    """Pairs of continuations for each prompt; 1 at temperature 0."""

    controls: Controls = ("token", "marker", "layer")
    """What the same steering is done to beside the marker."""

    @field_validator("samples")
    @classmethod
    def _one_if_greedy(cls, samples: int, info: ValidationInfo) -> int:
        return check_samples(samples, [info.data.get("temperature", math.nan)])

    @model_validator(mode="after")
    def _scale_or_factors(self) -> GenerateConfig:
        if (self.scale is None) == (self.factors is None):
            raise ValueError("a scale or factors, one of the two")
        return self


def count(config: GenerateConfig, prompts: Prompts) -> int:
    """Count the prompts that the experiment goes through."""
    return len(take(prompts, config))


def run(
    config: GenerateConfig, subject: Subject, prompts: Prompts, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Continue each prompt with and without steering, and with the same done to controls.

    The continuations of a prompt are all drawn with the same numbers, so that the two of a pair
    differ by the steering alone. Continuations are parsed, and never executed.

    Args:
        config: the options.
        subject: the model.
        prompts: what is continued.
        done: records of the same run that are there already.

    Yields:
        A `GenerationSample` for every prompt that is not done, then a `GenerationSummary`.

    Raises:
        LayerError, ConfigError, TextError, PositionError, ContextLengthError, EdgeError: before
            anything is run.
        MeasureError: logits that are not numbers.
        WitnessError: an intervention that did not do what it says.

    Source: STEERING_RESULTS.md §8.2, §8.3.
    """
    choice = choose_steered(config.layer, subject, config.factors)
    placed = place(take(prompts, config), subject, config)
    if any(isinstance(record, GenerationSummary) for record in done):
        return
    records = {record.key: record for record in done if isinstance(record, GenerationSample)}
    factors = config.factors_in(choice.layers, config.scale)
    for each in placed:
        if each.prompt.id not in records:
            record = _sample(each, choice, factors, subject, config)
            records[record.key] = record
            yield record
    yield summarise([records[each.prompt.id] for each in placed], choice, factors, subject, config)


def _sample(
    placed: Placed,
    choice: LayerChoice,
    factors: tuple[float, ...],
    subject: Subject,
    config: GenerateConfig,
) -> GenerationSample:
    seed = draw_seed(config.seed, placed.prompt.id, config.temperature)
    steers = any(factor != 1 for factor in factors)
    marker, *controls = aims(
        placed, choice.layers, config.controls if steers else (), subject, config
    )

    def written(aim: Aim, *, steered: bool) -> tuple[Continuation, ...]:
        return continued(
            aim.placed,
            aim.plan(factors) if steered else None,
            subject,
            config,
            temperature=config.temperature,
            samples=config.samples,
            seed=seed,
        )

    baseline = written(marker, steered=False)

    def pairs(aim: Aim) -> tuple[GenerationPair, ...]:
        if aim.excluded is not None:
            return ()
        own = baseline if aim.placed is placed else written(aim, steered=False)
        steered = written(aim, steered=True)
        return tuple(_pair(aim.placed, *pair) for pair in zip(own, steered, strict=True))

    return GenerationSample(
        **prompt_fields(placed, config),
        aim=marker.record(factors),
        temperature=config.temperature,
        draw_seed=seed,
        pairs=pairs(marker),
        controls=tuple(
            GenerationControl(aim=aim.record(factors), pairs=pairs(aim)) for aim in controls
        ),
    )


def _pair(placed: Placed, baseline: Continuation, steered: Continuation) -> GenerationPair:
    return GenerationPair(
        baseline=continuation_record(placed, baseline),
        steered=continuation_record(placed, steered),
        identical=(baseline.ids, baseline.ended) == (steered.ids, steered.ended),
        first_difference=first_difference(baseline.ids, steered.ids),
        similarity=_similarity(placed, baseline, steered),
        witness=steering_record([steered]),
    )


def _similarity(placed: Placed, baseline: Continuation, steered: Continuation) -> SimilarityRecord:
    found = similarity(as_code(placed, baseline), as_code(placed, steered))
    return SimilarityRecord(
        edit=_defined(found.edit),
        bleu=_defined(found.bleu),
        chrf=_defined(found.chrf),
        code=_code_match(found.code),
        tests=_code_match(found.tests),
    )


def _code_match(found: CodeMatch) -> CodeMatchRecord:
    return CodeMatchRecord(
        ngram=_defined(found.ngram),
        weighted_ngram=_defined(found.weighted_ngram),
        syntax=_defined(found.syntax),
    )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
