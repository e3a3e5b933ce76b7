"""What all samples show at each dose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from plip.experiments.layers import LayerChoice
from plip.experiments.spread import spread
from plip.records import DosePoint, DoseResponseSample, DoseResponseSummary, DoseSummary, Mechanism

__all__ = ["summarise"]


def summarise(
    records: Sequence[DoseResponseSample],
    choice: LayerChoice,
    mechanism: Mechanism,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> DoseResponseSummary:
    """Describe every condition over its samples.

    Args:
        records: of all samples, in the corpus's order.
        choice: the steered layer.
        mechanism: what was steered in it.
        seed: of the bootstrap; every interval is drawn from a generator of its own.
        confidence: level of the intervals.
        resamples: bootstrap samples drawn for each.
    """
    describe = partial(spread, seed=seed, confidence=confidence, resamples=resamples)
    treated = [record for record in records if record.points]
    left_out = len(records) - len(treated)
    doses = []
    for points in zip(*(record.points for record in treated), strict=True):
        measured = [point for point in points if point.excluded is None]
        first = points[0]
        doses.append(
            DoseSummary(
                condition=first.condition,
                dose=first.dose if first.condition == "dose" else None,
                target=first.target,
                n=len(measured),
                excluded=left_out + len(points) - len(measured),
                attention=describe(
                    [point.attention for point in measured if point.attention is not None]
                ),
                state_norm=describe(
                    [point.state_norm for point in measured if point.state_norm is not None]
                ),
                kl=describe([_nats(point) for point in measured]),
                top1_changed=sum(point.top1_changed is True for point in measured),
            )
        )
    baselines = [record.baseline_attention for record in treated]
    norms = [record.baseline_state_norm for record in treated]
    return DoseResponseSummary(
        layer=choice.layer,
        layer_choice=choice.why,
        mechanism=mechanism,
        baseline_attention=describe([level for level in baselines if level is not None]),
        baseline_state_norm=describe([norm for norm in norms if norm is not None]),
        doses=tuple(doses),
        confidence=confidence,
        resamples=resamples,
    )


def _nats(point: DosePoint) -> float:
    return math.inf if point.kl_nats is None else point.kl_nats
