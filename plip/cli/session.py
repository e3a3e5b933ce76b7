"""What the experiments' commands have in common: a model, inputs, a run."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from plip.cli.streams import progress_bar, say

if TYPE_CHECKING:
    from plip.experiments import Experiment, Outcome
    from plip.experiments.config import FrozenConfig
    from plip.experiments.runner import Inputs
    from plip.models import Subject
    from plip.records import AnyRecord
    from plip.text import Corpus

__all__ = [
    "DEFAULT_MODEL",
    "ModelOptions",
    "RunOptions",
    "execute",
    "execute_on",
    "load_subject",
    "of_kind",
]

DEFAULT_MODEL = "bundled:transformer"

_Config = TypeVar("_Config", bound="FrozenConfig")
_Inputs = TypeVar("_Inputs", bound="Inputs")
_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model, and where it runs."""

    model: str
    revision: str | None
    device: str
    cpu: bool
    dtype: str


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is measured, and where the records go."""

    corpus: Path | None
    output: Path | None
    resume: bool


def load_subject(options: ModelOptions) -> Subject:
    """Load the model, quietly where nobody watches.

    Raises:
        ModelError: it cannot be had or cannot be steered.
        typer.BadParameter: two devices at once.
    """
    if options.cpu and options.device not in ("auto", "cpu"):
        raise typer.BadParameter(f"--cpu contradicts --device {options.device}")
    _hush_libraries()
    from plip.models import load

    device = "cpu" if options.cpu else options.device
    return load(options.model, device=device, dtype=options.dtype, revision=options.revision)


def _hush_libraries() -> None:
    """Leave it to errors to say what went wrong, and draw bars on a terminal only."""
    if not sys.stderr.isatty():
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()


def execute(
    experiment: Experiment[_Config, Corpus],
    config: _Config,
    model: ModelOptions,
    options: RunOptions,
) -> Outcome:
    """Carry out an experiment on a corpus from the command line.

    Raises:
        PlipError: as `carry_out`.
    """
    return execute_on(lambda: _read_corpus(options.corpus), experiment, config, model, options)


def execute_on(
    read: Callable[[], _Inputs],
    experiment: Experiment[_Config, _Inputs],
    config: _Config,
    model: ModelOptions,
    options: RunOptions,
) -> Outcome:
    """Carry out an experiment from the command line, on whatever it takes.

    What can be refused is refused before the model is loaded.

    Args:
        read: reads the inputs.
        experiment: what is carried out.
        config: its options.
        model: which model.
        options: where the results go.

    Raises:
        PlipError: as `carry_out`.
    """
    _check_directory(options)
    from plip.experiments import carry_out

    inputs = read()
    subject = load_subject(model)
    try:
        with progress_bar(experiment.NAME) as progress:
            return carry_out(
                experiment,
                config,
                subject,
                inputs,
                directory=options.output,
                resume=options.resume,
                command=("plip", *sys.argv[1:]),
                progress=progress,
            )
    except KeyboardInterrupt:
        if options.output is not None:
            say(f"what is done is in {options.output}; --resume goes on from there")
        raise


def _read_corpus(path: Path | None) -> Corpus:
    from plip.text import Corpus, TokenMarks, bundled_corpus

    if path is None:
        return bundled_corpus()
    corpus = Corpus.read(path)
    if any(isinstance(sample.marks, TokenMarks) for sample in corpus):
        say(
            f"{path} marks tokens, not characters: its figures mean something only with the "
            "tokenizer that it was made for, which it does not name"
        )
    return corpus


def _check_directory(options: RunOptions) -> None:
    if options.resume and options.output is None:
        raise typer.BadParameter("--resume needs --output, the directory of the run")
    if options.output is not None and options.output.suffix == ".json":
        raise typer.BadParameter(
            f"--output {options.output} names the directory of a run; --json writes one file"
        )
    if options.output is not None:
        from plip.records import check_directory

        check_directory(options.output, resume=options.resume)


def of_kind(records: Sequence[AnyRecord], kind: type[_Record]) -> tuple[_Record, ...]:
    """Pick the records of one kind, in order."""
    return tuple(record for record in records if isinstance(record, kind))
