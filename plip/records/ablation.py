"""What an ablation found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Nats, Norm, Record
from plip.records.dose_response import Mechanism
from plip.records.figures import ComparisonRecord, Spread
from plip.records.sample import SampleRecord

__all__ = [
    "Ablated",
    "AblationGroup",
    "AblationPoint",
    "AblationSample",
    "AblationSummary",
    "AblationWindow",
]

#: What was knocked out: marker → target edges, every later token's edge into the marker, the same
#: with the marker's own row, or the marker's write into a recurrent state.
Ablated = Literal["edges", "into", "into-own", "write"]


class AblationPoint(Record):
    """One knockout of one sample. Figures are None where it could not be done."""

    layers: tuple[int, ...]
    """The layers it was done in, at once."""

    control: bool
    """Whether it is the control: as much of something that is not the marker's or its targets'."""

    positions: tuple[int, ...] = ()
    """The keys whose edges were knocked out, or the tokens whose writes were."""

    excluded: str | None = None
    """Why it could not be done; None if it was."""

    mass: Fraction | None = None
    """Attention that was taken away, the mean over heads and layers; None for `into` and writes."""

    state_change: Norm | None = None
    """‖S' − S‖ / max(‖S‖, ‖S'‖) right after the write, the largest over heads and layers; None of
    edges."""

    kl_nats: Nats | None = None
    """KL(baseline ‖ ablated) at the last token; None where it is infinite."""

    kl_infinite: bool = False
    """Whether a token that the baseline allows had no mass left."""

    baseline_token: int | None = None
    """The most probable next token of the baseline, a vocabulary index."""

    ablated_token: int | None = None
    """The most probable next token after the knockout, a vocabulary index."""

    plan_hash: str | None = None
    """SHA-256 of the plan, in hexadecimal."""


class AblationSample(SampleRecord):
    """One sample with every knockout."""

    schema_id: Literal["plip.ablation.sample/1"] = Field(
        default="plip.ablation.sample/1", alias="schema"
    )
    """Kind and version of this record."""

    removal_kl_nats: Nats | None = None
    """KL(baseline ‖ the text without the marker's token) at the last token: what removing the token
    altogether would do; None where it is infinite, or where the marker is the last token."""

    points: tuple[AblationPoint, ...]
    """For each window of layers the knockout, then its control; none for an excluded sample."""

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run on the sample."""
        return tuple(point.plan_hash for point in self.points if point.plan_hash is not None)


class AblationGroup(Record):
    """One group of samples at one window of layers."""

    group: str
    """The group, such as "rust_test"."""

    n: int
    """Samples whose knockout was measured."""

    excluded: int
    """Samples that could not have it."""

    kl: Spread
    """KL(baseline ‖ ablated), nats."""

    control_kl: Spread
    """The same of the control."""

    removal_kl: Spread
    """KL(baseline ‖ the text without the marker's token), nats, of the same samples."""

    top1_changed: int
    """Samples whose most probable next token changed."""

    against_control: ComparisonRecord
    """Knockout against control, within samples."""


class AblationWindow(Record):
    """Every sample at one window of layers."""

    layers: tuple[int, ...]
    """The layers that were ablated at once."""

    groups: tuple[AblationGroup, ...]
    """One entry a group."""

    python_against_rust: ComparisonRecord
    """Python doctests against Rust tests."""


class AblationSummary(Record):
    """What an ablation found."""

    schema_id: Literal["plip.ablation.summary/1"] = Field(
        default="plip.ablation.summary/1", alias="schema"
    )
    """Kind and version of this record."""

    mechanism: Mechanism
    """What plans act on in this model."""

    ablated: Ablated
    """What was knocked out."""

    layer_choice: str
    """Why these layers."""

    windows: tuple[AblationWindow, ...]
    """One entry a window of layers, in order."""

    confidence: float
    """Level of the intervals."""

    resamples: int
    """Bootstrap samples and permutations drawn for each figure."""
