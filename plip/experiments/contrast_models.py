"""Linear models of log attention: of the designed corpus, and of one in the paper's form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from plip.errors import MeasureError
from plip.experiments.compared import compared
from plip.experiments.spread import spread
from plip.records import (
    BesideLayer,
    BesideSummary,
    CalibrationSample,
    CoefficientRecord,
    ContrastFunction,
    ModelRecord,
)
from plip.stats import LinearFit, least_squares, random_intercept, unpaired
from plip.text import Corpus, Group

if TYPE_CHECKING:
    from plip.experiments.contrast import ContrastConfig

__all__ = ["beside_summary", "mixed_model"]

_PYTHON, _MARKER, _BOTH, _DISTANCE = "Python", "marker", "Python × marker", "log distance"

# What is of interest in the designed comparison, by the coefficients it is the sum of.
_EFFECTS: dict[str, dict[str, float]] = {
    "marker against neutral line, Python": {_MARKER: 1, _BOTH: 1},
    "marker against neutral line, Rust": {_MARKER: 1},
    "the one against the other": {_BOTH: 1},
    "Python against Rust, neutral line": {_PYTHON: 1},
    _DISTANCE: {_DISTANCE: 1},
}

# Predictions at the distance that log distance is counted from.
_LEVELS: dict[str, dict[str, float]] = {
    "Python, marker": {"intercept": 1, _PYTHON: 1, _MARKER: 1, _BOTH: 1},
    "Python, neutral line": {"intercept": 1, _PYTHON: 1},
    "Rust, marker": {"intercept": 1, _MARKER: 1},
    "Rust, neutral line": {"intercept": 1},
}


def mixed_model(
    pairs: Sequence[tuple[ContrastFunction, ContrastFunction]],
    index: int,
    at: float | None,
    confidence: float,
) -> ModelRecord:
    """Fit log attention ~ language × marker + log distance, an intercept for each function.

    Args:
        pairs: the functions, in Python and in Rust.
        index: of the layer among those measured.
        at: the distance to predict at, in tokens; None predicts nowhere.
        confidence: level of the intervals.
    """
    rows = [
        (entry[index].mean, text.distance_tokens, language, marker, record.function)
        for pair in pairs
        for language, record in zip((1.0, 0.0), pair, strict=True)
        for text in record.texts
        if text.led
        for marker, entry in ((1.0, text.marker), (0.0, text.neutral))
    ]
    known = [row for row in rows if row[0]]
    origin = math.log(1.0 if at is None else at)
    predictors = {
        _PYTHON: [row[2] for row in known],
        _MARKER: [row[3] for row in known],
        _BOTH: [row[2] * row[3] for row in known],
        _DISTANCE: [math.log(row[1]) - origin for row in known],
    }
    return _model(
        partial(random_intercept, groups=[row[4] for row in known], confidence=confidence),
        [row[0] for row in known],
        predictors,
        _EFFECTS if at is None else _EFFECTS | _LEVELS,
        left_out=len(rows) - len(known),
    )


def beside_summary(
    corpus: Corpus,
    samples: Sequence[CalibrationSample],
    layers: Sequence[int],
    config: ContrastConfig,
) -> BesideSummary:
    """Describe a corpus as the paper does: one language's samples against the other's.

    Args:
        corpus: what was measured.
        samples: its records.
        layers: which were measured.
        config: the options.

    Source: STEERING_RESULTS.md §1.
    """
    measured = [sample for sample in samples if sample.excluded is None]
    python, rust = (
        [sample for sample in measured if sample.group == group]
        for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST)
    )
    return BesideSummary(
        corpus_hash=corpus.digest,
        excluded=len(samples) - len(measured),
        python_distance=_distance(python),
        rust_distance=_distance(rust),
        layers=tuple(
            _beside_layer(python, rust, index, layer, config) for index, layer in enumerate(layers)
        ),
    )


def _distance(samples: Sequence[CalibrationSample]) -> float | None:
    distances = [sample.covariates.distance_tokens_mean for sample in samples]
    return fmean(distances) if distances else None


def _beside_layer(
    python: Sequence[CalibrationSample],
    rust: Sequence[CalibrationSample],
    index: int,
    layer: int,
    config: ContrastConfig,
) -> BesideLayer:
    rows = [
        (sample.layers[index].attention, sample.covariates.distance_tokens_mean, language)
        for language, side in ((1.0, python), (0.0, rust))
        for sample in side
    ]
    sides = [
        [value for value, _, of in rows if of == language and value is not None]
        for language in (1.0, 0.0)
    ]
    known = [row for row in rows if row[0]]
    describe = partial(
        spread, seed=config.seed, confidence=config.confidence, resamples=config.resamples
    )
    return BesideLayer(
        layer=layer,
        python=describe(sides[0]),
        rust=describe(sides[1]),
        test=compared(unpaired, *sides, seed=config.seed, resamples=config.resamples),
        model=_model(
            partial(least_squares, confidence=config.confidence),
            [row[0] for row in known],
            {
                _PYTHON: [row[2] for row in known],
                _DISTANCE: [math.log(row[1]) for row in known],
            },
            {"Python against Rust": {_PYTHON: 1}, _DISTANCE: {_DISTANCE: 1}},
            left_out=len(rows) - len(known),
        ),
    )


def _model(
    fit: Callable[..., LinearFit],
    attention: Sequence[float | None],
    predictors: Mapping[str, Sequence[float]],
    wanted: Mapping[str, Mapping[str, float]],
    *,
    left_out: int,
) -> ModelRecord:
    """Fit a model of log attention, or say why there is none."""
    response = [math.log(value) for value in attention if value]
    try:
        fitted = fit(response, predictors)
        coefficients = tuple(_coefficient(name, fitted, wanted[name]) for name in wanted)
    except MeasureError as error:
        return ModelRecord(
            n=len(response),
            groups=None,
            left_out=left_out,
            coefficients=(),
            group_sd=None,
            residual_sd=None,
            undefined=str(error),
        )
    return ModelRecord(
        n=fitted.n,
        groups=fitted.groups,
        left_out=left_out,
        coefficients=coefficients,
        group_sd=fitted.group_sd,
        residual_sd=fitted.residual_sd,
        undefined=None,
    )


def _coefficient(name: str, fitted: LinearFit, weights: Mapping[str, float]) -> CoefficientRecord:
    found = fitted.combination(weights)
    return CoefficientRecord(
        name=name,
        estimate=found.estimate,
        se=found.se,
        ci_low=found.low,
        ci_high=found.high,
        p=found.p,
    )
