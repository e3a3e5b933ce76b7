"""What the page shows, made ready for its template: anchors, charts, rows, sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from plip.claims import AuditReport, CheckResult, ClaimResult, Verdict, sections
from plip.claims.references import is_reference
from plip.report.audit.counts import by_section, section_name, worst_first
from plip.report.audit.meanings import STATES, kind_name
from plip.report.audit.values import interval, shown
from plip.report.page.charts import chart_svg

__all__ = ["CheckView", "ClaimView", "InputView", "SectionView", "section_views"]

_HEADING = re.compile(r"#{1,6}\s+(?:[0-9.]+\s+)?(?P<title>.*)")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of a claim."""

    name: str
    kind: str
    outcome: Verdict
    computed: str | None
    reason: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    """Of each column, whether it holds numbers only."""
    rows: tuple[tuple[str, ...], ...]
    chart: Markup | None
    """As an `<svg>` element."""
    chart_title: str


@dataclass(frozen=True, slots=True)
class InputView:
    """Something that a claim rests on."""

    source: str
    printed: str | None
    section: str | None
    href: str | None
    """Where it is on the page, None where it is not."""
    file: bool
    """Whether it is in a data file."""


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim, a row of the table."""

    claim: ClaimResult
    id: Markup
    """That may be broken after its slashes."""
    anchor: str
    href: str
    kinds: str
    """The kinds of its checks, with spaces between them."""
    states: str
    checks: tuple[CheckView, ...]
    inputs: tuple[InputView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section of the paper with its claims."""

    name: str
    """As the ledger has it."""
    label: str
    title: str
    """Of the section in the paper's text; empty where that is not at hand, or is its name."""
    anchor: str
    href: str
    text: str | None
    """As the paper has it, in Markdown."""
    claims: tuple[ClaimView, ...]
    counts: tuple[tuple[Verdict, int], ...]
    """The worst verdict first; those that occur."""


def section_views(report: AuditReport, text: str | None) -> tuple[SectionView, ...]:
    """Return every section that has claims, in the order of the ledger.

    Args:
        report: the audit.
        text: the paper's Markdown, where it is at hand.
    """
    grouped = by_section(report.claims)
    claim_anchors = _anchors("claim-", (claim.id for claim in report.claims))
    places = _anchors("section-", grouped)
    texts = {} if text is None else sections(text)
    numbers = {id(claim): f"chart-{n}" for n, claim in enumerate(report.claims)}
    return tuple(
        SectionView(
            name=section,
            label=section_name(section),
            title="" if (title := _title(texts.get(section, ""))) == section else title,
            anchor=places[section],
            href=_href(places[section]),
            text=texts.get(section),
            claims=tuple(
                _claim(claim, claim_anchors, places, numbers[id(claim)]) for claim in claims
            ),
            counts=tuple(
                (verdict, count)
                for verdict in worst_first()
                if (count := sum(claim.verdict is verdict for claim in claims))
            ),
        )
        for section, claims in grouped.items()
    )


def _claim(
    claim: ClaimResult, claims: Mapping[str, str], sections: Mapping[str, str], chart: str
) -> ClaimView:
    anchor = claims[claim.id]
    kinds = dict.fromkeys(kind_name(check.kind) for check in claim.checks)
    return ClaimView(
        claim=claim,
        id=Markup("/<wbr>").join(claim.id.split("/")),
        anchor=anchor,
        href=_href(anchor),
        kinds=" ".join(kinds),
        states=STATES[claim.states],
        checks=tuple(_check(check, f"{chart}-{n}") for n, check in enumerate(claim.checks)),
        inputs=tuple(_inputs(claim, claims, sections)),
    )


def _check(check: CheckResult, chart: str) -> CheckView:
    columns = tuple(dict.fromkeys(key for row in check.rows for key in row))
    return CheckView(
        name=check.check,
        kind=kind_name(check.kind),
        outcome=check.outcome,
        computed=None if check.computed is None else interval(check.computed),
        reason=check.reason,
        columns=columns,
        numeric=tuple(
            all(_is_number(row[column]) for row in check.rows if row.get(column) is not None)
            for column in columns
        ),
        rows=tuple(tuple(shown(row.get(column)) for column in columns) for row in check.rows),
        # What is drawn holds no text but titles and descriptions, which were escaped.
        chart=None if check.chart is None else Markup(chart_svg(check.chart, chart)),
        chart_title="" if check.chart is None else check.chart.title,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _inputs(
    claim: ClaimResult, claims: Mapping[str, str], sections: Mapping[str, str]
) -> Iterator[InputView]:
    for item in claim.inputs:
        anchor = claims.get(item.source) or sections.get(item.section or "")
        yield InputView(
            source=item.source,
            printed=item.printed,
            section=item.section,
            href=None if anchor is None else _href(anchor),
            file=is_reference(item.source),
        )


def _anchors(prefix: str, names: Iterable[str]) -> dict[str, str]:
    """Give each name an id of its own: no spaces, and none that is taken."""
    anchors: dict[str, str] = {}
    for name in names:
        anchor = prefix + _SPACE.sub("_", name)
        while anchor in anchors.values():
            anchor += "_"
        anchors.setdefault(name, anchor)
    return anchors


def _href(anchor: str) -> str:
    return f"#{quote(anchor)}"


def _title(text: str) -> str:
    found = _HEADING.match(text)
    return found["title"].strip() if found else ""
