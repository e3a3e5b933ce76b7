"""From an error to one line on the standard error and an exit code."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Any

import typer

from plip.cli.streams import say
from plip.errors import PlipError

__all__ = ["INTERRUPTED", "UNEXPECTED", "guarded"]

INTERRUPTED = 130
UNEXPECTED = PlipError.exit_code


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that it ends in a documented exit code, without a traceback.

    Args:
        command: has the parameters `ctx` and `debug`; the traceback is shown if `debug` or the
            option of that name before the command is set.
    """

    @functools.wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if options["debug"] or options["ctx"].obj:
                traceback.print_exc()
            say(_message(error))
            raise typer.Exit(_exit_code(error)) from error

    return run


def _message(error: BaseException) -> str:
    if isinstance(error, PlipError):
        return f"plip: {error}"
    if isinstance(error, KeyboardInterrupt):
        return "plip: interrupted"
    kind = type(error).__name__
    return f"plip: {kind}: {error}\nThis was not foreseen: please report it with what --debug shows"


def _exit_code(error: BaseException) -> int:
    if isinstance(error, PlipError):
        return error.exit_code
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else UNEXPECTED
