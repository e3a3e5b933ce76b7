"""How all figures look: one column wide, safe for colour-blind readers, legible in grey."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "GREY",
    "LOOKS",
    "ORANGE",
    "PALE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "WIDTH",
    "Look",
    "counted",
    "group_look",
    "group_name",
    "legend_above",
    "new_figure",
    "noted",
    "styled",
]

#: Of a figure, in inches: one column of a paper.
WIDTH = 3.5

# The palette of Okabe and Ito (2008).
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#767676"
PALE = "#CCCCCC"

# Characters of a line that fit in the width, in the size of a title and of a note.
_TITLE_CHARACTERS = 56
_NOTE_CHARACTERS = 72

# Any: the names that matplotlib knows, and their types, differ from version to version.
_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that figures do not depend on fonts
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7,
    "figure.titlesize": 8,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.borderaxespad": 0.2,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.0,
    "legend.handlelength": 2.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.0,
    "lines.markersize": 4,
    "hatch.linewidth": 0.5,
    "axes.formatter.use_mathtext": True,
    "savefig.dpi": 300,
    "svg.fonttype": "path",
    "svg.hashsalt": "plip",  # otherwise ids are drawn at random
    "pdf.fonttype": 42,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a series from the others, by colour and without it."""

    colour: str
    marker: str
    line: str


#: For series in order; the first is what others are compared with.
LOOKS = (
    Look(BLACK, "o", "-"),
    Look(BLUE, "s", "--"),
    Look(VERMILION, "^", "-."),
    Look(GREEN, "D", ":"),
    Look(PURPLE, "v", "-"),
    Look(ORANGE, "P", "--"),
    Look(SKY, "X", "-."),
)

_GROUPS = {
    "python_doctest": Look(BLUE, "o", "-"),
    "rust_test": Look(VERMILION, "s", "--"),
    "python_baseline": Look(SKY, "^", "-."),
    "rust_baseline": Look(ORANGE, "v", ":"),
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw or save within matplotlib's defaults and this style, whatever a user's settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def new_figure(height: float, title: str, about: str) -> Figure:
    """Begin a figure, for use within `styled`.

    Args:
        height: in inches, without title and note.
        title: what it shows.
        about: model, layer, n.
    """
    lines = [line for text in (title, about) for line in _lines(text, _TITLE_CHARACTERS)]
    figure = Figure(figsize=(WIDTH, height + 0.14 * len(lines)), layout="constrained")
    figure.suptitle("\n".join(lines), x=0.02, ha="left", parse_math=False)
    return figure


def noted(figure: Figure, *sentences: str) -> None:
    """Put what a reader must know below a figure; empty sentences are left out."""
    lines = _lines(" ".join(filter(None, sentences)), _NOTE_CHARACTERS)
    figure.set_figheight(figure.get_figheight() + 0.12 * len(lines))
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=6, parse_math=False)


def _lines(text: str, width: int) -> list[str]:
    """Cut a text into lines, but never between a number and what it counts."""
    joined = re.sub(r"(?<=\d) (?=\w)|(?<=\bn) (?==)|(?<=\bn =) ", "\N{NO-BREAK SPACE}", text)
    return textwrap.wrap(joined, width)


def legend_above(axes: Axes, columns: int) -> None:
    """Name the series above the axes, where no data can be hidden."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)


def group_look(group: str) -> Look:
    """Return what a group of samples looks like in every figure."""
    return _GROUPS.get(group, Look(BLACK, "D", "-"))


def group_name(group: str) -> str:
    """Write a group of samples for readers: "python_doctest" is "Python doctest"."""
    return group.replace("_", " ").capitalize()


def counted(n: int, what: str, rest: str) -> str:
    """Write such as "2 samples excluded."; nothing where there is none."""
    if n == 0:
        return ""
    return f"{n} {what}{'' if n == 1 else 's'} {rest}."
