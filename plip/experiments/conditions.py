"""What is done to a sample in a dose-response experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from plip.errors import MeasureError, OperationError
from plip.measure import attention_at_scale, scale_reaching
from plip.models import Subject
from plip.plan import ALL, Edges, Plan, Scale, SetValue, edges, into
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
        operation: how it is done, None where it cannot be.
        plan: the operation on the sample's edges, None where it cannot be done.
        excluded: why it cannot be done, None where it can.
    """

    condition: Condition
    target: float | None
    operation: Scale | SetValue | None = None
    plan: Plan | None = None
    excluded: str | None = None

    @property
    def dose(self) -> float | None:
        """The factor of the edges or of the write, None where there is none."""
        return self.operation.factor if isinstance(self.operation, Scale) else None


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
    item: Located,
    weights: Tensor | None,
    subject: Subject,
    *,
    layer: int,
    doses: tuple[float, ...],
    target: float | None,
    heads: tuple[int, ...] | None = None,
) -> Iterator[Treatment]:
    """List what is done to a sample: each dose, then the target.

    Args:
        item: the sample.
        weights: [head, target], its attention without steering, to solve the factor that reaches
            the target; without it the target is set.
        subject: the model.
        layer: the steered layer.
        doses: factors of the target edges, or of the marker's write into the state.
        target: the level of attention to reach, a fraction, or None; not for writes.
        heads: which ones are steered, None for all; not with a target.

    Yields:
        Treatments; one that the sample cannot have says why.
    """
    where = steered(item, subject.mechanism)
    # By construction, not by measurement, such a dose leaves the prediction as it is.
    if subject.mechanism == "state" and item.query == len(item.tokens) - 1:
        reason = "the marker is the last token, and a write reaches later tokens only"
        yield from (Treatment("dose", None, Scale(dose), excluded=reason) for dose in doses)
        return

    def treatment(
        condition: Condition, operation: Scale | SetValue, level: float | None = None
    ) -> Treatment:
        plan = Plan(operation, where, layers=[layer], heads=ALL if heads is None else heads)
        try:
            plan.check(subject.heads, len(item.tokens))
        except OperationError as error:
            return Treatment(condition, level, excluded=str(error))
        return Treatment(condition, level, operation, plan)

    for dose in doses:
        yield treatment("dose", Scale(dose))
    if target is None:
        return
    if weights is None:
        yield treatment("set-value", SetValue(target), target)
        return
    try:
        factor = scale_reaching(weights, target)
    except MeasureError as error:
        yield Treatment("scale-to-target", target, excluded=str(error))
    else:
        yield treatment("scale-to-target", Scale(factor), target)
