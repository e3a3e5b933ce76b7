"""The live part of the audit, and that it can fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from plip.claims import ClaimResult, Verdict
from plip.experiments import live
from plip.experiments.live import check_machinery
from plip.experiments.live_checks import largest
from plip.models import TransformerSubject
from plip.plan import Knockout, Scale
from plip.text import Corpus

pytestmark = pytest.mark.fast

CLAIMS = [
    "live/same_baseline",
    "live/rows_sum_to_1",
    "live/scale_0_is_knockout",
    "live/dose_1_is_identity",
    "live/closed_form",
    "live/solved_scale",
    "live/set_value",
]


def _by_id(claims: tuple[ClaimResult, ...]) -> dict[str, ClaimResult]:
    return {claim.id: claim for claim in claims}


def test_the_machinery_holds(tiny: TransformerSubject, corpus: Corpus) -> None:
    claims = check_machinery(tiny, corpus)
    assert [claim.id for claim in claims] == CLAIMS
    for claim in claims:
        assert claim.section == "live"
        assert claim.verdict is Verdict.HOLDS, claim.reason
        assert all(check.computed is not None for check in claim.checks)


def _faulty(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any], *, where: str = "sweep"
) -> None:
    """Let the subject's runs come back changed."""
    honest = getattr(TransformerSubject, where)

    def call(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        found = honest(self, *args, **options)
        return [change(run) for run in found] if where == "sweep" else change(found)

    monkeypatch.setattr(TransformerSubject, where, call)


def test_rows_that_do_not_sum_to_1_are_found(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(run: Any) -> Any:
        witness = tuple(
            w and dataclasses.replace(w, row_sum_error=0.1, forbidden_mass=0.01)
            for w in run.witness
        )
        return dataclasses.replace(run, witness=witness)

    _faulty(monkeypatch, tell)
    claim = _by_id(check_machinery(tiny, corpus))["live/rows_sum_to_1"]
    assert [check.outcome for check in claim.checks] == [Verdict.CONTRADICTED] * 2


def test_a_prediction_that_moves_at_dose_1_is_found(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nudge(run: Any) -> Any:
        logits = run.logits.clone()
        logits[1:, 0] += 0.01
        return dataclasses.replace(run, logits=logits)

    _faulty(monkeypatch, nudge)
    claims = _by_id(check_machinery(tiny, corpus))
    assert claims["live/dose_1_is_identity"].verdict is Verdict.CONTRADICTED
    assert claims["live/scale_0_is_knockout"].verdict is Verdict.CONTRADICTED


def test_a_knockout_is_held_against_the_factor_0(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[object]] = []
    honest = TransformerSubject.sweep

    def watched(self: TransformerSubject, tokens: Any, plans: Any, **options: Any) -> Any:
        seen.append([plan and plan.steps[0].operation for plan in plans[0]])
        return honest(self, tokens, plans, **options)

    monkeypatch.setattr(TransformerSubject, "sweep", watched)
    check_machinery(tiny, corpus)
    assert [Scale(0.0), Knockout()] in seen


def test_attention_left_after_a_knockout_is_found(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(run: Any) -> Any:
        for rows in run.attention.values():
            rows += 1e-6
        return run

    _faulty(monkeypatch, leave)
    claim = _by_id(check_machinery(tiny, corpus))["live/scale_0_is_knockout"]
    assert claim.checks[0].outcome is Verdict.CONTRADICTED
    assert claim.checks[1].outcome is Verdict.HOLDS


def test_another_baseline_is_found(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lower(run: Any) -> Any:
        for rows in run.attention.values():
            rows *= 0.999
        return run

    _faulty(monkeypatch, lower, where="run")
    claims = _by_id(check_machinery(tiny, corpus))
    assert claims["live/same_baseline"].verdict is Verdict.CONTRADICTED
    assert claims["live/closed_form"].verdict is Verdict.HOLDS


def test_a_level_that_is_missed_is_found(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = live.dose_response.run

    def off(*args: Any, **options: Any) -> Any:
        for record in honest(*args, **options):
            if record.schema_id == "plip.dose-response.sample/2":
                points = [
                    point.model_copy(update={"attention": point.attention + 0.01})
                    for point in record.points
                ]
                yield record.model_copy(update={"points": tuple(points)})
            else:
                yield record

    monkeypatch.setattr(live.dose_response, "run", off)
    claims = _by_id(check_machinery(tiny, corpus))
    for name in ("live/closed_form", "live/solved_scale", "live/set_value"):
        assert claims[name].verdict is Verdict.CONTRADICTED


def test_the_largest_error_decides() -> None:
    good = largest("check", [0.0, 0.5, 0.25], 0.5, "errors")
    assert good.outcome is Verdict.HOLDS
    assert good.computed == (0.0, 0.5)
    assert good.reason == "errors: at most 0.5 in 3 cases, 0.5 allowed"
    assert largest("check", [0.0, 0.6], 0.5, "errors").outcome is Verdict.CONTRADICTED
    for values in ([float("nan")], [0.1, float("nan")], [float("nan"), 0.1]):
        assert largest("check", values, 0.5, "errors").outcome is Verdict.CONTRADICTED
    nothing = largest("check", [], 0.5, "errors")
    assert nothing.outcome is Verdict.NOT_CHECKABLE
    assert nothing.reason == "errors: nothing was measured"
