"""One test for each claim of the paper: by its figures, its data files, its models.

Without anything at hand, the figures are checked against each other. With a checkout of the paper's
repository (`--artifacts=DIR`), claims are checked against its data files. Where a model's weights
are at hand (`--checkpoint=ID|DIR`, or the local hub cache), its experiments are run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

import plip
from plip.claims import (
    Artifacts,
    ClaimResult,
    Entry,
    Evidence,
    Kind,
    Rerun,
    RerunKey,
    Verdict,
    audit,
    bundled_ledger,
)
from plip.experiments.checkpoints import checkpoint, rerun_checks
from plip.experiments.reruns import again
from plip.text import Corpus

pytestmark = pytest.mark.paper

LEDGER = bundled_ledger()

Claims = Mapping[str, ClaimResult]
#: Every claim as running a model again leaves it, and what of that could not be run.
Found = tuple[Claims, str]


def ids(wanted: Callable[[Entry], bool]) -> list[str]:
    return [claim.id for claim in LEDGER.claims if wanted(claim)]


def reads_files(claim: Entry) -> bool:
    return any(check.references() for check in claim.checks)


def is_rerun(claim: Entry) -> bool:
    return any(check.kind is Kind.RERUN for check in claim.checks)


def is_diagnosed(claim: Entry) -> bool:
    return any(check.kind is Kind.DIAGNOSIS for check in claim.checks)


def model_of(claim_id: str) -> str:
    """Return the model that a claim is about; each is about one."""
    mine = LEDGER.entries[claim_id].checks
    (model,) = {check.model for check in rerun_checks(LEDGER) if check in mine}
    return model


def judged(evidence: Evidence) -> Claims:
    return {claim.id: claim for claim in audit(LEDGER, evidence).claims}


@pytest.fixture(scope="module")
def offline() -> Claims:
    return judged(Evidence())


@pytest.fixture(scope="module")
def with_files(artifacts: Path | None) -> Claims:
    if artifacts is None:
        pytest.skip(
            "needs the paper's repository: pytest -m paper --artifacts=DIR (tests/QUARANTINES.md)"
        )
    return judged(Evidence(Artifacts(artifacts)))


@pytest.mark.fast
@pytest.mark.parametrize("claim_id", ids(lambda claim: True))
def test_claim(claim_id: str, offline: Claims, snapshot: SnapshotAssertion) -> None:
    claim = offline[claim_id]
    assert f"{claim.verdict}: {claim.reason}" == snapshot


@pytest.mark.fast
@pytest.mark.parametrize("claim_id", ids(reads_files))
def test_claim_with_artifacts(
    claim_id: str, with_files: Claims, snapshot: SnapshotAssertion
) -> None:
    claim = with_files[claim_id]
    assert f"{claim.verdict}: {claim.reason}" == snapshot


@pytest.mark.fast
def test_the_counts(snapshot: SnapshotAssertion) -> None:
    report = audit(LEDGER)
    assert report.summary.model_dump(mode="json") == snapshot


@pytest.fixture(scope="module")
def run_again(
    pytestconfig: pytest.Config, artifacts: Path | None, reruns: dict[RerunKey, Rerun]
) -> Callable[[str], Found]:
    """Run a model's experiments again, once; skip where its weights are not at hand."""
    options = pytestconfig.getoption
    given = [checkpoint(text, LEDGER) for text in options("--checkpoint")]
    sources = {each.model: each.source for each in given}
    file = options("--corpus")
    done: dict[str, Found | None] = {}

    def carry_out(model: str) -> Found | None:
        if given and model not in sources:
            return None
        try:
            source = sources.get(model, model)
            subject = plip.load(source, device=options("--device"), dtype=options("--dtype"))
        except plip.errors.ModelNotFoundError:
            return None
        samples = None if file is None else Corpus.read(file)
        found = again(LEDGER, model, subject, artifacts=artifacts, corpus=samples)
        reruns.update(found.reruns)
        return judged(Evidence(reruns=found.reruns)), "; ".join(found.left_out)

    def run(model: str) -> Found:
        if model not in done:
            done[model] = carry_out(model)
        found = done[model]
        if found is None:
            command = f"pytest -m paper --checkpoint={model} --artifacts=DIR"
            message = f"needs the weights of {model}: hf download {model}, then {command}"
            if options("--require-checkpoints"):
                pytest.fail(message)
            pytest.skip(f"{message} (tests/QUARANTINES.md)")
        return found

    return run


# What stands by its figures must stand when it is run again, and so must what nothing else decides.
# What does not stand cannot be rescued: its figures contradict each other.
@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ids(is_rerun))
def test_claim_run_again(claim_id: str, offline: Claims, run_again: Callable[[str], Found]) -> None:
    claims, left_out = run_again(model_of(claim_id))
    before, after = offline[claim_id], claims[claim_id]
    if not any(check.kind is Kind.RERUN and check.rows for check in after.checks):
        pytest.skip(left_out)
    due = before.verdict.stands or before.verdict is Verdict.NOT_CHECKABLE
    assert after.verdict.stands == due, after.reason


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ids(is_diagnosed))
def test_claim_diagnosed(claim_id: str, run_again: Callable[[str], Found]) -> None:
    claims, left_out = run_again(model_of(claim_id))
    (check,) = (check for check in claims[claim_id].checks if check.kind is Kind.DIAGNOSIS)
    if not check.rows:
        pytest.skip(left_out)
    assert check.outcome is Verdict.UNSUPPORTED, check.reason
