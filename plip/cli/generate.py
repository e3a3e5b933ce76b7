"""`plip generate`."""

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

__all__ = ["generate"]


class Design(StrEnum):
    """Which bundled prompts."""

    PAPER = "paper"
    FIFTY = "fifty"


def generate(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: layers.Steered = None,
    scale: Annotated[
        float | None,
        typer.Option(
            help="Factor of the attention to the marker, or of its write into the state; 3 by "
            "default."
        ),
    ] = None,
    factors: layers.Factors = None,
    controls: Annotated[
        str,
        typer.Option(
            metavar="NAME,…|none",
            help="What the same is done to beside the marker: another token, a marker of another "
            "kind, another layer. All of them take three times as long as none.",
        ),
    ] = "token,marker,layer",
    steer: options.SteerWhat = options.Steered.PROMPT,
    temperature: Annotated[
        float, typer.Option(help="Of sampling; 0 takes the most probable token.")
    ] = 0.0,
    samples: Annotated[int, typer.Option(help="Pairs of continuations for each prompt.")] = 1,
    max_new_tokens: options.MaxNewTokens = 80,
    design: Annotated[
        Design, typer.Option(help="The paper's five prompts, or its fifty-prompt design.")
    ] = Design.PAPER,
    prompts: options.Prompts = None,
    max_prompts: options.MaxPrompts = None,
    chat: options.Chat = False,
    seed: options.Seed = 0,
    output: options.Output = None,
    resume: options.Resume = False,
    json: options.Json = None,
    plot: options.Plot = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the continuations themselves.")
    ] = False,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Continue prompts with and without steering.

    Without options this is the paper's design on the bundled model: five prompts, scale 3, greedy.
    Continuations are parsed for test syntax, and never executed. With --factors each layer has a
    factor of its own, in place of --scale.
    """
    where, own = layers.steered_layers(layer), layers.factors_by_layer(factors)
    if scale is not None and own is not None:
        raise typer.BadParameter("--factors stand in place of --scale: give one of the two")
    check_results(plot, json, prompts)
    from plip.experiments import GenerateConfig
    from plip.experiments import generate as experiment
    from plip.records import GenerationSample, GenerationSummary
    from plip.report import generation_document, render_generation, to_json

    config = GenerateConfig(
        layer=where,
        scale=3.0 if scale is None and own is None else scale,
        factors=own,
        controls=controls_named(controls),
        steer=steer.value,
        temperature=temperature,
        samples=samples,
        max_new_tokens=max_new_tokens,
        chat=chat,
        max_prompts=max_prompts,
        seed=seed,
    )
    outcome = continue_prompts(
        experiment,
        config,
        prompts,
        f"generate-{design.value}",
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(None, output, resume),
    )
    found = of_kind(outcome.records, GenerationSample)
    (summary,) = of_kind(outcome.records, GenerationSummary)
    name = outcome.manifest.subject.model

    def draw() -> Figure:
        from plip.report.plots import plot_generation

        return plot_generation(summary, found, model=name)

    deliver(
        summary.layer_choice,
        render_generation(summary, found, model=name, verbose=verbose),
        to_json(generation_document(outcome.manifest, summary, found)),
        draw,
        json=json,
        plot=plot,
    )
