"""Records of small experiments, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from plip.records import (
    AblationGroup,
    AblationPoint,
    AblationSample,
    AblationSummary,
    AblationWindow,
    CalibrationSample,
    CalibrationSummary,
    ComparisonRecord,
    ControlPoint,
    ControlSummary,
    CovariatesRecord,
    DoseLayer,
    DoseLayerSummary,
    DosePoint,
    DoseResponseSample,
    DoseResponseSummary,
    DoseSummary,
    GroupAttention,
    HeadAsymmetry,
    HeldOut,
    LayerAttention,
    LayerBaseline,
    LayerSummary,
    Manifest,
    Response,
    ScanSample,
    ScanSummary,
    SiteResponse,
    Spread,
    SubjectRecord,
    installed_versions,
)

COVARIATES = CovariatesRecord(
    distance_chars_nearest=5,
    distance_chars_mean=7.5,
    distance_tokens_nearest=5,
    distance_tokens_mean=7.0,
    n_targets=2,
    n_chars=60,
    n_tokens=20,
    first_token_is_target=True,
)


def _sample(name: str, group: str, excluded: str | None = None) -> dict[str, Any]:
    return {
        "sample": name,
        "group": group,
        "query": 9,
        "keys": () if excluded else (0, 4),
        "merged": 1,
        "excluded": excluded,
        "covariates": COVARIATES,
    }


@pytest.fixture
def shown() -> Callable[[RenderableType], str]:
    """Print something as into a pipe, 80 columns wide."""

    def show(result: RenderableType) -> str:
        console = Console(width=80, force_terminal=False, highlight=False)
        with console.capture() as capture:
            console.print(result)
        return "\n".join(line.rstrip() for line in capture.get().splitlines())

    return show


@pytest.fixture
def manifest() -> Manifest:
    """The manifest of either."""
    return Manifest(
        experiment="calibrate",
        config={},
        subject=SubjectRecord(
            model="tiny",
            revision=None,
            architecture="Qwen2ForCausalLM",
            weight_hash="ab",
            tokenizer_hash=None,
            dtype="float32",
            device="cpu",
            attention="sdpa",
        ),
        corpus_hash="ef",
        seed=3,
        versions=installed_versions(),
        command=("plip",),
        started=datetime(2026, 2, 1, tzinfo=UTC),
        plan_hash="12",
    )


def _layer(layer: int, python: float, rust: float | None) -> LayerSummary:
    return LayerSummary(
        layer=layer,
        groups=(
            GroupAttention(group="python_doctest", n=2, excluded=0, mean=python, sd=0.0125),
            GroupAttention(
                group="rust_test", n=0 if rust is None else 1, excluded=1, mean=rust, sd=None
            ),
        ),
        python=python,
        rust=rust,
        ratio=None if rust is None else python / rust,
        ratio_undefined="no Rust test was measured" if rust is None else None,
        recommended_target=python,
    )


@pytest.fixture
def calibration() -> tuple[CalibrationSummary, list[CalibrationSample]]:
    """Two layers of three samples, one of them excluded."""

    def attention(layer: int, level: float) -> LayerAttention:
        return LayerAttention(
            layer=layer,
            attention=level,
            per_target=(level, level),
            per_head=(level,),
            edge_mass=(2 * level,),
        )

    samples = [
        CalibrationSample(
            **_sample("py_a", "python_doctest"), layers=(attention(0, 0.1), attention(1, 0.0625))
        ),
        CalibrationSample(
            **_sample("rust_a", "rust_test"), layers=(attention(0, 0.05), attention(1, 0.025))
        ),
        CalibrationSample(**_sample("rust_b", "rust_test", "too late"), layers=()),
    ]
    summary = CalibrationSummary(
        layer=1,
        layer_choice="layer 1, two thirds of the depth of 2",
        layers=(_layer(0, 0.1, None), _layer(1, 0.0625, 0.025)),
    )
    return summary, samples


def _spread(mean: float | None, n: int = 2) -> Spread:
    if mean is None:
        reason = f"infinite in 1 of {n} samples" if n else "no sample"
        return Spread(n=n, mean=None, sd=None, ci_low=None, ci_high=None, undefined=reason)
    return Spread(n=n, mean=mean, sd=mean / 4, ci_low=mean / 2, ci_high=mean * 2, undefined=None)


@pytest.fixture
def dose_response() -> tuple[DoseResponseSummary, list[DoseResponseSample]]:
    """Two doses and two targets of three samples, one of them excluded."""

    def measured(
        condition: Any, dose: float | None, target: float | None, kl: float | None
    ) -> DosePoint:
        return DosePoint(
            condition=condition,
            dose=dose,
            target=target,
            attention=0.125,
            attention_predicted=0.125,
            kl_nats=kl,
            kl_infinite=kl is None,
            baseline_token=3,
            steered_token=4 if kl else 3,
            top1_changed=bool(kl),
            plan_hash="cd",
        )

    points = (
        measured("dose", 0.5, None, 0.0),
        measured("dose", 6.0, None, 0.25),
        measured("scale-to-target", 3.14159, 0.09, None),
        DosePoint(condition="set-value", target=0.6, excluded="too much"),
    )
    samples = [
        DoseResponseSample(
            **_sample(name, "rust_test"), layers=(4,), baseline_attention=0.0625, points=points
        )
        for name in ("rust_a", "rust_b")
    ]
    samples.append(
        DoseResponseSample(
            **_sample("rust_c", "rust_test", "too late"),
            layers=(4,),
            baseline_attention=None,
            points=(),
        )
    )

    def dose(condition: Any, kl: Spread, **fields: Any) -> DoseSummary:
        return DoseSummary(
            **{
                "condition": condition,
                "dose": None,
                "target": None,
                "n": 2,
                "excluded": 1,
                "attention": _spread(0.125),
                "state_norm": _spread(None, 0),
                "kl": kl,
                "top1_changed": 1,
                **fields,
            }
        )

    summary = DoseResponseSummary(
        layers=(4,),
        layer_choice="layer 4, as asked for",
        mechanism="attention",
        baseline_attention=_spread(0.0625),
        baseline_state_norm=_spread(None, 0),
        doses=(
            dose("dose", _spread(0.0), dose=0.5),
            dose("dose", _spread(0.25), dose=6.0),
            dose("scale-to-target", _spread(None), target=0.09),
            dose(
                "set-value",
                _spread(None, 0),
                target=0.6,
                n=0,
                excluded=3,
                attention=_spread(None, 0),
                top1_changed=0,
            ),
        ),
        confidence=0.95,
        resamples=100,
    )
    return summary, samples


@pytest.fixture
def state_dose_response() -> tuple[DoseResponseSummary, list[DoseResponseSample]]:
    """Two doses of one sample's write into a state, and a sample that could not have them."""

    def point(dose: float, norm: float, kl: float) -> DosePoint:
        return DosePoint(
            condition="dose",
            dose=dose,
            state_norm=norm,
            state_remaining=norm / 1024,
            kl_nats=kl,
            baseline_token=3,
            steered_token=3,
            top1_changed=False,
            plan_hash="cd",
        )

    last = DosePoint(condition="dose", dose=3.0, excluded="the marker is the last token")
    samples = [
        DoseResponseSample(
            **_sample("rust_a", "rust_test"),
            layers=(2,),
            baseline_attention=0.0625,
            baseline_state_norm=128.0,
            points=(point(1.0, 128.0, 0.0), point(3.0, 256.0, 0.001)),
        ),
        DoseResponseSample(
            **_sample("rust_b", "rust_test"),
            layers=(2,),
            baseline_attention=0.0625,
            points=(last.model_copy(update={"dose": 1.0}), last),
        ),
    ]

    def dose(factor: float, norm: float, kl: float) -> DoseSummary:
        return DoseSummary(
            condition="dose",
            dose=factor,
            target=None,
            n=1,
            excluded=1,
            attention=_spread(None, 0),
            state_norm=_spread(norm, 1),
            kl=_spread(kl, 1),
            top1_changed=0,
        )

    summary = DoseResponseSummary(
        layers=(2,),
        layer_choice="layer 2, as asked for",
        mechanism="state",
        baseline_attention=_spread(0.0625),
        baseline_state_norm=_spread(128.0, 1),
        doses=(dose(1.0, 128.0, 0.0), dose(3.0, 256.0, 0.001)),
        confidence=0.95,
        resamples=100,
    )
    return summary, samples


