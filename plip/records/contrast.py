"""What a designed comparison of marker and neutral line found."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Record, UnitRecord
from plip.records.figures import ComparisonRecord, Spread
from plip.text.designed import Language, TargetKind

__all__ = [
    "BesideLayer",
    "BesideSummary",
    "CoefficientRecord",
    "ContrastAttention",
    "ContrastBeginning",
    "ContrastEffect",
    "ContrastFunction",
    "ContrastLayer",
    "ContrastSide",
    "ContrastStep",
    "ContrastSummary",
    "ContrastText",
    "EqualDistance",
    "Measured",
    "ModelRecord",
]

#: Which attention: the mean over targets, their sum, or of the targets of one kind the mean.
Measured = Literal["mean", "sum", "keyword", "name", "parameter"]


class ContrastAttention(Record):
    """The attention from one token to a text's targets in one layer."""

    layer: int
    """The layer, from 0."""

    per_target: tuple[Fraction | None, ...]
    """The mean over heads, of each target in order; None where no head counts."""

    undefined_heads: int = 0
    """Heads whose effective weights are all negative or 0: left out of the means."""

    @property
    def mean(self) -> float | None:
        """The mean over targets; None where no head counts."""
        total = self.total
        return None if total is None else total / len(self.per_target)

    @property
    def total(self) -> float | None:
        """The sum over targets; None where no head counts."""
        known = [value for value in self.per_target if value is not None]
        return math.fsum(known) if len(known) == len(self.per_target) else None


class ContrastText(Record):
    """One variant of a function: with its marker, and with a neutral line in the marker's place."""

    led: bool
    """Whether a line stands before the function."""

    filler: int
    """Lines of filler between the function's first line and the marker."""

    n_tokens: int
    """Length of either text in tokens."""

    query: int
    """The marker's token, and the neutral line's in the same place."""

    keys: tuple[int, ...]
    """The target tokens: of the keyword, the name, each parameter."""

    distance_tokens: float
    """Query minus key, the mean over targets, in tokens."""

    first_token_is_target: bool
    """Whether token 0, an attention sink in many models, is a target."""

    marker: tuple[ContrastAttention, ...]
    """Attention from the marker's token, an entry a layer."""

    neutral: tuple[ContrastAttention, ...]
    """Attention from the neutral line's token, an entry a layer."""


class ContrastFunction(UnitRecord):
    """One function in one language, in all its variants."""

    schema_id: Literal["plip.contrast.function/1"] = Field(
        default="plip.contrast.function/1", alias="schema"
    )
    """Kind and version of this record."""

    function: str
    """Its name."""

    language: Language
    """It is written in."""

    kinds: tuple[TargetKind, ...]
    """What its targets are, in order."""

    neutral_line: str | None
    """What stood in the marker's place; None for an excluded function."""

    excluded: str | None
    """Why it could not be measured; None if it was."""

    texts: tuple[ContrastText, ...]
    """Its variants; none for an excluded function."""

    @property
    def key(self) -> str:
        """Language and name."""
        return f"{self.language}/{self.function}"


class ContrastSide(Record):
    """Marker against neutral line in one language, over functions."""

    marker: float | None
    """Mean attention from the marker; None where it is undefined."""

    neutral: float | None
    """Mean attention from the neutral line."""

    difference: Spread
    """Marker − neutral of each function."""

    test: ComparisonRecord
    """The same as a paired comparison."""


class ContrastEffect(Record):
    """Marker against neutral line in both languages, and one language against the other."""

    measured: Measured
    """Which attention."""

    python: ContrastSide
    """In Python."""

    rust: ContrastSide
    """In Rust."""

    gap: Spread
    """(Marker − neutral) in Python − the same in Rust, of each function."""

    gap_test: ComparisonRecord
    """The same as a paired comparison."""


class ContrastStep(Record):
    """The effect with so many lines of filler."""

    filler: int
    """Lines of filler."""

    python_distance: float | None
    """Mean distance from marker to targets in Python, tokens; None without functions."""

    rust_distance: float | None
    """The same in Rust."""

    effect: ContrastEffect
    """The effect on the mean over targets."""


class ContrastBeginning(Record):
    """The effect with or without the text's first token among the targets."""

    led: bool
    """Whether a line stands before the function, so that no target is the first token."""

    keyword: bool
    """Whether the keyword, which is the first token otherwise, counts as a target."""

    first_token_is_target: bool
    """Whether token 0 is among the targets of any of these texts."""

    effect: ContrastEffect
    """The effect on the mean over targets."""


