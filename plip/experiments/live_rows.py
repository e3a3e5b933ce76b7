"""Live checks of steered rows: what they sum to, and that scaling by 0 is the knockout."""

from __future__ import annotations

from collections.abc import Sequence

from plip.claims import ClaimResult, live_claim
from plip.experiments.conditions import steered
from plip.experiments.live_checks import largest
from plip.measure import attention_to_targets, kl_divergence
from plip.models import Capture, Subject, Witness
from plip.plan import Knockout, Plan, Scale, SetValue
from plip.text import Located

__all__ = ["knockout_claim", "rows_claim"]

# Rows are computed in float32: a sum over some hundred weights is right to about 1e-6.
_ROW_TOLERANCE = 1e-5
# Two rows of one batch may be rounded apart by 1e-6 in their logits: 1e-12 nats.
_SAME = 1e-10


def rows_claim(located: Sequence[Located], layer: int, subject: Subject) -> ClaimResult:
    """Check the witnesses of all three operations: rows sum to 1, and none looks ahead."""
    operations = (Knockout(), Scale(3.0), SetValue(0.05))
    runs = subject.sweep(
        [item.tokens for item in located],
        [[_plan(item, operation, layer, subject) for operation in operations] for item in located],
    )
    witnesses = [witness for run in runs for witness in run.witness if isinstance(witness, Witness)]
    return live_claim(
        "live/rows_sum_to_1",
        "A steered row still sums to 1, and pays no attention to what comes after it.",
        [
            largest(
                "row_sum",
                [witness.row_sum_error for witness in witnesses],
                _ROW_TOLERANCE,
                "|row sum − 1| of steered rows",
            ),
            largest(
                "forbidden_mass",
                [witness.forbidden_mass for witness in witnesses],
                0,
                "attention of steered rows to later tokens",
            ),
        ],
    )


def knockout_claim(located: Sequence[Located], layer: int, subject: Subject) -> ClaimResult:
    """Check that scaling by 0 is the knockout: no attention left, one and the same prediction."""
    runs = subject.sweep(
        [item.tokens for item in located],
        [
            [_plan(item, operation, layer, subject) for operation in (Scale(0.0), Knockout())]
            for item in located
        ],
        capture=[Capture(layers=[layer], queries=[item.query]) for item in located],
    )
    checks, bound = [], _SAME
    if subject.mechanism == "attention":
        bound = 0.0
        left = [
            float(attention_to_targets(run.attention[layer][:, :, 0], item.keys).weights.max())
            for run, item in zip(runs, located, strict=True)
        ]
        checks.append(largest("attention_left", left, 0, "attention left on the edges"))
    divergence = [
        float(kl_divergence(run.logits[0], run.logits[1])) for run in runs if run.logits is not None
    ]
    return live_claim(
        "live/scale_0_is_knockout",
        "Scaling by 0 and knocking out are the same, and leave nothing.",
        [*checks, largest("same_prediction", divergence, bound, "KL between the two, nats")],
    )


def _plan(
    item: Located, operation: Knockout | Scale | SetValue, layer: int, subject: Subject
) -> Plan:
    return Plan(operation, steered(item, subject.mechanism), layers=[layer])
