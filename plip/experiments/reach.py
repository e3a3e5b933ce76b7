"""Whether what is done to a sample can reach the prediction, whatever the model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from plip.models import Subject
from plip.text import Located

__all__ = ["Rows", "out_of_reach", "rows_of", "silent_layers"]

#: The rows in which something is done: the marker's own, later ones, or all of these.
Rows = Literal["own", "later", "both"]


def rows_of(subject: Subject) -> Rows:
    """Return where the marker's edges to its targets are, or where its write is read."""
    return "own" if subject.mechanism == "attention" else "later"


def out_of_reach(item: Located, layers: Sequence[int], n_layers: int, rows: Rows) -> str | None:
    """Say why something done in some layers cannot reach the prediction, None if it can.

    The prediction is made in the last token's row. What changes in the marker's own row reaches it
    through the keys and values of a layer above, what changes in later rows through these rows.

    Args:
        item: the sample.
        layers: where it is done, at once; one layer that can reach the prediction is enough.
        n_layers: how many layers the model has.
        rows: in which rows.
    """
    last = item.query == len(item.tokens) - 1
    if last and rows == "later":
        return "the marker is the last token, and no later one reads it"
    if not last and rows == "own" and min(layers) >= n_layers - 1:
        return "above the last layer no row reads the marker's"
    return None


def silent_layers(located: Sequence[Located], layers: Sequence[int], subject: Subject) -> list[int]:
    """Return the layers in which steering reaches no sample's prediction by itself.

    Args:
        located: the samples; those that are excluded have no say.
        layers: steered ones.
        subject: the model.
    """
    rows = rows_of(subject)
    measured = [item for item in located if item.excluded is None]
    return [
        layer
        for layer in layers
        if all(out_of_reach(item, [layer], subject.n_layers, rows) for item in measured)
    ]
