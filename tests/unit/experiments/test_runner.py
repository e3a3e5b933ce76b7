"""Runs that are kept, killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from interrupted import Interrupted

import plip
from plip.errors import OutputError
from plip.experiments import (
    CalibrateConfig,
    DoseResponseConfig,
    calibrate,
    carry_out,
    dose_response,
)
from plip.models import TransformerSubject
from plip.records import AnyRecord, DoseResponseSample, SampleRecord, combined_digest, read_run
from plip.text import Corpus

pytestmark = pytest.mark.fast

CONFIG = DoseResponseConfig(doses=[0.5, 2.0], layer=2, resamples=100)


def _names(records: Sequence[AnyRecord]) -> list[str]:
    return [record.sample for record in records if isinstance(record, SampleRecord)]


def test_a_run_without_a_directory_is_kept_nowhere(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = carry_out(calibrate, CalibrateConfig(max_samples=1), tiny, corpus)
    assert len(outcome.records) == 5
    assert outcome.manifest.complete is True
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_says_what_was_run(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path
) -> None:
    outcome = carry_out(
        dose_response, CONFIG, tiny, corpus, directory=tmp_path / "run", command=["plip", "x"]
    )
    manifest, records = read_run(tmp_path / "run")
    assert (manifest, records) == (outcome.manifest, outcome.records)
    assert manifest.experiment == "dose-response"
    assert manifest.config == CONFIG.model_dump(mode="json")
    assert manifest.subject == tiny.provenance()
    assert manifest.corpus_hash == corpus.digest
    assert manifest.seed == 0
    assert manifest.command == ("plip", "x")
    assert manifest.versions.plip == plip.__version__
    assert manifest.complete is True
    assert manifest.finished is not None
    assert manifest.started <= manifest.finished
    digests = [
        digest
        for record in records
        if isinstance(record, DoseResponseSample)
        for digest in record.plan_hashes
    ]
    # Two doses and three controls of each; another marker in another text may have the same plan.
    assert len(digests) == 10 * 2 * 4
    assert manifest.plan_hash == combined_digest(digests)


def test_a_calibration_has_neither_plan_nor_seed(tiny: TransformerSubject, corpus: Corpus) -> None:
    manifest = carry_out(calibrate, CalibrateConfig(max_samples=1), tiny, corpus).manifest
    assert (manifest.plan_hash, manifest.seed) == (None, None)


def test_progress_counts_samples(tiny: TransformerSubject, corpus: Corpus) -> None:
    told: list[tuple[int, int]] = []
    config = CalibrateConfig(max_samples=1)
    carry_out(
        calibrate, config, tiny, corpus, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4), (4, 4)]


@pytest.mark.parametrize("after", [1, 4, 10])
def test_an_interrupted_run_goes_on_where_it_stopped(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path, after: int
) -> None:
    whole = carry_out(dose_response, CONFIG, tiny, corpus)
    with pytest.raises(KeyboardInterrupt):
        carry_out(Interrupted(dose_response, after), CONFIG, tiny, corpus, directory=tmp_path)
    manifest, records = read_run(tmp_path)
    assert manifest.complete is False
    assert _names(records) == _names(whole.records)[:after]
    outcome = carry_out(dose_response, CONFIG, tiny, corpus, directory=tmp_path, resume=True)
    assert outcome.records[:after] == records
    assert _names(outcome.records) == _names(whole.records)
    assert outcome.manifest.complete is True
    assert outcome.manifest.plan_hash == whole.manifest.plan_hash
    assert read_run(tmp_path) == (outcome.manifest, outcome.records)


def test_resuming_a_complete_run_runs_nothing(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = carry_out(dose_response, CONFIG, tiny, corpus, directory=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def never(*args: Any, **options: Any) -> Any:
        raise RuntimeError("it ran")

    monkeypatch.setattr(TransformerSubject, "sweep", never)
    again = carry_out(dose_response, CONFIG, tiny, corpus, directory=tmp_path, resume=True)
    assert again == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (CONFIG.model_copy(update={"layer": (3,)}), "config.layer: [2] against [3]"),
        (
            CONFIG.model_copy(update={"factors": ((2, 3.0),)}),
            "config.factors: None against [[2, 3.0]]",
        ),
        (
            CONFIG.model_copy(update={"controls": ("layer",)}),
            "config.controls: ['edges', 'marker', 'layer'] against ['layer']",
        ),
        (CONFIG.model_copy(update={"seed": 1}), "config.seed: 0 against 1; seed: 0 against 1"),
    ],
)
def test_another_configuration_cannot_be_resumed(
    tiny: TransformerSubject,
    corpus: Corpus,
    tmp_path: Path,
    config: DoseResponseConfig,
    named: str,
) -> None:
    carry_out(dose_response, CONFIG, tiny, corpus, directory=tmp_path)
    with pytest.raises(OutputError) as caught:
        carry_out(dose_response, config, tiny, corpus, directory=tmp_path, resume=True)
    assert f"found {named};" in str(caught.value)


def test_another_corpus_cannot_be_resumed(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path
) -> None:
    carry_out(dose_response, CONFIG, tiny, corpus.take(2), directory=tmp_path)
    with pytest.raises(OutputError, match="corpus_hash: "):
        carry_out(dose_response, CONFIG, tiny, corpus, directory=tmp_path, resume=True)


def test_a_refused_option_leaves_nothing_behind(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(plip.errors.LayerError):
        carry_out(calibrate, CalibrateConfig(layer=77), tiny, corpus, directory=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


_VICTIM = """
import sys, time
from pathlib import Path
from plip.experiments import DoseResponseConfig, carry_out, dose_response
from plip.models import load
from plip.text import bundled_corpus

def slowly(done, total):
    print(done, flush=True)
    time.sleep(0.2)

config = DoseResponseConfig(doses=[0.5, 2.0], layer=2, resamples=100)
subject = load(sys.argv[1], device="cpu")
carry_out(dose_response, config, subject, bundled_corpus(), directory=sys.argv[2], progress=slowly)
"""


def test_a_killed_run_leaves_valid_lines_and_goes_on(
    tiny_checkpoint: Path, tiny: TransformerSubject, corpus: Corpus, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(tiny_checkpoint), str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(plip.__file__).parents[1])},
        text=True,
    ) as victim:
        assert victim.stdout is not None
        for line in victim.stdout:
            if int(line) == 3:
                time.sleep(0.05)
                victim.kill()
                break
    assert victim.returncode == -signal.SIGKILL
    manifest, records = read_run(tmp_path / "run")
    assert manifest.complete is False
    assert len(records) == 3
    outcome = carry_out(
        dose_response, CONFIG, tiny, corpus, directory=tmp_path / "run", resume=True
    )
    assert outcome.records[:3] == records
    assert len(_names(outcome.records)) == 10
    assert outcome.manifest.complete is True
