"""A calibration as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from plip.records import CalibrationSample, CalibrationSummary, LayerSummary
from plip.report.figures import NOTHING, percent, times
from plip.report.tables import new_table, titled

__all__ = ["render_calibration"]


def render_calibration(
    summary: CalibrationSummary,
    samples: Sequence[CalibrationSample],
    *,
    model: str,
    verbose: bool = False,
) -> RenderableType:
    """Return attention by group, language means, their ratio and the recommended target.

    Args:
        summary: of the calibration.
        samples: its samples, in the order to show.
        model: what was calibrated.
        verbose: whether every sample is shown too.
    """
    reported = next(entry for entry in summary.layers if entry.layer == summary.layer)
    parts: list[RenderableType] = []
    if verbose:
        parts.append(_samples(samples, summary.layer))
    if len(summary.layers) > 1:
        parts.append(_layers(summary))
    parts += [_groups(reported, f"Attention from marker to function, {model}"), _means(reported)]
    return Group(*parts)


def _groups(layer: LayerSummary, title: str) -> Group:
    table = new_table()
    table.add_column("group")
    for name in ("samples", "excluded", "mean", "SD"):
        table.add_column(name, justify="right")
    for group in layer.groups:
        table.add_row(
            group.group, str(group.n), str(group.excluded), percent(group.mean), percent(group.sd)
        )
    return titled(f"{title}, layer {layer.layer}", table)


def _means(layer: LayerSummary) -> Text:
    ratio = times(layer.ratio) if layer.ratio_undefined is None else layer.ratio_undefined
    return Text(
        f"Python doctests            {percent(layer.python)}\n"
        f"Rust tests                 {percent(layer.rust)}\n"
        f"ratio Python / Rust        {ratio}\n"
        f"recommended target         {percent(layer.recommended_target)}"
    )


def _layers(summary: CalibrationSummary) -> Group:
    table = new_table()
    for name in ("layer", "Python doctests", "Rust tests", "ratio"):
        table.add_column(name, justify="right")
    for layer in summary.layers:
        style = "bold" if layer.layer == summary.layer else None
        table.add_row(
            str(layer.layer),
            percent(layer.python),
            percent(layer.rust),
            times(layer.ratio),
            style=style,
        )
    return titled("Means by layer", table)


def _samples(samples: Sequence[CalibrationSample], layer: int) -> Group:
    table = new_table()
    table.add_column("sample", overflow="fold")
    for name in ("attention", "sum", "targets", "merged", "distance"):
        table.add_column(name, justify="right")
    group = None
    for sample in samples:
        if group not in (None, sample.group):
            table.add_section()
        group = sample.group
        found = next((entry for entry in sample.layers if entry.layer == layer), None)
        mass = None if found is None else found.mean_edge_mass
        table.add_row(
            sample.sample,
            "excluded" if found is None else percent(found.attention),
            percent(mass),
            NOTHING if found is None else str(sample.covariates.n_targets),
            str(sample.merged),
            f"{sample.covariates.distance_tokens_mean:.1f}",
        )
    note = "distance: marker to targets, mean, in tokens\n" + "".join(
        f"excluded: {sample.sample}: {sample.excluded}\n"
        for sample in samples
        if sample.excluded is not None
    )
    return titled(f"Samples, layer {layer}", table, note)
