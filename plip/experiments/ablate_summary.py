"""What all samples show at each window of layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from plip.errors import MeasureError
from plip.experiments.compared import compared
from plip.experiments.spread import spread
from plip.records import (
    Ablated,
    AblationGroup,
    AblationPoint,
    AblationSample,
    AblationSummary,
    AblationWindow,
    ComparisonRecord,
    Mechanism,
)
from plip.stats import max_t, paired, unpaired
from plip.text import Group

if TYPE_CHECKING:
    from plip.experiments.ablate import AblateConfig

__all__ = ["summarise"]


def summarise(
    records: Sequence[AblationSample],
    windows: Sequence[tuple[int, ...]],
    ablated: Ablated,
    mechanism: Mechanism,
    why: str,
    config: AblateConfig,
) -> AblationSummary:
    """Describe every window over its samples, and compare.

    Args:
        records: of all samples, in the corpus's order.
        windows: layers that were ablated at once.
        ablated: what was knocked out.
        mechanism: what plans act on.
        why: why these layers.
        config: the options.
    """
    adjusted = _adjusted(records, len(windows), config)
    return AblationSummary(
        mechanism=mechanism,
        ablated=ablated,
        layer_choice=why,
        windows=tuple(
            AblationWindow(
                layers=layers,
                groups=tuple(
                    _group(
                        group,
                        [record for record in records if record.group == group],
                        2 * at,
                        config,
                    )
                    for group in Group
                    if any(record.group == group for record in records)
                ),
                python_against_rust=_languages(records, 2 * at, config, adjusted[at]),
            )
            for at, layers in enumerate(windows)
        ),
        confidence=config.confidence,
        resamples=config.resamples,
    )


def _groups(
    records: Sequence[AblationSample], at: int, config: AblateConfig
) -> tuple[AblationGroup, ...]:
    found = []
    for group in Group:
        mine = [record for record in records if record.group == group]
        if mine:
            found.append(_group(group, mine, at, config))
    return tuple(found)


def _group(
    group: Group, records: Sequence[AblationSample], at: int, config: AblateConfig
) -> AblationGroup:
    """Describe one group: its knockouts stand at `at` among the points, the controls behind."""
    describe = partial(
        spread, seed=config.seed, confidence=config.confidence, resamples=config.resamples
    )
    points = [record.points[at] for record in records if record.points]
    measured = [point for point in points if point.excluded is None]
    controls = [record.points[at + 1] for record in records if record.points]
    both = [
        (one, other)
        for one, other in zip(points, controls, strict=True)
        if one.excluded is None and other.excluded is None
    ]
    return AblationGroup(
        group=group.value,
        n=len(measured),
        excluded=len(records) - len(measured),
        kl=describe([_nats(point) for point in measured]),
        control_kl=describe([_nats(point) for point in controls if point.excluded is None]),
        removal_kl=describe(
            [
                record.removal_kl_nats
                for record in records
                if record.removal_kl_nats is not None and record.points[at].excluded is None
            ]
        ),
        top1_changed=sum(point.ablated_token != point.baseline_token for point in measured),
        against_control=compared(
            paired,
            [_nats(one) for one, _ in both],
            [_nats(other) for _, other in both],
            seed=config.seed,
            resamples=config.resamples,
        ),
    )


def _languages(
    records: Sequence[AblationSample], at: int, config: AblateConfig, adjusted: float | None
) -> ComparisonRecord:
    python, rust = (
        [
            _nats(record.points[at])
            for record in records
            if record.group == group and record.points and record.points[at].excluded is None
        ]
        for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST)
    )
    found = compared(unpaired, python, rust, seed=config.seed, resamples=config.resamples)
    return found if found.undefined else found.model_copy(update={"p_max_t": adjusted})


def _adjusted(
    records: Sequence[AblationSample], windows: int, config: AblateConfig
) -> Sequence[float | None]:
    """Return p of Python against Rust, adjusted for the windows that were searched."""
    nothing: list[float | None] = [None] * windows
    if windows < 2:
        return nothing
    sides = []
    for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST):
        mine = [record for record in records if record.group == group and record.points]
        sides.append([[_figure(record.points[2 * at]) for at in range(windows)] for record in mine])
    # A window that nobody could have is left out of the search; a gap elsewhere makes it undefined.
    open_windows = [
        at
        for at in range(windows)
        if not all(math.isnan(row[at]) for side in sides for row in side)
    ]
    try:
        found = max_t(
            *([[row[at] for at in open_windows] for row in side] for side in sides),
            seed=config.seed,
            resamples=config.resamples,
        )
    except MeasureError:
        return nothing
    for at, p in zip(open_windows, found, strict=True):
        nothing[at] = p
    return nothing


def _figure(point: AblationPoint) -> float:
    return math.nan if point.excluded is not None else _nats(point)


def _nats(point: AblationPoint) -> float:
    return math.inf if point.kl_nats is None else point.kl_nats
