"""A designed comparison of marker and neutral line as tables for the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from plip.records import (
    ComparisonRecord,
    ContrastEffect,
    ContrastLayer,
    ContrastSide,
    ContrastSummary,
    EqualDistance,
    Spread,
)
from plip.report.contrast_models import beside_tables, interval, mixed_table, p_value, tokens
from plip.report.figures import percent
from plip.report.tables import new_table, titled

__all__ = ["render_contrast"]

_COLUMNS = ("targets", "", "marker", "neutral", "difference", "interval", "p")


def render_contrast(summary: ContrastSummary, *, model: str) -> RenderableType:
    """Return the effect of the marker by target, distance and first token, and the models.

    Args:
        summary: of the comparison.
        model: what was measured.
    """
    layer = next(entry for entry in summary.layers if entry.layer == summary.layer)
    parts: list[RenderableType] = []
    if len(summary.layers) > 1:
        parts.append(_layers(summary))
    parts += [
        _effects(summary, layer, model),
        _steps(layer),
        _beginnings(layer),
        _equal_distance(layer.equal_distance),
        mixed_table(layer.model, layer.equal_distance),
    ]
    if summary.beside is not None:
        beside = next(entry for entry in summary.beside.layers if entry.layer == summary.layer)
        parts.append(beside_tables(summary.beside, beside))
    return Group(*parts)


def _layers(summary: ContrastSummary) -> Group:
    table = new_table()
    for name in ("layer", "Python", "p max-T", "Rust", "p max-T", "P − R", "p max-T"):
        table.add_column(name, justify="right")
    for layer in summary.layers:
        effect = layer.effects[0]
        cells = [
            cell
            for spread, test in _three(effect)
            for cell in (percent(spread.mean), p_value(test.p_max_t))
        ]
        style = "bold" if layer.layer == summary.layer else None
        table.add_row(str(layer.layer), *cells, style=style)
    note = "p max-T: by flips of the signs of functions, adjusted for all layers\n"
    return titled("Attention from marker − from neutral line, by layer", table, note)


def _effects(summary: ContrastSummary, layer: ContrastLayer, model: str) -> Group:
    table = new_table()
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("targets", "") else "right")
    for effect in layer.effects:
        for row in _rows(effect):
            table.add_row(effect.measured if row[0] == "Python" else "", *row)
        table.add_section()
    note = (
        f"{summary.functions} functions in both languages, {summary.excluded} excluded; mean over "
        f"{len(summary.steps)} distances,\na line before the function; "
        f"{summary.confidence:.0%} intervals, by bootstrap over functions;\n"
        "p: by flips of the signs of functions; P − R: the one difference − the other\n"
    )
    note += "".join(f"excluded, {count}×: {reason}\n" for reason, count in summary.reasons)
    title = f"Attention from marker and from a neutral line, {model}, layer {layer.layer}"
    return titled(title, table, note)


def _steps(layer: ContrastLayer) -> Group:
    table = new_table()
    names = ("filler", "tokens P, R", "Python", "Rust", "P − R", "interval", "p")
    for name in names:
        table.add_column(name, justify="right")
    for step in layer.steps:
        effect = step.effect
        table.add_row(
            str(step.filler),
            f"{tokens(step.python_distance)}, {tokens(step.rust_distance)}",
            *_gap_cells(effect),
        )
    note = "filler: lines of remarks; tokens: from marker to targets, mean\n"
    return titled("Marker − neutral line by distance, mean over targets", table, note)


def _beginnings(layer: ContrastLayer) -> Group:
    table = new_table()
    for name in ("begins with", "keyword"):
        table.add_column(name)
    for name in ("Python", "Rust", "P − R", "interval", "p"):
        table.add_column(name, justify="right")
    for entry in layer.beginnings:
        table.add_row(
            "another line" if entry.led else "the function",
            f"{'counts' if entry.keyword else 'does not'}{' *' * entry.first_token_is_target}",
            *_gap_cells(entry.effect),
        )
    note = "nearest distance; * the text's first token is a target\n"
    return titled("Marker − neutral line, with and without the first token", table, note)


def _equal_distance(found: EqualDistance) -> Group | Text:
    if found.effect is None:
        return Text(f"Effect at equal distance: {found.undefined}\n")
    table = new_table()
    for name in _COLUMNS[1:]:
        table.add_column(name, justify="right" if name else "left")
    for row in _rows(found.effect):
        table.add_row(*row)
    shared = (
        "no distance is within reach of every function"
        if found.low is None
        else f"every function has {tokens(found.low)} … {tokens(found.high)}"
    )
    note = (
        f"each function interpolated between its distances;\n{shared}, "
        f"{found.left_out} lack this one\n"
    )
    return titled(f"At {tokens(found.distance_tokens)} tokens in both languages", table, note)


def _rows(effect: ContrastEffect) -> list[tuple[str, ...]]:
    """Return a row for each language, and one for what differs between them."""

    def row(name: str, side: ContrastSide) -> tuple[str, ...]:
        return (
            name,
            percent(side.marker),
            percent(side.neutral),
            percent(side.difference.mean),
            interval(side.difference),
            p_value(side.test.p_permutation),
        )

    gap = ("P − R", "", "", percent(effect.gap.mean), interval(effect.gap))
    return [
        row("Python", effect.python),
        row("Rust", effect.rust),
        (*gap, p_value(effect.gap_test.p_permutation)),
    ]


def _gap_cells(effect: ContrastEffect) -> tuple[str, ...]:
    return (
        percent(effect.python.difference.mean),
        percent(effect.rust.difference.mean),
        percent(effect.gap.mean),
        interval(effect.gap),
        p_value(effect.gap_test.p_permutation),
    )


def _three(effect: ContrastEffect) -> tuple[tuple[Spread, ComparisonRecord], ...]:
    return (
        (effect.python.difference, effect.python.test),
        (effect.rust.difference, effect.rust.test),
        (effect.gap, effect.gap_test),
    )
