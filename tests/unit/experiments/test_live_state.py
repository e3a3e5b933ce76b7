"""The live part of the audit on a recurrent model, and that it can fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from plip.claims import ClaimResult, Verdict
from plip.experiments.live import check_machinery
from plip.models import Rwkv6Subject
from plip.text import Corpus

pytestmark = pytest.mark.fast

CLAIMS = [
    "live/same_baseline",
    "live/state_closed_form",
    "live/own_row_unchanged",
    "live/scale_0_is_knockout",
    "live/dose_1_is_identity",
]


def _verdicts(claims: tuple[ClaimResult, ...]) -> dict[str, Verdict]:
    return {claim.id: claim.verdict for claim in claims}


def test_the_machinery_holds(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    claims = check_machinery(tiny_recurrent, corpus)
    assert [claim.id for claim in claims] == CLAIMS
    for claim in claims:
        assert claim.verdict is Verdict.HOLDS, claim.reason
        assert all(check.computed is not None for check in claim.checks)


def _faulty(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], *, where: str = "sweep"
) -> None:
    """Let the subject's runs come back changed."""
    honest = getattr(Rwkv6Subject, where)

    def call(self: Rwkv6Subject, *args: Any, **options: Any) -> Any:
        found = honest(self, *args, **options)
        return [change(run) for run in found] if where == "sweep" else change(found)

    monkeypatch.setattr(Rwkv6Subject, where, call)


def test_a_state_off_its_closed_form_is_found(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(run: Any) -> Any:
        witness = tuple(
            w
            and dataclasses.replace(
                w, steps=tuple(dataclasses.replace(s, largest_error=0.01) for s in w.steps)
            )
            for w in run.witness
        )
        return dataclasses.replace(run, witness=witness)

    _faulty(monkeypatch, tell)
    found = _verdicts(check_machinery(tiny_recurrent, corpus))
    assert found.pop("live/state_closed_form") is Verdict.CONTRADICTED
    assert set(found.values()) == {Verdict.HOLDS}


def test_a_prediction_that_moves_is_found(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nudge(run: Any) -> Any:
        logits = run.logits.clone()
        logits[1:, 0] += 0.01
        return dataclasses.replace(run, logits=logits)

    _faulty(monkeypatch, nudge)
    found = _verdicts(check_machinery(tiny_recurrent, corpus))
    assert found["live/dose_1_is_identity"] is Verdict.CONTRADICTED
    assert found["live/scale_0_is_knockout"] is Verdict.CONTRADICTED


def test_an_own_row_that_moves_is_found(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nudge(run: Any) -> Any:
        if run.witness[0] is None:
            return run
        logits = run.logits.clone()
        logits[:, 0] += 1e-3
        return dataclasses.replace(run, logits=logits)

    _faulty(monkeypatch, nudge, where="run")
    found = _verdicts(check_machinery(tiny_recurrent, corpus))
    assert found["live/own_row_unchanged"] is Verdict.CONTRADICTED


def test_another_baseline_is_found(
    tiny_recurrent: Rwkv6Subject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lower(run: Any) -> Any:
        for rows in run.attention.values():
            rows *= 0.999
        return run

    _faulty(monkeypatch, lower, where="run")
    found = _verdicts(check_machinery(tiny_recurrent, corpus))
    assert found["live/same_baseline"] is Verdict.CONTRADICTED
