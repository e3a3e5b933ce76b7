"""Where figures come from."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime

import pytest
import torch
import transformers

import plip
from plip.records import Manifest, combined_digest, installed_versions

pytestmark = pytest.mark.fast


def test_versions_are_those_of_the_imported_software() -> None:
    found = installed_versions()
    assert found.torch == torch.__version__
    assert found.transformers == transformers.__version__
    assert found.plip == plip.__version__
    assert found.python == platform.python_version()


def test_a_combined_digest_does_not_depend_on_order() -> None:
    assert combined_digest(["b", "a"]) == combined_digest(["a", "b"])
    assert combined_digest(["a", "b"]) == hashlib.sha256(b"a\nb").hexdigest()
    assert combined_digest(["a"]) != combined_digest(["a", "a"])


def test_a_manifest_reads_back(manifest: Manifest) -> None:
    assert Manifest.model_validate(manifest.to_json()) == manifest
    assert manifest.to_json()["started"] == "2026-02-01T12:00:00Z"


def test_a_run_does_not_differ_from_itself(manifest: Manifest) -> None:
    assert manifest.differences(manifest) == ()


def test_when_and_how_it_was_started_is_no_difference(manifest: Manifest) -> None:
    later = manifest.model_copy(
        update={
            "started": datetime(2027, 1, 1, tzinfo=UTC),
            "finished": datetime(2027, 1, 2, tzinfo=UTC),
            "command": ("plip", "calibrate", "--resume"),
            "complete": True,
            "plan_hash": "12",
        }
    )
    assert manifest.differences(later) == ()


def test_every_difference_is_named(manifest: Manifest) -> None:
    other = manifest.model_copy(
        update={
            "corpus_hash": "00",
            "seed": 7,
            "config": {"layer": 5, "groups": ["rust_test"]},
            "subject": manifest.subject.model_copy(update={"dtype": "bfloat16"}),
            "versions": manifest.versions.model_copy(update={"torch": "2.14.0"}),
        }
    )
    assert manifest.differences(other) == (
        "config.layer: 4 against 5",
        f"corpus_hash: '{'ef' * 32}' against '00'",
        "seed: None against 7",
        "subject.dtype: 'float32' against 'bfloat16'",
        "versions.torch: '2.13.0+cpu' against '2.14.0'",
    )


def test_of_another_experiment_only_the_name_is_given(manifest: Manifest) -> None:
    other = manifest.model_copy(update={"experiment": "dose-response", "config": {}})
    assert manifest.differences(other) == ("experiment: 'calibrate' against 'dose-response'",)
