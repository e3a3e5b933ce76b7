"""What all pairs of baseline and steered continuations show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from plip.experiments.continuations import proportion
from plip.experiments.layers import LayerChoice
from plip.records import (
    ContinuationRecord,
    GenerationGroup,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    Mechanism,
    PairedOutcomes,
)
from plip.stats import mcnemar

__all__ = ["summarise"]


def summarise(
    records: Sequence[GenerationSample],
    choice: LayerChoice,
    *,
    mechanism: Mechanism,
    steered: str,
    scale: float,
    temperature: float,
    samples: int,
    max_new_tokens: int,
    confidence: float,
) -> GenerationSummary:
    """Count identical pairs and outcomes, over all prompts and in each category.

    Args:
        records: of all prompts, in order.
        choice: the steered layer.
        mechanism: what was steered in it.
        steered: the same in words.
        scale: the factor.
        temperature: of sampling.
        samples: pairs of each prompt.
        max_new_tokens: the most tokens of a continuation.
        confidence: level of the intervals.
    """
    categories = list(dict.fromkeys(record.category for record in records))
    return GenerationSummary(
        layer=choice.layer,
        layer_choice=choice.why,
        mechanism=mechanism,
        steered=steered,
        scale=scale,
        temperature=temperature,
        samples=samples,
        max_new_tokens=max_new_tokens,
        confidence=confidence,
        groups=tuple(
            _group(
                category,
                [record for record in records if category in (None, record.category)],
                confidence,
            )
            for category in (None, *categories)
        ),
    )


def _group(
    category: str | None, records: Sequence[GenerationSample], confidence: float
) -> GenerationGroup:
    pairs = [pair for record in records for pair in record.pairs]
    independent = len(pairs) == len(records)
    return GenerationGroup(
        category=category,
        prompts=len(records),
        pairs=len(pairs),
        identical=sum(pair.identical for pair in pairs),
        baseline_parses=proportion(
            [pair.baseline.detection.parses for pair in pairs], confidence=confidence
        ),
        steered_parses=proportion(
            [pair.steered.detection.parses for pair in pairs], confidence=confidence
        ),
        outcomes=(
            _outcomes("paper", pairs, confidence, independent),
            _outcomes("parsed", pairs, confidence, independent),
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
