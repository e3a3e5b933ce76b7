"""What every experiment on prompts can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from plip.experiments.config import FactorsByLayer, FrozenConfig, Layers
from plip.models.generation import Steer
from plip.records import PromptControl

__all__ = ["Controls", "Factor", "PromptConfig", "check_samples", "each_once"]


def each_once(values: tuple[float, ...]) -> tuple[float, ...]:
    """Check, as pydantic asks, that nothing is named twice.

    Raises:
        ValueError: something is.
    """
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


#: Of attention or of a write, dimensionless.
Factor = Annotated[float, Field(ge=0)]

#: Which controls, each once.
Controls = Annotated[tuple[PromptControl, ...], AfterValidator(each_once)]


class PromptConfig(FrozenConfig):
    """The options of an experiment on prompts."""

    layer: Layers | None = None
    """The layers that are steered at once, from 0; None for those that factors name, or for the
    model's own default."""

    factors: FactorsByLayer | None = None
    """A factor for each of some layers, at once."""

    steer: Steer = "prompt"
    """What is steered of a transformer: the prompt alone, or the continuation as well."""

    max_new_tokens: Annotated[int, Field(ge=1)] = 80
    """The most tokens of a continuation."""

    chat: bool = False
    """Whether prompts are put into the model's chat template."""

    max_prompts: Annotated[int, Field(ge=1)] | None = None
    """The most prompts, the first ones; None for all."""

    batch: Annotated[int, Field(ge=1)] = 32
    """How many continuations are computed together."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of everything drawn."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    def factors_in(self, layers: Sequence[int], scale: float | None) -> tuple[float, ...]:
        """Return the factor in each layer.

        Args:
            layers: where.
            scale: one for all; None for the factors, without which a layer is left as it is.
        """
        named = dict(self.factors or ())
        return tuple(named.get(layer, 1.0) if scale is None else scale for layer in layers)


def check_samples(samples: int, temperatures: Sequence[float]) -> int:
    """Check that no more samples are wanted than can differ.

    Raises:
        ValueError: several at temperature 0.
    """
    if samples > 1 and 0 in temperatures:
        raise ValueError("1 at temperature 0, where all are the same")
    return samples
