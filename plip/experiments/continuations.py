"""What is said about continuations: test syntax, and what a plan did on the way."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from statistics import fmean

from plip.experiments.prompt_config import PromptConfig
from plip.experiments.prompting import Placed
from plip.measure import GeneratedCode, compare_detectors
from plip.models import Continuation, StateWitness, Subject, Witness
from plip.plan import Plan
from plip.records import (
    ContinuationRecord,
    DetectionRecord,
    Proportion,
    SteeringRecord,
    SyntaxRecord,
)
from plip.stats import wilson

__all__ = [
    "as_code",
    "continuation_record",
    "continued",
    "draw_seed",
    "proportion",
    "steering_record",
]


def draw_seed(seed: int, *parts: str | float) -> int:
    """Derive a seed for one cell of an experiment: the same wherever and whenever it is run.

    The first 63 bits of SHA-256 of the JSON list of seed and parts.

    Args:
        seed: of the experiment.
        parts: what names the cell; numbers count by their value, 1 as 1.0.
    """
    named = [float(part) if isinstance(part, int) else part for part in parts]
    digest = hashlib.sha256(json.dumps([seed, *named]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def continued(
    placed: Placed,
    plan: Plan | None,
    subject: Subject,
    config: PromptConfig,
    *,
    temperature: float,
    samples: int,
    seed: int,
) -> tuple[Continuation, ...]:
    """Continue a prompt as an experiment's options say; see `subject.generate`.

    Args:
        placed: the prompt.
        plan: what to change, or None.
        subject: the model.
        config: the experiment's options.
        temperature: of sampling.
        samples: how many continuations.
        seed: of their draws.
    """
    return subject.generate(
        placed.tokens,
        plan=plan,
        steer=config.steer,
        max_new_tokens=config.max_new_tokens,
        temperature=temperature,
        samples=samples,
        seed=seed,
        batch=config.batch,
    ).continuations


def as_code(placed: Placed, continuation: Continuation) -> GeneratedCode:
    """Put a continuation behind its prompt, to be read and never executed.

    Raises:
        TextError: a continuation without a text.
    """
    # Without a tokenizer there would be no prompt either.
    return GeneratedCode(placed.code, continuation.text or "", placed.prompt.language)


def continuation_record(placed: Placed, continuation: Continuation) -> ContinuationRecord:
    """Write down a continuation and the test syntax in it."""
    code = as_code(placed, continuation)
    found = compare_detectors(code)
    return ContinuationRecord(
        text=code.continuation,
        ids=continuation.ids,
        ended=continuation.ended,
        detection=DetectionRecord(
            paper=found.paper.patterns,
            parsed=tuple(
                SyntaxRecord(
                    kind=each.kind, head=each.head, start=each.start, complete=each.complete
                )
                for each in found.parsed.findings
            ),
            parses=found.parsed.parses,
            reasons=found.reasons,
        ),
    )


def steering_record(continuations: Sequence[Continuation]) -> SteeringRecord | None:
    """Summarise what a plan did on the way of continuations; None without a plan."""
    witnesses = [each.witness for each in continuations if each.witness is not None]
    steps = [step for witness in witnesses for step in witness.steps]
    if not steps:
        return None
    of_state = [witness for witness in witnesses if isinstance(witness, StateWitness)]
    if of_state:
        writes = [step for witness in of_state for step in witness.steps]
        return SteeringRecord(
            mechanism="state",
            least=min(witness.writes for witness in of_state),
            before=fmean(step.state_before for step in writes),
            after=fmean(step.state_after for step in writes),
            remaining=_finite(fmean(step.remaining for step in writes)),
            largest_change=max(step.largest_change for step in writes),
            largest_error=max(step.largest_error for step in writes),
        )
    of_rows = [witness for witness in witnesses if isinstance(witness, Witness)]
    rows = [step for witness in of_rows for step in witness.steps]
    return SteeringRecord(
        mechanism="attention",
        least=min(witness.rows for witness in of_rows),
        before=fmean(step.mass_before for step in rows),
        after=fmean(step.mass_after for step in rows),
        remaining=None,
        largest_change=max(step.largest_change for step in rows),
        largest_error=max(step.largest_error for step in rows),
    )


def proportion(outcomes: Sequence[bool], *, confidence: float) -> Proportion:
    """Count outcomes, with Wilson's interval."""
    n = len(outcomes)
    if n == 0:
        return Proportion(count=0, n=0, rate=None, low=None, high=None)
    count = sum(outcomes)
    low, high = wilson(count, n, confidence=confidence)
    return Proportion(count=count, n=n, rate=count / n, low=low, high=high)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
