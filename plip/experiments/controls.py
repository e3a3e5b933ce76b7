"""What is drawn for a control: other keys, another token, other layers.

Every draw has a generator of its own, which depends on the seed, the sample's id and the layers
alone: not on what else is run, in which order or in what batches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plip.text import Located

__all__ = ["Drawn", "other_keys", "other_layers", "other_token"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Sets of other keys that are drawn to find one with as much attention as the targets have.
_TRIES = 256
# Sets the draw of layers apart from draws within layers: no layer has this number.
_LAYERS = 2**31


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands in the place of a sample's targets or marker.

    Args:
        positions: keys, or the token; none where nothing can be drawn.
        mass: attention of the marker to these keys, the mean over heads and layers; None of a
            token.
        target_mass: the same of the targets.
        excluded: why nothing can be drawn.
    """

    positions: tuple[int, ...] = ()
    mass: float | None = None
    target_mass: float | None = None
    excluded: str | None = None


def other_keys(
    item: Located, layers: Sequence[int], rows: Mapping[int, Sequence[float]], seed: int
) -> Drawn:
    """Draw as many other earlier keys as there are targets, with about as much attention.

    Of sets drawn at random it is the one whose attention comes closest to that of the targets, and
    single keys of it are exchanged as long as that brings it closer.

    Args:
        item: the sample.
        layers: where their edges are to be steered; keys that one of these layers does not see are
            not drawn.
        rows: by layer, attention of the marker to every key, the mean over steered heads.
        seed: of the draw.
    """
    weights = np.stack([np.asarray(rows[layer])[: item.query + 1] for layer in layers])
    mean = weights.mean(0)
    target_mass = float(mean[list(item.keys)].sum())
    seen = set(np.flatnonzero(weights.min(0) > 0).tolist())
    others = [key for key in range(item.query) if key not in item.keys and key in seen]
    size = len(item.keys)
    if len(others) < size:
        reason = f"{len(others)} other earlier tokens, too few to stand for {size} targets"
        return Drawn(target_mass=target_mass, excluded=reason)
    rng = _generator(seed, item, *layers)
    drawn = np.stack([rng.choice(others, size, replace=False) for _ in range(_TRIES)])
    best = drawn[np.abs(mean[drawn].sum(1) - target_mass).argmin()]
    keys = _nearer(best, np.asarray(others), mean, target_mass)
    return Drawn(tuple(sorted(keys.tolist())), float(mean[keys].sum()), target_mass)


def _nearer(keys: Ints, others: Ints, mean: Floats, target: float) -> Ints:
    """Exchange single keys for others as long as that brings their mass nearer to the target's."""
    while True:
        left = np.setdiff1d(others, keys)
        if len(left) == 0:
            return keys
        # [key to give up, key to take]
        gaps = np.abs(mean[keys].sum() - mean[keys][:, None] + mean[left][None, :] - target)
        out, taken = np.unravel_index(gaps.argmin(), gaps.shape)
        nearer = keys.copy()
        nearer[out] = left[taken]
        # Compared as they will be summed, so that rounding cannot go round in circles.
        if not abs(mean[nearer].sum() - target) < abs(mean[keys].sum() - target):
            return keys
        keys = nearer


def other_token(item: Located, layers: Sequence[int], seed: int, *, own: bool = False) -> Drawn:
    """Draw a token that is neither the marker nor a target nor the last one.

    Args:
        item: the sample.
        layers: where it is to be steered.
        seed: of the draw.
        own: whether the edge of the token to itself is knocked out too: the first row has no other
            key and would lose all of its attention.
    """
    taken = {item.query, *item.keys, len(item.tokens) - 1} | ({0} if own else set())
    others = [token for token in range(len(item.tokens)) if token not in taken]
    if not others:
        return Drawn(excluded="no token but the marker, the targets and the last")
    return Drawn((int(_generator(seed, item, *layers).choice(others)),))


def other_layers(
    item: Located, layers: Sequence[int], candidates: Sequence[int], seed: int
) -> tuple[int, ...] | None:
    """Draw as many other layers as are steered, None where there are not enough.

    Args:
        item: the sample.
        layers: the steered ones.
        candidates: those that may stand for them.
        seed: of the draw.
    """
    if len(candidates) < len(layers):
        return None
    rng = _generator(seed, item, *layers, _LAYERS)
    drawn = rng.choice(sorted(candidates), len(layers), replace=False)
    return tuple(sorted(int(layer) for layer in drawn))


def _generator(seed: int, item: Located, *place: int) -> np.random.Generator:
    digest = hashlib.sha256(item.sample.id.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big"), *place])
