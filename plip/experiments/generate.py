"""Generation: what a model writes with and without steering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from plip.experiments.config import FrozenConfig, LayerIndex
from plip.experiments.continuations import (
    as_code,
    continuation_record,
    draw_seed,
    steering_record,
)
from plip.experiments.generate_summary import summarise
from plip.experiments.layers import choose_layers
from plip.experiments.prompting import (
    Placed,
    place,
    prompt_fields,
    steering,
    take,
    what_is_steered,
)
from plip.measure import CodeMatch, first_difference, similarity
from plip.models import Continuation, Subject
from plip.models.generation import Steer
from plip.records import (
    AnyRecord,
    CodeMatchRecord,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    SimilarityRecord,
)
from plip.text import Prompts

__all__ = ["NAME", "GenerateConfig", "check_samples", "count", "run"]

NAME = "generate"


class GenerateConfig(FrozenConfig):
    """The options of a generation experiment; the paper's by default."""

    layer: LayerIndex | None = None
    """The steered layer, from 0; None for the model's own default."""

    scale: Annotated[float, Field(ge=0)] = 3.0
    """The factor of the attention to the marker, or of its write."""

    steer: Steer = "prompt"
    """What is steered of a transformer: the prompt alone, or the continuation as well."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """Of sampling; 0 takes the most probable token."""

    samples: Annotated[int, Field(ge=1)] = 1
    """Pairs of continuations for each prompt; 1 at temperature 0."""

    max_new_tokens: Annotated[int, Field(ge=1)] = 80
    """The most tokens of a continuation."""

    chat: bool = False
    """Whether prompts are put into the model's chat template."""

    max_prompts: Annotated[int, Field(ge=1)] | None = None
    """The most prompts, the first ones; None for all."""

    batch: Annotated[int, Field(ge=1)] = 32
    """How many continuations are computed together."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the draws."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    @field_validator("samples")
    @classmethod
    def _one_if_greedy(cls, samples: int, info: ValidationInfo) -> int:
        return check_samples(samples, [info.data.get("temperature", math.nan)])


def check_samples(samples: int, temperatures: Sequence[float]) -> int:
    """Check that no more samples are wanted than can differ.

    Raises:
        ValueError: several at temperature 0.
    """
    if samples > 1 and 0 in temperatures:
        raise ValueError("1 at temperature 0, where all are the same")
    return samples


def count(config: GenerateConfig, prompts: Prompts) -> int:
    """Count the prompts that the experiment goes through."""
    return len(take(prompts, config.max_prompts))


def run(
    config: GenerateConfig, subject: Subject, prompts: Prompts, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Continue each prompt with and without steering.

    The two continuations of a pair are drawn with the same numbers, so that they differ by the
    steering alone. Continuations are parsed, and never executed.

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
    choice = choose_layers(config.layer, subject)
    placed = place(
        take(prompts, config.max_prompts),
        subject,
        chat=config.chat,
        max_new_tokens=config.max_new_tokens,
        steer=config.steer,
    )
    if any(isinstance(record, GenerationSummary) for record in done):
        return
    records = {record.key: record for record in done if isinstance(record, GenerationSample)}
    for each in placed:
        if each.prompt.id not in records:
            record = _sample(each, choice.layer, subject, config)
            records[record.key] = record
            yield record
    yield summarise(
        [records[each.prompt.id] for each in placed],
        choice,
        mechanism=subject.mechanism,
        steered=what_is_steered(subject, config.steer),
        scale=config.scale,
        temperature=config.temperature,
        samples=config.samples,
        max_new_tokens=config.max_new_tokens,
        confidence=config.confidence,
    )


def _sample(
    placed: Placed, layer: int, subject: Subject, config: GenerateConfig
) -> GenerationSample:
    plan = steering(placed, config.scale, layer)
    seed = draw_seed(config.seed, placed.prompt.id, config.temperature)
    baseline, steered = (
        subject.generate(
            placed.tokens,
            plan=used,
            steer=config.steer,
            max_new_tokens=config.max_new_tokens,
            temperature=config.temperature,
            samples=config.samples,
            seed=seed,
            batch=config.batch,
        ).continuations
        for used in (None, plan)
    )
    return GenerationSample(
        **prompt_fields(placed, chat=config.chat),
        layer=layer,
        scale=config.scale,
        temperature=config.temperature,
        draw_seed=seed,
        plan_hash=None if plan is None else plan.digest,
        pairs=tuple(
            _pair(placed, one, other) for one, other in zip(baseline, steered, strict=True)
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