@pytest.fixture
def layered() -> tuple[DoseResponseSummary, list[DoseResponseSample]]:
    """Two layers with factors of their own, beside two controls, one of which a sample lacks."""

    def layers(factors: tuple[float, float]) -> tuple[DoseLayer, ...]:
        return tuple(
            DoseLayer(
                layer=layer,
                factor=factor,
                attention=0.125 * number,
                attention_predicted=0.125 * number,
                mass_before=0.25,
                mass_after=0.5,
            )
            for number, (layer, factor) in enumerate(zip((1, 3), factors, strict=True), start=1)
        )

    def control(name: Any, kl: float | None, mass: float | None = None) -> ControlPoint:
        if kl is None:
            return ControlPoint(control=name, excluded="no other layer")
        return ControlPoint(
            control=name,
            layers=(1, 3) if name == "edges" else (0, 2),
            positions=(1, 2),
            mass=mass,
            target_mass=None if mass is None else 2 * mass,
            kl_nats=kl,
            top1_changed=False,
            plan_hash="ef",
        )

    def point(condition: Any, dose: float | None, kl: float, other: float | None) -> DosePoint:
        return DosePoint(
            condition=condition,
            dose=dose,
            attention=0.1875,
            attention_predicted=0.1875,
            layers=layers((2.0, 2.0) if dose else (3.0, 1.5)),
            kl_nats=kl,
            baseline_token=3,
            steered_token=3,
            top1_changed=False,
            plan_hash="cd",
            controls=(control("edges", kl / 2, 0.25), control("layer", other)),
        )

    samples = [
        DoseResponseSample(
            **_sample(name, "rust_test"),
            layers=(1, 3),
            baseline_attention=0.0625,
            baseline=(
                LayerBaseline(layer=1, attention=0.03),
                LayerBaseline(layer=3, attention=0.09),
            ),
            points=(point("dose", 2.0, 0.5, other), point("factors", None, 0.25, other)),
        )
        for name, other in (("rust_a", 0.0625), ("rust_b", None))
    ]

    def compared(p: float | None) -> ComparisonRecord:
        if p is None:
            return ComparisonRecord(n=(1, 1), undefined="too few")
        return ComparisonRecord(n=(2, 2), difference=0.25, t=2.0, df=1.0, p_permutation=p)

    def dose(condition: Any, factors: tuple[float, float], kl: float) -> DoseSummary:
        return DoseSummary(
            condition=condition,
            dose=2.0 if condition == "dose" else None,
            target=None,
            n=2,
            excluded=0,
            attention=_spread(0.1875),
            state_norm=_spread(None, 0),
            layers=tuple(
                DoseLayerSummary(
                    layer=entry.layer,
                    factor=entry.factor,
                    attention=_spread(entry.attention),
                    state_norm=_spread(None, 0),
                )
                for entry in layers(factors)
            ),
            kl=_spread(kl),
            top1_changed=0,
            controls=(
                ControlSummary(
                    control="edges",
                    n=2,
                    excluded=0,
                    mass=_spread(0.25),
                    target_mass=_spread(0.5),
                    kl=_spread(kl / 2),
                    top1_changed=0,
                    against=compared(0.5),
                ),
                ControlSummary(
                    control="layer",
                    n=1,
                    excluded=1,
                    mass=_spread(None, 0),
                    target_mass=_spread(None, 0),
                    kl=_spread(0.0625, 1),
                    top1_changed=0,
                    against=compared(None),
                ),
            ),
        )

    summary = DoseResponseSummary(
        layers=(1, 3),
        layer_choice="layers 1, 3, as asked for",
        mechanism="attention",
        baseline_attention=_spread(0.0625),
        baseline_state_norm=_spread(None, 0),
        doses=(dose("dose", (2.0, 2.0), 0.5), dose("factors", (3.0, 1.5), 0.25)),
        confidence=0.95,
        resamples=100,
    )
    return summary, samples


