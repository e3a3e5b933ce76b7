"""The paper's sections 1 and 2 on the real checkpoints, where their weights are at hand.

Needs the weights of Qwen2.5-Coder in the local hub cache (`hf download NAME`) and the paper's
corpus beside the project. `--require-checkpoints` turns a missing checkpoint into a failure.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import plip
from plip.claims import bundled_ledger
from plip.experiments import CalibrateConfig, DoseResponseConfig, calibrate, dose_response
from plip.models import TransformerSubject
from plip.records import CalibrationSample, DoseResponseSummary
from plip.text import Corpus, Group

pytestmark = [pytest.mark.paper, pytest.mark.slow]

# The paper does not say in which dtype it ran, and prints percentages of two decimals: a figure
# within half a percentage point is taken as the same one.
TOLERANCE = 0.5

MODELS = {
    "qwen3b": ("Qwen/Qwen2.5-Coder-3B-Instruct", 20, "1.2", "2.1"),
    "qwen7b": ("Qwen/Qwen2.5-Coder-7B-Instruct", 16, "1.3", "2.2"),
}


@pytest.fixture(scope="module", params=sorted(MODELS))
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def subject(key: str, pytestconfig: pytest.Config) -> TransformerSubject:
    name = MODELS[key][0]
    try:
        return plip.load(name)
    except plip.errors.ModelNotFoundError:
        message = f"the weights of {name} are not here: hf download {name} (tests/QUARANTINES.md)"
        if pytestconfig.getoption("--require-checkpoints"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="module")
def corpus(shared_dir: Path) -> Corpus:
    folder = shared_dir / "paper" / "plip-rs" / "corpus"
    return Corpus.read(folder / "attention_samples_universal.json")


def printed(entry_id: str) -> float:
    """Return a percentage of the ledger."""
    return float(bundled_ledger().entries[entry_id].quoted.rstrip("%"))


def test_attention_of_every_sample(key: str, subject: TransformerSubject, corpus: Corpus) -> None:
    _, layer, section, _ = MODELS[key]
    config = CalibrateConfig(layer=layer, groups=(Group.PYTHON_DOCTEST, Group.RUST_TEST))
    found = {
        record.sample: 100 * record.layers[0].attention
        for record in calibrate.run(config, subject, corpus)
        if isinstance(record, CalibrationSample)
    }
    assert len(found) == 20
    wanted = {sample: printed(f"{section}/{sample}") for sample in found}
    assert found == pytest.approx(wanted, abs=TOLERANCE)


def test_attention_at_every_dose(key: str, subject: TransformerSubject, corpus: Corpus) -> None:
    _, layer, _, section = MODELS[key]
    *_, summary = dose_response.run(DoseResponseConfig(layer=layer), subject, corpus)
    assert isinstance(summary, DoseResponseSummary)
    for dose in summary.doses:
        assert dose.dose is not None
        assert dose.attention.mean is not None
        wanted = printed(f"{section}/attention/{dose.dose:.1f}")
        assert 100 * dose.attention.mean == pytest.approx(wanted, abs=TOLERANCE)
    identity = next(dose for dose in summary.doses if dose.dose == 1)
    assert identity.kl.mean == 0
