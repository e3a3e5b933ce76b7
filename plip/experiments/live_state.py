"""Live checks of steered writes: the state they lead to, and what they leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plip.claims import ClaimResult, live_claim
from plip.experiments.conditions import steered
from plip.experiments.live_checks import largest
from plip.measure import kl_divergence
from plip.models import StateWitness, Subject
from plip.plan import Knockout, Plan, Scale
from plip.text import Located

__all__ = ["own_row_claim", "state_claim"]

# The recurrence runs in float32.
_TOLERANCE = 1e-4


def state_claim(located: Sequence[Located], layer: int, subject: Subject) -> ClaimResult:
    """Check the witnesses: state and output reach the sum over all writes, each by its factor."""
    runs = subject.sweep(
        [item.tokens for item in located],
        [
            [
                Plan(operation, steered(item, subject.mechanism), layers=[layer])
                for operation in (Knockout(), Scale(3.0))
            ]
            for item in located
        ],
    )
    errors = [
        step.largest_error
        for run in runs
        for witness in run.witness
        if isinstance(witness, StateWitness)
        for step in witness.steps
    ]
    return live_claim(
        "live/state_closed_form",
        "A steered state is the sum of all writes, each decayed and by its factor.",
        [largest("closed_form", errors, _TOLERANCE, "relative error of state and output")],
    )


def own_row_claim(located: Sequence[Located], layer: int, subject: Subject) -> ClaimResult:
    """Check that a token's own prediction does not depend on its write."""
    gaps = []
    for item in located:
        end = item.query + 1
        cut = replace(item.tokens, ids=item.tokens.ids[:end], spans=item.tokens.spans[:end])
        plan = Plan(Knockout(), steered(item, subject.mechanism), layers=[layer])
        baseline, knocked_out = subject.run(cut).logits, subject.run(cut, plan=plan).logits
        if baseline is not None and knocked_out is not None:
            gaps.append(float(kl_divergence(baseline, knocked_out)))
    return live_claim(
        "live/own_row_unchanged",
        "A token's write reaches later tokens only: its own prediction stays as it was.",
        [largest("own_row", gaps, 0, "KL at the token whose write is knocked out, nats")],
    )
