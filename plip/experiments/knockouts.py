"""What is knocked out of a sample, and what stands beside it as a control."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plip.models import Subject
from plip.plan import Edges, Knockout, Plan, edges, into
from plip.records import Ablated
from plip.text import Located

__all__ = ["Knock", "knocks"]

# Sets of other keys that are drawn to find one with as much attention as the targets have.
_TRIES = 256


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
        rows: by layer, attention of the marker to every key, the mean over heads; for edges.
        seed: of the draws, which depend on nothing else but the sample's id and the window.
    """
    for window in windows:
        reason = _no_reach(item, window, ablated, subject.n_layers)
        if reason is not None:
            yield Knock(window, False, excluded=reason)
            yield Knock(window, True, excluded=reason)
            continue
        rng = _generator(seed, item, window)
        if ablated == "edges":
            yield from _edge_knocks(item, window, rows, rng)
        else:
            yield _token_knock(item, window, ablated, item.query, control=False)
            yield _other_token(item, window, ablated, rng)


def _no_reach(
    item: Located, window: tuple[int, ...], ablated: Ablated, n_layers: int
) -> str | None:
    """Say why a knockout cannot reach the prediction whatever the model is, None if it can."""
    last = item.query == len(item.tokens) - 1
    if last and ablated in ("into", "write"):
        return "the marker is the last token, and no later one reads it"
    if not last and ablated == "edges" and window == (n_layers - 1,):
        return "above the last layer no row reads the marker's"
    return None


def _edge_knocks(
    item: Located,
    window: tuple[int, ...],
    rows: Mapping[int, Sequence[float]],
    rng: np.random.Generator,
) -> Iterator[Knock]:
    weights = np.mean([rows[layer][: item.query + 1] for layer in window], axis=0)
    mass = float(weights[list(item.keys)].sum())
    yield _edges(item, window, item.keys, mass, control=False)
    others = [key for key in range(item.query) if key not in item.keys]
    size = len(item.keys)
    if len(others) < size:
        yield Knock(
            window,
            True,
            excluded=f"{len(others)} other earlier tokens, too few to stand for {size} targets",
        )
        return
    drawn = np.stack([rng.choice(others, size, replace=False) for _ in range(_TRIES)])
    masses = weights[drawn].sum(1)
    best = int(np.abs(masses - mass).argmin())
    keys = tuple(sorted(int(key) for key in drawn[best]))
    yield _edges(item, window, keys, float(masses[best]), control=True)


def _edges(
    item: Located, window: tuple[int, ...], keys: tuple[int, ...], mass: float, *, control: bool
) -> Knock:
    plan = Plan(Knockout(), edges(query=item.query, keys=keys), layers=window)
    return Knock(window, control, keys, mass, plan)


def _other_token(
    item: Located, window: tuple[int, ...], ablated: Ablated, rng: np.random.Generator
) -> Knock:
    taken = {item.query, *item.keys, len(item.tokens) - 1}
    if ablated == "into-own":
        # The first row has no other key: it would lose all of its attention.
        taken.add(0)
    others = [token for token in range(len(item.tokens)) if token not in taken]
    if not others:
        return Knock(window, True, excluded="no token but the marker, the targets and the last")
    return _token_knock(item, window, ablated, int(rng.choice(others)), control=True)


def _token_knock(
    item: Located, window: tuple[int, ...], ablated: Ablated, token: int, *, control: bool
) -> Knock:
    where: Edges = into(token, own=ablated == "into-own")
    return Knock(window, control, (token,), None, Plan(Knockout(), where, layers=window))


def _generator(seed: int, item: Located, window: tuple[int, ...]) -> np.random.Generator:
    """Return a generator of its own for each sample and window, whatever else is run."""
    digest = hashlib.sha256(item.sample.id.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big"), *window])
