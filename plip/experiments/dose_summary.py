"""What all samples show at each dose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from plip.experiments.compared import compared
from plip.experiments.spread import spread
from plip.records import (
    Control,
    ControlPoint,
    ControlSummary,
    DoseLayerSummary,
    DosePoint,
    DoseResponseSample,
    DoseResponseSummary,
    DoseSummary,
    Mechanism,
    Spread,
)
from plip.stats import paired

__all__ = ["summarise"]

Describe = Callable[[Sequence[float]], Spread]


def summarise(
    records: Sequence[DoseResponseSample],
    layers: tuple[int, ...],
    why: str,
    mechanism: Mechanism,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> DoseResponseSummary:
    """Describe every condition over its samples, and compare it with its controls.

    Args:
        records: of all samples, in the corpus's order.
        layers: the steered layers.
        why: why these.
        mechanism: what was steered in them.
        seed: of bootstrap and permutations; every figure is drawn from a generator of its own.
        confidence: level of the intervals.
        resamples: bootstrap samples and permutations drawn for each.
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
                attention=describe(_known([point.attention for point in measured])),
                state_norm=describe(_known([point.state_norm for point in measured])),
                layers=_layers(measured, describe),
                kl=describe([_nats(point) for point in measured]),
                top1_changed=sum(point.top1_changed is True for point in measured),
                controls=tuple(
                    _control(
                        control.control, measured, at, describe, seed=seed, resamples=resamples
                    )
                    for at, control in enumerate(first.controls)
                ),
            )
        )
    return DoseResponseSummary(
        layers=layers,
        layer_choice=why,
        mechanism=mechanism,
        baseline_attention=describe(_known([record.baseline_attention for record in treated])),
        baseline_state_norm=describe(_known([record.baseline_state_norm for record in treated])),
        doses=tuple(doses),
        confidence=confidence,
        resamples=resamples,
    )


def _layers(measured: Sequence[DosePoint], describe: Describe) -> tuple[DoseLayerSummary, ...]:
    """Describe each steered layer; where a factor is solved, each sample has its own."""
    found = []
    for entries in zip(*(point.layers for point in measured), strict=True):
        factors = {entry.factor for entry in entries}
        found.append(
            DoseLayerSummary(
                layer=entries[0].layer,
                factor=entries[0].factor if len(factors) == 1 else None,
                attention=describe(_known([entry.attention for entry in entries])),
                state_norm=describe(_known([entry.state_norm for entry in entries])),
            )
        )
    return tuple(found)


def _control(
    control: Control,
    measured: Sequence[DosePoint],
    at: int,
    describe: Describe,
    *,
    seed: int,
    resamples: int,
) -> ControlSummary:
    """Describe one control of the samples that had the dose, and compare within samples."""
    both = [
        (point, point.controls[at]) for point in measured if point.controls[at].excluded is None
    ]
    controls = [beside for _, beside in both]
    return ControlSummary(
        control=control,
        n=len(both),
        excluded=len(measured) - len(both),
        mass=describe(_known([beside.mass for beside in controls])),
        target_mass=describe(_known([beside.target_mass for beside in controls])),
        kl=describe([_nats(beside) for beside in controls]),
        top1_changed=sum(beside.top1_changed is True for beside in controls),
        against=compared(
            paired,
            [_nats(point) for point, _ in both],
            [_nats(beside) for beside in controls],
            seed=seed,
            resamples=resamples,
        ),
    )


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _nats(point: DosePoint | ControlPoint) -> float:
    return math.inf if point.kl_nats is None else point.kl_nats
