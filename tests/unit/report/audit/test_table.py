"""The audit as a table for the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType

from plip.claims import AuditReport, ClaimResult, Evidence, Verdict, audit, bundled_ledger
from plip.report import render_audit, select_claims

pytestmark = pytest.mark.fast


def written(shown: RenderableType, *, terminal: bool = False, width: int = 80) -> str:
    stream = io.StringIO()
    color = "standard" if terminal else None
    console = Console(file=stream, width=width, force_terminal=terminal, color_system=color)
    console.print(shown)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def paper() -> AuditReport:
    return audit(bundled_ledger(), Evidence())


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("verbose", [False, True])
def test_every_claim_of_the_paper_is_there_within_the_width(
    paper: AuditReport, width: int, verbose: bool
) -> None:
    text = written(render_audit(paper, verbose=verbose), width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    joined = text.replace("\n", " ")
    for claim in paper.claims:
        assert claim.id[:24] in joined


def test_counts_come_first(report: AuditReport) -> None:
    assert written(render_audit(report)).splitlines()[:10] == [
        "Audit of “A made study”",
        "",
        "9 figures in the paper, 12 figures in the ledger, 4 figures taken as given, 1",
        "figure that no entry quotes",
        "                        claims  figures",
        "contradicted                 3        3",
        "unsupported                  2        2",
        "not checkable here           1        1",
        "holds only by rounding       1        1",
        "holds                        3        2",
    ]


def test_the_text_beside_the_ledger(report: AuditReport) -> None:
    text = words(written(render_audit(report), width=200))
    assert "decisions of the paper that would change: 2" in text
    assert f"9 figures in the text, 8 of them quoted; SHA-256 {'e' * 64}" in text
    assert "! the text is not the one that the ledger was made from" in text
    assert "line 12, section 1.2: no entry quotes 44% in “in <b>44%</b> of cases”" in text
    assert "2/none: not in section 2 of the text: 0.018" in text


def test_sections_have_their_claims_and_counts(report: AuditReport) -> None:
    lines = written(render_audit(report)).splitlines()
    heads = [line for line in lines if line.startswith(("Section", "Run here"))]
    assert heads == [
        "Section 1.1: 1 holds only by rounding, 1 holds",
        "Section 1.2: 1 unsupported",
        "Section 2: 3 contradicted, 1 holds",
        "Section 2.10: 1 unsupported, 1 not checkable here",
        "Run here: 1 holds",
    ]


def test_a_claim_that_holds_has_one_line(report: AuditReport) -> None:
    lines = written(render_audit(report)).splitlines()
    (line,) = [line for line in lines if line.startswith("1.1/mean")]
    assert line.split() == ["1.1/mean", "holds", "5.70%"]
    assert "the reason of 1.1/mean" not in "\n".join(lines)
    # A claim made here has nothing printed, so that its reason stands there.
    (line,) = [line for line in lines if line.startswith("live/rows")]
    assert words(line) == "live/rows holds the largest error is 1e-7"


def test_any_other_has_its_reason_and_its_decision(report: AuditReport) -> None:
    lines = written(render_audit(report)).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("1.2/no effect"))
    assert [words(line) for line in lines[start : start + 4]] == [
        "1.2/no effect unsupported there is no effect",
        "a p of 0.31 does not show that there is no effect",
        "→ the decision would change: “steering is safe”",
        "",
    ]


def test_a_reason_is_told_once_where_it_stands_right_above(
    make_claim: Callable[..., ClaimResult], make_report: Callable[..., AuditReport]
) -> None:
    verdicts = [Verdict.UNSUPPORTED, Verdict.UNSUPPORTED, Verdict.HOLDS, Verdict.ROUNDING]
    claims = [make_claim(f"c{n}", v, reason="because") for n, v in enumerate(verdicts)]
    claims.append(make_claim("c4", Verdict.ROUNDING, section="2", reason="because"))
    lines = [words(line) for line in written(render_audit(make_report(tuple(claims)))).splitlines()]
    start = lines.index("c0 unsupported 5.70%")
    assert lines[start : start + 10] == [
        "c0 unsupported 5.70%",
        "because",
        "c1 unsupported 5.70%",
        "as above",
        # The reason why the next one holds is not shown, so that it cannot be referred to.
        "c2 holds 5.70%",
        "c3 holds only 5.70%",
        "by rounding because",
        "",
        "Section 2: 1 holds only by rounding",
        "c4 holds only 5.70%",
    ]
    assert lines[start + 10] == "by rounding because"


def test_the_end_repeats_the_verdicts(report: AuditReport) -> None:
    last = "10 claims: contradicted 3, unsupported 2, not checkable here 1, "
    last += "holds only by rounding 1, holds 3"
    assert words(written(render_audit(report))).endswith(last)
    shown = select_claims(report, only=[Verdict.CONTRADICTED])
    assert words(written(render_audit(report, shown))).endswith(f"{last}; 3 shown")


def test_only_what_is_chosen_is_shown(report: AuditReport) -> None:
    text = written(render_audit(report, select_claims(report, sections=["1.2"])))
    assert "1.2/no effect" in text
    assert "2/kl" not in text


def test_verbose_shows_every_check_with_its_rows(report: AuditReport) -> None:
    text = written(render_audit(report, verbose=True))
    start = text.index("1.2/no effect")
    lines = [words(line) for line in text[start:].splitlines()[:9]]
    assert lines[:7] == [
        "1.2/no effect unsupported",
        "there is no effect",
        "The mean is this.",
        "→ the decision would change: “steering is safe”",
        "mean_of (absence): unsupported",
        "a p of 0.31 does not show that there is no effect",
        "",
    ]
    flat = words(text)
    assert "test p n paired note" in flat
    assert "t 0.31 10 no –" in flat
    assert "TOST 1e−07 10 yes" in flat
    assert "mean_of (recompute): holds, computed [5.697, 5.707]" in flat
    assert "column 0: 0; column 1: 0.333333; column 2: 0.666667" in flat
    assert "inputs: 1.1/mean 5.70%, 1.9/raw 7.1%, @out/scan.json#results[layer=20].p" in flat
    assert "row_sums (live): holds, computed [0, ∞]" in flat


def test_colours_on_a_terminal_only(report: AuditReport) -> None:
    assert "\x1b[" not in written(render_audit(report))
    assert "\x1b[1;31mcontradicted\x1b[0m" in written(render_audit(report), terminal=True)


@pytest.mark.parametrize("verbose", [False, True])
def test_brackets_are_text_not_markup(report: AuditReport, verbose: bool) -> None:
    assert "[bold]b[/bold]" in written(render_audit(report, verbose=verbose), width=160)


@pytest.mark.parametrize("verbose", [False, True])
def test_a_paper_without_claims(empty: AuditReport, verbose: bool) -> None:
    text = written(render_audit(empty, verbose=verbose))
    assert "0 figures in the ledger, 0 figures taken as given\n" in text
    assert text.endswith("0 claims:")
