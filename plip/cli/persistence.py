"""`plip persistence`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from plip.cli import layers, options
from plip.cli.plotting import check_results
from plip.cli.prompts import continue_prompts, controls_named, deliver
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, of_kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["persistence"]


class Design(StrEnum):
    """Which bundled prompts."""

    PAPER = "paper"
    CROSSED = "crossed"


def persistence(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: layers.Steered = None,
    scales: Annotated[
        str,
        typer.Option(
            metavar="X,…",
            help="Factors of the attention to the marker, or of its write into the state; "
            "1 is no steering.",
        ),
    ] = "0,1,3,5,9",
    factors: layers.Factors = None,
    controls: Annotated[
        str,
        typer.Option(
            metavar="NAME,…|none",
            help="What the same is done to beside the marker: another token, a marker of another "
            "kind, another layer; each takes nearly as long as the marker itself.",
        ),
    ] = "token",
    temperature: Annotated[
        list[float] | None,
        typer.Option(help="Of sampling, 0.8 by default; may be given again for another."),
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Continuations of each prompt at each scale and temperature.")
    ] = 30,
    max_new_tokens: options.MaxNewTokens = 80,
    steer: options.SteerWhat = options.Steered.PROMPT,
    design: Annotated[
        Design,
        typer.Option(help="The paper's, one prompt a distance, or every prompt at every distance."),
    ] = Design.PAPER,
    prompts: options.Prompts = None,
    max_prompts: options.MaxPrompts = None,
    chat: options.Chat = False,
    seed: options.Seed = 0,
    output: options.Output = None,
    resume: options.Resume = False,
    json: options.Json = None,
    plot: options.Plot = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every cell.")] = False,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Sample prompts whose marker is ever farther away, at each scale.

    Without options this is the paper's design on the bundled model: three prompts, 30 samples at
    temperature 0.8. Continuations are parsed for test syntax, and never executed. --factors add a
    column in which each layer has a factor of its own.
    """
    columns = options.numbers("--scales", scales)
    where, own = layers.steered_layers(layer), layers.factors_by_layer(factors)
    check_results(plot, json, prompts)
    from plip.experiments import PersistenceConfig
    from plip.experiments import persistence as experiment
    from plip.records import PersistenceCell, PersistenceSummary
    from plip.report import persistence_document, render_persistence, to_json

    config = PersistenceConfig(
        layer=where,
        scales=columns,
        factors=own,
        controls=controls_named(controls),
        samples=samples,
        max_new_tokens=max_new_tokens,
        steer=steer.value,
        chat=chat,
        max_prompts=max_prompts,
        seed=seed,
        **({"temperatures": tuple(temperature)} if temperature else {}),
    )
    outcome = continue_prompts(
        experiment,
        config,
        prompts,
        f"persistence-{design.value}",
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(None, output, resume),
    )
    cells = of_kind(outcome.records, PersistenceCell)
    (summary,) = of_kind(outcome.records, PersistenceSummary)
    name = outcome.manifest.subject.model

    def draw() -> Figure:
        from plip.report.plots import plot_persistence

        return plot_persistence(summary, cells, model=name)

    deliver(
        summary.layer_choice,
        render_persistence(summary, cells, model=name, verbose=verbose),
        to_json(persistence_document(outcome.manifest, summary, cells)),
        draw,
        json=json,
        plot=plot,
    )
