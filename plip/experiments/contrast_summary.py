"""What a designed comparison shows: paired differences within functions, over functions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from plip.errors import MeasureError
from plip.experiments.compared import compared
from plip.experiments.contrast_models import beside_summary, mixed_model
from plip.experiments.layers import LayerChoice
from plip.experiments.spread import mean_and_sd, spread
from plip.records import (
    CalibrationSample,
    ContrastAttention,
    ContrastBeginning,
    ContrastEffect,
    ContrastFunction,
    ContrastLayer,
    ContrastSide,
    ContrastStep,
    ContrastSummary,
    ContrastText,
    EqualDistance,
    Measured,
    Spread,
)
from plip.stats import at_distance, common_range, max_t_paired, paired
from plip.text import Corpus
from plip.text.designed import DesignedCorpus

if TYPE_CHECKING:
    from plip.experiments.contrast import ContrastConfig

__all__ = ["summarise"]

_Pair = tuple[ContrastFunction, ContrastFunction]
_Side = Literal["marker", "neutral"]

# Of one function: the figure with marker and with neutral line, in Python and in Rust; None where
# one of them is undefined.
_Four = tuple[float, float, float, float] | None
_Figure = Callable[[ContrastFunction, _Side], float | None]

_MEASURED: tuple[Measured, ...] = ("mean", "sum", "keyword", "name", "parameter")


@dataclass(frozen=True, slots=True)
class _Common:
    """The distance at which languages are compared, and from where to where it may be."""

    at: float | None
    low: float | None
    high: float | None
    undefined: str | None


def summarise(
    records: Sequence[ContrastFunction],
    choice: LayerChoice,
    config: ContrastConfig,
    design: DesignedCorpus,
    beside: tuple[Corpus, Sequence[CalibrationSample]] | None,
) -> ContrastSummary:
    """Describe every layer over the functions that were measured in both languages.

    Args:
        records: of all functions, Python before Rust.
        choice: the layers.
        config: the options.
        design: what the functions are from.
        beside: a corpus in the paper's form and its records, or None.
    """
    everything = list(zip(records[::2], records[1::2], strict=True))
    pairs = [pair for pair in everything if all(each.excluded is None for each in pair)]
    reasons = Counter(record.excluded for record in records if record.excluded is not None)
    common = _common(pairs, config.at_distance)
    layers = [
        _layer(pairs, index, layer, common, config, design)
        for index, layer in enumerate(choice.layers)
    ]
    return ContrastSummary(
        layer=choice.layer,
        layer_choice=choice.why,
        corpus_seed=design.seed,
        steps=design.steps,
        functions=len(pairs),
        excluded=len(everything) - len(pairs),
        reasons=tuple(sorted(reasons.items())),
        layers=tuple(_adjusted(layers, pairs, config)),
        beside=None if beside is None else beside_summary(*beside, choice.layers, config),
        confidence=config.confidence,
        resamples=config.resamples,
    )


def _common(pairs: Sequence[_Pair], asked: float | None) -> _Common:
    """Choose the distance of the comparison: the one asked for, else the middle of what is shared.

    √(low · high), since distances are taken by their logarithm
    """
    try:
        low, high = common_range(_reach(record) for pair in pairs for record in pair)
    except MeasureError as error:
        return _Common(asked, None, None, None if asked and pairs else str(error))
    return _Common(math.sqrt(low * high) if asked is None else asked, low, high, None)


def _layer(
    pairs: Sequence[_Pair],
    index: int,
    layer: int,
    common: _Common,
    config: ContrastConfig,
    design: DesignedCorpus,
) -> ContrastLayer:
    effect = partial(_effect, pairs=pairs, config=config)
    nearest = design.steps[0]
    return ContrastLayer(
        layer=layer,
        effects=tuple(
            effect(what, figure=_over_steps(index, partial(_pick, what))) for what in _MEASURED
        ),
        steps=tuple(
            ContrastStep(
                filler=step,
                python_distance=_mean_distance((pair[0] for pair in pairs), step),
                rust_distance=_mean_distance((pair[1] for pair in pairs), step),
                effect=effect("mean", figure=_at(index, step, led=True, keyword=True)),
            )
            for step in design.steps
        ),
        beginnings=tuple(
            ContrastBeginning(
                led=led,
                keyword=keyword,
                first_token_is_target=keyword and _first_is_target(pairs, nearest, led),
                effect=effect("mean", figure=_at(index, nearest, led=led, keyword=keyword)),
            )
            for led in (False, True)
            for keyword in (True, False)
        ),
        equal_distance=_equal_distance(pairs, index, common, config),
        model=mixed_model(pairs, index, common.at, config.confidence),
    )


def _effect(
    measured: Measured, *, figure: _Figure, pairs: Sequence[_Pair], config: ContrastConfig
) -> ContrastEffect:
    """Compare marker and neutral line in each language, and what differs between languages."""
    fours = [four for pair in pairs if (four := _four(pair, figure)) is not None]
    columns = [[four[at] for four in fours] for at in range(4)]
    python, rust = _differences(fours)
    return ContrastEffect(
        measured=measured,
        python=_side(columns[0], columns[1], config),
        rust=_side(columns[2], columns[3], config),
        gap=_spread([one - other for one, other in zip(python, rust, strict=True)], config),
        gap_test=compared(paired, python, rust, seed=config.seed, resamples=config.resamples),
    )


def _four(pair: _Pair, figure: _Figure) -> _Four:
    python, rust = pair
    found = (
        figure(python, "marker"),
        figure(python, "neutral"),
        figure(rust, "marker"),
        figure(rust, "neutral"),
    )
    a, b, c, d = found
    return None if a is None or b is None or c is None or d is None else (a, b, c, d)


def _differences(
    fours: Iterable[tuple[float, float, float, float]],
) -> tuple[list[float], list[float]]:
    """Return marker − neutral of every function in Python and in Rust."""
    listed = list(fours)
    return [a - b for a, b, _, _ in listed], [c - d for _, _, c, d in listed]


def _side(
    marker: Sequence[float], neutral: Sequence[float], config: ContrastConfig
) -> ContrastSide:
    return ContrastSide(
        marker=mean_and_sd(marker)[0],
        neutral=mean_and_sd(neutral)[0],
        difference=_spread(
            [one - other for one, other in zip(marker, neutral, strict=True)], config
        ),
        test=compared(paired, marker, neutral, seed=config.seed, resamples=config.resamples),
    )


def _pick(what: Measured, record: ContrastFunction, entry: ContrastAttention) -> float | None:
    """Return a text's attention to all of its targets, or to those of one kind."""
    if what == "mean":
        return entry.mean
    if what == "sum":
        return entry.total
    return _mean_or_none(
        value for value, kind in zip(entry.per_target, record.kinds, strict=True) if kind == what
    )


