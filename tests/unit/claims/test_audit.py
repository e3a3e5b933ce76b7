"""From checks to verdicts to a report."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from plip.claims import AuditReport, CheckResult, Ledger, Verdict, audit, live_claim

pytestmark = pytest.mark.fast

STUDY = """
[[entry]]
id = "x"
section = "1"
unit = "%"
statement = "Sample {key} has this value."
rows = { a = "1.0%", b = "2.0%" }

[[entry]]
id = "mean"
section = "1"
quoted = "1.5%"
unit = "%"
statement = "The mean is this."
checks = [
    { check = "same_as", other = "again" },
    { check = "mean_of", of = ["x/*"] },
    { check = "same_as", other = "x/a" },
]

[[entry]]
id = "again"
section = "2"
quoted = "Mean: 1.5%"
figures = ["1.5%"]
unit = "%"
statement = "The mean is given again."
checks = [{ check = "mean_of", of = ["x/*"] }]
"""


def test_a_claim_is_as_good_as_the_worst_of_its_checks(ledger_of: Callable[[str], Ledger]) -> None:
    mean, again = audit(ledger_of(STUDY)).claims
    outcomes = [check.outcome for check in mean.checks]
    assert outcomes == [Verdict.HOLDS, Verdict.HOLDS, Verdict.CONTRADICTED]
    assert mean.verdict is Verdict.CONTRADICTED
    assert mean.reason == mean.checks[2].reason
    assert (again.verdict, again.quoted) == (Verdict.HOLDS, "Mean: 1.5%")


def test_inputs_are_counted_and_get_no_verdict(ledger_of: Callable[[str], Ledger]) -> None:
    report = audit(ledger_of(STUDY))
    assert [claim.id for claim in report.claims] == ["mean", "again"]
    assert (report.summary.figures, report.summary.inputs, report.summary.claims) == (4, 2, 2)
    assert report.summary.verdicts == {
        Verdict.HOLDS: 1,
        Verdict.ROUNDING: 0,
        Verdict.NOT_CHECKABLE: 0,
        Verdict.UNSUPPORTED: 0,
        Verdict.CONTRADICTED: 1,
    }
    assert [claim.id for claim in report.failing] == ["mean"]


def test_live_claims_are_listed_and_counted(ledger_of: Callable[[str], Ledger]) -> None:
    checks = [
        CheckResult(check="closed_form", outcome=Verdict.HOLDS, computed=(0, 1e-7), reason="small"),
        CheckResult(check="row_sums", outcome=Verdict.NOT_CHECKABLE, reason="no rows"),
    ]
    live = live_claim("live/scale", "Scaling reaches its closed form.", checks)
    report = audit(ledger_of(STUDY), live=[live])
    assert report.claims[-1] == live
    assert (live.section, live.quoted, live.verdict) == ("live", "", Verdict.NOT_CHECKABLE)
    assert live.reason == "no rows"
    assert (report.summary.figures, report.summary.claims) == (4, 3)
    assert report.summary.verdicts[Verdict.NOT_CHECKABLE] == 1
    assert [claim.id for claim in report.failing] == ["mean", "live/scale"]


def test_a_live_claim_needs_a_check() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        live_claim("live/none", "Nothing was done.", [])


def test_json_has_the_documented_keys(ledger_of: Callable[[str], Ledger]) -> None:
    report = audit(ledger_of(STUDY))
    written = json.loads(report.model_dump_json())
    assert list(written) == [
        "schema",
        "paper",
        "title",
        "claims",
        "summary",
        "artifacts",
        "text",
        "manifest",
    ]
    assert written["schema"] == "plip.audit/2"
    assert written["paper"] == "study"
    assert list(written["claims"][0]) == [
        "id",
        "section",
        "quoted",
        "figures",
        "unit",
        "statement",
        "states",
        "decides",
        "verdict",
        "reason",
        "decision_changes",
        "checks",
        "inputs",
    ]
    assert (written["claims"][0]["figures"], written["claims"][0]["unit"]) == (["1.5%"], "%")
    assert written["claims"][0]["inputs"] == [
        {"source": "again", "section": "2", "printed": "1.5%"},
        {"source": "x/a", "section": "1", "printed": "1.0%"},
        {"source": "x/b", "section": "1", "printed": "2.0%"},
    ]
    assert written["claims"][0]["checks"][1] == {
        "check": "mean_of",
        "kind": "recompute",
        "outcome": "holds",
        "computed": [1.45, 1.55],
        "reason": "the mean of the 2 printed figures lies in [1.45, 1.55]%; 1.5% fits",
        "decision_changes": None,
        "rows": [],
        "chart": None,
    }
    assert written["summary"] == {
        "figures": 4,
        "inputs": 2,
        "claims": 2,
        "verdicts": {
            "holds": 1,
            "holds only by rounding": 0,
            "not checkable here": 0,
            "unsupported": 0,
            "contradicted": 1,
        },
        "figure_verdicts": {
            "holds": 1,
            "holds only by rounding": 0,
            "not checkable here": 0,
            "unsupported": 0,
            "contradicted": 1,
        },
        "paper_figures": None,
        "orphans": None,
    }
    assert json.loads(report.model_dump_json(by_alias=True)) == written


def test_json_is_read_back(ledger_of: Callable[[str], Ledger]) -> None:
    report = audit(ledger_of(STUDY))
    assert AuditReport.model_validate_json(report.model_dump_json()) == report


def test_a_report_is_frozen(ledger_of: Callable[[str], Ledger]) -> None:
    report = audit(ledger_of(STUDY))
    with pytest.raises(ValidationError):
        report.paper = "another"  # type: ignore[misc]  # what is tested
