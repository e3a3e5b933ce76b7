"""What is done to a sample in a dose-response experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from plip.errors import MeasureError
from plip.measure import attention_at_scale, scale_reaching
from plip.plan import ALL, Edges, Plan, Scale, SetValue, edges, into, scale_by_layer
from plip.records import Condition, Mechanism
from plip.text import Located

__all__ = ["Mode", "Treatment", "predicted_attention", "steered", "treatments"]

#: How a level of attention is reached: every edge set to it, or all scaled by a solved factor.
Mode = Literal["set-value", "scale"]


@dataclass(frozen=True, slots=True)
class Treatment:
    """One condition of one sample.

    Args:
        condition: what is done.
        target: the level asked for, None for a given factor.
        operations: how it is done, by layer; none where it cannot be.
        excluded: why it cannot be done, None where it can.
    """

    condition: Condition
    target: float | None
    operations: tuple[tuple[int, Scale | SetValue], ...] = ()
    excluded: str | None = None

    @property
    def dose(self) -> float | None:
        """The factor of the edges or of the write in all layers, None where there is none."""
        if self.condition not in ("dose", "scale-to-target") or not self.operations:
            return None
        operation = self.operations[0][1]
        return operation.factor if isinstance(operation, Scale) else None

    @property
    def changing(self) -> tuple[int, ...]:
        """The layers in which something can change."""
        return tuple(layer for layer, operation in self.operations if not operation.is_identity)

    def plan(
        self, where: Edges, heads: Sequence[int] | None, layers: Mapping[int, int] | None = None
    ) -> Plan:
        """Return the treatment as a plan.

        Args:
            where: the edges, or the write.
            heads: which ones, None for all.
            layers: where to do what is done in each layer; None for the layer itself.
        """
        placed = [(layers[at] if layers else at, operation) for at, operation in self.operations]
        factors = {at: each.factor for at, each in placed if isinstance(each, Scale)}
        if factors:
            return scale_by_layer(where, factors, heads=ALL if heads is None else heads)
        return Plan(
            placed[0][1],
            where,
            layers=[layer for layer, _ in placed],
            heads=ALL if heads is None else heads,
        )


def steered(item: Located, mechanism: Mechanism) -> Edges:
    """Return what is steered of a sample: its marker → target edges, or its marker's write.

    Args:
        item: the sample.
        mechanism: what the model's plans act on.

    Source: STEERING_RESULTS.md §2 for edges, §8.1 for writes.
    """
    if mechanism == "state":
        return into(item.query)
    return edges(query=item.query, keys=item.keys)


def predicted_attention(
    operation: Scale | SetValue, weights: Tensor, heads: Sequence[int] | None = None
) -> float:
    """Return the attention that an operation must reach, the mean over heads and targets.

    Args:
        operation: on all target edges.
        weights: [head, target], attention without steering, fractions.
        heads: which ones are steered, None for all; the others stay as they are.

    Raises:
        MeasureError: scaling by 0 leaves a head without attention.
    """
    if isinstance(operation, SetValue):
        return operation.target
    if heads is None:
        return float(attention_at_scale(weights, operation.factor).mean())
    reached = weights.clone()
    reached[list(heads)] = attention_at_scale(weights[list(heads)], operation.factor)
    return float(reached.mean())


def treatments(
    weights: Tensor | None,
    *,
    layers: Sequence[int],
    doses: Sequence[float],
    factors: Sequence[tuple[int, float]] | None,
    target: float | None,
) -> Iterator[Treatment]:
    """List what is done to a sample: each dose, then the factors, then the target.

    Args:
        weights: [head, target], its attention without steering, to solve the factor that reaches
            the target; without it the target is set.
        layers: the steered layers; one where a factor is solved.
        doses: factors of the target edges, or of the marker's write into the state, in all layers.
        factors: an own factor for each of some layers, at once, or None; the others keep factor 1.
        target: the level of attention to reach, a fraction, or None; not for writes.

    Yields:
        Treatments; one that the sample cannot have says why.
    """
    for dose in doses:
        yield Treatment("dose", None, tuple((layer, Scale(dose)) for layer in layers))
    if factors is not None:
        named = dict(factors)
        yield Treatment(
            "factors", None, tuple((layer, Scale(named.get(layer, 1.0))) for layer in layers)
        )
    if target is None:
        return
    if weights is None:
        yield Treatment("set-value", target, tuple((layer, SetValue(target)) for layer in layers))
        return
    try:
        factor = scale_reaching(weights, target)
    except MeasureError as error:
        yield Treatment("scale-to-target", target, excluded=str(error))
    else:
        yield Treatment(
            "scale-to-target", target, tuple((layer, Scale(factor)) for layer in layers)
        )
