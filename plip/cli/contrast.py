"""`plip contrast`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plip.cli import layers, options
from plip.cli.plotting import check_results
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, execute_on, of_kind
from plip.cli.streams import publish, say
from plip.text.designed import DEFAULT_FUNCTIONS, DEFAULT_STEPS, LARGEST

if TYPE_CHECKING:
    from plip.experiments import ContrastInputs

__all__ = ["contrast"]

_BUNDLED = "bundled"


def contrast(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: layers.Measured = None,
    functions: Annotated[
        int, typer.Option(help=f"Functions, each in both languages, 1 to {LARGEST}.")
    ] = DEFAULT_FUNCTIONS,
    steps: Annotated[
        str,
        typer.Option(metavar="N,…", help="Lines of filler before the marker, ascending from 0."),
    ] = ",".join(map(str, DEFAULT_STEPS)),
    corpus_seed: Annotated[int, typer.Option(help="Seed that functions are drawn from.")] = 0,
    beside: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|bundled",
            help="A corpus in the paper's form, to be analysed the paper's way beside it.",
        ),
    ] = None,
    at_distance: Annotated[
        float | None,
        typer.Option(
            metavar="TOKENS",
            help="Compare the languages at this distance; by default in the middle of what every "
            "function has in both.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of bootstrap and permutations.")] = 0,
    output: options.Output = None,
    resume: options.Resume = False,
    json: options.Json = None,
    plot: options.Plot = None,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Compare a marker with a neutral line in its place, in designed texts.

    The same functions in Python and in Rust; each text in variants that differ in one thing.
    """
    where = layers.layers_or_all(layer)
    filler = _steps(steps)
    check_results(plot, json, None if beside in (None, _BUNDLED) else Path(beside))
    from plip.experiments import ContrastConfig
    from plip.experiments import contrast as experiment
    from plip.records import ContrastFunction, ContrastSummary
    from plip.report import contrast_document, render_contrast, to_json

    config = ContrastConfig(layer=where, at_distance=at_distance, seed=seed)
    outcome = execute_on(
        lambda: _inputs(corpus_seed, functions, filler, beside),
        experiment,
        config,
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(None, output, resume),
    )
    records = of_kind(outcome.records, ContrastFunction)
    (summary,) = of_kind(outcome.records, ContrastSummary)
    say(summary.layer_choice)
    name = outcome.manifest.subject.model
    publish(
        render_contrast(summary, model=name),
        to_json(contrast_document(outcome.manifest, summary, records)),
        json,
    )
    if plot is not None:
        from plip.report.plots import plot_contrast, save_plot

        save_plot(plot_contrast(summary, records, model=name), plot)


def _inputs(
    seed: int, functions: int, steps: tuple[int, ...], beside: str | None
) -> ContrastInputs:
    from plip.experiments import ContrastInputs
    from plip.text import Corpus, bundled_corpus
    from plip.text.designed import designed_corpus

    corpus = None
    if beside is not None:
        corpus = bundled_corpus() if beside == _BUNDLED else Corpus.read(Path(beside))
    return ContrastInputs(designed_corpus(seed=seed, functions=functions, steps=steps), corpus)


def _steps(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them.

    Raises:
        typer.BadParameter: something else.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"--steps takes whole numbers such as 0,2,4,8, not {text!r}"
        ) from None
