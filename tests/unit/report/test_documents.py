"""The JSON documents."""

from __future__ import annotations

import json

import pytest

from plip.records import (
    CalibrationSample,
    CalibrationSummary,
    DoseResponseSample,
    DoseResponseSummary,
    Manifest,
)
from plip.report import calibration_document, dose_response_document, to_json

pytestmark = pytest.mark.fast

Calibration = tuple[CalibrationSummary, list[CalibrationSample]]
DoseResponse = tuple[DoseResponseSummary, list[DoseResponseSample]]


def test_a_calibration(manifest: Manifest, calibration: Calibration) -> None:
    document = calibration_document(manifest, *calibration)
    assert list(document) == [
        "schema",
        "model",
        "corpus_hash",
        "layer",
        "layer_choice",
        "samples",
        "means",
        "ratio",
        "ratio_undefined",
        "recommended_target",
        "groups",
        "layers",
    ]
    assert document["schema"] == "plip.calibration/1"
    assert document["model"]["model"] == "tiny"
    assert document["layer"] == 1
    assert document["means"] == {"python": 0.0625, "rust": 0.025}
    assert document["ratio"] == 2.5
    assert document["recommended_target"] == 0.0625
    assert [
        (sample["id"], sample["group"], sample["attention"], sample["excluded"])
        for sample in document["samples"]
    ] == [
        ("py_a", "python_doctest", 0.0625, None),
        ("rust_a", "rust_test", 0.025, None),
        ("rust_b", "rust_test", None, "too late"),
    ]
    first = document["samples"][0]
    assert (first["edge_mass"], first["per_target"], first["merged"]) == (0.125, [0.0625] * 2, 1)
    assert (first["n_tokens"], first["first_token_is_target"]) == (20, True)


def test_every_layer_of_a_calibration(manifest: Manifest, calibration: Calibration) -> None:
    layers = calibration_document(manifest, *calibration)["layers"]
    assert [layer["layer"] for layer in layers] == [0, 1]
    assert layers[0]["ratio"] is None
    assert layers[0]["ratio_undefined"] == "no Rust test was measured"
    assert layers[0]["samples"] == [
        {"id": "py_a", "attention": 0.1},
        {"id": "rust_a", "attention": 0.05},
        {"id": "rust_b", "attention": None},
    ]


def test_a_dose_response(manifest: Manifest, dose_response: DoseResponse) -> None:
    document = dose_response_document(manifest, *dose_response)
    assert document["schema"] == "plip.dose-response/2"
    assert (document["layers"], document["seed"], document["plan_hash"]) == ([4], 3, "12")
    assert document["mechanism"] == "attention"
    assert document["baseline_attention_mean"] == 0.0625
    assert document["baseline_state_norm_mean"] is None
    records = document["records"]
    assert [(r["sample"], r["dose"], r["attention"], r["kl_nats"]) for r in records] == [
        (name, *figures)
        for name in ("rust_a", "rust_b")
        for figures in (
            (0.5, 0.125, 0.0),
            (6.0, 0.125, 0.25),
            (3.14159, 0.125, None),
            (None, None, None),
        )
    ]
    assert records[2]["kl_infinite"] is True
    assert records[3]["excluded"] == "too much"
    assert document["doses"][1] == {
        "condition": "dose",
        "dose": 6.0,
        "target": None,
        "n": 2,
        "excluded": 1,
        "attention_mean": 0.125,
        "attention_sd": 0.03125,
        "attention_ci_low": 0.0625,
        "attention_ci_high": 0.25,
        "attention_undefined": None,
        "state_norm_mean": None,
        "state_norm_sd": None,
        "state_norm_ci_low": None,
        "state_norm_ci_high": None,
        "state_norm_undefined": "no sample",
        "kl_mean": 0.25,
        "kl_sd": 0.0625,
        "kl_ci_low": 0.125,
        "kl_ci_high": 0.5,
        "kl_undefined": None,
        "top1_changed": 1,
        "layers": [],
        "controls": [],
    }
    assert document["doses"][2]["kl_undefined"] == "infinite in 1 of 2 samples"
    assert document["excluded"] == [
        {"sample": "rust_c", "group": "rust_test", "reason": "too late"}
    ]


def test_a_dose_response_of_a_state(manifest: Manifest, state_dose_response: DoseResponse) -> None:
    document = dose_response_document(manifest, *state_dose_response)
    assert document["mechanism"] == "state"
    assert document["baseline_state_norm_mean"] == 128.0
    figures = [(r["attention"], r["state_norm"], r["state_remaining"]) for r in document["records"]]
    nothing = (None, None, None)
    assert figures == [(None, 128.0, 0.125), (None, 256.0, 0.25), nothing, nothing]
    assert [dose["state_norm_mean"] for dose in document["doses"]] == [128.0, 256.0]
    assert [dose["attention_mean"] for dose in document["doses"]] == [None, None]


def test_several_layers_and_controls(manifest: Manifest, layered: DoseResponse) -> None:
    document = dose_response_document(manifest, *layered)
    assert document["layers"] == [1, 3]
    record = document["records"][0]
    assert [(entry["layer"], entry["factor"]) for entry in record["layers"]] == [(1, 2.0), (3, 2.0)]
    assert [entry["control"] for entry in record["controls"]] == ["edges", "layer"]
    assert (record["controls"][0]["mass"], record["controls"][0]["target_mass"]) == (0.25, 0.5)
    factors = document["doses"][1]
    assert [entry["factor"] for entry in factors["layers"]] == [3.0, 1.5]
    assert [entry["attention_mean"] for entry in factors["layers"]] == [0.125, 0.25]
    edges, layer = factors["controls"]
    assert (edges["control"], edges["n"], edges["excluded"]) == ("edges", 2, 0)
    assert (edges["mass_mean"], edges["target_mass_mean"], edges["kl_mean"]) == (0.25, 0.5, 0.125)
    assert edges["against"]["p_permutation"] == 0.5
    assert (layer["n"], layer["excluded"], layer["mass_mean"]) == (1, 1, None)
    assert layer["against"]["undefined"] == "too few"


def test_the_text_is_strict_json(manifest: Manifest, dose_response: DoseResponse) -> None:
    document = dose_response_document(manifest, *dose_response)
    text = to_json(document)
    assert text.endswith("}\n")
    assert json.loads(text) == document
    assert "NaN" not in text
    assert "Infinity" not in text


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"ratio": float("nan")})
