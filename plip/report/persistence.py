"""A persistence experiment as tables for the terminal, and as a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType

from plip.records import (
    ContrastRecord,
    Manifest,
    PersistenceCell,
    PersistenceRate,
    PersistenceSummary,
    RateRecord,
)
from plip.report.figures import NOTHING
from plip.report.generation import DETECTORS, rate_of
from plip.report.tables import new_table, titled

__all__ = ["persistence_document", "render_persistence"]


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
    return Group(*parts)


def _grid(summary: PersistenceSummary, detector: str, model: str) -> Group:
    """Lay out one detector's rates as the paper does: a row a distance, a column a scale."""
    scales = list(dict.fromkeys(rate.scales[0] for rate in summary.cells))
    warm = len({rate.temperature for rate in summary.cells}) > 1
    table = new_table()
    table.add_column("distance", overflow="fold")
    table.add_column("tokens", justify="right")
    for scale in scales:
        table.add_column(f"×{scale:g}", justify="right")
    rows: dict[tuple[float, str], list[PersistenceRate]] = {}
    for rate in summary.cells:
        rows.setdefault((rate.temperature, rate.distance or NOTHING), []).append(rate)
    for (temperature, distance), rates in rows.items():
        table.add_row(
            f"{distance}, T {temperature:g}" if warm else distance,
            f"{rates[0].distance_tokens:.0f}",
            *(rate_of(_found(rate, detector)) for rate in rates),
        )
    title = f"Test syntax by {DETECTORS[detector]}, {model}, layer {summary.layer}" + (
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
        factors = ", ".join(f"×{scale:g}" for scale in rate.scales)
        table.add_row(f"{rate.distance}: {factors}", *_margin(rate, write))
    table.add_section()
    for rate in summary.by_scale:
        table.add_row(f"×{rate.scales[0]:g}: all distances", *_margin(rate, write))
    unit = "bootstrap over prompts" if crossed else "Wilson's, for these very prompts"
    note = (
        f"intervals: {unit}\n"
        f"steered: {summary.steered}\n"
        f"design: {summary.design}; {summary.design_note}\n"
    )
    return titled("Distances and scales", table, note)


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
            NOTHING if contrast.p_value is None else f"{contrast.p_value:.3f}",
        )
    note = "differences in percentage points; p: permutation of signs over prompts\nintervals: "
    return titled("Contrasts", table, note + _methods(summary.contrasts))


def _methods(contrasts: Sequence[ContrastRecord]) -> str:
    """Say where intervals come from, once where it is the same for all."""
    if len({contrast.method for contrast in contrasts}) == 1:
        return contrasts[0].method
    named = (
        f"{'scales' if contrast.name.startswith('scale ') else 'distances'}: {contrast.method}"
        for contrast in contrasts
    )
    return "; ".join(dict.fromkeys(named))


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
            f"×{cell.scale:g}",
            rate_of(cell.paper),
            rate_of(cell.parsed),
            f"{sum(sample.ended for sample in cell.samples)}/{len(cell.samples)}",
        )
    return titled("Cells", table, "ended: continuations that the model ended before the limit\n")


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
        "schema": "plip.persistence/1",
        "model": manifest.subject.to_json(),
        "prompts_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        "summary": summary.to_json(),
        "cells": [cell.to_json() for cell in cells],
    }
