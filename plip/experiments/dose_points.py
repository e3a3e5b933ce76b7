"""What one sample shows at every dose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plip.experiments.arms import Arm, Setting, Trial
from plip.experiments.dose_layers import LayerFigures, attention_layers, mean_or_none, state_layers
from plip.experiments.samples import sample_fields
from plip.measure import kl_divergence
from plip.models import Run
from plip.records import ControlPoint, DosePoint, DoseResponseSample
from plip.text import Located

__all__ = ["ArmRun", "sample_record"]


@dataclass(frozen=True, slots=True)
class ArmRun:
    """What was run of one arm.

    Args:
        arm: where treatments were carried out.
        trials: the treatments, in order.
        run: its text without steering, and under plans; None where no trial has a plan.
        first: the row of the first plan; the others follow in the order of the trials.
    """

    arm: Arm
    trials: tuple[Trial, ...]
    run: Run | None = None
    first: int = 1

    def rows(self) -> Iterator[tuple[Trial, int | None]]:
        """Go through the trials, each with its row of the run, None where it has no plan."""
        row = self.first
        for trial in self.trials:
            yield trial, None if trial.plan is None else row
            row += trial.plan is not None


def sample_record(
    item: Located, effect: ArmRun, controls: Sequence[ArmRun], setting: Setting
) -> DoseResponseSample:
    """Measure one sample's runs under all its plans.

    Args:
        item: the sample.
        effect: its own runs, with the marker's row of every steered layer captured and logits
            [batch, vocab] at the last token.
        controls: those of its controls, with the same treatments.
        setting: what all samples have in common.

    Raises:
        WitnessError: attention that misses its closed form; a state is checked by its run.
        MeasureError: logits that are no numbers.
    """
    assert effect.run is not None  # its baseline is always run
    reached = state_layers if setting.subject.mechanism == "state" else attention_layers
    figures = reached(item, effect.run, setting)
    beside = [_control_points(each) for each in controls]
    return DoseResponseSample(
        **sample_fields(item),
        layers=setting.layers,
        baseline_attention=mean_or_none([each.attention for each in figures.baseline]),
        baseline_state_norm=mean_or_none([each.state_norm for each in figures.baseline]),
        baseline=figures.baseline,
        points=tuple(
            _point(trial, row, effect.run, figures, tuple(points))
            for (trial, row), *points in zip(effect.rows(), *beside, strict=True)
        ),
    )


def _point(
    trial: Trial,
    row: int | None,
    run: Run | None,
    figures: LayerFigures,
    controls: tuple[ControlPoint, ...],
) -> DosePoint:
    treatment = trial.treatment
    condition: dict[str, Any] = {
        "condition": treatment.condition,
        "dose": treatment.dose,
        "target": treatment.target,
        "controls": controls,
    }
    if row is None or run is None or trial.plan is None:
        return DosePoint(**condition, excluded=trial.excluded)
    layers = figures.layers(treatment, row)
    return DosePoint(
        **condition,
        attention=mean_or_none([each.attention for each in layers]),
        attention_predicted=mean_or_none([each.attention_predicted for each in layers]),
        state_norm=mean_or_none([each.state_norm for each in layers]),
        state_remaining=mean_or_none([each.state_remaining for each in layers]),
        layers=layers,
        **_moved(run, row, tokens=True),
        plan_hash=trial.plan.digest,
    )


def _control_points(run: ArmRun) -> list[ControlPoint]:
    return [_control_point(run, trial, row) for trial, row in run.rows()]


def _control_point(run: ArmRun, trial: Trial, row: int | None) -> ControlPoint:
    arm = run.arm
    assert arm.control is not None  # the effect is no control
    if row is None or run.run is None or trial.plan is None:
        return ControlPoint(control=arm.control, excluded=trial.excluded)
    return ControlPoint(
        control=arm.control,
        layers=tuple(sorted(arm.layers[layer] for layer, _ in trial.treatment.operations)),
        positions=arm.drawn.positions,
        mass=arm.drawn.mass,
        target_mass=arm.drawn.target_mass,
        **_moved(run.run, row, tokens=False),
        plan_hash=trial.plan.digest,
    )


def _moved(run: Run, row: int, *, tokens: bool) -> dict[str, Any]:
    """Return how far a row of a run is from its first one, which was not steered."""
    assert run.logits is not None  # a sweep always gives them
    divergence = float(kl_divergence(run.logits[0], run.logits[row]))
    baseline, steered = int(run.logits[0].argmax()), int(run.logits[row].argmax())
    infinite = math.isinf(divergence)
    return {
        "kl_nats": None if infinite else divergence,
        "kl_infinite": infinite,
        "top1_changed": baseline != steered,
        **({"baseline_token": baseline, "steered_token": steered} if tokens else {}),
    }
