"""`plip calibrate`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from plip.cli import options
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, execute, of_kind
from plip.cli.streams import publish, say

__all__ = ["calibrate"]


def calibrate(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER|all",
            help="A layer from 0, or all of them. By default the paper's for its models, "
            "else two thirds of the depth.",
        ),
    ] = None,
    corpus: options.Corpus = None,
    group: options.Groups = None,
    max_samples: options.MaxSamples = None,
    output: options.Output = None,
    resume: options.Resume = False,
    json: options.Json = None,
    verbose: options.Verbose = False,
    device: options.Device = "auto",
    cpu: options.Cpu = False,
    dtype: options.Dtype = "auto",
    revision: options.Revision = None,
    debug: options.Debug = False,
) -> None:
    """Measure attention from test markers to the functions.

    Without options this runs the bundled model on the bundled corpus.
    """
    where = _layer(layer)
    from plip.experiments import CalibrateConfig
    from plip.experiments import calibrate as experiment
    from plip.records import CalibrationSample, CalibrationSummary
    from plip.report import calibration_document, render_calibration, to_json

    config = CalibrateConfig(
        layer=where, max_samples=max_samples, **({"groups": tuple(group)} if group else {})
    )
    outcome = execute(
        experiment,
        config,
        ModelOptions(model, revision, device, cpu, dtype),
        RunOptions(corpus, output, resume, json),
    )
    samples = of_kind(outcome.records, CalibrationSample)
    (summary,) = of_kind(outcome.records, CalibrationSummary)
    say(summary.layer_choice)
    publish(
        render_calibration(summary, samples, model=outcome.manifest.subject.model, verbose=verbose),
        to_json(calibration_document(outcome.manifest, summary, samples)),
        json,
    )


def _layer(text: str | None) -> int | Literal["all"] | None:
    if text is None:
        return None
    if text == "all":
        return "all"
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"--layer takes a number or all, not {text!r}") from None
