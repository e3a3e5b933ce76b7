"""The audit as JUnit XML, for programs that show test results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from xml.etree import ElementTree as ET

from plip.claims import AuditReport, ClaimResult, Verdict
from plip.report.audit.counts import by_section
from plip.report.audit.look import decision
from plip.report.audit.meanings import kind_name
from plip.report.audit.values import interval

__all__ = ["audit_junit"]

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILURES = (Verdict.CONTRADICTED, Verdict.UNSUPPORTED)


def audit_junit(report: AuditReport) -> str:
    """Write a test case a claim, a suite a section.

    A claim that is contradicted or unsupported is a failure of that type, one that is not checkable
    here is skipped, one that holds only by rounding passes and says so in its output. Characters
    that XML cannot hold become U+FFFD.
    """
    root = ET.Element("testsuites", {"name": _clean(f"Audit of {report.title}")})
    _count(root, report.claims)
    for section, claims in by_section(report.claims).items():
        suite = ET.SubElement(root, "testsuite", {"name": _clean(f"{report.paper}.{section}")})
        _count(suite, claims)
        if report.manifest is not None:
            began = report.manifest.started.astimezone(UTC)
            suite.set("timestamp", began.strftime("%Y-%m-%dT%H:%M:%S"))
        for claim in claims:
            _case(suite, report.paper, claim)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _count(element: ET.Element, claims: Sequence[ClaimResult]) -> None:
    failures = sum(claim.verdict in _FAILURES for claim in claims)
    skipped = sum(claim.verdict is Verdict.NOT_CHECKABLE for claim in claims)
    element.set("tests", str(len(claims)))
    element.set("failures", str(failures))
    element.set("errors", "0")
    if element.tag == "testsuite":
        element.set("skipped", str(skipped))
    element.set("time", "0")


def _case(suite: ET.Element, paper: str, claim: ClaimResult) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {"classname": _clean(f"{paper}.{claim.section}"), "name": _clean(claim.id), "time": "0"},
    )
    if claim.verdict in _FAILURES:
        found = ET.SubElement(case, "failure", {"type": str(claim.verdict)})
        found.set("message", _clean(claim.reason))
        found.text = _clean(_text(claim))
    elif claim.verdict is Verdict.NOT_CHECKABLE:
        ET.SubElement(case, "skipped", {"message": _clean(claim.reason)})
    elif claim.verdict is Verdict.ROUNDING:
        ET.SubElement(case, "system-out").text = _clean(f"{claim.verdict}: {claim.reason}")


def _text(claim: ClaimResult) -> str:
    """Write what the paper states and what each check found."""
    lines = [claim.statement]
    if claim.quoted:
        lines.insert(0, f"“{claim.quoted}”")
    if (changed := decision(claim)) is not None:
        lines.append(changed)
    for check in claim.checks:
        computed = "" if check.computed is None else f", computed {interval(check.computed)}"
        lines.append(
            f"{check.check} ({kind_name(check.kind)}): {check.outcome}{computed}: {check.reason}"
        )
    return "\n".join(lines)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
