"""The models behind a designed comparison as tables, and how its figures are written."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.console import Group
from rich.text import Text

from plip.records import (
    BesideLayer,
    BesideSummary,
    CoefficientRecord,
    EqualDistance,
    ModelRecord,
    Spread,
)
from plip.report.figures import NOTHING, percent, times
from plip.report.tables import new_table, titled

__all__ = ["beside_tables", "interval", "mixed_table", "p_value", "tokens"]

# Below this a p value says nothing more.
_SMALLEST = 1e-9


def mixed_table(model: ModelRecord, at: EqualDistance) -> Group | Text:
    """Return the coefficients of the mixed model, or why there are none.

    Args:
        model: of one layer.
        at: the distance that its levels are predicted at.
    """
    title = "log attention ~ language × marker + log distance, an intercept a function"
    if model.undefined is not None:
        return Text(f"{title}:\n{model.undefined}\n")
    note = (
        f"{model.n} texts, {model.groups} functions; SD of intercepts {model.group_sd or 0:.2f}, "
        f"of residuals {model.residual_sd or 0:.2f};\nrobust intervals"
    )
    if at.distance_tokens is not None:
        note += f"; levels: predicted at {tokens(at.distance_tokens)} tokens"
    note += _left_out(model)
    return _coefficients(title, model.coefficients, f"{note}\n")


def beside_tables(beside: BesideSummary, layer: BesideLayer) -> Group:
    """Return the paper's comparison, and the same with distance accounted for.

    Args:
        beside: the corpus.
        layer: one layer of it.
    """
    title = "Beside it: a corpus in the paper's form, unpaired"
    table = new_table()
    table.add_column("group")
    for name in ("samples", "tokens", "mean", "interval"):
        table.add_column(name, justify="right")
    for name, spread, distance in (
        ("Python doctests", layer.python, beside.python_distance),
        ("Rust tests", layer.rust, beside.rust_distance),
    ):
        table.add_row(name, str(spread.n), tokens(distance), percent(spread.mean), interval(spread))
    test = layer.test
    note = test.undefined or (
        f"difference {percent(test.difference)}, p = {p_value(test.p_permutation)} by permutation "
        "of labels"
    )
    if beside.excluded:
        note += f"; {beside.excluded} excluded"
    regression = "log attention ~ language + log distance, of that corpus"
    model = layer.model
    if model.undefined is not None:
        return Group(titled(title, table, f"{note}\n"), Text(f"{regression}:\n{model.undefined}\n"))
    below = f"{model.n} samples{_left_out(model)}"
    return Group(
        titled(title, table, f"{note}\n"), _coefficients(regression, model.coefficients, below)
    )


def _coefficients(title: str, found: Iterable[CoefficientRecord], note: str) -> Group:
    """Show effects as factors, levels as attention, and distance as an exponent."""
    table = new_table()
    table.add_column("", overflow="fold")
    for name in ("", "interval", "p"):
        table.add_column(name, justify="right")
    for each in found:
        if each.name == "log distance":
            value, ends = f"{each.estimate:.2f}", f"{each.ci_low:.2f} … {each.ci_high:.2f}"
            table.add_row("exponent of distance", value, ends, p_value(each.p))
            continue
        low, middle, high = (math.exp(x) for x in (each.ci_low, each.estimate, each.ci_high))
        if "against" in each.name:
            table.add_row(each.name, times(middle), f"{low:.2f} … {high:.2f}", p_value(each.p))
        else:
            table.add_row(each.name, percent(middle), f"{100 * low:.2f} … {100 * high:.2f}", "")
    return titled(title, table, note)


def _left_out(model: ModelRecord) -> str:
    return f"; {model.left_out} without attention left out" if model.left_out else ""


def interval(spread: Spread) -> str:
    """Write the interval of a mean, in percent."""
    if spread.ci_low is None or spread.ci_high is None:
        return NOTHING
    return f"{100 * spread.ci_low:.2f} … {100 * spread.ci_high:.2f}"


def tokens(distance: float | None) -> str:
    """Write a distance in tokens."""
    return NOTHING if distance is None else f"{distance:.1f}"


def p_value(p: float | None) -> str:
    """Write a p value with two digits."""
    if p is None:
        return NOTHING
    return f"{p:.2g}" if p >= _SMALLEST else f"< {_SMALLEST:g}"
