"""The page of an audit: everything in one file, nothing fetched."""

from __future__ import annotations

import hashlib
import shlex
from base64 import b64encode
from datetime import UTC, datetime
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from plip.claims import AuditReport, Kind, Verdict
from plip.report.audit.counts import changed_decisions, counted, figure_counts, verdict_counts
from plip.report.audit.meanings import KINDS, STATES, VERDICTS
from plip.report.page.view import section_views

__all__ = ["render_page"]

#: What tells verdicts apart beside their words and colours.
_SIGNS = {
    Verdict.HOLDS: "✓",
    Verdict.ROUNDING: "≈",
    Verdict.NOT_CHECKABLE: "?",
    Verdict.UNSUPPORTED: "!",
    Verdict.CONTRADICTED: "✗",
}
#: Short names of verdicts for the page's classes.
_CLASSES = {verdict: verdict.name.lower().replace("_", "-") for verdict in Verdict}


def render_page(report: AuditReport, *, text: str | None = None) -> str:
    """Write the audit as one HTML page that fetches nothing and runs no script but its own.

    Without scripts it is whole, only its table cannot be filtered.

    Args:
        report: the audit.
        text: the paper's Markdown; each section then shows its own.
    """
    style, script = _part("page.css"), _part("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["counted"] = counted
    environment.globals["sign"] = _SIGNS
    environment.globals["css"] = _CLASSES
    template = environment.from_string(_part("page.html.j2"))
    kinds = {check.kind for claim in report.claims for check in claim.checks}
    return template.render(
        report=report,
        command=shlex.join(report.manifest.command) if report.manifest else "",
        ended=_when(report.manifest.finished) if report.manifest else "",
        sections=section_views(report, text),
        figures=list(figure_counts(report)),
        verdicts=list(verdict_counts(report)),
        changed=changed_decisions(report.claims),
        verdict_meanings=VERDICTS,
        kind_meanings=KINDS,
        kinds=[str(kind) for kind in Kind if kind in kinds] + (["live"] if None in kinds else []),
        states=STATES,
        style=Markup(style),
        script=Markup(script),
        policy="; ".join(
            (
                "default-src 'none'",
                f"style-src {_hash(style)}",
                f"script-src {_hash(script)}",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
    )


def _when(time: datetime) -> str:
    """Write a time in words, UTC."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _part(name: str) -> str:
    return (files("plip.report.page") / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """Name what a page may run, as its security policy does."""
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
