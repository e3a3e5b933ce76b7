"""`plip dose-response`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plip.cli import layers, options
from plip.cli.heads import read_heads
from plip.cli.plotting import check_results
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
    layer: layers.Steered = None,
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
    factors: layers.Factors = None,
    target_attention: Annotated[
        float | None,
        typer.Option(help="A level of attention to reach as well, a fraction such as 0.09."),
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(help="How it is reached: every edge set to it, or all scaled until it is."),
    ] = Mode.SET_VALUE,
    controls: Annotated[
        str,
        typer.Option(
            metavar="NAME,…|none",
            help="What stands beside every dose: other edges (or another write), a marker of "
            "another kind, another layer.",
        ),
    ] = "edges,marker,layer",
    control_layer: Annotated[
        str | None,
        typer.Option(
            metavar="LAYERS", help="The other layer, or as many as are steered; drawn by default."
        ),
    ] = None,
    allow_narrow: options.AllowNarrow = False,
    seed: Annotated[int, typer.Option(help="Seed of controls, bootstrap and permutations.")] = 0,
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
    given = options.numbers("--doses", doses)
    where = layers.steered_layers(layer)
    own = layers.factors_by_layer(factors)
    others = layers.steered_layers(control_layer)
    chosen = read_heads(heads, layers.only(where), top_heads)
    check_results(plot, json, corpus, Path(heads) if heads else None)
    from plip.experiments import DoseResponseConfig
    from plip.experiments import dose_response as experiment
    from plip.records import DoseResponseSample, DoseResponseSummary
    from plip.report import dose_response_document, render_dose_response, to_json

    config = DoseResponseConfig(
        layer=where,
        max_samples=max_samples,
        doses=given,
        factors=own,
        heads=chosen,
        target_attention=target_attention,
        mode=mode.value,
        controls=() if controls == "none" else tuple(controls.split(",")),
        control_layer=others,
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
