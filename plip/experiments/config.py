"""What every experiment can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from plip.errors import ConfigError
from plip.text import Group

__all__ = [
    "ExperimentConfig",
    "FactorsByLayer",
    "FrozenConfig",
    "LayerIndex",
    "Layers",
    "doses_once",
]

LayerIndex = Annotated[int, Field(ge=0)]


def _one_or_many(value: Any) -> Any:
    """Take one layer as a list of one."""
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else value


def _layers_once(layers: tuple[int, ...]) -> tuple[int, ...]:
    """Sort layers: which is named first says nothing."""
    _check_once(layers)
    return tuple(sorted(layers))


def _factors_once(factors: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    _check_once([layer for layer, _ in factors])
    return tuple(sorted(factors))


def _check_once(layers: Sequence[int]) -> None:
    if any(times > 1 for times in Counter(layers).values()):
        raise ValueError("each layer once")


#: One layer or several, ascending; one may be given as a number.
Layers = Annotated[
    tuple[LayerIndex, ...],
    Field(min_length=1),
    BeforeValidator(_one_or_many),
    AfterValidator(_layers_once),
]

#: A factor for each of some layers, by ascending layer.
FactorsByLayer = Annotated[
    tuple[tuple[LayerIndex, Annotated[float, Field(ge=0)]], ...],
    Field(min_length=1),
    AfterValidator(_factors_once),
]


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

    groups: tuple[Group, ...] = Field(default=tuple(Group), min_length=1)
    """Which groups of the corpus to measure."""

    max_samples: Annotated[int, Field(ge=1)] | None = None
    """The most samples of each group, the first ones; None for all."""

    batch_tokens: int = Field(default=4096, ge=1)
    """How many tokens to run at once; a longer text runs alone."""
