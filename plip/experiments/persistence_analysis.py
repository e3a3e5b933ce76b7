"""Rates of test syntax over cells of a persistence experiment, and their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from plip.errors import MeasureError
from plip.records import (
    ContrastRecord,
    PersistenceCell,
    PersistenceDesign,
    PersistenceRate,
    RateRecord,
)
from plip.stats import cluster_bootstrap, difference_interval, paired, wilson

__all__ = ["Analysis", "Cells", "Detector", "choose", "distance_of", "family_of"]

Detector = Literal["paper", "parsed"]
Cells = Sequence[PersistenceCell]

_CLUSTERS = "bootstrap over prompts, too narrow where they are few"
_GIVEN = "Newcombe's, for these very prompts"
_CONFOUNDED = "none: distance and prompt are one thing"
_FOUR = "none: four rates of these very prompts"


@dataclass(frozen=True, slots=True)
class Analysis:
    """How rates and differences get their intervals.

    Args:
        design: whether prompts are the unit.
        confidence: level of the intervals.
        resamples: how often prompts are drawn.
        seed: of bootstrap and permutations; each interval has a generator of its own.
    """

    design: PersistenceDesign
    confidence: float
    resamples: int
    seed: int

    def rate(
        self,
        cells: Cells,
        temperature: float,
        distance: str | None,
        scales: Sequence[float | None],
    ) -> PersistenceRate:
        """Return the rates of some of the cells.

        Args:
            cells: all of them.
            temperature: of those that count.
            distance: of those that count, None for every one.
            scales: of those that count.
        """
        chosen = choose(cells, temperature, distance, scales)
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
        self,
        detector: Detector,
        name: str,
        one: Cells,
        other: Cells,
        *,
        within: bool,
        beyond: tuple[Cells, Cells] | None = None,
    ) -> ContrastRecord:
        """Compare two sets of cells.

        Args:
            detector: whose rates.
            name: what is compared.
            one: the first set.
            other: the second.
            within: whether both sets have the same prompts whatever the design.
            beyond: two sets of a control, whose difference is taken off.
        """
        first, second = _rates(detector, one), _rates(detector, other)
        difference = _share(_counts(detector, one)) - _share(_counts(detector, other))
        pairs = [(first[family], second[family]) for family in first if family in second]
        if beyond is not None:
            after, before = (_rates(detector, cells) for cells in beyond)
            pairs = [(first[each] - second[each], after[each] - before[each]) for each in first]
            after_all, before_all = (_share(_counts(detector, cells)) for cells in beyond)
            difference -= after_all - before_all
        low: float | None = None
        high: float | None = None
        p_value: float | None = None
        method = _CONFOUNDED if beyond is None else _FOUR
        if self.design == "crossed":
            low, high = self._interval([mine - theirs for mine, theirs in pairs])
            p_value = self._sign_test(pairs)
            method = _CLUSTERS
        elif within:
            counts = _counts(detector, one), _counts(detector, other)
            low, high = difference_interval(*counts, confidence=self.confidence)
            method = _GIVEN
        return ContrastRecord(
            detector=detector,
            temperature=one[0].temperature,
            name=name,
            difference=difference,
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


def choose(
    cells: Cells, temperature: float, distance: str | None, scales: Sequence[float | None]
) -> list[PersistenceCell]:
    """Pick the cells of a temperature and some scales, of one distance or of all."""
    return [
        cell
        for cell in cells
        if cell.temperature == temperature
        and distance in (None, distance_of(cell))
        and cell.scale in scales
    ]


def family_of(cell: PersistenceCell) -> str:
    """Return what a cell's prompt has in common with those at other distances, or its own id."""
    return cell.family or cell.prompt


def distance_of(cell: PersistenceCell) -> str:
    """Return which distance a cell's prompt stands at, its id where it has none."""
    return cell.distance or cell.prompt


def _counts(detector: Detector, cells: Cells) -> tuple[int, int]:
    found = [getattr(cell, detector) for cell in cells]
    return sum(each.count for each in found), sum(each.n for each in found)


def _rates(detector: Detector, cells: Cells) -> dict[str, float]:
    """Return the rate of each family over its cells."""
    families = dict.fromkeys(map(family_of, cells))
    return {
        family: _share(_counts(detector, [cell for cell in cells if family_of(cell) == family]))
        for family in families
    }


def _share(counts: tuple[int, int]) -> float:
    return counts[0] / counts[1]
