"""A reproducibility checklist, filled in from the report and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import AuditReport, ClaimInput, ClaimResult, Kind, Verdict
from plip.report import render_checklist
from plip.report.audit.items import ITEMS, SOURCES

pytestmark = pytest.mark.fast

UNTOLD = "cannot be told by the audit"
Make = Callable[..., ClaimResult]
Report = Callable[..., AuditReport]


def answers(text: str) -> dict[str, str]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[1] for row in rows if row[0] not in ("item", "---")}


def section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_item_is_answered_with_its_source(report: AuditReport) -> None:
    text = render_checklist(report)
    assert list(answers(text)) == [item.title for item in ITEMS]
    for item in ITEMS:
        part = section(text, item.title)
        assert item.question in part
        assert f"Asked for by {item.source}." in part
        assert f"**{answers(text)[item.title]}**: " in part
    for source in SOURCES:
        assert f"- {source}\n" in text
    assert text.startswith("# Reproducibility checklist: A made study\n")


def test_answers_of_the_made_report(report: AuditReport) -> None:
    found = answers(render_checklist(report))
    assert {title: answer for title, answer in found.items() if answer != UNTOLD} == {
        "Claims and evidence": "no",
        "Figures that follow from each other": "no",
        "Data at hand": "yes",
        "Unit of analysis": "yes",
        "Corrections for selection": "no",
        "Statements of no effect": "no",
        "Metrics that measure what they are called": "no",
    }


@pytest.mark.parametrize(
    ("outcomes", "answer", "why"),
    [
        ([], UNTOLD, "the ledger has no check that bears on it."),
        ([Verdict.HOLDS], "yes", "1 claim with such checks: 1 holds."),
        (
            [Verdict.HOLDS, Verdict.ROUNDING],
            "yes",
            "2 claims with such checks: 1 holds only by rounding, 1 holds.",
        ),
        (
            [Verdict.HOLDS, Verdict.NOT_CHECKABLE],
            "in part",
            "2 claims with such checks: 1 not checkable here, 1 holds.",
        ),
        ([Verdict.NOT_CHECKABLE], UNTOLD, "1 claim with such checks: 1 not checkable here."),
        (
            [Verdict.UNSUPPORTED, Verdict.HOLDS],
            "no",
            "2 claims with such checks: 1 unsupported, 1 holds.",
        ),
        ([Verdict.CONTRADICTED], "no", "1 claim with such checks: 1 contradicted."),
    ],
)
def test_the_answer_follows_from_the_checks(
    make_claim: Make, make_report: Report, outcomes: list[Verdict], answer: str, why: str
) -> None:
    claims = [make_claim(f"c{n}", v, kind=Kind.GRANULARITY) for n, v in enumerate(outcomes)]
    other = make_claim("other", Verdict.CONTRADICTED, kind=Kind.TARGET)
    text = render_checklist(make_report((*claims, other)))
    assert answers(text)["Number of samples"] == answer
    assert f"**{answer}**: {why}" in section(text, "Number of samples")


def test_claims_against_it_are_named_the_worst_first(make_claim: Make, make_report: Report) -> None:
    kinds = [Verdict.UNSUPPORTED] * 4 + [Verdict.CONTRADICTED] * 4
    claims = [make_claim(f"c{n}", v, kind=Kind.DESIGN) for n, v in enumerate(kinds)]
    part = section(render_checklist(make_report(tuple(claims))), "Unit of analysis")
    lines = [line for line in part.splitlines() if line.startswith("- ")]
    assert lines[0] == "- `c4` “5.70%”: the reason of c4"
    assert lines[4:] == ["- `c0` “5.70%”: the reason of c0", "- and 3 more claims"]


def test_nothing_of_a_claim_is_taken_for_markup(report: AuditReport) -> None:
    text = render_checklist(report)
    assert "\\<script\\>alert('x')\\</script\\> \\& " in text
    assert "\\[bold\\]b\\[/bold\\]" in text
    assert "<script>" not in text


def test_data_files(make_claim: Make, make_report: Report) -> None:
    inputs = [ClaimInput(source=f"@out/{n}.json#a|%") for n in (1, 1, 2)]
    found = make_claim("c", Verdict.HOLDS, inputs=inputs)

    def part(*read: str) -> str:
        report = make_report((found,), artifacts=dict.fromkeys(read, "f" * 64))
        return section(render_checklist(report), "Data at hand")

    assert "**yes**: 2 of 2 data files that claims rest on could be read." in part(
        "out/1.json", "out/2.json"
    )
    assert "**in part**: 1 of 2 data files" in part("out/1.json")
    assert "not at hand: `out/2.json`." in part("out/1.json")
    assert f"**{UNTOLD}**: 0 of 2 data files" in part()


def test_runs_made_here_say_nothing_of_the_paper(empty: AuditReport) -> None:
    assert set(answers(render_checklist(empty)).values()) == {UNTOLD}