def _over_steps(
    index: int, pick: Callable[[ContrastFunction, ContrastAttention], float | None]
) -> _Figure:
    """Return the mean over all steps of filler, behind a line."""

    def figure(record: ContrastFunction, side: _Side) -> float | None:
        return _mean_or_none(pick(record, getattr(text, side)[index]) for text in _led(record))

    return figure


def _at(index: int, step: int, *, led: bool, keyword: bool) -> _Figure:
    """Return the mean over targets, with or without the keyword, in one variant."""

    def figure(record: ContrastFunction, side: _Side) -> float | None:
        entry: ContrastAttention = getattr(_variant(record, step, led), side)[index]
        return entry.mean if keyword else _mean_or_none(entry.per_target[1:])

    return figure


def _equal_distance(
    pairs: Sequence[_Pair], index: int, common: _Common, config: ContrastConfig
) -> EqualDistance:
    if common.at is None or common.undefined is not None:
        return EqualDistance(
            distance_tokens=None,
            low=None,
            high=None,
            left_out=len(pairs),
            effect=None,
            undefined=common.undefined,
        )
    at = common.at
    within = [
        pair
        for pair in pairs
        if all(near <= at <= far for near, far in (_reach(record) for record in pair))
    ]

    def figure(record: ContrastFunction, side: _Side) -> float | None:
        texts = _led(record)
        values = [getattr(text, side)[index].mean for text in texts]
        if any(value is None for value in values):
            return None
        return at_distance([text.distance_tokens for text in texts], values, at)

    return EqualDistance(
        distance_tokens=at,
        low=common.low,
        high=common.high,
        left_out=len(pairs) - len(within),
        effect=_effect("mean", figure=figure, pairs=within, config=config) if within else None,
        undefined=None if within else f"no function was measured on both sides of {at:g} tokens",
    )


