"""The audit's live part: what the machinery does on a model at hand, against what it must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from plip.claims import ClaimResult, live_claim
from plip.experiments import calibrate, dose_response
from plip.experiments.calibrate import CalibrateConfig
from plip.experiments.dose_response import DoseResponseConfig
from plip.experiments.live_checks import largest
from plip.experiments.live_rows import knockout_claim, rows_claim
from plip.experiments.live_state import own_row_claim, state_claim
from plip.experiments.samples import locate
from plip.models import Subject
from plip.records import CalibrationSample, CalibrationSummary, DosePoint, DoseResponseSample
from plip.text import Corpus

__all__ = ["check_machinery"]

# Rows are computed in float32.
_TOLERANCE = 1e-4


def check_machinery(subject: Subject, corpus: Corpus) -> tuple[ClaimResult, ...]:
    """Run calibration and dose-response, and check what must be so whatever the model is.

    The level to reach is the one that calibration recommends. A recurrent model has no level to
    reach; its state is checked instead.

    Args:
        subject: the model, such as the bundled one.
        corpus: with Python doctests and Rust tests.

    Raises:
        PlipError: as the experiments.
    """
    calibration = tuple(calibrate.run(CalibrateConfig(), subject, corpus))
    (summary,) = (record for record in calibration if isinstance(record, CalibrationSummary))
    located = [
        item for item in locate(DoseResponseConfig(), subject, corpus) if item.excluded is None
    ]
    if subject.mechanism == "state":
        scaled = _dose_response(subject, corpus, summary.layer, None, "scale")
        return (
            _same_baseline(calibration, scaled),
            state_claim(located, summary.layer, subject),
            own_row_claim(located, summary.layer, subject),
            knockout_claim(located, summary.layer, subject),
            _identity([point for point in _measured(scaled, "dose") if point.dose == 1]),
        )
    level = summary.layers[0].recommended_target
    scaled = _dose_response(subject, corpus, summary.layer, level, "scale")
    return (
        _same_baseline(calibration, scaled),
        rows_claim(located, summary.layer, subject),
        knockout_claim(located, summary.layer, subject),
        _identity([point for point in _measured(scaled, "dose") if point.dose == 1]),
        _closed_form(
            "live/closed_form",
            "Scaling by s brings attention to the mean of s·a / (1 + (s − 1)·A) over heads.",
            _measured(scaled, "dose"),
        ),
        _closed_form(
            "live/solved_scale",
            "The factor that is solved for a level brings attention to that level.",
            _measured(scaled, "scale-to-target"),
        ),
        _closed_form(
            "live/set_value",
            "Setting the value brings attention to that value.",
            _measured(
                _dose_response(subject, corpus, summary.layer, level, "set-value"), "set-value"
            ),
        ),
    )


def _dose_response(
    subject: Subject,
    corpus: Corpus,
    layer: int,
    level: float | None,
    mode: Literal["set-value", "scale"],
) -> list[DoseResponseSample]:
    # Neither controls nor intervals are looked at.
    config = DoseResponseConfig(
        layer=layer, target_attention=level, mode=mode, controls=(), resamples=9
    )
    records = dose_response.run(config, subject, corpus)
    return [record for record in records if isinstance(record, DoseResponseSample)]


def _measured(records: Sequence[DoseResponseSample], condition: str) -> list[DosePoint]:
    return [
        point
        for record in records
        for point in record.points
        if point.condition == condition and point.excluded is None
    ]


def _same_baseline(
    calibration: Sequence[object], records: Sequence[DoseResponseSample]
) -> ClaimResult:
    calibrated = {
        record.sample: record.layers[0].attention
        for record in calibration
        if isinstance(record, CalibrationSample) and record.layers
    }
    gaps = [
        abs(record.baseline_attention - due)
        for record in records
        if record.baseline_attention is not None and (due := calibrated[record.sample]) is not None
    ]
    return live_claim(
        "live/same_baseline",
        "Calibration and dose-response measure the same attention without steering.",
        [largest("same_baseline", gaps, 1e-6, "difference between the two")],
    )


def _identity(points: Sequence[DosePoint]) -> ClaimResult:
    return live_claim(
        "live/dose_1_is_identity",
        "Dose 1 leaves the prediction as it was: KL is exactly 0.",
        [largest("identity_is_zero", [_nats(point) for point in points], 0, "KL at dose 1, nats")],
    )


def _closed_form(claim: str, statement: str, points: Sequence[DosePoint]) -> ClaimResult:
    gaps = [
        abs(point.attention - due)
        for point in points
        if point.attention is not None and (due := _due(point)) is not None
    ]
    return live_claim(
        claim,
        statement,
        [largest("closed_form", gaps, _TOLERANCE, "attention reached against what is due")],
    )


def _due(point: DosePoint) -> float | None:
    return point.attention_predicted if point.target is None else point.target


def _nats(point: DosePoint) -> float:
    return float("inf") if point.kl_nats is None else point.kl_nats
