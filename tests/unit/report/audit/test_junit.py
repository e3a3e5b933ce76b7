"""The audit as JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from plip.claims import AuditReport, AuditSummary, CheckResult, Verdict, live_claim
from plip.report import audit_junit

pytestmark = pytest.mark.fast

XSD = etree.XMLSchema(etree.parse(Path(__file__).parents[3] / "data" / "junit.xsd"))
NONE = AuditSummary(figures=0, inputs=0, claims=0, verdicts=dict.fromkeys(Verdict, 0))


def valid(text: str) -> ET.Element:
    XSD.assertValid(etree.fromstring(text.encode()))
    return ET.fromstring(text)


@pytest.fixture(scope="module")
def root(report: AuditReport) -> ET.Element:
    return valid(audit_junit(report))


def case(root: ET.Element, name: str) -> ET.Element:
    (found,) = [item for item in root.iter("testcase") if item.get("name") == name]
    return found


def test_a_case_for_each_claim(root: ET.Element, report: AuditReport) -> None:
    cases = [(item.get("classname"), item.get("name")) for item in root.iter("testcase")]
    assert cases == [(f"study.{claim.section}", claim.id) for claim in report.claims]


def test_counts(root: ET.Element) -> None:
    assert (root.get("name"), root.get("tests"), root.get("failures"), root.get("errors")) == (
        "Audit of A made study",
        "10",
        "5",
        "0",
    )
    suites = [
        (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped"))
        for suite in root
    ]
    assert suites == [
        ("study.1.1", "2", "0", "0"),
        ("study.1.2", "1", "1", "0"),
        ("study.2", "4", "3", "0"),
        ("study.2.10", "2", "1", "1"),
        ("study.live", "1", "0", "0"),
    ]
    assert {suite.get("timestamp") for suite in root} == {"2026-02-03T04:05:06"}


def test_what_does_not_hold_fails_with_its_reason(root: ET.Element) -> None:
    (failure,) = case(root, "1.2/no effect")
    assert (failure.tag, failure.get("type")) == ("failure", "unsupported")
    assert failure.get("message") == "a p of 0.31 does not show that there is no effect"
    assert failure.text == (
        "“there is no effect”\nThe mean is this.\nthe decision would change: “steering is safe”\n"
        "mean_of (absence): unsupported: a p of 0.31 does not show that there is no effect"
    )
    (failure,) = case(root, "2/kl")
    assert failure.get("type") == "contradicted"
    assert "mean_of (identity): contradicted, computed 0: the reason" in (failure.text or "")


def test_the_others(root: ET.Element) -> None:
    (skipped,) = case(root, "2.10/wide")
    assert (skipped.tag, skipped.get("message")) == ("skipped", "needs artifacts: out/scan.json")
    (output,) = case(root, "1.1/ratio")
    assert output.tag == "system-out"
    assert output.text == "holds only by rounding: the reason of 1.1/ratio"
    assert len(case(root, "1.1/mean")) == 0


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_character_can_be_in_a_reason(text: str) -> None:
    check = CheckResult(check="c", outcome=Verdict.CONTRADICTED, reason=text)
    claims = (live_claim(text, text, [check]),)
    report = AuditReport(paper=text, title=text, claims=(), summary=NONE).with_live(claims)
    (failure,) = next(valid(audit_junit(report)).iter("testcase"))
    lost = sum(character not in "\t\n\r" and ord(character) < 32 for character in text)
    lost += sum(character in "\ufffe\uffff\ufffd" for character in text)
    assert (failure.get("message") or "").count("\ufffd") == lost


def test_a_report_without_claims(empty: AuditReport) -> None:
    assert len(valid(audit_junit(empty))) == 0
