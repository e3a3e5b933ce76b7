"""Records to keep, and the manifest of their run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from plip.records import (
    CalibrationSample,
    CovariatesRecord,
    LayerAttention,
    Manifest,
    SubjectRecord,
    Versions,
)


@pytest.fixture
def manifest() -> Manifest:
    """The manifest of a run that has just begun."""
    return Manifest(
        experiment="calibrate",
        config={"layer": 4, "groups": ["rust_test"]},
        subject=SubjectRecord(
            model="bundled:transformer",
            revision=None,
            architecture="Qwen2ForCausalLM",
            weight_hash="ab" * 32,
            tokenizer_hash="cd" * 32,
            dtype="float32",
            device="cpu",
            attention="sdpa",
        ),
        corpus_hash="ef" * 32,
        seed=None,
        versions=Versions(
            plip="0.1.0",
            python="3.11.7",
            torch="2.13.0+cpu",
            transformers="5.23.0",
            numpy="2.4.6",
            scipy="1.17.1",
            platform="Linux-x86_64",
        ),
        command=("plip", "calibrate"),
        started=datetime(2026, 2, 1, 12, tzinfo=UTC),
    )


@pytest.fixture
def sample() -> Callable[..., CalibrationSample]:
    """Make the record of a sample."""

    def make(name: str = "rust_simple_add", **fields: Any) -> CalibrationSample:
        return CalibrationSample(
            **{
                "sample": name,
                "group": "rust_test",
                "query": 9,
                "keys": (0, 4),
                "merged": 1,
                "excluded": None,
                "covariates": CovariatesRecord(
                    distance_chars_nearest=5,
                    distance_chars_mean=7.5,
                    distance_tokens_nearest=5,
                    distance_tokens_mean=7.0,
                    n_targets=2,
                    n_chars=60,
                    n_tokens=20,
                    first_token_is_target=True,
                ),
                "layers": (
                    LayerAttention(
                        layer=4,
                        attention=0.25,
                        per_target=(0.2, 0.3),
                        per_head=(0.25,),
                        edge_mass=(0.5,),
                    ),
                ),
                **fields,
            }
        )

    return make
