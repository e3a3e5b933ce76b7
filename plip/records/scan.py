"""What a scan of layers and heads found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Nats, Record
from plip.records.dose_response import Mechanism
from plip.records.figures import ComparisonRecord, Spread
from plip.records.sample import SampleRecord

__all__ = [
    "HeadAsymmetry",
    "HeldOut",
    "Response",
    "ScanSample",
    "ScanSummary",
    "SiteResponse",
]


class Response(Record):
    """How one sample's prediction responds to doses at one site, a layer or one head of it."""

    layer: int
    """The layer."""

    head: int | None
    """The head, None for all of them."""

    kl_nats: tuple[Nats | None, ...] = ()
    """KL(baseline ‖ steered) at each dose; None where it is infinite."""

    slope: float | None = None
    """√KL by dose − 1, the least-squares line through the baseline, √nats per unit of dose; None
    where it is undefined."""

    excluded: str | None = None
    """Why there are no figures; None where there are."""

    plan_hashes: tuple[str, ...] = ()
    """SHA-256 of each dose's plan."""


class ScanSample(SampleRecord):
    """One sample of a scan."""

    schema_id: Literal["plip.scan.sample/1"] = Field(default="plip.scan.sample/1", alias="schema")
    """Kind and version of this record."""

    half: Literal["selection", "report"]
    """Which half of its group the sample is in: the one that chooses, or the one that tests."""

    attention: tuple[tuple[Fraction | None, ...], ...]
    """Attention from marker to targets, the mean over targets, by layer and head; None of a head
    without fractions; empty for an excluded sample."""

    responses: tuple[Response, ...]
    """For each layer, then for each head of the chosen layer."""

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run on the sample."""
        return tuple(digest for each in self.responses for digest in each.plan_hashes)


class HeadAsymmetry(Record):
    """Python doctests against Rust tests in one head, over all samples."""

    layer: int
    """The layer."""

    head: int
    """The head."""

    python: Fraction | None
    """Mean attention of the Python doctests; None where none has fractions."""

    rust: Fraction | None
    """Mean attention of the Rust tests; None where none has fractions."""

    p_max_t: float | None
    """Permutation p of the difference, adjusted for all layers and heads; None where undefined."""


class SiteResponse(Record):
    """How all samples respond at one site."""

    layer: int
    """The layer."""

    head: int | None
    """The head, None for all of them."""

    selection: Spread
    """Slopes of the half that chooses, √nats per unit of dose."""

    report: Spread
    """Slopes of the other half."""


class HeldOut(Record):
    """What one half of the samples chose, and what the other half says of it."""

    layer: int
    """The chosen layer."""

    head: int | None
    """The chosen head, None for all of them."""

    searched: int
    """Among how many it was chosen."""

    selection: float
    """The figure it was chosen by, on the half that chose."""

    report: ComparisonRecord
    """The same comparison on the other half: a fair test, since that half had no say."""


class ScanSummary(Record):
    """What a scan found."""

    schema_id: Literal["plip.scan.summary/1"] = Field(default="plip.scan.summary/1", alias="schema")
    """Kind and version of this record."""

    mechanism: Mechanism
    """What plans act on in this model."""

    layer: int
    """The layer whose heads were steered one by one."""

    layer_choice: str
    """Why that one."""

    doses: tuple[float, ...]
    """The doses, dimensionless."""

    asymmetry: tuple[HeadAsymmetry, ...]
    """Every layer and head."""

    largest: HeldOut | None
    """The head whose attention differs most between the languages; None where no half can tell."""

    layers: tuple[SiteResponse, ...]
    """Every layer."""

    heads: tuple[SiteResponse, ...]
    """Every head of the chosen layer."""

    ranking: tuple[int, ...]
    """Those heads by the slope of the half that chooses, the largest first."""

    confidence: float
    """Level of the intervals."""

    resamples: int
    """Bootstrap samples and permutations drawn for each figure."""
