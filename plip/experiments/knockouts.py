"""What is knocked out of a sample, and what stands beside it as a control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plip.experiments.controls import Drawn, other_keys, other_token
from plip.experiments.reach import Rows, out_of_reach
from plip.models import Subject
from plip.plan import ALL, Edges, Knockout, Plan, edges, into
from plip.records import Ablated
from plip.text import Located

__all__ = ["Knock", "knocks"]

# In which rows something is taken away.
_ROWS: dict[Ablated, Rows] = {"edges": "own", "into": "later", "into-own": "both", "write": "later"}


@dataclass(frozen=True, slots=True)
class Knock:
    """One knockout of one sample.

    Args:
        layers: where, at once.
        control: whether it is the control.
        positions: keys whose edges are knocked out, or tokens whose writes are.
        mass: attention of the marker to these keys, the mean over heads and layers.
        plan: the knockout, None where it cannot be done.
        excluded: why it cannot be done.
    """

    layers: tuple[int, ...]
    control: bool
    positions: tuple[int, ...] = ()
    mass: float | None = None
    plan: Plan | None = None
    excluded: str | None = None


def knocks(
    item: Located,
    windows: Sequence[tuple[int, ...]],
    ablated: Ablated,
    subject: Subject,
    rows: Mapping[int, Sequence[float]],
    seed: int,
    heads: tuple[int, ...] | None = None,
) -> Iterator[Knock]:
    """List the knockouts of a sample: for each window the marker's, then the control.

    The control of edges are the marker's edges to as many other earlier tokens, those among
    randomly drawn sets whose attention comes closest to the targets'. The control of `into` and of
    writes is another token, drawn from all but the marker and the targets.

    Args:
        item: the sample.
        windows: layers that are ablated at once.
        ablated: what is knocked out.
        subject: the model.
        rows: by layer, attention of the marker to every key, the mean over these heads; for edges.
        seed: of the draws, which depend on nothing else but the sample's id and the window.
        heads: which ones are ablated, None for all.
    """
    for window in windows:
        reason = out_of_reach(item, window, subject.n_layers, _ROWS[ablated])
        if reason is not None:
            yield Knock(window, False, excluded=reason)
            yield Knock(window, True, excluded=reason)
            continue
        own = ablated == "into-own"
        if ablated == "edges":
            control = other_keys(item, window, rows, seed)
            marker = Drawn(item.keys, control.target_mass)
        else:
            control = other_token(item, window, seed, own=own)
            marker = Drawn((item.query,))
        for is_control, drawn in ((False, marker), (True, control)):
            if drawn.excluded is not None:
                yield Knock(window, is_control, excluded=drawn.excluded)
                continue
            where = _edges(item, drawn.positions, ablated == "edges", own)
            plan = Plan(Knockout(), where, layers=window, heads=ALL if heads is None else heads)
            yield Knock(window, is_control, drawn.positions, drawn.mass, plan)


def _edges(item: Located, positions: tuple[int, ...], of_marker: bool, own: bool) -> Edges:
    if of_marker:
        return edges(query=item.query, keys=positions)
    return into(positions, own=own)