def _reach(record: ContrastFunction) -> tuple[float, float]:
    """Return the nearest and the farthest distance of a function in one language, in tokens."""
    distances = [text.distance_tokens for text in _led(record)]
    return min(distances), max(distances)


def _adjusted(
    layers: Sequence[ContrastLayer], pairs: Sequence[_Pair], config: ContrastConfig
) -> list[ContrastLayer]:
    """Give the mean over targets in every layer a p that is adjusted for all layers."""
    if len(layers) < 2:
        return list(layers)
    rows = [
        [_four(pair, _over_steps(index, partial(_pick, "mean"))) for index in range(len(layers))]
        for pair in pairs
    ]
    whole = [[four for four in row if four is not None] for row in rows]
    sides = [_differences(row) for row in whole if len(row) == len(layers)]
    tables = (
        [python for python, _ in sides],
        [rust for _, rust in sides],
        [[p - r for p, r in zip(python, rust, strict=True)] for python, rust in sides],
    )
    try:
        python, rust, gap = (
            max_t_paired(table, seed=config.seed, resamples=config.resamples) for table in tables
        )
    except MeasureError:
        return list(layers)
    return [
        layer.model_copy(
            update={"effects": (_with_p(layer.effects[0], *found), *layer.effects[1:])}
        )
        for layer, found in zip(layers, zip(python, rust, gap, strict=True), strict=True)
    ]


def _with_p(effect: ContrastEffect, python: float, rust: float, gap: float) -> ContrastEffect:
    def side(of: ContrastSide, p: float) -> ContrastSide:
        return of.model_copy(update={"test": of.test.model_copy(update={"p_max_t": p})})

    return effect.model_copy(
        update={
            "python": side(effect.python, python),
            "rust": side(effect.rust, rust),
            "gap_test": effect.gap_test.model_copy(update={"p_max_t": gap}),
        }
    )


def _led(record: ContrastFunction) -> list[ContrastText]:
    """Return the variants behind a line, by their distance."""
    return [text for text in record.texts if text.led]


def _variant(record: ContrastFunction, step: int, led: bool) -> ContrastText:
    return next(text for text in record.texts if text.filler == step and text.led == led)


def _mean_distance(records: Iterable[ContrastFunction], step: int) -> float | None:
    distances = [_variant(record, step, True).distance_tokens for record in records]
    return fmean(distances) if distances else None


def _first_is_target(pairs: Sequence[_Pair], step: int, led: bool) -> bool:
    return any(
        _variant(record, step, led).first_token_is_target for pair in pairs for record in pair
    )


def _mean_or_none(values: Iterable[float | None]) -> float | None:
    listed = list(values)
    known = [value for value in listed if value is not None]
    return fmean(known) if known and len(known) == len(listed) else None


def _spread(values: Sequence[float], config: ContrastConfig) -> Spread:
    return spread(
        values, seed=config.seed, confidence=config.confidence, resamples=config.resamples
    )