@pytest.fixture
def ablation() -> tuple[AblationSummary, list[AblationSample]]:
    """Two layers of two samples, the last of which nobody could have."""

    def points(kl: float) -> tuple[AblationPoint, ...]:
        shared: dict[str, Any] = {"layers": (1,), "baseline_token": 3, "plan_hash": "cd"}
        last = AblationPoint(layers=(2,), control=False, excluded="too high")
        return (
            AblationPoint(
                control=False, positions=(0, 4), mass=0.25, kl_nats=kl, ablated_token=4, **shared
            ),
            AblationPoint(
                control=True,
                positions=(1, 2),
                mass=0.24,
                kl_infinite=True,
                ablated_token=3,
                **shared,
            ),
            last,
            last.model_copy(update={"control": True}),
        )

    samples = [
        AblationSample(**_sample("py_a", "python_doctest"), points=points(0.5)),
        AblationSample(**_sample("rust_a", "rust_test"), points=points(0.125)),
        AblationSample(**_sample("rust_b", "rust_test", "too late"), points=()),
    ]

    def group(name: str, kl: float | None) -> AblationGroup:
        return AblationGroup(
            group=name,
            n=0 if kl is None else 1,
            excluded=1,
            kl=_spread(kl, 0 if kl is None else 1),
            control_kl=_spread(None, 1),
            removal_kl=_spread(2.0, 1),
            top1_changed=0 if kl is None else 1,
            against_control=ComparisonRecord(n=(1, 1), undefined="too few"),
        )

    compared = ComparisonRecord(
        n=(2, 2), difference=0.375, t=2.5, df=1.5, p_t=0.0625, p_permutation=0.03125, p_max_t=0.25
    )
    summary = AblationSummary(
        mechanism="attention",
        ablated="edges",
        layer_choice="layer 1, two thirds of the depth of 3",
        windows=(
            AblationWindow(
                layers=(1,),
                groups=(group("python_doctest", 0.5), group("rust_test", 0.125)),
                python_against_rust=compared,
            ),
            AblationWindow(
                layers=(2,),
                groups=(group("python_doctest", None), group("rust_test", None)),
                python_against_rust=ComparisonRecord(n=(0, 0), undefined="too few"),
            ),
        ),
        confidence=0.95,
        resamples=100,
    )
    return summary, samples


