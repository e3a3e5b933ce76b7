"""The records of a small designed comparison, made by hand, for its report and its figure."""

from __future__ import annotations

from plip.records import (
    BesideLayer,
    BesideSummary,
    CoefficientRecord,
    ComparisonRecord,
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
    ModelRecord,
    Spread,
)
from plip.text.designed import Language

__all__ = ["contrast_functions", "contrast_summary", "effect", "no_model"]


def spread(mean: float | None) -> Spread:
    """Three functions around a mean."""
    return Spread(
        n=3,
        mean=mean,
        sd=None if mean is None else 0.125,
        ci_low=None if mean is None else mean - 0.0625,
        ci_high=None if mean is None else mean + 0.03125,
        undefined="nobody knows" if mean is None else None,
    )


def compared(p: float | None, adjusted: float | None = None) -> ComparisonRecord:
    """A comparison with a p value, or none."""
    return ComparisonRecord(
        n=(3, 3),
        difference=0.25,
        p_permutation=p,
        p_max_t=adjusted,
        undefined="nobody knows" if p is None else None,
    )


def effect(python: float | None, rust: float, measured: Measured = "mean") -> ContrastEffect:
    """Differences of both languages; from the neutral line comes 0.125."""
    known = python is not None
    return ContrastEffect(
        measured=measured,
        python=ContrastSide(
            marker=0.125 + python if python is not None else None,
            neutral=0.125 if known else None,
            difference=spread(python),
            test=compared(0.03125 if known else None, 0.0625 if known else None),
        ),
        rust=ContrastSide(
            marker=0.125 + rust, neutral=0.125, difference=spread(rust), test=compared(0.25, 0.5)
        ),
        gap=spread(python - rust if python is not None else None),
        gap_test=compared(0.125 if known else None, 1.0 if known else None),
    )


def coefficient(name: str, estimate: float, p: float) -> CoefficientRecord:
    """A coefficient with an interval of ln 2 to either side."""
    return CoefficientRecord(
        name=name, estimate=estimate, se=0.25, ci_low=estimate - 0.5, ci_high=estimate + 0.5, p=p
    )


def no_model(why: str) -> ModelRecord:
    """A model that could not be fitted."""
    return ModelRecord(
        n=5,
        groups=None,
        left_out=0,
        coefficients=(),
        group_sd=None,
        residual_sd=None,
        undefined=why,
    )


def contrast_summary(*layers: int) -> ContrastSummary:
    """Two steps, at the farther of which Python is undefined; layer 4 is reported."""
    return ContrastSummary(
        layer=4,
        layer_choice="layer 4, as asked for",
        corpus_seed=0,
        steps=(0, 8),
        functions=3,
        excluded=2,
        reasons=(("no line fits", 2), ("two targets share a token", 1)),
        layers=tuple(_layer(layer) for layer in layers or (4,)),
        beside=BesideSummary(
            corpus_hash="ab",
            excluded=1,
            python_distance=12.5,
            rust_distance=60.0,
            layers=tuple(_beside(layer) for layer in layers or (4,)),
        ),
        confidence=0.95,
        resamples=99,
    )


def _layer(layer: int) -> ContrastLayer:
    return ContrastLayer(
        layer=layer,
        effects=(effect(0.25, 0.0625), effect(0.5, -0.0625, "sum")),
        steps=(
            ContrastStep(
                filler=0, python_distance=12.0, rust_distance=30.25, effect=effect(0.375, 0.0)
            ),
            ContrastStep(
                filler=8, python_distance=100.0, rust_distance=140.0, effect=effect(None, 0.125)
            ),
        ),
        beginnings=(
            ContrastBeginning(
                led=False, keyword=True, first_token_is_target=True, effect=effect(0.25, 0.125)
            ),
            ContrastBeginning(
                led=True, keyword=False, first_token_is_target=False, effect=effect(0.5, 0.125)
            ),
        ),
        equal_distance=EqualDistance(
            distance_tokens=60.0,
            low=40.0,
            high=90.0,
            left_out=1,
            effect=effect(0.125, 0.0625),
            undefined=None,
        ),
        model=ModelRecord(
            n=24,
            groups=3,
            left_out=2,
            coefficients=(
                coefficient("marker against neutral line, Python", 0.693147, 1e-12),
                coefficient("log distance", -1.25, 0.03125),
                coefficient("Rust, marker", -2.302585, 0.5),
            ),
            group_sd=0.125,
            residual_sd=0.5,
            undefined=None,
        ),
    )


def _beside(layer: int) -> BesideLayer:
    return BesideLayer(
        layer=layer,
        python=spread(0.375),
        rust=spread(0.125),
        test=compared(0.0625),
        model=ModelRecord(
            n=19,
            groups=None,
            left_out=0,
            coefficients=(coefficient("Python against Rust", 0.0, 0.75),),
            group_sd=None,
            residual_sd=0.5,
            undefined=None,
        ),
    )


def contrast_functions(*layers: int) -> list[ContrastFunction]:
    """Two functions in both languages at two distances, and one that is excluded."""
    measured = [
        _function(f"f{number}", language, number, layers or (4,))
        for number in (1, 2)
        for language in ("python", "rust")
    ]
    missing = measured[1].model_copy(
        update={"function": "g", "excluded": "no line fits", "texts": (), "neutral_line": None}
    )
    return [*measured, missing]


def _function(
    name: str, language: Language, number: int, layers: tuple[int, ...]
) -> ContrastFunction:
    near = {"python": 12.0, "rust": 30.0}[language]
    return ContrastFunction(
        function=name,
        language=language,
        kinds=("keyword", "name", "parameter"),
        neutral_line="#",
        excluded=None,
        texts=tuple(
            ContrastText(
                led=led,
                filler=filler,
                n_tokens=99,
                query=60,
                keys=(9, 10, 12),
                distance_tokens=near + 11 * filler,
                first_token_is_target=not led,
                marker=_entries(layers, 0.25 * number),
                neutral=_entries(layers, 0.125 / (1 + filler)),
            )
            for led, filler in ((True, 0), (True, 8), (False, 0))
        ),
    )


def _entries(layers: tuple[int, ...], mean: float) -> tuple[ContrastAttention, ...]:
    return tuple(
        ContrastAttention(layer=layer, per_target=(mean, mean / 2, mean * 1.5)) for layer in layers
    )
