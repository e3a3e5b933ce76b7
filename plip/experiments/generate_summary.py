"""What all pairs of baseline and steered continuations show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from plip.experiments.aims import control_fields, what_is_steered
from plip.experiments.continuations import proportion
from plip.experiments.layers import LayerChoice
from plip.models import Subject
from plip.records import (
    ContinuationRecord,
    GenerationControlSummary,
    GenerationGroup,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    PairedOutcomes,
    PromptControl,
)
from plip.stats import mcnemar

if TYPE_CHECKING:
    from plip.experiments.generate import GenerateConfig

__all__ = ["summarise"]

#: The pairs of one prompt, and those of another …
Pairs = Sequence[Sequence[GenerationPair]]


def summarise(
    records: Sequence[GenerationSample],
    choice: LayerChoice,
    factors: tuple[float, ...],
    subject: Subject,
    config: GenerateConfig,
) -> GenerationSummary:
    """Count identical pairs and outcomes, over all prompts and in each category, beside controls.

    Args:
        records: of all prompts, in order.
        choice: the steered layers.
        factors: the factor in each of them.
        subject: the model.
        config: the experiment's options.
    """
    categories = list(dict.fromkeys(record.category for record in records))
    steers = any(factor != 1 for factor in factors)
    return GenerationSummary(
        layers=choice.layers,
        layer_choice=choice.why,
        mechanism=subject.mechanism,
        steered=what_is_steered(subject, config.steer),
        scale=config.scale,
        factors=factors,
        temperature=config.temperature,
        samples=config.samples,
        max_new_tokens=config.max_new_tokens,
        confidence=config.confidence,
        groups=tuple(
            _group(
                category,
                [record.pairs for record in records if category in (None, record.category)],
                config.confidence,
            )
            for category in (None, *categories)
        ),
        controls=tuple(
            _control(control, records, subject, config.confidence)
            for control in (config.controls if steers else ())
        ),
    )


def _control(
    control: PromptControl,
    records: Sequence[GenerationSample],
    subject: Subject,
    confidence: float,
) -> GenerationControlSummary:
    found = [each for record in records for each in record.controls if each.aim.control == control]
    pairs = [each.pairs for each in found if each.aim.excluded is None]
    return GenerationControlSummary(
        **control_fields(control, subject, [each.aim for each in found]),
        group=_group(None, pairs, confidence) if pairs else None,
    )


def _group(category: str | None, pairs: Pairs, confidence: float) -> GenerationGroup:
    every = [pair for each in pairs for pair in each]
    independent = len(every) == len(pairs)
    return GenerationGroup(
        category=category,
        prompts=len(pairs),
        pairs=len(every),
        identical=sum(pair.identical for pair in every),
        baseline_parses=proportion(
            [pair.baseline.detection.parses for pair in every], confidence=confidence
        ),
        steered_parses=proportion(
            [pair.steered.detection.parses for pair in every], confidence=confidence
        ),
        outcomes=(
            _outcomes("paper", every, confidence, independent),
            _outcomes("parsed", every, confidence, independent),
        ),
    )


def _outcomes(
    detector: Literal["paper", "parsed"],
    pairs: Sequence[GenerationPair],
    confidence: float,
    independent: bool,
) -> PairedOutcomes:
    def found(continuation: ContinuationRecord) -> bool:
        return bool(getattr(continuation.detection, detector))

    both = [(found(pair.baseline), found(pair.steered)) for pair in pairs]
    gained, lost = both.count((False, True)), both.count((True, False))
    return PairedOutcomes(
        detector=detector,
        baseline=proportion([one for one, _ in both], confidence=confidence),
        steered=proportion([other for _, other in both], confidence=confidence),
        kept=both.count((True, True)),
        gained=gained,
        lost=lost,
        none=both.count((False, False)),
        p_value=mcnemar(gained, lost) if independent else None,
    )
