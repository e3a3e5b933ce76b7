"""A scan of layers and heads as tables for the terminal, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from plip.records import HeldOut, Manifest, ScanSample, ScanSummary, SiteResponse
from plip.report.figures import NOTHING, percent, significant
from plip.report.tables import new_table, titled

__all__ = ["head_list", "render_scan", "scan_document"]


def render_scan(summary: ScanSummary, *, model: str, rows: int = 10) -> RenderableType:
    """Return the heads that differ most, what held out of it, and the responses.

    Args:
        summary: of the scan.
        model: what was scanned.
        rows: how many heads to show of each list.
    """
    return Group(
        _asymmetry(summary, f"Attention from marker to function by head, {model}", rows),
        _held_out(summary.largest),
        _layers(summary, "Response of the prediction by layer"),
        _heads(summary, f"Response by head, layer {summary.layer}", rows),
    )


def _asymmetry(summary: ScanSummary, title: str, rows: int) -> Group:
    table = new_table()
    for name in ("layer", "head", "Python", "Rust", "difference", "p max-T"):
        table.add_column(name, justify="right")
    known = [
        (each, each.python - each.rust)
        for each in summary.asymmetry
        if each.python is not None and each.rust is not None
    ]
    ordered = sorted(known, key=lambda entry: -abs(entry[1]))
    for each, gap in ordered[:rows]:
        table.add_row(
            str(each.layer),
            str(each.head),
            percent(each.python),
            percent(each.rust),
            percent(gap),
            NOTHING if each.p_max_t is None else f"{each.p_max_t:.2g}",
        )
    note = (
        f"{min(rows, len(ordered))} of {len(summary.asymmetry)} heads, by the size of the "
        "difference;\np max-T: by permutation, adjusted for all of them"
    )
    return titled(title, table, note)


def _held_out(chosen: HeldOut | None) -> Text:
    if chosen is None:
        return Text("no head can be chosen on one half of the samples\n")
    found = chosen.report
    lines = (
        f"chosen on one half: layer {chosen.layer}, head {chosen.head} of {chosen.searched}, "
        f"difference {percent(chosen.selection)}\n"
    )
    if found.undefined is not None:
        return Text(f"{lines}on the other half: {found.undefined}\n")
    p = NOTHING if found.p_permutation is None else f"{found.p_permutation:.2g}"
    return Text(f"{lines}on the other half: {percent(found.difference)}, p = {p} by permutation\n")


def _layers(summary: ScanSummary, title: str) -> Group:
    table = new_table()
    for name in ("layer", "slope, one half", "slope, the other"):
        table.add_column(name, justify="right")
    for each in summary.layers:
        style = "bold" if each.layer == summary.layer else None
        table.add_row(str(each.layer), *_slopes(each), style=style)
    doses = ", ".join(f"{dose:g}×" for dose in summary.doses)
    return titled(title, table, f"slope: √KL by dose − 1 at {doses}, √nats; at the last token")


def _heads(summary: ScanSummary, title: str, rows: int) -> Group:
    table = new_table()
    for name in ("rank", "head", "slope, one half", "slope, the other"):
        table.add_column(name, justify="right")
    by_head = {each.head: each for each in summary.heads}
    for rank, head in enumerate(summary.ranking[:rows], start=1):
        table.add_row(str(rank), str(head), *_slopes(by_head[head]))
    return titled(title, table, "ranked by the first half; the second one had no say")


def _slopes(each: SiteResponse) -> tuple[str, str]:
    return significant(each.selection.mean), significant(each.report.mean)


def scan_document(
    manifest: Manifest, summary: ScanSummary, samples: Sequence[ScanSample]
) -> dict[str, Any]:
    """Return a scan: its summary, and each sample's attention and responses.

    `{"schema", "model", "layer", "asymmetry": [{"layer", "head", "python", "rust", "p_max_t"}],
    "largest": {…}, "layers": […], "heads": […], "ranking": […], "records": […]}`; attention is a
    fraction, slopes are √nats per unit of dose, null is undefined.
    """
    return {
        "schema": "plip.scan/1",
        "model": manifest.subject.to_json(),
        "corpus_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        **{name: value for name, value in summary.to_json().items() if name != "schema"},
        "records": [
            {
                "sample": sample.sample,
                "group": sample.group,
                "half": sample.half,
                "excluded": sample.excluded,
                "attention": sample.to_json()["attention"],
                "responses": [each.to_json() for each in sample.responses],
            }
            for sample in samples
        ],
    }


def head_list(manifest: Manifest, summary: ScanSummary) -> dict[str, Any]:
    """Return the ranked heads in the form that `--heads` takes."""
    return {
        "schema": "plip.heads/1",
        "model": manifest.subject.model,
        "weight_hash": manifest.subject.weight_hash,
        "layer": summary.layer,
        "heads": list(summary.ranking),
    }
