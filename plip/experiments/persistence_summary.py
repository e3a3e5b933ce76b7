"""What all cells of a persistence experiment show, and what their design lets one say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Literal

import numpy as np

from plip.errors import MeasureError
from plip.experiments.layers import LayerChoice
from plip.records import (
    ContrastRecord,
    Mechanism,
    PersistenceCell,
    PersistenceDesign,
    PersistenceRate,
    PersistenceSummary,
    RateRecord,
)
from plip.stats import cluster_bootstrap, difference_interval, paired, wilson

__all__ = ["design_of", "summarise"]

Detector = Literal["paper", "parsed"]
Cells = Sequence[PersistenceCell]

_NOTES: dict[PersistenceDesign, str] = {
    "confounded": "each distance has prompts of its own, as in the paper: distance and prompt are "
    "one thing, and a difference between distances may be one between prompts",
    "crossed": "every prompt stands at every distance, with the same filler between its marker and "
    "its end; prompts are the unit of intervals and tests",
}

_CLUSTERS = "bootstrap over prompts, too narrow where they are few"
_GIVEN = "Newcombe's, for these very prompts"
_NONE = "none: distance and prompt are one thing"


def design_of(cells: Cells) -> PersistenceDesign:
    """Tell whether all prompts stand at the same distances, two prompts and distances at least."""
    distances: dict[str, set[str]] = {}
    for cell in cells:
        distances.setdefault(_family(cell), set()).add(_distance(cell))
    shared = next(iter(distances.values()))
    same = all(each == shared for each in distances.values())
    return "crossed" if same and len(shared) > 1 and len(distances) > 1 else "confounded"


def summarise(
    cells: Cells,
    choice: LayerChoice,
    *,
    mechanism: Mechanism,
    steered: str,
    max_new_tokens: int,
    confidence: float,
    resamples: int,
    seed: int,
) -> PersistenceSummary:
    """Describe rates by distance and scale, and their contrasts.

    Args:
        cells: all of them.
        choice: the steered layer.
        mechanism: what was steered in it.
        steered: the same in words.
        max_new_tokens: the most tokens of a continuation.
        confidence: level of the intervals.
        resamples: how often prompts are drawn.
        seed: of bootstrap and permutations; each interval is drawn from a generator of its own.

    Source: STEERING_RESULTS.md §8.4.1, §8.4.2 for what is averaged over what.
    """
    design = design_of(cells)
    analysis = _Analysis(design, confidence, resamples, seed)
    temperatures = list(dict.fromkeys(cell.temperature for cell in cells))
    scales = list(dict.fromkeys(cell.scale for cell in cells))
    amplified = [scale for scale in scales if scale > 1] or scales
    distances = _by_length(cells)
    at_each = [
        analysis.rate(cells, temperature, distance, [scale])
        for temperature, distance, scale in product(temperatures, distances, scales)
    ]
    return PersistenceSummary(
        layer=choice.layer,
        layer_choice=choice.why,
        mechanism=mechanism,
        steered=steered,
        design=design,
        design_note=_NOTES[design],
        samples=len(cells[0].samples),
        max_new_tokens=max_new_tokens,
        confidence=confidence,
        resamples=resamples,
        cells=tuple(at_each),
        by_distance=tuple(
            analysis.rate(cells, temperature, distance, amplified)
            for temperature, distance in product(temperatures, distances)
        ),
        by_scale=tuple(
            analysis.rate(cells, temperature, None, [scale])
            for temperature, scale in product(temperatures, scales)
        ),
        contrasts=tuple(_contrasts(analysis, cells, temperatures, scales, amplified, distances)),
    )


@dataclass(frozen=True, slots=True)
class _Analysis:
    design: PersistenceDesign
    confidence: float
    resamples: int
    seed: int

    def rate(
        self, cells: Cells, temperature: float, distance: str | None, scales: Sequence[float]
    ) -> PersistenceRate:
        chosen = _choose(cells, temperature, distance, scales)
        # A prompt counts once, at however many scales it was run.
        lengths = {cell.prompt: cell.distance_tokens for cell in chosen}
        return PersistenceRate(
            temperature=temperature,
            distance=distance,
            distance_tokens=fmean(lengths.values()),
            scales=tuple(scales),
            paper=self._of("paper", chosen),
            parsed=self._of("parsed", chosen),
        )

    def _of(self, detector: Detector, cells: Cells) -> RateRecord:
        found, n = _counts(detector, cells)
        rates = list(_rates(detector, cells).values())
        low, high = wilson(found, n, confidence=self.confidence)
        over_prompts = self._interval(rates) if self.design == "crossed" else (None, None)
        return RateRecord(
            count=found,
            n=n,
            rate=found / n,
            low=low,
            high=high,
            prompts=len(rates),
            prompts_low=over_prompts[0],
            prompts_high=over_prompts[1],
        )

    def contrast(
        self, detector: Detector, name: str, one: Cells, other: Cells, *, within: bool
    ) -> ContrastRecord:
        """Compare two sets of cells.

        Args:
            detector: whose rates.
            name: what is compared.
            one: the first set.
            other: the second.
            within: whether both sets have the same prompts whatever the design.
        """
        first, second = _rates(detector, one), _rates(detector, other)
        (k1, n1), (k2, n2) = _counts(detector, one), _counts(detector, other)
        low: float | None = None
        high: float | None = None
        p_value: float | None = None
        method = _NONE
        if self.design == "crossed":
            pairs = [(first[family], second[family]) for family in first]
            low, high = self._interval([mine - theirs for mine, theirs in pairs])
            p_value = self._sign_test(pairs)
            method = _CLUSTERS
        elif within:
            low, high = difference_interval((k1, n1), (k2, n2), confidence=self.confidence)
            method = _GIVEN
        return ContrastRecord(
            detector=detector,
            temperature=one[0].temperature,
            name=name,
            difference=k1 / n1 - k2 / n2,
            low=low,
            high=high,
            p_value=p_value,
            prompts=len(first.keys() | second.keys()),
            method=method,
        )

    def _interval(self, figures: Sequence[float]) -> tuple[float, float]:
        return cluster_bootstrap(
            figures,
            np.random.default_rng(self.seed),
            confidence=self.confidence,
            resamples=self.resamples,
        )

    def _sign_test(self, pairs: Sequence[tuple[float, float]]) -> float | None:
        try:
            return paired(
                [one for one, _ in pairs],
                [other for _, other in pairs],
                seed=self.seed,
                resamples=self.resamples,
            ).p_permutation
        except MeasureError:
            return None  # every prompt differs by the same amount, such as none


def _contrasts(
    analysis: _Analysis,
    cells: Cells,
    temperatures: Iterable[float],
    scales: Sequence[float],
    amplified: Sequence[float],
    distances: Sequence[str],
) -> Iterable[ContrastRecord]:
    detectors: tuple[Detector, ...] = ("paper", "parsed")
    for temperature, detector in product(temperatures, detectors):
        baseline = _choose(cells, temperature, None, [1.0])
        for scale in scales:
            if scale != 1 and baseline:
                yield analysis.contrast(
                    detector,
                    f"scale {scale:g} − scale 1",
                    _choose(cells, temperature, None, [scale]),
                    baseline,
                    within=True,
                )
        nearest = _choose(cells, temperature, distances[0], amplified)
        for distance in distances[1:]:
            yield analysis.contrast(
                detector,
                f"{distance} − {distances[0]}",
                _choose(cells, temperature, distance, amplified),
                nearest,
                within=False,
            )


def _choose(
    cells: Cells, temperature: float, distance: str | None, scales: Sequence[float]
) -> list[PersistenceCell]:
    return [
        cell
        for cell in cells
        if cell.temperature == temperature
        and distance in (None, _distance(cell))
        and cell.scale in scales
    ]


def _by_length(cells: Cells) -> list[str]:
    """Return the distances, the shortest in tokens first."""
    lengths: dict[str, list[int]] = {}
    for cell in cells:
        lengths.setdefault(_distance(cell), []).append(cell.distance_tokens)
    return sorted(lengths, key=lambda distance: fmean(lengths[distance]))


def _counts(detector: Detector, cells: Cells) -> tuple[int, int]:
    found = [getattr(cell, detector) for cell in cells]
    return sum(each.count for each in found), sum(each.n for each in found)


def _rates(detector: Detector, cells: Cells) -> dict[str, float]:
    """Return the rate of each family over its cells."""
    families = dict.fromkeys(map(_family, cells))
    return {
        family: _share(_counts(detector, [cell for cell in cells if _family(cell) == family]))
        for family in families
    }


def _share(counts: tuple[int, int]) -> float:
    return counts[0] / counts[1]


def _family(cell: PersistenceCell) -> str:
    return cell.family or cell.prompt


def _distance(cell: PersistenceCell) -> str:
    return cell.distance or cell.prompt
