"""A check of a figure against the experiment, run again."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.evidence import Given
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.reruns import Rerun, RerunKey
from plip.claims.verdict import Verdict
from plip.stats import Interval

__all__ = ["RerunFigure", "lacking", "provenance"]


class RerunFigure(Check):
    """The experiment, run again on the model's own weights, gives the figure.

    Exactly one of `tolerance`, `trials` and `below` says how near is near enough.
    """

    name: ClassVar[str] = "rerun"
    kind: ClassVar[Kind] = Kind.RERUN
    optional: ClassVar[bool] = True
    model: str = Field(min_length=1)
    """The hub id whose weights the figure is of."""
    experiment: str = Field(min_length=1)
    """A command of plip, such as "calibrate"."""
    figure: str = Field(min_length=1)
    """Which of the experiment's figures, such as "layer 20/attention/py_simple_add"."""
    tolerance: Decimal | None = Field(default=None, ge=0)
    """How far from what the printed figure stands for it may lie, in the figure's unit."""
    trials: int | None = Field(default=None, ge=1)
    """Of how many outcomes the printed percentage is, and the new one too: both are random."""
    below: Decimal | None = Field(default=None, gt=0)
    """A level that the new figure must stay below, such as 0.05 for a p-value."""
    confidence: Decimal = Field(default=Decimal("0.95"), gt=0, lt=1)
    """Of the interval that `trials` allows."""
    inputs_file: str | None = None
    """The file of the paper's repository with the samples or prompts that it was measured on."""
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """SHA-256 of those samples or prompts, as `Corpus.digest` and `Prompts.digest` give it."""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if sum(rule is not None for rule in (self.tolerance, self.trials, self.below)) != 1:
            raise ValueError("wanted exactly one of 'tolerance', 'trials' and 'below'")
        if (self.inputs_file is None) != (self.digest is None):
            raise ValueError("wanted 'inputs_file' and 'digest' together")
        return self

    def asks_for(self, given: Quantities) -> RerunKey:
        """Return which figure of which run it is about."""
        return RerunKey(model=self.model, experiment=self.experiment, figure=self.figure)

    def inputs(self) -> tuple[str, ...]:
        return ()

    def run(self, claim: Entry, given: Given) -> CheckResult:
        key = self.asks_for(given)
        found = given.reruns.get(key)
        if found is None:
            reason = lacking(self.model, self.inputs_file)
            return self.result(Verdict.NOT_CHECKABLE, reason)
        figure = claim.figure
        agrees, rule = self._judge(figure, found.value)
        point = Interval.point(Fraction(found.value))
        printed = f"{figure.printed} {'agrees' if agrees else 'does not agree'}: {rule}"
        reason = (
            f"run again on {provenance(self.model, found)} it is {figure.show(point)}; {printed}"
        )
        outcome = Verdict.HOLDS if agrees else Verdict.CONTRADICTED
        rows = (_row(key, figure, found),)
        return self.result(outcome, reason, point, rows=rows)

    def _judge(self, figure: Figure, value: float) -> tuple[bool, str]:
        """Say whether the figure agrees with its rerun, and by which rule."""
        exact = Fraction(value)
        if self.below is not None:
            agrees = exact < Fraction(self.below)
            return agrees, f"it must stay below {self.below}"
        if self.trials is not None:
            return self._within_chance(figure, value, self.trials)
        assert self.tolerance is not None  # the validator has seen to it
        slack = Fraction(self.tolerance)
        allowed = Interval(figure.interval.low - slack, figure.interval.high + slack)
        return allowed.contains(exact), f"{figure.show(allowed)} is allowed"

    def _within_chance(self, figure: Figure, value: float, trials: int) -> tuple[bool, str]:
        from plip.stats.prediction import predicted_successes

        per_cent = Fraction(100, trials)
        counts = [k for k in range(trials + 1) if figure.interval.contains(k * per_cent)]
        if not counts:
            return False, f"no number of successes in {trials} is {figure.printed}"
        level = float(self.confidence)
        ends = [predicted_successes(k, trials, trials, confidence=level) for k in counts]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        again = round(value * trials / 100)
        return low <= again <= high, (
            f"{again} of {trials}, where a second sample of the same rate has {low} to {high} "
            f"in {100 * level:g}% of cases"
        )


def lacking(model: str, inputs_file: str | None = None) -> str:
    """Say what is missing for a rerun, and the command that would make it."""
    file = "" if inputs_file is None else f" and {inputs_file} of the paper's repository"
    option = "" if inputs_file is None else " --artifacts DIR"
    return f"needs the weights of {model}{file}: plip audit --checkpoint {model}{option}"


def provenance(model: str, found: Rerun) -> str:
    """Name the model with all that its figures may depend on."""
    at = f"@{found.revision[:12]}" if found.revision else ""
    return (
        f"{model}{at} ({found.dtype}, {found.device}, {found.attention}, torch {found.torch}, "
        f"weights {found.weights[:12]})"
    )


def _row(key: RerunKey, figure: Figure, found: Rerun) -> dict[str, Any]:
    value = found.value if math.isfinite(found.value) else None
    return {
        **key.model_dump(),
        "printed": figure.printed,
        "unit": figure.unit,
        "rerun": value,
        **found.model_dump(exclude={"value"}),
    }
