"""Whose weights a checkpoint has, among the models that a paper's claims are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plip.claims import Ledger
from plip.claims.checks.diagnosis import PublishedMeasure
from plip.claims.checks.rerun import RerunFigure
from plip.errors import ConfigError

__all__ = ["Checkpoint", "checkpoint", "models_of", "rerun_checks"]

_FOLDER_OF_CACHE = re.compile(r"models--(?P<id>[^/\\]+)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint, and whose it is.

    Args:
        model: the hub id that claims call it by.
        source: what `plip.load` takes: that id, or a directory.
    """

    model: str
    source: str


def models_of(ledger: Ledger) -> tuple[str, ...]:
    """Return the models that a ledger's claims ask to be run again, sorted."""
    return tuple(sorted({check.model for check in rerun_checks(ledger)}))


def checkpoint(text: str, ledger: Ledger) -> Checkpoint:
    """Read `ID`, `DIR` or `ID=DIR`.

    A directory alone is taken for the model whose name is that of the directory, or of the folder
    of the hub's cache that it lies in.

    Raises:
        ConfigError: a model that no claim is about, or a directory that does not say whose it is.
    """
    known = models_of(ledger)
    name, given, directory = text.partition("=")
    if given and directory and name in known:
        return Checkpoint(name, directory)
    if not given and name in known and not Path(name).is_dir():
        return Checkpoint(name, name)
    if not given and Path(name).is_dir():
        whose = [model for model in known if _is_of(Path(name), model)]
        if len(whose) == 1:
            return Checkpoint(whose[0], name)
    raise ConfigError(
        f"checkpoint {text!r}",
        wanted=f"one of {', '.join(known)}, its directory, or ID=DIRECTORY"
        if known
        else "a model that a claim asks to be run again, but this ledger names none",
        found=repr(text),
        advice="name the model and its directory, as in "
        f"--checkpoint {known[0] if known else 'ID'}=DIRECTORY",
    )


def rerun_checks(ledger: Ledger) -> Iterator[RerunFigure | PublishedMeasure]:
    """Go through the checks of a ledger that ask for an experiment to be run again."""
    for claim in ledger.claims:
        for check in claim.checks:
            if isinstance(check, RerunFigure | PublishedMeasure):
                yield check


def _is_of(directory: Path, model: str) -> bool:
    """Tell whether a directory is named after a model, or lies in its folder of the hub's cache."""
    resolved = directory.resolve()
    cached = filter(None, map(_FOLDER_OF_CACHE.fullmatch, resolved.parts))
    ids = [found["id"].replace("--", "/") for found in cached]
    return model in ids or resolved.name == model.rpartition("/")[2]
