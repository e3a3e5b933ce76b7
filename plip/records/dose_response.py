"""What a dose-response experiment found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Nats, Norm, Record
from plip.records.figures import ComparisonRecord, Spread
from plip.records.sample import SampleRecord

__all__ = [
    "Condition",
    "Control",
    "ControlPoint",
    "ControlSummary",
    "DoseLayer",
    "DoseLayerSummary",
    "DosePoint",
    "DoseResponseSample",
    "DoseResponseSummary",
    "DoseSummary",
    "LayerBaseline",
    "Mechanism",
]

#: What was done: one factor that was given, one for each layer, a value that was set, or a factor
#: solved for a level.
Condition = Literal["dose", "factors", "set-value", "scale-to-target"]

#: What stands beside an effect: the same done to edges of other tokens, or to another token's
#: write; to a marker of another kind; in another layer.
Control = Literal["edges", "marker", "layer"]

#: What was steered: edges of attention, or writes into a recurrent state.
Mechanism = Literal["attention", "state"]


class DoseLayer(Record):
    """What a dose reached in one steered layer of one sample."""

    layer: int
    """The layer, from 0."""

    factor: float | None = None
    """The factor there, 1 where the layer was left alone; None where a value was set."""

    attention: Fraction | None = None
    """Attention reached, the mean over heads and target tokens; None of a write."""

    attention_predicted: Fraction | None = None
    """The same in closed form: from the baseline up to the lowest layer that was changed, above it
    from the edge mass that the steered run itself had there before. None above it where the factor
    is 1, and of a write."""

    mass_before: Fraction | None = None
    """Edge mass of all targets together as the steered run had it before this layer was steered,
    the mean over steered heads; None where nothing was done, and of a write."""

    mass_after: Fraction | None = None
    """The same behind it."""

    state_norm: Norm | None = None
    """‖S‖ right after the steered write; None of edges."""

    state_remaining: Norm | None = None
    """‖S' − S‖ / ‖S‖ at the end of the text, what the state still holds of the steering in this
    layer; None of edges, and where only other layers were steered."""


class ControlPoint(Record):
    """A control of one sample at one dose. Figures are None where it could not be had."""

    control: Control
    """Which one."""

    excluded: str | None = None
    """Why the sample could not have it; None if it had it."""

    layers: tuple[int, ...] = ()
    """Where the same was done."""

    positions: tuple[int, ...] = ()
    """The keys whose edges were steered, or the token whose write was, in the text that was run."""

    mass: Fraction | None = None
    """Attention to these keys without steering, all together, the mean over steered heads and
    layers; None of another marker and of writes."""

    target_mass: Fraction | None = None
    """The same of the targets, which that of other keys is to come close to."""

    kl_nats: Nats | None = None
    """KL(baseline ‖ steered) at the last token; None where it is infinite."""

    kl_infinite: bool = False
    """Whether a token that the baseline allows had no mass left."""

    top1_changed: bool | None = None
    """Whether the most probable next token changed."""

    plan_hash: str | None = None
    """SHA-256 of the plan, in hexadecimal."""


class DosePoint(Record):
    """One sample at one dose. Figures are None where the sample could not have this dose."""

    condition: Condition
    """What was done."""

    dose: float | None = None
    """The factor of the target edges or of the marker's write; None where a value was set, or where
    layers have factors of their own."""

    target: Fraction | None = None
    """The level of attention that was asked for; None for a given factor."""

    excluded: str | None = None
    """Why the sample could not have this dose; None if it had it."""

    attention: Fraction | None = None
    """Attention reached: the mean over heads, target tokens and layers of the steered row; None
    where a write was steered, which leaves its own row as it was."""

    attention_predicted: Fraction | None = None
    """The same in closed form; None where a layer has none."""

    state_norm: Norm | None = None
    """‖S‖ right after the steered write, the mean over layers; None where edges were steered."""

    state_remaining: Norm | None = None
    """‖S' − S‖ / ‖S‖ at the end of the text, the mean over layers: what the state still holds of
    the steering; None where edges were steered."""

    layers: tuple[DoseLayer, ...] = ()
    """The same for each layer, ascending."""

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

    controls: tuple[ControlPoint, ...] = ()
    """What the same did to each control."""


class LayerBaseline(Record):
    """One steered layer of one sample without steering."""

    layer: int
    """The layer, from 0."""

    attention: Fraction | None
    """The mean over heads and target tokens; None where no head has fractions."""

    state_norm: Norm | None = None
    """‖S‖ right after the marker; None of edges, and where no condition steered the layer."""


class DoseResponseSample(SampleRecord):
    """One sample at every dose."""

    schema_id: Literal["plip.dose-response.sample/2"] = Field(
        default="plip.dose-response.sample/2", alias="schema"
    )
    """Kind and version of this record."""

    layers: tuple[int, ...]
    """The layers that were steered at once, ascending, from 0."""

    baseline_attention: Fraction | None
    """Attention without steering, the mean over heads, target tokens and layers."""

    baseline_state_norm: Norm | None = None
    """‖S‖ right after the marker without steering, the mean over layers; None where edges were
    steered."""

    baseline: tuple[LayerBaseline, ...] = ()
    """The same for each layer."""

    points: tuple[DosePoint, ...]
    """One entry a dose, in the order they were asked for, then factors and target; none for an
    excluded sample."""

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run on the sample, those of its controls included."""
        effects = [point.plan_hash for point in self.points]
        controls = [control.plan_hash for point in self.points for control in point.controls]
        return tuple(digest for digest in (*effects, *controls) if digest is not None)


