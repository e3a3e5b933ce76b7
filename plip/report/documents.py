"""Results as one JSON document each, for other programs: fractions and nats, never percent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from plip.records import (
    CalibrationSample,
    CalibrationSummary,
    DoseResponseSample,
    DoseResponseSummary,
    LayerSummary,
    Manifest,
)

__all__ = ["calibration_document", "dose_response_document", "to_json"]


def to_json(document: Mapping[str, Any]) -> str:
    """Write a document as text; NaN and infinity are refused, not written."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def calibration_document(
    manifest: Manifest, summary: CalibrationSummary, samples: Sequence[CalibrationSample]
) -> dict[str, Any]:
    """Return a calibration: its samples, means and ratio at the reported layer, and every layer.

    `{"schema", "model", "corpus_hash", "layer", "layer_choice", "samples": [{"id", "group",
    "attention", "excluded", …}], "means": {"python", "rust"}, "ratio", …, "layers": […]}`;
    attention is a fraction, null in excluded samples.
    """
    reported = next(entry for entry in summary.layers if entry.layer == summary.layer)
    return {
        "schema": "plip.calibration/1",
        "model": manifest.subject.to_json(),
        "corpus_hash": manifest.corpus_hash,
        "layer": summary.layer,
        "layer_choice": summary.layer_choice,
        "samples": [_calibration_sample(sample, summary.layer) for sample in samples],
        **_layer_figures(reported),
        "layers": [
            {
                "layer": entry.layer,
                **_layer_figures(entry),
                "samples": [_attention(sample, entry.layer) for sample in samples],
            }
            for entry in summary.layers
        ],
    }


def _layer_figures(layer: LayerSummary) -> dict[str, Any]:
    return {
        "means": {"python": layer.python, "rust": layer.rust},
        "ratio": layer.ratio,
        "ratio_undefined": layer.ratio_undefined,
        "recommended_target": layer.recommended_target,
        "groups": [group.to_json() for group in layer.groups],
    }


def _attention(sample: CalibrationSample, layer: int) -> dict[str, Any]:
    found = next((entry for entry in sample.layers if entry.layer == layer), None)
    return {"id": sample.sample, "attention": None if found is None else found.attention}


def _calibration_sample(sample: CalibrationSample, layer: int) -> dict[str, Any]:
    found = next((entry for entry in sample.layers if entry.layer == layer), None)
    return {
        **_attention(sample, layer),
        "group": sample.group,
        "excluded": sample.excluded,
        "per_target": None if found is None else list(found.per_target),
        "edge_mass": None if found is None else found.mean_edge_mass,
        "undefined_heads": None if found is None else found.undefined_heads,
        "merged": sample.merged,
        **sample.covariates.to_json(),
    }


def dose_response_document(
    manifest: Manifest, summary: DoseResponseSummary, samples: Sequence[DoseResponseSample]
) -> dict[str, Any]:
    """Return a dose-response experiment: each sample at each dose, and each dose over samples.

    `{"schema", "model", "corpus_hash", "layers", "records": [{"sample", "dose", "attention",
    "kl_nats", "layers": […], "controls": […], …}], "doses": [{"dose", "attention_mean", "kl_mean",
    "layers": […], "controls": […], …}], "excluded": […]}`;
    attention is a fraction, KL is in nats, null is undefined, "mechanism" says whether edges of
    attention or writes into a state were steered.
    """
    return {
        "schema": "plip.dose-response/2",
        "model": manifest.subject.to_json(),
        "corpus_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        "layers": list(summary.layers),
        "layer_choice": summary.layer_choice,
        "mechanism": summary.mechanism,
        "baseline_attention_mean": summary.baseline_attention.mean,
        "baseline_state_norm_mean": summary.baseline_state_norm.mean,
        "records": [
            {"sample": sample.sample, "group": sample.group, **point.to_json()}
            for sample in samples
            for point in sample.points
        ],
        "doses": [
            {
                "condition": dose.condition,
                "dose": dose.dose,
                "target": dose.target,
                "n": dose.n,
                "excluded": dose.excluded,
                **_spread("attention", dose.attention.to_json()),
                **_spread("state_norm", dose.state_norm.to_json()),
                **_spread("kl", dose.kl.to_json()),
                "top1_changed": dose.top1_changed,
                "layers": [
                    {
                        "layer": entry.layer,
                        "factor": entry.factor,
                        **_spread("attention", entry.attention.to_json()),
                        **_spread("state_norm", entry.state_norm.to_json()),
                    }
                    for entry in dose.layers
                ],
                "controls": [
                    {
                        "control": entry.control,
                        "n": entry.n,
                        "excluded": entry.excluded,
                        "mass_mean": entry.mass.mean,
                        "target_mass_mean": entry.target_mass.mean,
                        **_spread("kl", entry.kl.to_json()),
                        "top1_changed": entry.top1_changed,
                        "against": entry.against.to_json(),
                    }
                    for entry in dose.controls
                ],
            }
            for dose in summary.doses
        ],
        "excluded": [
            {"sample": sample.sample, "group": sample.group, "reason": sample.excluded}
            for sample in samples
            if sample.excluded is not None
        ],
    }


def _spread(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}_{key}": value for key, value in figures.items() if key != "n"}
