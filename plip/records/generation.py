"""What a comparison of baseline and steered continuations found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Record
from plip.records.continuations import (
    AimRecord,
    ContinuationRecord,
    PromptControlSummary,
    PromptRecord,
    PromptSummary,
    Proportion,
    SteeringRecord,
)

__all__ = [
    "CodeMatchRecord",
    "GenerationControl",
    "GenerationControlSummary",
    "GenerationGroup",
    "GenerationPair",
    "GenerationSample",
    "GenerationSummary",
    "PairedOutcomes",
    "SimilarityRecord",
]


class CodeMatchRecord(Record):
    """Three parts of CodeBLEU; None where one is undefined."""

    ngram: Fraction | None
    """BLEU over the tokens of the code."""

    weighted_ngram: Fraction | None
    """The same with keywords weighted."""

    syntax: Fraction | None
    """Share of the baseline's syntax subtrees that the steered code has too."""


class SimilarityRecord(Record):
    """How alike a steered continuation is to its baseline; None where a figure is undefined."""

    edit: Fraction | None
    """1 − Levenshtein distance / the longer length."""

    bleu: Fraction | None
    """BLEU of sacrebleu, as a fraction."""

    chrf: Fraction | None
    """chrF of sacrebleu, as a fraction."""

    code: CodeMatchRecord
    """The whole continuations as code."""

    tests: CodeMatchRecord
    """Their test syntax alone."""


class GenerationPair(Record):
    """A baseline continuation and a steered one, drawn with the same numbers."""

    baseline: ContinuationRecord
    """Without steering."""

    steered: ContinuationRecord
    """With it."""

    identical: bool
    """Whether the two texts are equal, and end or go on alike."""

    first_difference: int | None
    """The first token in which they differ, from 0; None if there is none."""

    similarity: SimilarityRecord
    """How alike they are."""

    witness: SteeringRecord | None
    """What the plan did; None where every factor is 1 and there is no plan."""


class GenerationControl(Record):
    """What the same steering did to a control."""

    aim: AimRecord
    """What was steered."""

    pairs: tuple[GenerationPair, ...]
    """One for each sample, drawn with the same numbers as the prompt's own; the baselines are the
    prompt's own too, but for a marker of another kind. None for an excluded prompt."""


class GenerationSample(PromptRecord):
    """One prompt, continued with and without steering."""

    schema_id: Literal["plip.generation.sample/2"] = Field(
        default="plip.generation.sample/2", alias="schema"
    )
    """Kind and version of this record."""

    aim: AimRecord
    """What was steered."""

    temperature: float
    """Of sampling; 0 takes the most probable token."""

    draw_seed: int
    """What the prompt's draws came from."""

    pairs: tuple[GenerationPair, ...]
    """One for each sample."""

    controls: tuple[GenerationControl, ...]
    """The same for each control; none where every factor is 1."""

    @property
    def key(self) -> str:
        """The prompt's id."""
        return self.prompt

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run, those of controls included."""
        aims = (self.aim, *(control.aim for control in self.controls))
        return tuple(aim.plan_hash for aim in aims if aim.plan_hash is not None)


class PairedOutcomes(Record):
    """Test syntax by one detector, in pairs of baseline and steered."""

    detector: Literal["paper", "parsed"]
    """Which."""

    baseline: Proportion
    """Baseline continuations with test syntax."""

    steered: Proportion
    """Steered ones with it."""

    kept: int
    """Pairs in which both have it."""

    gained: int
    """Pairs in which only the steered one has it."""

    lost: int
    """Pairs in which only the baseline has it."""

    none: int
    """Pairs in which neither has it."""

    p_value: Fraction | None
    """McNemar's exact p; None with several pairs of a prompt, which are not independent."""


class GenerationGroup(Record):
    """All pairs, or those of a category."""

    category: str | None
    """Which category; None for all."""

    prompts: int
    """Prompts."""

    pairs: int
    """Pairs of continuations."""

    identical: int
    """Pairs whose continuations are the same."""

    baseline_parses: Proportion
    """Baselines that are complete, correct texts behind their prompts."""

    steered_parses: Proportion
    """Steered ones that are."""

    outcomes: tuple[PairedOutcomes, ...]
    """Test syntax, by detector."""


class GenerationControlSummary(PromptControlSummary):
    """All pairs of a control."""

    group: GenerationGroup | None
    """What became of them; None where no prompt had the control."""


class GenerationSummary(PromptSummary):
    """What the comparison found."""

    schema_id: Literal["plip.generation.summary/2"] = Field(
        default="plip.generation.summary/2", alias="schema"
    )
    """Kind and version of this record."""

    scale: float | None
    """The factor, the same in all layers; None where each has its own."""

    factors: tuple[float, ...]
    """The factor in each layer."""

    temperature: float
    """Of sampling."""

    groups: tuple[GenerationGroup, ...]
    """All pairs first, then each category."""

    controls: tuple[GenerationControlSummary, ...]
    """What became of the pairs of each control."""
