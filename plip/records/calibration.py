"""What calibration found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plip.records.base import Fraction, Record
from plip.records.sample import SampleRecord

__all__ = [
    "CalibrationSample",
    "CalibrationSummary",
    "GroupAttention",
    "LayerAttention",
    "LayerSummary",
]


class LayerAttention(Record):
    """The attention of one sample's marker in one layer."""

    layer: int
    """The layer, from 0."""

    attention: Fraction | None
    """The mean over heads and target tokens: the paper's figure; None where no head counts."""

    per_target: tuple[Fraction | None, ...]
    """The mean over heads, of each target token in order; None where no head counts."""

    per_head: tuple[Fraction | None, ...]
    """The mean over target tokens, of each query head; None of a head that has no fractions."""

    edge_mass: tuple[Fraction | None, ...]
    """The sum over target tokens, of each query head; None of a head that has no fractions."""

    undefined_heads: int = 0
    """Heads whose effective weights are all negative or 0: left out of the means."""

    @property
    def mean_edge_mass(self) -> float | None:
        """The mean over heads of the sum over target tokens; None where no head counts."""
        return None if self.attention is None else self.attention * len(self.per_target)


class CalibrationSample(SampleRecord):
    """One sample of a calibration."""

    schema_id: Literal["plip.calibration.sample/1"] = Field(
        default="plip.calibration.sample/1", alias="schema"
    )
    """Kind and version of this record."""

    layers: tuple[LayerAttention, ...]
    """One entry a layer; none for an excluded sample."""


class GroupAttention(Record):
    """The attention of one group of samples in one layer."""

    group: str
    """The group, such as "rust_test"."""

    n: int
    """Samples measured."""

    excluded: int
    """Samples that could not be measured."""

    mean: Fraction | None
    """The mean over samples; None where none was measured."""

    sd: float | None
    """The standard deviation over samples (n − 1); None below two."""


class LayerSummary(Record):
    """What calibration found in one layer."""

    layer: int
    """The layer, from 0."""

    groups: tuple[GroupAttention, ...]
    """One entry a group, in the corpus's order."""

    python: Fraction | None
    """The mean of the Python doctests; None where none was measured."""

    rust: Fraction | None
    """The mean of the Rust tests; None where none was measured."""

    ratio: float | None
    """python / rust; None where it is undefined."""

    ratio_undefined: str | None
    """Why there is no ratio."""

    recommended_target: Fraction | None
    """The level to bring Rust to: the Python mean."""


class CalibrationSummary(Record):
    """What a calibration found."""

    schema_id: Literal["plip.calibration.summary/1"] = Field(
        default="plip.calibration.summary/1", alias="schema"
    )
    """Kind and version of this record."""

    layer: int
    """The layer that is reported where only one can be."""

    layer_choice: str
    """Why that one."""

    layers: tuple[LayerSummary, ...]
    """One entry a measured layer."""
