"""`plip ablate`."""

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

__all__ = ["ablate"]


class What(StrEnum):
    """What `plip ablate` knocks out."""

    EDGES = "edges"
    INTO = "into"
    INTO_OWN = "into-own"
    WRITE = "write"


def ablate(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: layers.Ablated = None,
    window: Annotated[
        int,
        typer.Option(
            min=1, help="How many layers to ablate at once, from a single --layer upwards."
        ),
    ] = 1,
    what: Annotated[
        What | None,
        typer.Option(
            help="Marker → function edges, every later token's edge into the marker, the same with "
            "the marker's own row, or (RWKV-6) the marker's write into the state."
        ),
    ] = None,
    heads: options.Heads = None,
    top_heads: options.TopHeads = None,
    corpus: options.Corpus = None,
    group: options.Groups = None,
    max_samples: options.MaxSamples = None,
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
    """Knock the marker's edges out, or its write, beside a control.

    Without options this runs the bundled model on the bundled corpus.
    """
    where = layers.layers_or_all(layer)
    chosen = read_heads(heads, layers.only(where), top_heads)
    check_results(plot, json, corpus, Path(heads) if heads else None)
    from plip.experiments import AblateConfig
    from plip.experiments import ablate as experiment
    from plip.records import AblationSample, AblationSummary
    from plip.report import ablation_document, render_ablation, to_json

    config = AblateConfig(
        layer=where,
        window=window,
        heads=chosen,
        ablated=None if what is None else what.value,
        max_samples=max_samples,
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
    samples = of_kind(outcome.records, AblationSample)
    (summary,) = of_kind(outcome.records, AblationSummary)
    say(summary.layer_choice)
    publish(
        render_ablation(summary, samples, model=outcome.manifest.subject.model, verbose=verbose),
        to_json(ablation_document(outcome.manifest, summary, samples)),
        json,
    )
    if plot is not None:
        from plip.report.plots import plot_ablation, save_plot

        save_plot(plot_ablation(summary, samples, model=outcome.manifest.subject.model), plot)
