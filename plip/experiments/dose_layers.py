"""What a dose reached in each steered layer: attention, or the state's norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from plip.errors import WitnessError
from plip.experiments.arms import Setting
from plip.experiments.conditions import Treatment, predicted_attention
from plip.measure import attention_to_targets
from plip.models import Run, StateWitness, StepWitness, Witness, WriteWitness
from plip.plan import Scale, SetValue
from plip.records import DoseLayer, LayerBaseline
from plip.text import Located

__all__ = ["LayerFigures", "attention_layers", "mean_or_none", "state_layers"]

# Both the steered row and the baseline that predicts it are computed in float32.
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class LayerFigures:
    """Figures of a sample's steered layers.

    Args:
        baseline: without steering.
        layers: gives those of a treatment that stands in a row of the run.
    """

    baseline: tuple[LayerBaseline, ...]
    layers: Callable[[Treatment, int], tuple[DoseLayer, ...]]


def mean_or_none(values: Sequence[float | None]) -> float | None:
    """Return the mean of some figures, None where one of them is undefined."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def attention_layers(item: Located, run: Run, setting: Setting) -> LayerFigures:
    """Give the attention that edges reached, beside what they must reach.

    Up to the lowest layer that a treatment changes, the closed form follows from the baseline.
    Above it the row came with other keys and values, and what scaling must reach follows from the
    edge mass that the run itself had there, which its witness holds.

    Raises:
        WitnessError: attention that misses its closed form.
    """
    found = {
        layer: attention_to_targets(run.attention[layer][:, :, 0], item.keys)
        for layer in setting.layers
    }

    def layers(treatment: Treatment, row: int) -> tuple[DoseLayer, ...]:
        steps = _steps(run.witness[row])
        lowest = min(treatment.changing, default=setting.layers[-1])
        reached = []
        for layer, operation in treatment.operations:
            attention = float(found[layer].mean[row])
            weights = found[layer].weights
            step = steps.get(layer)
            if layer <= lowest:
                predicted: float | None = predicted_attention(operation, weights[0], setting.heads)
            elif step is not None:
                predicted = _from_run(step, operation, weights[row], setting.heads)
            else:
                predicted = None
            if predicted is not None:
                _check(item, layer, operation, predicted, attention)
            reached.append(
                DoseLayer(
                    layer=layer,
                    factor=_factor(operation),
                    attention=attention,
                    attention_predicted=predicted,
                    mass_before=None if step is None else step.mass_before,
                    mass_after=None if step is None else step.mass_after,
                )
            )
        return tuple(reached)

    return LayerFigures(
        tuple(
            LayerBaseline(layer=layer, attention=_or_none(float(each.mean[0])))
            for layer, each in found.items()
        ),
        layers,
    )


def state_layers(item: Located, run: Run, setting: Setting) -> LayerFigures:
    """Give the norm of the state that writes led to; its closed form is checked by the run.

    A write is read by later tokens only, so that right after it every layer's state is what the
    baseline has there, but for the factor of the write itself.
    """
    before = {
        layer: step.state_before
        for witness in run.witness[::-1]
        for layer, step in _writes(witness).items()
    }

    def layers(treatment: Treatment, row: int) -> tuple[DoseLayer, ...]:
        steps = _writes(run.witness[row])
        reached = []
        for layer, operation in treatment.operations:
            step = steps.get(layer)
            # Where other layers are steered, a layer that is not has another state at the end.
            untouched = None if treatment.changing else 0.0
            reached.append(
                DoseLayer(
                    layer=layer,
                    factor=_factor(operation),
                    state_norm=before.get(layer) if step is None else step.state_after,
                    state_remaining=untouched if step is None else step.remaining,
                )
            )
        return tuple(reached)

    return LayerFigures(
        tuple(
            LayerBaseline(
                layer=layer,
                attention=_or_none(
                    float(attention_to_targets(run.attention[layer][0, :, 0], item.keys).mean)
                ),
                state_norm=before.get(layer),
            )
            for layer in setting.layers
        ),
        layers,
    )


def _from_run(
    step: StepWitness, operation: Any, weights: Tensor, heads: Sequence[int] | None
) -> float:
    """Return the attention due in closed form from the mass that the run had before the step.

    Args:
        step: what the run says of it.
        operation: what was done.
        weights: [head, target], attention reached; of heads that are not steered it is taken over.
        heads: the steered ones, None for all.
    """
    if isinstance(operation, SetValue):
        return operation.target
    n_heads, n_targets = weights.shape
    others = [head for head in range(n_heads) if heads is not None and head not in heads]
    due = step.mass_expected * (n_heads - len(others))
    return (due + float(weights[others].sum())) / (n_heads * n_targets)


def _steps(witness: Witness | StateWitness | None) -> dict[int, StepWitness]:
    return {step.layer: step for step in witness.steps} if isinstance(witness, Witness) else {}


def _writes(witness: Witness | StateWitness | None) -> dict[int, WriteWitness]:
    return {step.layer: step for step in witness.steps} if isinstance(witness, StateWitness) else {}


def _factor(operation: Scale | SetValue) -> float | None:
    return operation.factor if isinstance(operation, Scale) else None


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _check(
    item: Located, layer: int, operation: Scale | SetValue, predicted: float, reached: float
) -> None:
    if not abs(reached - predicted) <= _TOLERANCE:
        raise WitnessError(
            f"sample {item.sample.id!r}, layer {layer}",
            wanted=f"{operation} to reach attention {predicted:.6f}, its closed form",
            found=f"{reached:.6f}",
            advice="do not use these figures, and report this",
            details={"sample": item.sample.id, "predicted": predicted, "reached": reached},
        )
