"""A persistence experiment as tables for the terminal, and as a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType

from plip.plan import name_factors, name_layers
from plip.records import (
    ContrastRecord,
    Manifest,
    PersistenceCell,
    PersistenceControl,
    PersistenceRate,
    PersistenceSummary,
    RateRecord,
)
from plip.report.figures import NOTHING
from plip.report.generation import DETECTORS, rate_of
from plip.report.steering import control_name, control_notes
from plip.report.tables import new_table, titled

__all__ = ["persistence_document", "render_persistence"]

_POINTS = "differences in percentage points"


def render_persistence(
    summary: PersistenceSummary,
    cells: Sequence[PersistenceCell],
    *,
    model: str,
    verbose: bool = False,
) -> RenderableType:
    """Return rates by distance and scale, over distances and over scales, and contrasts.

    Args:
        summary: of the experiment.
        cells: its cells, in the order to show.
        model: what was steered.
        verbose: whether every cell is shown too.
    """
    parts: list[RenderableType] = [_cells(cells)] if verbose else []
    parts += [_grid(summary, detector, model) for detector in DETECTORS]
    parts.append(_margins(summary))
    if summary.contrasts:
        parts.append(_contrasts(summary))
    parts += [_beside(summary, control) for control in summary.controls if control.changes]
    return Group(*parts)


def _grid(summary: PersistenceSummary, detector: str, model: str) -> Group:
    """Lay out one detector's rates as the paper does: a row a distance, a column a scale."""
    scales = list(dict.fromkeys(rate.scales[0] for rate in summary.cells))
    warm = len({rate.temperature for rate in summary.cells}) > 1
    table = new_table()
    table.add_column("distance", overflow="fold")
    table.add_column("tokens", justify="right")
    for scale in scales:
        table.add_column(_column(summary, scale).replace(",", "\n"), justify="right")
    rows: dict[tuple[float, str], list[PersistenceRate]] = {}
    for rate in summary.cells:
        rows.setdefault((rate.temperature, rate.distance or NOTHING), []).append(rate)
    for (temperature, distance), rates in rows.items():
        table.add_row(
            f"{distance}, T {temperature:g}" if warm else distance,
            f"{rates[0].distance_tokens:.0f}",
            *(rate_of(_found(rate, detector)) for rate in rates),
        )
    title = f"Test syntax by {DETECTORS[detector]}, {model}, {name_layers(summary.layers)}" + (
        "" if warm else f", temperature {summary.cells[0].temperature:g}"
    )
    first = _found(summary.cells[0], detector)
    note = (
        f"percent of {first.n} continuations each, with Wilson's {summary.confidence:.0%} interval"
    )
    return titled(title, table, note + "\n")


def _margins(summary: PersistenceSummary) -> Group:
    crossed = summary.design == "crossed"
    table = new_table()
    table.add_column("over")
    for name in ("temp.", "tokens", *DETECTORS.values()):
        table.add_column(name, justify="right")
    write = _over_prompts if crossed else rate_of
    for rate in summary.by_distance:
        factors = ", ".join(_column(summary, scale) for scale in rate.scales)
        table.add_row(f"{rate.distance}: {factors}", *_margin(rate, write))
    table.add_section()
    for rate in summary.by_scale:
        table.add_row(f"{_column(summary, rate.scales[0])}: all distances", *_margin(rate, write))
    for control in summary.controls:
        table.add_section()
        for rate in control.by_scale:
            name = f"{_column(summary, rate.scales[0])}: {control_name(control)}"
            table.add_row(name, *_margin(rate, write))
    unit = "bootstrap over prompts" if crossed else "Wilson's, for these very prompts"
    note = (
        f"intervals: {unit}\n"
        f"steered: {summary.steered}\n"
        f"design: {summary.design}; {summary.design_note}\n"
    ) + "".join(f"{line}\n" for line in control_notes(summary.controls))
    return titled("Distances and scales", table, note)


def _column(summary: PersistenceSummary, scale: float | None) -> str:
    return name_factors(summary.factors or ()) if scale is None else f"×{scale:g}"


def _margin(rate: PersistenceRate, write: Callable[[RateRecord], str]) -> tuple[str, ...]:
    return (
        f"{rate.temperature:g}",
        f"{rate.distance_tokens:.0f}",
        write(rate.paper),
        write(rate.parsed),
    )


def _over_prompts(found: RateRecord) -> str:
    return rate_of(found.model_copy(update={"low": found.prompts_low, "high": found.prompts_high}))


