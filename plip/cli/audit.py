"""`plip audit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plip.cli import options
from plip.cli.again import run_again
from plip.cli.inputs import read_artifacts, read_text
from plip.cli.outputs import Output, check_outputs, to_stdout, write_outputs
from plip.cli.session import DEFAULT_MODEL, ModelOptions, load_subject
from plip.cli.streams import say, show

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from plip.claims import AuditReport, ClaimResult, Ledger, Rerun, RerunKey, Verdict
    from plip.records import SubjectRecord

__all__ = ["Only", "audit"]


# How typer calls the source of an option that stands on the command line.
_TYPED = "COMMANDLINE"


class Only(StrEnum):
    """The verdicts, as they are typed."""

    HOLDS = "holds"
    ROUNDING = "rounding"
    NOT_CHECKABLE = "not-checkable"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


def audit(
    ctx: typer.Context,
    paper: Annotated[
        str, typer.Option(metavar="NAME|DIR", help="A bundled ledger, or the folder of another.")
    ] = "steering_results",
    artifacts: options.ArtifactsFolder = None,
    text: options.Text = None,
    live: Annotated[
        bool | None,
        typer.Option(
            "--live/--skip-live",
            help="Check the machinery on a model too; by default with a bundled ledger.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a claim does not hold.")
    ] = False,
    only: Annotated[
        list[Only] | None,
        typer.Option(help="Show claims with this verdict; may be given again for another."),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(help="Show claims of this section; may be given again for another."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show every check of a claim with its rows.")
    ] = False,
    json: options.Json = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML page.")
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write JUnit XML, a test case for each claim."),
    ] = None,
    checklist: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a reproducibility checklist in Markdown."),
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID|DIR|ID=DIR",
            help="Run the paper's experiments again on this model; may be given again for another.",
        ),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="The paper's samples for that, in place of those of --artifacts."),
    ] = None,
    model: options.Model = DEFAULT_MODEL,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Check a paper's figures, and the machinery live.

    The figures are recomputed from each other as intervals, without any weights, and from the data
    files of the paper's repository with --artifacts; --text finds figures that no claim quotes. The
    machinery is run on the bundled model and corpus, and with --checkpoint the paper's experiments
    on its own models, --revision being that of --model. --only and --section choose what the table
    shows; the files have every claim. A file named - is the standard output.
    """
    started = datetime.now(UTC)
    from plip.claims import Evidence, bundled_papers, ledger_folder, read_ledger
    from plip.claims import audit as judge
    from plip.report import check_sections, render_audit, select_claims

    folder = ledger_folder(paper)
    paths = {"--json": json, "--html": html, "--junit": junit, "--checklist": checklist}
    ledger = read_ledger(folder)
    check_outputs(paths, list(_read_from(folder, ledger, text, artifacts)))
    runs_live = paper in bundled_papers() if live is None else live
    if not runs_live:
        _tell_unused(ctx, reruns=bool(checkpoint))
    known = [claim.section for claim in ledger.claims] + (["live"] if runs_live else [])
    check_sections(section or (), known)
    written, files = read_text(text), read_artifacts(artifacts)
    report = judge(ledger, Evidence(files), text=written)
    where = ModelOptions(model, revision, device, cpu, dtype)
    reruns = dict(run_again(ledger, checkpoint or (), where, artifacts=artifacts, corpus=corpus))
    subject: SubjectRecord | None = None
    claims: tuple[ClaimResult, ...] = ()
    if runs_live:
        claims, subject, found = _live(where, ledger)
        reruns |= found
    if reruns:
        report = judge(ledger, Evidence(files, reruns), text=written)
    report = report.with_live(claims)
    report = _with_manifest(report, folder, started, subject)
    verdicts = _verdicts(only or ())
    shown = select_claims(report, only=verdicts, sections=section or ())
    show(render_audit(report, shown, verbose=verbose), aside=to_stdout(paths))
    write_outputs(list(_outputs(report, written, paths)))
    if strict and report.failing:
        say(f"plip: {_failing(report)}; --only shows one kind of them")
        raise typer.Exit(1)


def _read_from(
    folder: Traversable, ledger: Ledger, text: Path | None, artifacts: Path | None
) -> Iterator[Path]:
    """Yield every file that is read, which no document may replace."""
    from plip.claims.folders import ledger_files
    from plip.claims.references import parse_reference

    yield from (path for path in ledger_files(folder) if isinstance(path, Path))
    if text is not None:
        yield text
    if artifacts is not None:
        for claim in ledger.claims:
            for check in claim.checks:
                for reference in check.references():
                    yield artifacts / parse_reference(reference).file


def _tell_unused(ctx: typer.Context, *, reruns: bool) -> None:
    """Say so where options of a model are given and none is run that they are about."""
    names = ("model", "revision", *(() if reruns else ("device", "cpu", "dtype")))
    sources = {name: ctx.get_parameter_source(name) for name in names}
    given = [f"--{name}" for name, source in sources.items() if source and source.name == _TYPED]
    if given:
        say(f"the machinery is not checked, so that {', '.join(given)} does nothing without --live")


def _live(
    options: ModelOptions, ledger: Ledger
) -> tuple[tuple[ClaimResult, ...], SubjectRecord, Mapping[RerunKey, Rerun]]:
    subject = load_subject(options)
    from plip.experiments.live import check_machinery
    from plip.experiments.reruns import shown
    from plip.text import bundled_corpus

    corpus = bundled_corpus()
    return check_machinery(subject, corpus), subject.provenance(), shown(ledger, subject, corpus)


def _with_manifest(
    report: AuditReport, folder: Traversable, started: datetime, subject: SubjectRecord | None
) -> AuditReport:
    from plip.claims import ledger_hashes
    from plip.records import AuditManifest, installed_versions

    manifest = AuditManifest(
        versions=installed_versions(),
        command=("plip", *sys.argv[1:]),
        started=started,
        finished=datetime.now(UTC),
        ledger=ledger_hashes(folder),
        subject=subject,
    )
    return report.model_copy(update={"manifest": manifest})


def _verdicts(only: list[Only] | tuple[()]) -> tuple[Verdict, ...]:
    from plip.claims import Verdict

    return tuple(Verdict[name.name] for name in only)


def _outputs(
    report: AuditReport, text: str | None, paths: dict[str, Path | None]
) -> Iterator[Output]:
    from plip.report import audit_document, audit_junit, render_checklist, to_json

    def page() -> str:
        from plip.report.page import render_page

        return render_page(report, text=text)

    renderers = {
        "--json": lambda: to_json(audit_document(report)),
        "--html": page,
        "--junit": lambda: audit_junit(report),
        "--checklist": lambda: render_checklist(report),
    }
    for option, path in paths.items():
        if path is not None:
            yield Output(path, renderers[option])


def _failing(report: AuditReport) -> str:
    from plip.claims import Verdict

    counts = [
        f"{count} {verdict}"
        for verdict in reversed(Verdict)
        if not verdict.stands and (count := report.summary.verdicts[verdict])
    ]
    what = f"{len(report.failing)} of {len(report.claims)} claims do not hold"
    return f"{what}: {', '.join(counts)}"
