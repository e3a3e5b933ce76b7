"""What a dose-response experiment found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Nats, Norm, Record
from plip.records.sample import SampleRecord

__all__ = [
    "Condition",
    "DosePoint",
    "DoseResponseSample",
    "DoseResponseSummary",
    "DoseSummary",
    "Mechanism",
    "Spread",
]

#: What was done: a factor that was given, a value that was set, or a factor solved for a level.
Condition = Literal["dose", "set-value", "scale-to-target"]

#: What was steered: edges of attention, or writes into a recurrent state.
Mechanism = Literal["attention", "state"]


class DosePoint(Record):
    """One sample at one dose. Figures are None where the sample could not have this dose."""

    condition: Condition
    """What was done."""

    dose: float | None = None
    """The factor of the target edges or of the marker's write; None where a value was set."""

    target: Fraction | None = None
    """The level of attention that was asked for; None for a given factor."""

    excluded: str | None = None
    """Why the sample could not have this dose; None if it had it."""

    attention: Fraction | None = None
    """Attention reached: the mean over heads and target tokens of the steered row; None where a
    write was steered, which leaves its own row as it was."""

    attention_predicted: Fraction | None = None
    """The same in closed form from the baseline pass."""

    state_norm: Norm | None = None
    """‖S‖ of the layer's state right after the steered write; None where edges were steered."""

    state_remaining: Norm | None = None
    """‖S' − S‖ / ‖S‖ at the end of the text: what the state still holds of the steering; None where
    edges were steered."""

    kl_nats: Nats | None = None
    """KL(baseline ‖ steered) at the last token; None where it is infinite."""

    kl_infinite: bool = False
    """Whether a token that the baseline allows had no mass left."""

    baseline_token: int | None = None
    """The most probable next token of the baseline, a vocabulary index."""

    steered_token: int | None = None
    """The most probable next token of the steered run, a vocabulary index."""

    top1_changed: bool | None = None
    """Whether the two differ."""

    plan_hash: str | None = None
    """SHA-256 of the plan, in hexadecimal."""


class DoseResponseSample(SampleRecord):
    """One sample at every dose."""

    schema_id: Literal["plip.dose-response.sample/1"] = Field(
        default="plip.dose-response.sample/1", alias="schema"
    )
    """Kind and version of this record."""

    layer: int
    """The steered layer, from 0."""

    baseline_attention: Fraction | None
    """Attention without steering, the mean over heads and target tokens."""

    baseline_state_norm: Norm | None = None
    """‖S‖ of the layer's state right after the marker, without steering; None where edges were
    steered."""

    points: tuple[DosePoint, ...]
    """One entry a dose, in the order they were asked for; none for an excluded sample."""

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run on the sample."""
        return tuple(point.plan_hash for point in self.points if point.plan_hash is not None)


class Spread(Record):
    """A mean over samples, with how much the samples differ."""

    n: int
    """Samples in it."""

    mean: float | None
    """The mean; None where it is undefined."""

    sd: float | None
    """The standard deviation (n − 1); None below two samples."""

    ci_low: float | None
    """Lower end of the bootstrap interval of the mean; None below two samples."""

    ci_high: float | None
    """Upper end of that interval."""

    undefined: str | None
    """Why figures are missing; None where all are there."""


class DoseSummary(Record):
    """All samples at one dose."""

    condition: Condition
    """What was done."""

    dose: float | None
    """The factor; None where each sample had its own or a value was set."""

    target: Fraction | None
    """The level of attention that was asked for; None for a given factor."""

    n: int
    """Samples measured."""

    excluded: int
    """Samples that could not be measured."""

    attention: Spread
    """Attention reached; of no sample where writes were steered."""

    state_norm: Spread
    """‖S‖ right after the steered write; of no sample where edges were steered."""

    kl: Spread
    """KL(baseline ‖ steered), nats."""

    top1_changed: int
    """Samples whose most probable next token changed."""


class DoseResponseSummary(Record):
    """What a dose-response experiment found."""

    schema_id: Literal["plip.dose-response.summary/1"] = Field(
        default="plip.dose-response.summary/1", alias="schema"
    )
    """Kind and version of this record."""

    layer: int
    """The steered layer, from 0."""

    layer_choice: str
    """Why that one."""

    mechanism: Mechanism
    """What was steered."""

    baseline_attention: Spread
    """Attention without steering."""

    baseline_state_norm: Spread
    """‖S‖ right after the marker without steering; of no sample where edges were steered."""

    doses: tuple[DoseSummary, ...]
    """One entry a dose, in the order they were asked for."""

    confidence: float
    """Level of the intervals, such as 0.95."""

    resamples: int
    """Bootstrap samples drawn for each interval."""
