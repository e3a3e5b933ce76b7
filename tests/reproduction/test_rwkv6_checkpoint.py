"""The paper's section 8 on RWKV-6, where the weights are at hand.

Needs the weights of RWKV/v6-Finch-1B6-HF in the local hub cache (`hf download NAME`) and the
paper's data files beside the project. `--require-checkpoints` turns a missing checkpoint into a
failure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import plip
from plip.experiments import CalibrateConfig, DoseResponseConfig, calibrate, dose_response
from plip.models import Rwkv6Subject
from plip.records import CalibrationSummary, DoseResponseSample
from plip.text import Corpus, Group

pytestmark = [pytest.mark.paper, pytest.mark.slow]

NAME = "RWKV/v6-Finch-1B6-HF"
GROUPS = (Group.PYTHON_DOCTEST, Group.RUST_TEST)

# The reference was computed in float32 by another program: its logits are known to about 1e-3, its
# divergences, of a part in a thousand of a nat, to about a twentieth.
LOGITS = 0.01
RELATIVE, NATS = 0.05, 5e-6
POINTS = 0.002


@pytest.fixture(scope="module")
def subject(pytestconfig: pytest.Config) -> Rwkv6Subject:
    try:
        found = plip.load(NAME)
    except plip.errors.ModelNotFoundError:
        message = f"the weights of {NAME} are not here: hf download {NAME} (tests/QUARANTINES.md)"
        if pytestconfig.getoption("--require-checkpoints"):
            pytest.fail(message)
        pytest.skip(message)
    assert isinstance(found, Rwkv6Subject)
    return found


@pytest.fixture(scope="module")
def outputs(shared_dir: Path) -> Path:
    return shared_dir / "paper" / "plip-rs" / "outputs"


@pytest.fixture(scope="module")
def corpus(shared_dir: Path) -> Corpus:
    folder = shared_dir / "paper" / "plip-rs" / "corpus"
    return Corpus.read(folder / "attention_samples_universal.json")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_published_logits(subject: Rwkv6Subject, outputs: Path) -> None:
    reference = read(outputs / "rwkv6_reference.json")
    tokens = subject.tokenize(reference["test_prompt"])
    assert list(tokens.ids) == reference["token_ids"]
    logits = subject.run(tokens).logits
    assert logits is not None
    values, ids = logits[0].topk(10)
    assert ids.tolist() == [entry["token_id"] for entry in reference["top_predictions"]]
    assert values.tolist() == pytest.approx(reference["top_logit_values"], abs=LOGITS)


def test_the_published_continuation(subject: Rwkv6Subject, outputs: Path) -> None:
    reference = read(outputs / "rwkv6_reference.json")
    prompt = torch.tensor([reference["token_ids"]], device=subject.device)
    wanted = reference["generated_token_ids"]
    found = subject.model.generate(prompt, max_new_tokens=len(wanted), do_sample=False)
    assert found[0, prompt.shape[1] :].tolist() == wanted


def test_effective_attention_of_every_layer(
    subject: Rwkv6Subject, outputs: Path, corpus: Corpus
) -> None:
    scan = read(outputs / "layer_scan_universal_RWKV_v6_Finch_1B6_HF.json")
    *_, summary = calibrate.run(CalibrateConfig(layer="all", groups=GROUPS), subject, corpus)
    assert isinstance(summary, CalibrationSummary)
    assert len(summary.layers) == len(scan["results"]) == 24
    for layer, published in zip(summary.layers, scan["results"], strict=True):
        assert layer.python == pytest.approx(published["python_mean"], abs=POINTS)
        assert layer.rust == pytest.approx(published["rust_mean"], abs=POINTS)


def divergences(
    subject: Rwkv6Subject, corpus: Corpus, layer: int, doses: tuple[float, ...]
) -> dict[tuple[str, float], tuple[int, float | None]]:
    config = DoseResponseConfig(layer=layer, doses=doses, groups=GROUPS)
    return {
        (record.sample, point.dose): (record.query, point.kl_nats)
        for record in dose_response.run(config, subject, corpus)
        if isinstance(record, DoseResponseSample)
        for point in record.points
        if point.dose is not None
    }


def test_the_knockout_of_every_sample(subject: Rwkv6Subject, outputs: Path, corpus: Corpus) -> None:
    published = read(outputs / "state_ablation_layer2.json")
    assert published["layer"] == 2
    found = divergences(subject, corpus, 2, (0.0,))
    assert len(found) == len(published["sample_results"]) == 20
    for sample in published["sample_results"]:
        query, nats = found[sample["id"], 0.0]
        assert query == sample["marker_token_pos"]
        assert nats == pytest.approx(sample["kl_divergence"], rel=RELATIVE, abs=NATS)


def test_every_dose_of_every_sample(subject: Rwkv6Subject, outputs: Path, corpus: Corpus) -> None:
    published = read(outputs / "state_steering_rwkv6.json")
    rows = published["dose_response"]
    doses = tuple(row["scale"] for row in rows)
    found = divergences(subject, corpus, published["layer"], doses)
    assert len(found) == 20 * len(rows)
    for row in rows:
        for sample in row["sample_results"]:
            query, nats = found[sample["id"], row["scale"]]
            assert query == sample["marker_token_pos"]
            if row["scale"] == 1:
                assert nats == 0
            else:
                assert nats == pytest.approx(sample["kl_divergence"], rel=RELATIVE, abs=NATS)
