"""What all samples show in every layer and head, chosen on one half and tested on the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from plip.errors import MeasureError
from plip.experiments.compared import compared
from plip.experiments.layers import LayerChoice
from plip.experiments.responses import Site
from plip.experiments.spread import mean_and_sd, spread
from plip.records import (
    HeadAsymmetry,
    HeldOut,
    Mechanism,
    ScanSample,
    ScanSummary,
    SiteResponse,
)
from plip.stats import max_t, unpaired
from plip.text import Group

if TYPE_CHECKING:
    from plip.experiments.scan import ScanConfig

__all__ = ["summarise"]

# By layer and head, None of a head without fractions.
_Table = tuple[tuple[float | None, ...], ...]


def summarise(
    records: Sequence[ScanSample],
    sites: Sequence[Site],
    choice: LayerChoice,
    mechanism: Mechanism,
    config: ScanConfig,
) -> ScanSummary:
    """Describe every layer and head over its samples, and choose.

    Args:
        records: of all samples, in the corpus's order.
        sites: every layer, then every head of the chosen one.
        choice: the chosen layer.
        mechanism: what plans act on.
        config: the options.
    """
    measured = [record for record in records if record.attention]
    found = [_site(site, at, measured, config) for at, site in enumerate(sites)]
    heads = tuple(each for each in found if each.head is not None)
    return ScanSummary(
        mechanism=mechanism,
        layer=choice.layer,
        layer_choice=choice.why,
        doses=config.doses,
        asymmetry=_asymmetry(measured, config),
        largest=_largest(measured, config),
        layers=tuple(each for each in found if each.head is None),
        heads=heads,
        ranking=_ranking(heads),
        confidence=config.confidence,
        resamples=config.resamples,
    )


def _site(site: Site, at: int, measured: Sequence[ScanSample], config: ScanConfig) -> SiteResponse:
    describe = partial(
        spread, seed=config.seed, confidence=config.confidence, resamples=config.resamples
    )
    slopes = {
        half: [
            slope
            for record in measured
            if record.half == half and (slope := record.responses[at].slope) is not None
        ]
        for half in ("selection", "report")
    }
    return SiteResponse(
        layer=site.layer,
        head=site.head,
        selection=describe(slopes["selection"]),
        report=describe(slopes["report"]),
    )


def _ranking(heads: Sequence[SiteResponse]) -> tuple[int, ...]:
    """Order heads by the half that chooses, the largest slope first."""
    known = [
        (-each.selection.mean, each.head)
        for each in heads
        if each.selection.mean is not None and each.head is not None
    ]
    return tuple(head for _, head in sorted(known))


def _asymmetry(measured: Sequence[ScanSample], config: ScanConfig) -> tuple[HeadAsymmetry, ...]:
    if not measured:
        return ()
    python, rust = (_tables(measured, group) for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST))
    places = [
        (layer, head) for layer, row in enumerate(measured[0].attention) for head in range(len(row))
    ]
    adjusted = _adjusted(python, rust, places, config)
    return tuple(
        HeadAsymmetry(
            layer=layer,
            head=head,
            python=_mean(python, layer, head),
            rust=_mean(rust, layer, head),
            p_max_t=adjusted.get((layer, head)),
        )
        for layer, head in places
    )


def _adjusted(
    python: Sequence[_Table],
    rust: Sequence[_Table],
    places: Sequence[tuple[int, int]],
    config: ScanConfig,
) -> dict[tuple[int, int], float]:
    """Return p of the heads that every sample has fractions in, adjusted for all of them."""
    whole = [
        (layer, head)
        for layer, head in places
        if all(table[layer][head] is not None for table in (*python, *rust))
    ]
    try:
        found = max_t(
            *(
                [[table[layer][head] or 0.0 for layer, head in whole] for table in side]
                for side in (python, rust)
            ),
            seed=config.seed,
            resamples=config.resamples,
        )
    except MeasureError:
        return {}
    return dict(zip(whole, found, strict=True))


def _largest(measured: Sequence[ScanSample], config: ScanConfig) -> HeldOut | None:
    """Choose the head that differs most on one half, and test it on the other."""
    selection = [record for record in measured if record.half == "selection"]
    report = [record for record in measured if record.half == "report"]
    gaps = {
        (layer, head): gap
        for layer, row in enumerate(selection[0].attention if selection else ())
        for head in range(len(row))
        if (gap := _gap(selection, layer, head)) is not None
    }
    if not gaps:
        return None
    layer, head = max(gaps, key=lambda place: abs(gaps[place]))
    sides = (
        [value for table in _tables(report, group) if (value := table[layer][head]) is not None]
        for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST)
    )
    return HeldOut(
        layer=layer,
        head=head,
        searched=len(gaps),
        selection=gaps[layer, head],
        report=compared(unpaired, *sides, seed=config.seed, resamples=config.resamples),
    )


def _gap(records: Sequence[ScanSample], layer: int, head: int) -> float | None:
    python, rust = (
        _mean(_tables(records, group), layer, head)
        for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST)
    )
    return None if python is None or rust is None else python - rust


def _tables(records: Sequence[ScanSample], group: Group) -> list[_Table]:
    return [record.attention for record in records if record.group == group]


def _mean(tables: Sequence[_Table], layer: int, head: int) -> float | None:
    values = [value for table in tables if (value := table[layer][head]) is not None]
    mean, _ = mean_and_sd(values)
    return None if mean is None or math.isnan(mean) else mean
