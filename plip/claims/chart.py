"""What a check would show, as data: the report draws it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Chart", "ChartLine", "ChartSeries"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChartSeries(_Frozen):
    """Points over x, joined or not, with an interval each or without."""

    name: str
    """What the legend calls it."""
    x: tuple[float, ...] = Field(min_length=1)
    """Where the points stand."""
    y: tuple[float | None, ...]
    """None is undefined: a gap."""
    low: tuple[float | None, ...] | None = None
    """The lower end of each point's interval."""
    high: tuple[float | None, ...] | None = None
    """The upper end."""
    style: Literal["points", "line", "band"] = "points"
    """`band` fills from `low` to `high`."""

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if (self.low is None) != (self.high is None) or (self.style == "band" and self.low is None):
            raise ValueError("wanted both ends of every interval, and a band to have them")
        for values in (self.y, self.low, self.high):
            if values is not None and len(values) != len(self.x):
                raise ValueError(f"wanted {len(self.x)} values, found {len(values)}")
        return self


class ChartLine(_Frozen):
    """A straight line to compare with, such as a threshold."""

    name: str
    """What the legend calls it."""
    axis: Literal["x", "y"]
    """The axis it stands on: a value of y is a horizontal line."""
    at: float
    """Where on that axis."""


class Chart(_Frozen):
    """One pair of axes."""

    title: str
    """What it shows."""
    x: str
    """The label of the axis, with its unit."""
    y: str
    """The same of the other axis."""
    series: tuple[ChartSeries, ...] = Field(min_length=1)
    """What is drawn."""
    lines: tuple[ChartLine, ...] = ()
    """What it is compared with."""
    x_log: bool = False
    """Whether the axis is logarithmic."""
    y_log: bool = False
    """The same of the other axis."""
    x_ticks: tuple[tuple[float, str], ...] = ()
    """Names in place of numbers, where x is no quantity."""
