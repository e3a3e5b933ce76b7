"""`plip dose-response`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from plip.cli import options
from plip.cli.heads import read_heads
from plip.cli.plotting import check_plot
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, execute, of_kind
from plip.cli.streams import publish, say

__all__ = ["dose_response"]


class Mode(StrEnum):
    """How `--target-attention` is reached."""

    SET_VALUE = "set-value"
    SCALE = "scale"


def dose_response(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: Annotated[
        int | None,
        typer.Option(
            help="A layer from 0. By default the paper's for its models, else two thirds of the "
            "depth."
        ),
    ] = None,
    heads: options.Heads = None,
    top_heads: options.TopHeads = None,
    corpus: options.Corpus = None,
    group: options.Groups = None,
    max_samples: options.MaxSamples = None,
    doses: Annotated[
        str,
        typer.Option(
            metavar="X,…",
            help="Factors of the marker → function edges, or of the marker's write into the state.",
        ),
    ] = "0.5,1,2,3,4,6",
    target_attention: Annotated[
        float | None,
        typer.Option(help="A level of attention to reach as well, a fraction such as 0.09."),
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(help="How it is reached: every edge set to it, or all scaled until it is."),
    ] = Mode.SET_VALUE,
    allow_narrow: options.AllowNarrow = False,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    output: options.Output = None,
    resume: options.Resume = False,
    json: options.Json = None,
    plot: options.Plot = None,
    verbose: options.Verbose = False,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Scale that attention, and measure the divergence.

    Without options this runs the bundled model on the Rust tests of the bundled corpus.
    """
    factors = options.numbers("--doses", doses)
    chosen = read_heads(heads, layer, top_heads)
    check_plot(plot)
    from plip.experiments import DoseResponseConfig
    from plip.experiments import dose_response as experiment
    from plip.records import DoseResponseSample, DoseResponseSummary
    from plip.report import dose_response_document, render_dose_response, to_json

    config = DoseResponseConfig(
        layer=layer,
        max_samples=max_samples,
        doses=factors,
        heads=chosen,
        target_attention=target_attention,
        mode=mode.value,
        allow_narrow=allow_narrow,
        seed=seed,
        **({"groups": tuple(group)} if group else {}),
    )
    outcome = execute(
        experiment,
        config,
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(corpus, output, resume, json),
    )
    samples = of_kind(outcome.records, DoseResponseSample)
    (summary,) = of_kind(outcome.records, DoseResponseSummary)
    say(summary.layer_choice)
    publish(
        render_dose_response(
            summary, samples, model=outcome.manifest.subject.model, verbose=verbose
        ),
        to_json(dose_response_document(outcome.manifest, summary, samples)),
        json,
    )
    if plot is not None:
        from plip.report.plots import plot_dose_response, save_plot

        save_plot(plot_dose_response(summary, samples, model=outcome.manifest.subject.model), plot)