@pytest.fixture
def scan() -> tuple[ScanSummary, list[ScanSample]]:
    """Two layers of two heads, one of them without fractions, and one sample."""

    def head(layer: int, number: int, python: float | None, rust: float | None) -> HeadAsymmetry:
        p = None if python is None else 0.0625
        return HeadAsymmetry(layer=layer, head=number, python=python, rust=rust, p_max_t=p)

    def site(layer: int, number: int | None, mean: float | None) -> SiteResponse:
        half = _spread(mean, 0 if mean is None else 2)
        other = _spread(None if mean is None else mean / 2, 0 if mean is None else 2)
        return SiteResponse(layer=layer, head=number, selection=half, report=other)

    responses = (
        Response(layer=0, head=None, kl_nats=(0.25, None), slope=None, plan_hashes=("ab", "cd")),
        Response(layer=1, head=None, excluded="too high"),
    )
    sample = ScanSample(
        **_sample("py_a", "python_doctest"),
        half="selection",
        attention=((0.5, None), (0.25, 0.125)),
        responses=responses,
    )
    summary = ScanSummary(
        mechanism="attention",
        layer=0,
        layer_choice="layer 0, as asked for",
        doses=(2.0, 6.0),
        asymmetry=(
            head(0, 0, 0.5, 0.375),
            head(0, 1, None, 0.25),
            head(1, 0, 0.25, 0.5),
            head(1, 1, 0.125, 0.125),
        ),
        largest=HeldOut(
            layer=1,
            head=0,
            searched=3,
            selection=-0.25,
            report=ComparisonRecord(n=(1, 1), difference=-0.125, p_permutation=0.5),
        ),
        layers=(site(0, None, 0.5), site(1, None, None)),
        heads=(site(0, 0, 0.25), site(0, 1, 0.75)),
        ranking=(1, 0),
        confidence=0.95,
        resamples=100,
    )
    return summary, [sample]
