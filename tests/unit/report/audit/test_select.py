"""Choosing claims by verdict and section."""

from __future__ import annotations

import pytest

from plip.claims import AuditReport, Verdict
from plip.errors import ConfigError
from plip.report import check_sections, select_claims

pytestmark = pytest.mark.fast


def ids(report: AuditReport, **chosen: object) -> list[str]:
    return [claim.id for claim in select_claims(report, **chosen)]  # type: ignore[arg-type]  # either


def test_everything_where_nothing_is_chosen(report: AuditReport) -> None:
    assert select_claims(report) == report.claims


def test_by_verdict(report: AuditReport) -> None:
    assert ids(report, only=[Verdict.UNSUPPORTED, Verdict.ROUNDING]) == [
        "1.1/ratio",
        "1.2/no effect",
        "2.10/long",
    ]


def test_a_section_has_those_below_it_and_no_other(report: AuditReport) -> None:
    assert ids(report, sections=["1"]) == ["1.1/mean", "1.1/ratio", "1.2/no effect"]
    assert ids(report, sections=["1.1", "live"]) == ["1.1/mean", "1.1/ratio", "live/rows"]
    assert "1.1/mean" not in ids(report, sections=["2"])
    assert ids(report, sections=["2.1"]) == []


def test_by_both(report: AuditReport) -> None:
    assert ids(report, only=[Verdict.CONTRADICTED], sections=["2.10"]) == []
    assert ids(report, only=[Verdict.UNSUPPORTED], sections=["2"]) == ["2.10/long"]


def test_a_section_that_is_not_there() -> None:
    check_sections(["1", "2.10"], ["1.1", "2.10", "1.1"])
    with pytest.raises(ConfigError) as refused:
        check_sections(["1", "2.1"], ["1.1", "2.10", "1.1"])
    assert str(refused.value) == (
        "section '2.1': wanted one of 1.1, 2.10, found no claim in such a section; name a section "
        "as the ledger does"
    )
