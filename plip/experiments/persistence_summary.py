"""What all cells of a persistence experiment show, and what their design lets one say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from statistics import fmean
from typing import TYPE_CHECKING, get_args

from plip.experiments.aims import control_fields, what_is_steered
from plip.experiments.layers import LayerChoice
from plip.experiments.persistence_analysis import (
    Analysis,
    Cells,
    Detector,
    choose,
    distance_of,
    family_of,
)
from plip.models import Subject
from plip.plan import name_factors
from plip.records import (
    ContrastRecord,
    ControlChange,
    PersistenceCell,
    PersistenceControl,
    PersistenceDesign,
    PersistenceRate,
    PersistenceSummary,
    PromptControl,
)

if TYPE_CHECKING:
    from plip.experiments.persistence import PersistenceConfig

__all__ = ["design_of", "summarise"]

_NOTES: dict[PersistenceDesign, str] = {
    "confounded": "each distance has prompts of its own, as in the paper: distance and prompt are "
    "one thing, and a difference between distances may be one between prompts",
    "crossed": "every prompt stands at every distance, with the same filler between its marker and "
    "its end; prompts are the unit of intervals and tests",
}

_DETECTORS: tuple[Detector, ...] = get_args(Detector)

# Without steering.
_PLAIN = 1.0


def design_of(cells: Cells) -> PersistenceDesign:
    """Tell whether all prompts stand at the same distances, two prompts and distances at least."""
    distances: dict[str, set[str]] = {}
    for cell in cells:
        distances.setdefault(family_of(cell), set()).add(distance_of(cell))
    shared = next(iter(distances.values()))
    same = all(each == shared for each in distances.values())
    return "crossed" if same and len(shared) > 1 and len(distances) > 1 else "confounded"


def summarise(
    cells: Cells, choice: LayerChoice, subject: Subject, config: PersistenceConfig
) -> PersistenceSummary:
    """Describe rates by distance and scale, and their contrasts, beside those of controls.

    Args:
        cells: all of them, those of controls included.
        choice: the steered layers.
        subject: the model.
        config: the experiment's options.

    Source: STEERING_RESULTS.md §8.4.1, §8.4.2 for what is averaged over what.
    """
    marker = [cell for cell in cells if cell.aim.control is None]
    analysis = _analysis(marker, config)
    temperatures, scales = _temperatures(marker), _scales(marker)
    amplified = [scale for scale in scales if scale is not None and scale > _PLAIN] or scales
    return PersistenceSummary(
        layers=choice.layers,
        layer_choice=choice.why,
        factors=config.factors,
        mechanism=subject.mechanism,
        steered=what_is_steered(subject, config.steer),
        design=analysis.design,
        design_note=_NOTES[analysis.design],
        samples=config.samples,
        max_new_tokens=config.max_new_tokens,
        confidence=config.confidence,
        resamples=config.resamples,
        cells=_at_each(analysis, marker),
        by_distance=tuple(
            analysis.rate(marker, temperature, distance, amplified)
            for temperature, distance in product(temperatures, _by_length(marker))
        ),
        by_scale=_by_scale(analysis, marker),
        contrasts=tuple(_contrasts(analysis, marker, amplified, config)),
        controls=tuple(_control(control, cells, subject, config) for control in config.controls),
    )


def _analysis(cells: Cells, config: PersistenceConfig) -> Analysis:
    return Analysis(design_of(cells), config.confidence, config.resamples, config.seed)


def _at_each(analysis: Analysis, cells: Cells) -> tuple[PersistenceRate, ...]:
    return tuple(
        analysis.rate(cells, temperature, distance, [scale])
        for temperature, distance, scale in product(
            _temperatures(cells), _by_length(cells), _scales(cells)
        )
    )


def _by_scale(analysis: Analysis, cells: Cells) -> tuple[PersistenceRate, ...]:
    return tuple(
        analysis.rate(cells, temperature, None, [scale])
        for temperature, scale in product(_temperatures(cells), _scales(cells))
    )


def _contrasts(
    analysis: Analysis,
    cells: Cells,
    amplified: Sequence[float | None],
    config: PersistenceConfig,
) -> Iterable[ContrastRecord]:
    distances = _by_length(cells)
    for temperature, detector in product(_temperatures(cells), _DETECTORS):
        baseline = choose(cells, temperature, None, [_PLAIN])
        for scale in _scales(cells):
            if scale != _PLAIN and baseline:
                yield analysis.contrast(
                    detector,
                    f"{_named(scale, config)} − scale 1",
                    choose(cells, temperature, None, [scale]),
                    baseline,
                    within=True,
                )
        nearest = choose(cells, temperature, distances[0], amplified)
        for distance in distances[1:]:
            yield analysis.contrast(
                detector,
                f"{distance} − {distances[0]}",
                choose(cells, temperature, distance, amplified),
                nearest,
                within=False,
            )


def _control(
    control: PromptControl, cells: Cells, subject: Subject, config: PersistenceConfig
) -> PersistenceControl:
    mine = [cell for cell in cells if cell.aim.control == control]
    there = [cell for cell in mine if cell.aim.excluded is None]
    # Of a prompt one cell says what its control was.
    about = control_fields(
        control, subject, list({cell.prompt: cell.aim for cell in mine}.values())
    )
    if not there:
        return PersistenceControl(**about, cells=(), by_scale=(), changes=())
    analysis = _analysis(there, config)
    prompts = {cell.prompt for cell in there}
    marker = [cell for cell in cells if cell.aim.control is None and cell.prompt in prompts]
    return PersistenceControl(
        **about,
        cells=_at_each(analysis, there),
        by_scale=_by_scale(analysis, there),
        changes=tuple(_changes(control, analysis, marker, there, config)),
    )


def _changes(
    control: PromptControl,
    analysis: Analysis,
    marker: Cells,
    cells: Cells,
    config: PersistenceConfig,
) -> Iterable[ControlChange]:
    """Compare a control with its baseline, and the marker's change with its own.

    The baseline of another token and of other layers is the prompt's own, so that both changes
    differ as the steered rates do.
    """
    own_text = control == "marker"
    for temperature, detector in product(_temperatures(cells), _DETECTORS):
        plain = choose(marker, temperature, None, [_PLAIN])
        baseline = choose(cells, temperature, None, [_PLAIN]) if own_text else plain
        for scale in _scales(cells):
            if scale == _PLAIN:
                continue
            steered = choose(cells, temperature, None, [scale])
            effect = choose(marker, temperature, None, [scale])
            named = _named(scale, config)
            compare = partial(analysis.contrast, detector)
            own, beyond = None, None
            if baseline:
                name = f"{named} − scale 1, {control} control"
                own = compare(name, steered, baseline, within=True)
            name = f"{named}, marker − {control} control"
            if not own_text:
                beyond = compare(name, effect, steered, within=True)
            elif plain and baseline:
                aside = (steered, baseline)
                beyond = compare(name, effect, plain, within=False, beyond=aside)
            yield ControlChange(
                detector=detector, temperature=temperature, scale=scale, own=own, beyond=beyond
            )


def _named(scale: float | None, config: PersistenceConfig) -> str:
    return f"factors {name_factors(config.factors or ())}" if scale is None else f"scale {scale:g}"


def _temperatures(cells: Cells) -> list[float]:
    return list(dict.fromkeys(cell.temperature for cell in cells))


def _scales(cells: Cells) -> list[float | None]:
    return list(dict.fromkeys(cell.scale for cell in cells))


def _by_length(cells: Sequence[PersistenceCell]) -> list[str]:
    """Return the distances, the shortest in tokens first."""
    lengths: dict[str, list[int]] = {}
    for cell in cells:
        lengths.setdefault(distance_of(cell), []).append(cell.distance_tokens)
    return sorted(lengths, key=lambda distance: fmean(lengths[distance]))
