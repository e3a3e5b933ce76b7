"""What is knocked out of a sample, and what stands beside it as a control."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plip.models import Subject
from plip.plan import ALL, Edges, Knockout, Plan, edges, into
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
        reason = _no_reach(item, window, ablated, subject.n_layers)
        if reason is not None:
            yield Knock(window, False, excluded=reason)
            yield Knock(window, True, excluded=reason)
            continue
        rng = _generator(seed, item, window)
        chosen = (
            _edge_knocks(item, window, rows, rng)
            if ablated == "edges"
            else _token_knocks(item, window, ablated, rng)
        )
        for knock, where in chosen:
            if where is None:
                yield knock
                continue
            plan = Plan(Knockout(), where, layers=window, heads=ALL if heads is None else heads)
            yield replace(knock, plan=plan)


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
) -> Iterator[tuple[Knock, Edges | None]]:
    weights = np.mean([rows[layer][: item.query + 1] for layer in window], axis=0)
    mass = float(weights[list(item.keys)].sum())
    yield Knock(window, False, item.keys, mass), edges(query=item.query, keys=item.keys)
    others = [key for key in range(item.query) if key not in item.keys]
    size = len(item.keys)
    if len(others) < size:
        reason = f"{len(others)} other earlier tokens, too few to stand for {size} targets"
        yield Knock(window, True, excluded=reason), None
        return
    drawn = np.stack([rng.choice(others, size, replace=False) for _ in range(_TRIES)])
    masses = weights[drawn].sum(1)
    best = int(np.abs(masses - mass).argmin())
    keys = tuple(sorted(int(key) for key in drawn[best]))
    yield Knock(window, True, keys, float(masses[best])), edges(query=item.query, keys=keys)


def _token_knocks(
    item: Located, window: tuple[int, ...], ablated: Ablated, rng: np.random.Generator
) -> Iterator[tuple[Knock, Edges | None]]:
    own = ablated == "into-own"
    yield Knock(window, False, (item.query,)), into(item.query, own=own)
    taken = {item.query, *item.keys, len(item.tokens) - 1}
    if own:
        # The first row has no other key: it would lose all of its attention.
        taken.add(0)
    others = [token for token in range(len(item.tokens)) if token not in taken]
    if not others:
        reason = "no token but the marker, the targets and the last"
        yield Knock(window, True, excluded=reason), None
        return
    token = int(rng.choice(others))
    yield Knock(window, True, (token,)), into(token, own=own)


def _generator(seed: int, item: Located, window: tuple[int, ...]) -> np.random.Generator:
    """Return a generator of its own for each sample and window, whatever else is run."""
    digest = hashlib.sha256(item.sample.id.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big"), *window])
