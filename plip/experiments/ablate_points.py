"""What one sample shows under every knockout."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from plip.experiments.knockouts import Knock
from plip.experiments.samples import sample_fields
from plip.measure import kl_divergence
from plip.models import Run, StateWitness, Witness
from plip.records import AblationPoint, AblationSample
from plip.text import Located

__all__ = ["ablation_record"]


def ablation_record(
    item: Located, planned: Sequence[Knock], run: Run, without: Tensor | None
) -> AblationSample:
    """Measure one sample's run under all its knockouts.

    Args:
        item: the sample.
        planned: the knockouts, in order.
        run: a batch of the baseline and, in the same order, the knockouts that have a plan.
        without: logits of the text without the marker's token, [vocab], or None.

    Raises:
        MeasureError: logits that are no numbers.
    """
    assert run.logits is not None  # a sweep always gives them
    divergence = kl_divergence(run.logits[0].expand_as(run.logits), run.logits).tolist()
    tokens = run.logits.argmax(-1).tolist()
    points = []
    row = 0
    for knock in planned:
        if knock.plan is None:
            points.append(
                AblationPoint(layers=knock.layers, control=knock.control, excluded=knock.excluded)
            )
            continue
        row += 1
        infinite = math.isinf(divergence[row])
        points.append(
            AblationPoint(
                layers=knock.layers,
                control=knock.control,
                positions=knock.positions,
                mass=knock.mass,
                state_change=_state_change(run.witness[row]),
                kl_nats=None if infinite else divergence[row],
                kl_infinite=infinite,
                baseline_token=tokens[0],
                ablated_token=tokens[row],
                plan_hash=knock.plan.digest,
            )
        )
    removal = None if without is None else float(kl_divergence(run.logits[0], without))
    return AblationSample(
        **sample_fields(item),
        removal_kl_nats=None if removal is None or math.isinf(removal) else removal,
        points=tuple(points),
    )


def _state_change(witness: Witness | StateWitness | None) -> float | None:
    if not isinstance(witness, StateWitness):
        return None
    return max(step.largest_change for step in witness.steps)