class DoseLayerSummary(Record):
    """One steered layer at one dose, over samples."""

    layer: int
    """The layer, from 0."""

    factor: float | None
    """The factor there; None where each sample had its own or a value was set."""

    attention: Spread
    """Attention reached; of no sample where writes were steered."""

    state_norm: Spread
    """‖S‖ right after the steered write; of no sample where edges were steered."""


class ControlSummary(Record):
    """A control at one dose, over samples."""

    control: Control
    """Which one."""

    n: int
    """Samples that had it."""

    excluded: int
    """Samples that had the dose and not the control."""

    mass: Spread
    """Attention without steering to the keys that were steered; of other edges only."""

    target_mass: Spread
    """The same of the targets, in the same samples."""

    kl: Spread
    """KL(baseline ‖ steered), nats, against the control's own baseline."""

    top1_changed: int
    """Samples whose most probable next token changed."""

    against: ComparisonRecord
    """Effect against control, within the samples that had both."""


class DoseSummary(Record):
    """All samples at one dose."""

    condition: Condition
    """What was done."""

    dose: float | None
    """The factor; None where each sample or layer had its own, or a value was set."""

    target: Fraction | None
    """The level of attention that was asked for; None for a given factor."""

    n: int
    """Samples measured."""

    excluded: int
    """Samples that could not be measured."""

    attention: Spread
    """Attention reached, the mean over layers; of no sample where writes were steered."""

    state_norm: Spread
    """‖S‖ right after the steered write, the mean over layers; of no sample where edges were
    steered."""

    layers: tuple[DoseLayerSummary, ...] = ()
    """The same for each layer; one entry a layer."""

    kl: Spread
    """KL(baseline ‖ steered), nats."""

    top1_changed: int
    """Samples whose most probable next token changed."""

    controls: tuple[ControlSummary, ...] = ()
    """What stands beside it, in the order it was asked for."""


class DoseResponseSummary(Record):
    """What a dose-response experiment found."""

    schema_id: Literal["plip.dose-response.summary/2"] = Field(
        default="plip.dose-response.summary/2", alias="schema"
    )
    """Kind and version of this record."""

    layers: tuple[int, ...]
    """The layers that were steered at once, ascending, from 0."""

    layer_choice: str
    """Why these."""

    mechanism: Mechanism
    """What was steered."""

    baseline_attention: Spread
    """Attention without steering, the mean over layers."""

    baseline_state_norm: Spread
    """‖S‖ right after the marker without steering, the mean over layers; of no sample where edges
    were steered."""

    doses: tuple[DoseSummary, ...]
    """One entry a dose, in the order they were asked for, then factors and target."""

    confidence: float
    """Level of the intervals, such as 0.95."""

    resamples: int
    """Bootstrap samples and permutations drawn for each figure."""
