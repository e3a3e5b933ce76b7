"""The commands of `plip`."""

from __future__ import annotations

from typing import Annotated

import typer

import plip
from plip.cli.ablate import ablate
from plip.cli.audit import audit
from plip.cli.calibrate import calibrate
from plip.cli.claims import lint, list_checks, new
from plip.cli.contrast import contrast
from plip.cli.dose_response import dose_response
from plip.cli.generate import generate
from plip.cli.guard import guarded
from plip.cli.models import models
from plip.cli.persistence import persistence
from plip.cli.scan import scan

__all__ = ["app", "main"]

_EXIT_CODES = """\
\b
Exit codes:
  0    done
  1    done, and with --strict a claim does not hold, or ledger and text differ
  2    a command or option that does not exist or cannot be read
  3    input that cannot be used: corpus, text, position, layer, dose, ledger
  4    a model that cannot be had or cannot be steered
  5    output that cannot be written, or a run that cannot be resumed
  6    an intervention that did not do what it says
  70   an error nobody foresaw
  130  interrupted
"""

app = typer.Typer(
    name="plip",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"plip {plip.__version__}")
        raise typer.Exit


@app.callback()
def plip_(
    ctx: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Steer attention in language models exactly, and audit what papers say about it.

    Results go to the standard output, everything else to the standard error.
    """
    ctx.obj = debug


app.command("calibrate")(guarded(calibrate))
app.command("dose-response")(guarded(dose_response))
app.command("ablate")(guarded(ablate))
app.command("generate")(guarded(generate))
app.command("scan")(guarded(scan))
app.command("contrast")(guarded(contrast))
app.command("persistence")(guarded(persistence))
app.command("audit")(guarded(audit))
app.command("models")(guarded(models))


claims = typer.Typer(
    help="Begin and check the ledger of a paper.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
claims.command("new")(guarded(new))
claims.command("lint")(guarded(lint))
claims.command("list")(guarded(list_checks))
app.add_typer(claims, name="claims")


def main() -> None:
    """Run the command line and exit."""
    app(prog_name="plip")