class EqualDistance(Record):
    """The effect at one distance in both languages, each function interpolated between steps."""

    distance_tokens: float | None
    """The distance, mean over targets, in tokens; None where there is none in common."""

    low: float | None
    """The nearest distance that every function has in both languages."""

    high: float | None
    """The farthest."""

    left_out: int
    """Functions that were not measured on both sides of the distance."""

    effect: ContrastEffect | None
    """The effect there; None where there is no such distance."""

    undefined: str | None
    """Why there is none; None where there is."""


class CoefficientRecord(Record):
    """One coefficient of a model of log attention."""

    name: str
    """What it belongs to, such as "log distance"."""

    estimate: float
    """The estimate, in the logarithm of attention."""

    se: float
    """Its standard error."""

    ci_low: float
    """Lower end of its interval."""

    ci_high: float
    """Upper end."""

    p: float
    """Two-sided, of its being 0."""


class ModelRecord(Record):
    """A linear model of log attention. It has no coefficients where it could not be fitted."""

    n: int
    """Observations: texts, each with its marker or its neutral line."""

    groups: int | None
    """Functions with an intercept of their own; None of a model without such."""

    left_out: int
    """Observations whose attention is 0 or undefined, which has no logarithm."""

    coefficients: tuple[CoefficientRecord, ...]
    """The coefficients, and sums of them that are of interest."""

    group_sd: float | None
    """Standard deviation of those intercepts."""

    residual_sd: float | None
    """Standard deviation around the predictions."""

    undefined: str | None
    """Why there is no model; None where there is one."""

    def coefficient(self, name: str) -> CoefficientRecord | None:
        """Find a coefficient; None where the model is undefined."""
        return next((each for each in self.coefficients if each.name == name), None)


class ContrastLayer(Record):
    """What was found in one layer."""

    layer: int
    """The layer, from 0."""

    effects: tuple[ContrastEffect, ...]
    """Over all steps of filler, behind a line: the mean, the sum, each kind of target."""

    steps: tuple[ContrastStep, ...]
    """For each step of filler."""

    beginnings: tuple[ContrastBeginning, ...]
    """With and without a line before the function, with and without the keyword; nearest step."""

    equal_distance: EqualDistance
    """The effect at the same distance in both languages."""

    model: ModelRecord
    """log attention ~ language × marker + log distance, an intercept for each function."""


class BesideLayer(Record):
    """A corpus in the paper's form in one layer."""

    layer: int
    """The layer, from 0."""

    python: Spread
    """Attention of the Python doctests."""

    rust: Spread
    """Attention of the Rust tests."""

    test: ComparisonRecord
    """Python − Rust, unpaired."""

    model: ModelRecord
    """log attention ~ language + log distance."""


class BesideSummary(Record):
    """A corpus in the paper's form: ten texts against ten others, unpaired."""

    corpus_hash: str
    """SHA-256 of the corpus, in hexadecimal."""

    excluded: int
    """Samples that could not be measured."""

    python_distance: float | None
    """Mean distance from marker to targets of the Python doctests, tokens."""

    rust_distance: float | None
    """The same of the Rust tests."""

    layers: tuple[BesideLayer, ...]
    """One entry a layer."""


class ContrastSummary(Record):
    """What a designed comparison found."""

    schema_id: Literal["plip.contrast.summary/1"] = Field(
        default="plip.contrast.summary/1", alias="schema"
    )
    """Kind and version of this record."""

    layer: int
    """The layer that is reported where only one can be."""

    layer_choice: str
    """Why that one."""

    corpus_seed: int
    """What the functions were drawn from."""

    steps: tuple[int, ...]
    """Lines of filler."""

    functions: int
    """Functions measured in both languages: what all figures are about."""

    excluded: int
    """Functions that could not be measured in both."""

    reasons: tuple[tuple[str, int], ...]
    """Why not, and how many of them; a function that fails in both languages counts twice."""

    layers: tuple[ContrastLayer, ...]
    """One entry a measured layer."""

    beside: BesideSummary | None
    """The corpus beside it; None without one."""

    confidence: float
    """Level of the intervals."""

    resamples: int
    """Bootstrap samples and permutations drawn for each figure."""
