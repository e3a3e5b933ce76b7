"""Errors planted in made studies are found, and sound studies are left in peace."""

from __future__ import annotations

import pytest

from tools.audit_recall.faults import FAULTS, Fault
from tools.audit_recall.measure import PROMISED, judged, measure, objects, planted, recall
from tools.audit_recall.sound import sound_study

SEEDS = range(3)


@pytest.mark.fast
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_objected_to_in_a_sound_study(seed: int) -> None:
    claims = judged(sound_study(seed))
    assert len(claims) > 30
    assert {claim.id: claim.reason for claim in claims.values() if objects(claim)} == {}
    # A check that never decides would never object either.
    assert all(claim.verdict.stands for claim in claims.values())


@pytest.mark.fast
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_error_is_found(fault: Fault) -> None:
    study = next(found for seed in range(9) if (found := planted(fault, seed)) is not None)
    claim = judged(study)[fault.claim]
    assert objects(claim), claim.reason
    assert fault.kind in {check.kind for check in claim.checks if not check.outcome.stands}


@pytest.mark.fast
def test_every_kind_that_is_promised_has_errors() -> None:
    assert set(PROMISED) <= {fault.kind for fault in FAULTS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.slow
def test_recall_and_false_alarms() -> None:
    counts = measure(range(100, 130))
    assert counts.good(), (counts.alarms, counts.missed)
    assert all(recall(counts, fault.kind)[0] > 0 for fault in FAULTS)
