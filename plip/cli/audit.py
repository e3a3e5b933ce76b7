"""`plip audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plip.cli import options
from plip.cli.session import DEFAULT_MODEL, ModelOptions, check_json, load_subject
from plip.cli.streams import publish, say

if TYPE_CHECKING:
    from plip.claims import ClaimResult

__all__ = ["audit"]


def audit(
    ctx: typer.Context,
    paper: Annotated[str, typer.Option(help="Which ledger.")] = "steering_results",
    skip_live: Annotated[
        bool, typer.Option("--skip-live", help="Check the figures only, without any model.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a claim does not hold.")
    ] = False,
    json: options.Json = None,
    model: options.Model = DEFAULT_MODEL,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Check a paper's figures, and the machinery live.

    The figures are recomputed from each other as intervals, without any weights. The machinery is
    run on the bundled model and corpus.
    """
    check_json(json)
    from plip.claims import audit as judge
    from plip.claims import bundled_ledger
    from plip.report import render_audit, to_json

    ledger = bundled_ledger(paper)
    live = () if skip_live else _live(ModelOptions(model, revision, device, cpu, dtype))
    report = judge(ledger, live=live)
    publish(render_audit(report), to_json(report.model_dump(mode="json")), json)
    if strict and report.failing:
        failing = ", ".join(claim.id for claim in report.failing)
        say(f"plip: {len(report.failing)} claims do not hold: {failing}")
        raise typer.Exit(1)


def _live(options: ModelOptions) -> tuple[ClaimResult, ...]:
    subject = load_subject(options)
    from plip.experiments.live import check_machinery
    from plip.text import bundled_corpus

    return check_machinery(subject, bundled_corpus())
