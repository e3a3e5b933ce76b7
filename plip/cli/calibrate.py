"""`plip calibrate`."""

from __future__ import annotations

import typer

from plip.cli import layers, options
from plip.cli.plotting import check_results
from plip.cli.session import DEFAULT_MODEL, ModelOptions, RunOptions, execute, of_kind
from plip.cli.streams import publish, say

__all__ = ["calibrate"]


def calibrate(
    ctx: typer.Context,
    model: options.Model = DEFAULT_MODEL,
    layer: layers.Measured = None,
    corpus: options.Corpus = None,
    group: options.Groups = None,
    max_samples: options.MaxSamples = None,
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
    """Measure attention from test markers to the functions.

    Without options this runs the bundled model on the bundled corpus.
    """
    where = layers.layers_or_all(layer)
    check_results(plot, json, corpus)
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
        RunOptions(corpus, output, resume),
    )
    samples = of_kind(outcome.records, CalibrationSample)
    (summary,) = of_kind(outcome.records, CalibrationSummary)
    say(summary.layer_choice)
    publish(
        render_calibration(summary, samples, model=outcome.manifest.subject.model, verbose=verbose),
        to_json(calibration_document(outcome.manifest, summary, samples)),
        json,
    )
    if plot is not None:
        from plip.report.plots import plot_calibration, save_plot

        save_plot(plot_calibration(summary, samples, model=outcome.manifest.subject.model), plot)
