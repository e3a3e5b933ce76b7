"""What every experiment can be told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plip.errors import ConfigError
from plip.text import Group

__all__ = ["ExperimentConfig", "FrozenConfig", "LayerIndex", "doses_once"]

LayerIndex = Annotated[int, Field(ge=0)]


def doses_once(doses: tuple[float, ...]) -> tuple[float, ...]:
    """Check, as pydantic asks, that no dose is given twice."""
    if len(set(doses)) < len(doses):
        raise ValueError("each dose once")
    return doses


class FrozenConfig(BaseModel):
    """Options, frozen.

    Raises:
        ConfigError: an option without meaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **options: Any) -> None:
        try:
            super().__init__(**options)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            option = str(fault["loc"][0]) if fault["loc"] else "combination"
            wanted = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            raise ConfigError(
                f"option {option}",
                wanted=wanted,
                found=repr(fault["input"]),
                advice="see what the option's description says",
                details={"option": option, "input": fault["input"]},
            ) from error


class ExperimentConfig(FrozenConfig):
    """The options of an experiment on a corpus."""

    layer: LayerIndex | Literal["all"] | None = None
    """A layer from 0; None for the model's own default."""

    groups: tuple[Group, ...] = Field(default=tuple(Group), min_length=1)
    """Which groups of the corpus to measure."""

    max_samples: Annotated[int, Field(ge=1)] | None = None
    """The most samples of each group, the first ones; None for all."""

    batch_tokens: int = Field(default=4096, ge=1)
    """How many tokens to run at once; a longer text runs alone."""
