"""The figures of an experiment by the names that claims ask for them, in the paper's units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from plip.experiments import ablate, calibrate, dose_response, persistence
from plip.experiments.ablate import AblateConfig
from plip.experiments.calibrate import CalibrateConfig
from plip.experiments.diagnosis import diagnose, diagnosis_figures
from plip.experiments.dose_response import DoseResponseConfig
from plip.experiments.persistence import PersistenceConfig
from plip.models import Subject
from plip.records import (
    AblationSummary,
    CalibrationSample,
    CalibrationSummary,
    DoseResponseSample,
    PersistenceCell,
)
from plip.text import Corpus, Group, Prompts

__all__ = ["Wanted", "figures_of_prompts", "figures_of_samples"]

Figures = Iterator[tuple[str, float]]

_COMPARED = (Group.PYTHON_DOCTEST, Group.RUST_TEST)
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What claims ask of an experiment.

    Args:
        experiment: its name.
        layer: where, from 0.
        doses: factors of edges or writes, where there are any.
        prompts: ids of prompts, where there are any.
        trials: continuations of each prompt, where there are any.
    """

    experiment: str
    layer: int
    doses: tuple[float, ...] = ()
    prompts: frozenset[str] = frozenset()
    trials: int = 1


def figures_of_samples(wanted: Wanted, subject: Subject, corpus: Corpus) -> Figures:
    """Run an experiment on samples.

    - calibrate: `layer L/attention/SAMPLE` and `layer L/mean/GROUP`, %; `layer L/ratio`
    - dose-response: `layer L/dose D/attention`, %; `layer L/dose D/kl`, nats
    - ablate: `layer L/kl/GROUP`, nats; `layer L/kl ratio`; `layer L/p`, of Welch's t
    - diagnosis: `layer L/dose D/published/mean` and so on, nats

    Args:
        wanted: what is asked for.
        subject: the model.
        corpus: the samples.

    Yields:
        Name and value; none that is undefined.
    """
    named = {
        "calibrate": _calibrate,
        "dose-response": _dose_response,
        "ablate": _ablate,
        "diagnosis": _diagnose,
    }[wanted.experiment]
    for name, value in named(wanted, subject, corpus):
        yield f"layer {wanted.layer}/{name}", value


def figures_of_prompts(wanted: Wanted, subject: Subject, prompts: Prompts) -> Figures:
    """Run an experiment on prompts.

    - persistence: `layer L/PROMPT/scale S`, % of the continuations with the paper's test syntax

    Args:
        wanted: what is asked for.
        subject: the model.
        prompts: what is continued.

    Yields:
        Name and value.
    """
    config = PersistenceConfig(
        layer=wanted.layer, scales=wanted.doses, samples=wanted.trials, controls=()
    )
    for record in persistence.run(config, subject, prompts):
        if isinstance(record, PersistenceCell) and record.paper.rate is not None:
            name = f"layer {wanted.layer}/{record.prompt}/scale {record.scale}"
            yield name, _PERCENT * record.paper.rate


def _calibrate(wanted: Wanted, subject: Subject, corpus: Corpus) -> Figures:
    config = CalibrateConfig(layer=wanted.layer, groups=_COMPARED)
    for record in calibrate.run(config, subject, corpus):
        if isinstance(record, CalibrationSample) and record.layers:
            attention = record.layers[0].attention
            if attention is not None:
                yield f"attention/{record.sample}", _PERCENT * attention
        elif isinstance(record, CalibrationSummary):
            (layer,) = record.layers
            for group in layer.groups:
                if group.mean is not None:
                    yield f"mean/{group.group}", _PERCENT * group.mean
            if layer.ratio is not None:
                yield "ratio", layer.ratio


def _dose_response(wanted: Wanted, subject: Subject, corpus: Corpus) -> Figures:
    config = DoseResponseConfig(
        layer=wanted.layer, doses=wanted.doses, controls=(), resamples=9
    )  # the intervals are not looked at
    points = [
        point
        for record in dose_response.run(config, subject, corpus)
        if isinstance(record, DoseResponseSample)
        for point in record.points
        if point.condition == "dose" and point.excluded is None
    ]
    for dose in wanted.doses:
        at_dose = [point for point in points if point.dose == dose]
        attention = [point.attention for point in at_dose]
        divergence = [point.kl_nats for point in at_dose]
        if known := _known(attention):
            yield f"dose {dose}/attention", _PERCENT * fmean(known)
        if known := _known(divergence):
            yield f"dose {dose}/kl", fmean(known)


def _ablate(wanted: Wanted, subject: Subject, corpus: Corpus) -> Figures:
    config = AblateConfig(layer=wanted.layer, groups=_COMPARED)
    for record in ablate.run(config, subject, corpus):
        if not isinstance(record, AblationSummary):
            continue
        (window,) = record.windows
        means = {group.group: group.kl.mean for group in window.groups}
        for group, mean in means.items():
            if mean is not None:
                yield f"kl/{group}", mean
        python, rust = means.get(Group.PYTHON_DOCTEST), means.get(Group.RUST_TEST)
        if python is not None and rust:
            yield "kl ratio", python / rust
        if window.python_against_rust.p_t is not None:
            yield "p", window.python_against_rust.p_t


def _diagnose(wanted: Wanted, subject: Subject, corpus: Corpus) -> Figures:
    found = diagnose(subject, corpus, layer=wanted.layer, doses=wanted.doses)
    for name, value in diagnosis_figures(wanted.layer, found):
        yield name.partition("/")[2], value


def _known(values: Sequence[float | None]) -> list[float]:
    """Return the values if every sample has one: a mean over some is another figure."""
    return [] if None in values else [value for value in values if value is not None]
