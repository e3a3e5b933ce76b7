"""`plip scan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plip.cli import layers, options
from plip.cli.plotting import check_results
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, execute, of_kind
from plip.cli.streams import publish, say

__all__ = ["scan"]


def scan(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER",
            help="The layer whose heads are steered one by one. By default the paper's for its "
            "models, else two thirds of the depth.",
        ),
    ] = None,
    corpus: options.Corpus = None,
    group: options.Groups = None,
    max_samples: options.MaxSamples = None,
    doses: Annotated[
        str, typer.Option(metavar="X,…", help="Factors above 1, of edges or of the write.")
    ] = "2,4,6",
    heads_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the ranked heads, for --heads of other commands."),
    ] = None,
    allow_narrow: options.AllowNarrow = False,
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
    """Find the layers and heads that attend, and that respond.

    What is chosen is chosen on one half of the samples and tested on the other.
    """
    factors = options.numbers("--doses", doses)
    where = layers.one_layer(
        layer, "name the layer whose heads are steered one by one; every layer as a whole is anyway"
    )
    check_results(plot, json, corpus, heads_out=heads_out)
    from plip.experiments import ScanConfig
    from plip.experiments import scan as experiment
    from plip.records import ScanSample, ScanSummary, write_file
    from plip.report import head_list, render_scan, scan_document, to_json

    config = ScanConfig(
        layer=where,
        max_samples=max_samples,
        doses=factors,
        allow_narrow=allow_narrow,
        seed=seed,
        **({"groups": tuple(group)} if group else {}),
    )
    outcome = execute(
        experiment,
        config,
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(corpus, output, resume),
    )
    samples = of_kind(outcome.records, ScanSample)
    (summary,) = of_kind(outcome.records, ScanSummary)
    say(summary.layer_choice)
    if heads_out is not None:
        write_file(heads_out, to_json(head_list(outcome.manifest, summary)))
    publish(
        render_scan(summary, model=outcome.manifest.subject.model),
        to_json(scan_document(outcome.manifest, summary, samples)),
        json,
    )
    if plot is not None:
        from plip.report.plots import plot_scan, save_plot

        save_plot(plot_scan(summary, samples, model=outcome.manifest.subject.model), plot)
