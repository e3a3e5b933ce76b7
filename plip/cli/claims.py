"""`plip claims`: ledgers of papers, begun and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plip.cli import options
from plip.cli.inputs import read_artifacts, read_text
from plip.cli.streams import say, show

if TYPE_CHECKING:
    from plip.claims import LintReport

__all__ = ["lint", "list_checks", "new"]

_FAULTY = 3


def new(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    title: Annotated[str, typer.Option(help="The paper's title.")] = "A paper",
    debug: options.Debug = False,
) -> None:
    """Begin a ledger: a folder with example entries that are sound, to be replaced."""
    from plip.claims import new_ledger

    for file in new_ledger(folder, title):
        say(f"wrote {file}")


def lint(
    ctx: typer.Context,
    paper: Annotated[
        str, typer.Argument(metavar="DIR", help="The folder of a ledger, or a bundled one's name.")
    ],
    text: options.Text = None,
    artifacts: options.ArtifactsFolder = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if ledger and text differ in their figures."),
    ] = False,
    debug: options.Debug = False,
) -> None:
    """Check a ledger: every fault at once, its references, its figures against the text.

    References into data files are followed with --artifacts, and figures that no entry quotes are
    found with --text.
    """
    from plip.claims import ledger_folder
    from plip.claims import lint as check

    folder = ledger_folder(paper)
    found = check(folder, artifacts=read_artifacts(artifacts), text=read_text(text))
    from plip.report import render_lint

    show(render_lint(found))
    if found.faults:
        count = len(found.faults)
        say(f"plip: ledger {folder.name!r} has {count} fault{'' if count == 1 else 's'}")
        raise typer.Exit(_FAULTY)
    if strict and _differs(found):
        say(f"plip: ledger {folder.name!r} and the text differ")
        raise typer.Exit(1)


def _differs(found: LintReport) -> bool:
    text = found.text
    return text is not None and bool(text.orphans or text.unfound or text.findings)


def list_checks(
    ctx: typer.Context,
    check: Annotated[
        str | None, typer.Argument(metavar="[CHECK]", help="Show one in full, with its options.")
    ] = None,
    debug: options.Debug = False,
) -> None:
    """List the checks that a ledger may ask for."""
    from plip.claims import CHECKS
    from plip.report import render_check, render_checks

    if check is None:
        show(render_checks(CHECKS))
    elif check in CHECKS:
        show(render_check(check, CHECKS[check]))
    else:
        raise typer.BadParameter(f"there is no check {check!r}; plip claims list names them all")
