"""What an experiment on the persistence of steering found."""

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
    "ContrastRecord",
    "ControlChange",
    "PersistenceCell",
    "PersistenceControl",
    "PersistenceDesign",
    "PersistenceRate",
    "PersistenceSummary",
    "RateRecord",
]

#: Whether each distance has prompts of its own, or all prompts stand at every distance.
PersistenceDesign = Literal["confounded", "crossed"]


class PersistenceCell(PromptRecord):
    """One prompt at one scale and temperature, sampled several times.

    Of a marker of another kind, what is said of the prompt is said of the text that has it.
    """

    schema_id: Literal["plip.persistence.cell/2"] = Field(
        default="plip.persistence.cell/2", alias="schema"
    )
    """Kind and version of this record."""

    aim: AimRecord
    """What was steered, the marker or a control."""

    scale: float | None
    """The factor of the attention to the token, or of its write, the same in all layers; 1 is a run
    without a plan, None stands for a factor for each layer."""

    temperature: float
    """Of sampling."""

    draw_seed: int
    """What the cell's draws came from: seed, prompt, scale and temperature; a control has those of
    the marker."""

    witness: SteeringRecord | None
    """What the plan did; None where there is none."""

    paper: Proportion
    """Samples with test syntax by the paper's detector."""

    parsed: Proportion
    """Samples with test syntax by a parser."""

    samples: tuple[ContinuationRecord, ...]
    """Every continuation; none of a prompt that could not have the control."""

    @property
    def key(self) -> str:
        """Prompt, scale and temperature, and which control it is."""
        scale = "factors" if self.scale is None else f"{self.scale!r}"
        named = f"{self.prompt} × {scale}, temperature {self.temperature!r}"
        return named if self.aim.control is None else f"{named}, control {self.aim.control}"

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digest of the plan that was run."""
        return () if self.aim.plan_hash is None else (self.aim.plan_hash,)


class RateRecord(Proportion):
    """A rate over several cells.

    Wilson's interval takes all texts for independent, which those of one prompt are not: it speaks
    of these very prompts. The other interval takes prompts as the unit, and speaks of prompts like
    them.
    """

    prompts: int
    """Prompts, those of one family counted once."""

    prompts_low: Fraction | None
    """Lower end of the bootstrap interval over prompts; None where the design has none."""

    prompts_high: Fraction | None
    """Upper end of it."""


class PersistenceRate(Record):
    """Test syntax at a distance and scale, or over all of one."""

    temperature: float
    """Of sampling."""

    distance: str | None
    """Which distance; None for all."""

    distance_tokens: float
    """From the marker to the first generated token, the mean over prompts, in tokens."""

    scales: tuple[float | None, ...]
    """Which scales; None stands for a factor for each layer."""

    paper: RateRecord
    """By the paper's detector."""

    parsed: RateRecord
    """By a parser."""


class ContrastRecord(Record):
    """A difference of two rates."""

    detector: Literal["paper", "parsed"]
    """Whose rates."""

    temperature: float
    """Of sampling."""

    name: str
    """Which, such as "scale 3 − scale 1"."""

    difference: float
    """Of the rates, a fraction."""

    low: float | None
    """Lower end of its interval; None where the design allows none."""

    high: float | None
    """Upper end of it."""

    p_value: Fraction | None
    """By permutation of signs over prompts; None where prompts are not the unit or none differs."""

    prompts: int
    """Prompts in it."""

    method: str
    """Where the interval comes from, or why there is none."""


class ControlChange(Record):
    """What steering by one scale changes in a control, and how much more in the marker."""

    detector: Literal["paper", "parsed"]
    """Whose rates."""

    temperature: float
    """Of sampling."""

    scale: float | None
    """The scale; None stands for a factor for each layer."""

    own: ContrastRecord | None
    """Its rate at this scale against that without steering; None where that was not asked for."""

    beyond: ContrastRecord | None
    """How much more the marker's steering changes the rate of its prompts; None as above, for a
    marker of another kind."""


class PersistenceControl(PromptControlSummary):
    """What a control shows at the scales that steer it."""

    cells: tuple[PersistenceRate, ...]
    """Each distance at each scale."""

    by_scale: tuple[PersistenceRate, ...]
    """Each scale over all distances."""

    changes: tuple[ControlChange, ...]
    """Each scale against 1, beside what it changes in the marker."""


class PersistenceSummary(PromptSummary):
    """What the experiment found."""

    schema_id: Literal["plip.persistence.summary/2"] = Field(
        default="plip.persistence.summary/2", alias="schema"
    )
    """Kind and version of this record."""

    factors: tuple[tuple[int, float], ...] | None
    """Layers with the factors that stood beside the scales; None where there were none."""

    design: PersistenceDesign
    """Whether distance can be told from prompt."""

    design_note: str
    """The same in words."""

    resamples: int
    """How often prompts were drawn."""

    cells: tuple[PersistenceRate, ...]
    """Each distance at each scale."""

    by_distance: tuple[PersistenceRate, ...]
    """Each distance over scales above 1, or over all where there are none."""

    by_scale: tuple[PersistenceRate, ...]
    """Each scale over all distances."""

    contrasts: tuple[ContrastRecord, ...]
    """Scales against 1, distances against the nearest."""

    controls: tuple[PersistenceControl, ...]
    """The same for each control."""
