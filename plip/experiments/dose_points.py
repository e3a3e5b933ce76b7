"""What one sample shows at every dose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from plip.errors import WitnessError
from plip.experiments.conditions import Treatment, predicted_attention
from plip.experiments.samples import sample_fields
from plip.measure import TargetAttention, attention_to_targets, kl_divergence
from plip.models import Run, StateWitness, Witness
from plip.plan import Scale, SetValue
from plip.records import DosePoint, DoseResponseSample
from plip.text import Located

__all__ = ["sample_record"]

# Both the steered row and the baseline that predicts it are computed in float32.
_TOLERANCE = 1e-4


def sample_record(
    item: Located,
    layer: int,
    treatments: Sequence[Treatment],
    run: Run,
    heads: Sequence[int] | None = None,
) -> DoseResponseSample:
    """Measure one sample's run under all its plans.

    Args:
        item: the sample.
        layer: the steered layer.
        treatments: what was done, in order.
        run: a batch of the baseline and, in the same order, the treatments that have a plan, with
            the marker's row of `layer` captured and logits [batch, vocab] at the last token.
        heads: which ones were steered, None for all.

    Raises:
        WitnessError: attention that misses its closed form; a state is checked by its run.
        MeasureError: logits that are no numbers.
    """
    assert run.logits is not None  # a sweep always gives them
    attention = attention_to_targets(run.attention[layer][:, :, 0], item.keys)
    baseline = run.logits[0]
    divergence = kl_divergence(baseline.expand_as(run.logits), run.logits).tolist()
    tokens = run.logits.argmax(-1).tolist()
    before = _state_before(run)
    points = []
    row = 0
    for treatment in treatments:
        condition: dict[str, Any] = {
            "condition": treatment.condition,
            "dose": treatment.dose,
            "target": treatment.target,
        }
        if treatment.operation is None or treatment.plan is None:
            points.append(DosePoint(**condition, excluded=treatment.excluded))
            continue
        row += 1
        infinite = math.isinf(divergence[row])
        points.append(
            DosePoint(
                **condition,
                **_reached(
                    item, treatment.operation, run.witness[row], attention, row, before, heads
                ),
                kl_nats=None if infinite else divergence[row],
                kl_infinite=infinite,
                baseline_token=tokens[0],
                steered_token=tokens[row],
                top1_changed=tokens[row] != tokens[0],
                plan_hash=treatment.plan.digest,
            )
        )
    return DoseResponseSample(
        **sample_fields(item),
        layer=layer,
        baseline_attention=float(attention.mean[0]),
        baseline_state_norm=before,
        points=tuple(points),
    )


def _state_before(run: Run) -> float | None:
    """Return the norm of the state without steering, None where none was steered."""
    for witness in run.witness:
        if isinstance(witness, StateWitness) and witness.steps:
            return witness.steps[0].state_before
    return None


def _reached(
    item: Located,
    operation: Scale | SetValue,
    witness: Witness | StateWitness | None,
    attention: TargetAttention,
    row: int,
    before: float | None,
    heads: Sequence[int] | None,
) -> dict[str, Any]:
    """Return what a dose has reached: attention, or the norm of the state."""
    if isinstance(witness, StateWitness):
        if not witness.steps:
            return {"state_norm": before, "state_remaining": 0.0}
        (step,) = witness.steps
        return {"state_norm": step.state_after, "state_remaining": step.remaining}
    predicted = predicted_attention(operation, attention.weights[0], heads)
    reached = float(attention.mean[row])
    _check(item, operation, predicted, reached)
    return {"attention": reached, "attention_predicted": predicted}


def _check(item: Located, operation: Scale | SetValue, predicted: float, reached: float) -> None:
    if not abs(reached - predicted) <= _TOLERANCE:
        raise WitnessError(
            f"sample {item.sample.id!r}",
            wanted=f"{operation} to reach attention {predicted:.6f}, its closed form",
            found=f"{reached:.6f}",
            advice="do not use these figures, and report this",
            details={"sample": item.sample.id, "predicted": predicted, "reached": reached},
        )