def _contrasts(summary: PersistenceSummary) -> Group:
    table = new_table()
    table.add_column("contrast")
    table.add_column("detector")
    for name in ("temp.", "difference", f"{summary.confidence:.0%} CI", "p"):
        table.add_column(name, justify="right")
    for contrast in summary.contrasts:
        table.add_row(
            contrast.name,
            DETECTORS[contrast.detector],
            f"{contrast.temperature:g}",
            f"{100 * contrast.difference:+.1f}",
            _interval(contrast),
            _p(contrast),
        )
    note = f"{_POINTS}; p: permutation of signs over prompts\nintervals: "
    end = "\n" if summary.controls else ""
    return titled("Contrasts", table, f"{note}{_methods(summary.contrasts)}{end}")


def _beside(summary: PersistenceSummary, control: PersistenceControl) -> Group:
    """Lay out a control's changes from its baseline beside what the marker has more."""
    table = new_table()
    table.add_column("scale")
    table.add_column("detector")
    for name in ("temp.", "control − ×1", "marker − control", "p"):
        table.add_column(name, justify="right")
    for change in control.changes:
        table.add_row(
            _column(summary, change.scale),
            DETECTORS[change.detector],
            f"{change.temperature:g}",
            _with_interval(change.own),
            _with_interval(change.beyond),
            _p(change.beyond),
        )
    found = [one for change in control.changes for one in (change.own, change.beyond)]
    methods = dict.fromkeys(contrast.method for contrast in found if contrast is not None)
    note = (
        "control − ×1: what steering the control changes; marker − control: how much more it "
        "changes in the marker\n"
        f"{_POINTS}; p of the latter: permutation of signs over prompts\n"
        f"intervals: {'; '.join(methods)}\n"
    )
    return titled(f"Changes by the {control_name(control)}", table, note)


def _with_interval(contrast: ContrastRecord | None) -> str:
    if contrast is None:
        return NOTHING
    found = f"{100 * contrast.difference:+.1f}"
    if contrast.low is None or contrast.high is None:
        return found
    return f"{found} ({100 * contrast.low:+.0f} … {100 * contrast.high:+.0f})"


def _p(contrast: ContrastRecord | None) -> str:
    if contrast is None or contrast.p_value is None:
        return NOTHING
    return f"{contrast.p_value:.3f}"


def _methods(contrasts: Sequence[ContrastRecord]) -> str:
    """Say where intervals come from, once where it is the same for all."""
    if len({contrast.method for contrast in contrasts}) == 1:
        return contrasts[0].method
    named = (f"{_kind(contrast.name)}: {contrast.method}" for contrast in contrasts)
    return "; ".join(dict.fromkeys(named))


def _kind(name: str) -> str:
    return "scales" if name.startswith(("scale ", "factors ")) else "distances"


def _interval(contrast: ContrastRecord) -> str:
    if contrast.low is None or contrast.high is None:
        return NOTHING
    return f"{100 * contrast.low:+.1f} … {100 * contrast.high:+.1f}"


def _cells(cells: Sequence[PersistenceCell]) -> Group:
    table = new_table()
    table.add_column("prompt", overflow="fold")
    for name in ("distance", "temp.", "scale", *DETECTORS.values(), "ended"):
        table.add_column(name, justify="right")
    for cell in cells:
        table.add_row(
            cell.prompt,
            str(cell.distance_tokens),
            f"{cell.temperature:g}",
            _scale(cell),
            rate_of(cell.paper),
            rate_of(cell.parsed),
            f"{sum(sample.ended for sample in cell.samples)}/{len(cell.samples)}",
        )
    note = (
        "scale: with the control's name where it is no steering of the marker\n"
        "ended: continuations that the model ended before the limit\n"
    )
    return titled("Cells", table, note)


def _scale(cell: PersistenceCell) -> str:
    scale = "factors" if cell.scale is None else f"×{cell.scale:g}"
    return scale if cell.aim.control is None else f"{scale} {cell.aim.control}"


def _found(rate: PersistenceRate, detector: str) -> RateRecord:
    return rate.paper if detector == "paper" else rate.parsed


def persistence_document(
    manifest: Manifest, summary: PersistenceSummary, cells: Sequence[PersistenceCell]
) -> dict[str, Any]:
    """Return the whole experiment: every cell with its continuations, and what they show.

    `{"schema", "model", "prompts_hash", "seed", "summary": {"design", "cells", "by_distance",
    "by_scale", "contrasts", …}, "cells": [{"prompt", "scale", "samples": […], …}]}`; rates are
    fractions, null is undefined.
    """
    return {
        "schema": "plip.persistence/2",
        "model": manifest.subject.to_json(),
        "prompts_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        "summary": summary.to_json(),
        "cells": [cell.to_json() for cell in cells],
    }
