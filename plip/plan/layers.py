"""Several layers at once, each with its own factor: as text, and as a plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from plip.errors import LayerError, OperationError, PlanError
from plip.plan.edges import ALL, Edges
from plip.plan.operations import Scale
from plip.plan.plan import Indices, Plan

__all__ = [
    "name_factors",
    "name_layers",
    "read_factors",
    "read_layers",
    "scale_by_layer",
    "spell_layers",
]

# No model is that deep, and a range must not fill the memory.
_MOST = 9999
_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_LAYERS = "layers such as 4, 2,4 or 0,2-4"
_FACTORS = "factors such as 2:3,4:1.5 or 2-4:3"


def read_layers(text: str) -> tuple[int, ...]:
    """Read layers: `4`, `2,4`, `2-5` (both ends included), `0,2-4`.

    Args:
        text: numbers and ranges with commas between them.

    Returns:
        The layers, ascending.

    Raises:
        LayerError: something else, a range that runs backwards, or a layer twice.
    """
    who = f"layers {text[:40]!r}"
    found = [layer for part in text.split(",") for layer in _range(part, who, _LAYERS)]
    _check_once(found, who)
    return tuple(sorted(found))


def read_factors(text: str) -> tuple[tuple[int, float], ...]:
    """Read a factor for each layer: `2:3,4:1.5`, `2-4:3`.

    Args:
        text: layers or ranges of them, each with a colon and its factor behind it, and commas
            between them.

    Returns:
        Layers with their factors, by ascending layer.

    Raises:
        LayerError: something else, a range that runs backwards, or a layer twice.
        OperationError: a factor that is negative or no finite number.
    """
    who = f"factors {text[:40]!r}"
    found: dict[int, float] = {}
    listed = []
    for part in text.split(","):
        layers, colon, factor = part.partition(":")
        if not colon:
            raise _refused(who, _FACTORS, repr(part.strip()))
        for layer in _range(layers, who, _FACTORS):
            listed.append(layer)
            found[layer] = _factor(factor, who)
    _check_once(listed, who)
    return tuple(sorted(found.items()))


def scale_by_layer(
    edges: Edges,
    factors: Mapping[int, float] | Iterable[tuple[int, float]],
    *,
    heads: Indices = ALL,
) -> Plan:
    """Plan to scale the same edges in several layers, each by its own factor.

    Layers with the same factor are one step, so that one factor for all of them is the plan
    `Plan(Scale(factor), edges, layers=…)`, and the order in which they are given says nothing.

    Args:
        edges: what is scaled; on a model with a recurrent state `into(m)`, the write of m.
        factors: by layer, finite, ≥ 0, dimensionless. 1 leaves a layer as it is.
        heads: query-head indices, ranges, or `ALL`.

    Raises:
        PlanError: no layer.
        OperationError: a factor that is negative or no finite number.
        LayerError, HeadError: a negative index.
    """
    pairs = sorted(dict(factors).items(), key=lambda pair: (pair[1], pair[0]))
    if not pairs:
        raise PlanError(
            "factors", wanted="at least one layer", found="none", advice="name layers to scale"
        )
    steps = [
        Plan(Scale(factor), edges, layers=[layer for layer, _ in alike], heads=heads).steps[0]
        for factor, alike in groupby(pairs, key=lambda pair: pair[1])
    ]
    return Plan.from_steps(steps)


def spell_layers(layers: Sequence[int]) -> str:
    """Write layers as `read_layers` reads them, such as "0, 2–4", with dashes for readers."""
    runs: list[list[int]] = []
    for layer in sorted(layers):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def name_layers(layers: Sequence[int]) -> str:
    """Write layers with their noun: "layer 4", "layers 0, 2–4"."""
    return f"layer{'' if len(layers) == 1 else 's'} {spell_layers(layers)}"


def name_factors(factors: Iterable[tuple[int, float]]) -> str:
    """Write factors as `read_factors` reads them: "2:3,4:1.5"."""
    return ",".join(f"{layer}:{factor!r}".removesuffix(".0") for layer, factor in factors)


def _range(text: str, who: str, wanted: str) -> range:
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise _refused(who, wanted, repr(text.strip()) if text.strip() else "an empty entry")
    # Compared as text first: Python refuses to convert numbers of thousands of digits.
    if any(len(end.lstrip("0")) > len(str(_MOST)) for end in found.groups("0")):
        raise _refused(who, f"layers up to {_MOST}", text.strip()[:40])
    first = int(found[1])
    last = first if found[2] is None else int(found[2])
    if last < first:
        raise _refused(
            who,
            "ranges from the lower to the higher layer",
            text.strip(),
            advice=f"write {last}-{first}",
        )
    return range(first, last + 1)


def _check_once(layers: Sequence[int], who: str) -> None:
    twice = sorted(layer for layer, times in Counter(layers).items() if times > 1)
    if twice:
        raise _refused(
            who,
            "each layer once",
            f"{name_layers(twice)} more than once",
            advice="name each layer once",
            details={"layers": twice},
        )


def _factor(text: str, who: str) -> float:
    try:
        return Scale(float(text)).factor
    except (ValueError, OperationError):
        raise OperationError(
            who,
            wanted="finite factors ≥ 0",
            found=repr(text.strip()),
            advice="give each layer a factor such as 3 or 1.5; 0 is the knockout, 1 the identity",
        ) from None


def _refused(
    who: str,
    wanted: str,
    found: str,
    *,
    advice: str = "separate layers by commas, and the ends of a range by a hyphen",
    details: dict[str, Any] | None = None,
) -> LayerError:
    return LayerError(who, wanted=wanted, found=found, advice=advice, details=details)
