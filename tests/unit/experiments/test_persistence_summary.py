"""The summary of persistence: both designs and their controls, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from plip.experiments import PersistenceConfig
from plip.experiments.continuations import proportion
from plip.experiments.layers import LayerChoice
from plip.experiments.persistence_summary import design_of, summarise
from plip.records import (
    AimRecord,
    ContinuationRecord,
    DetectionRecord,
    PersistenceCell,
    PersistenceSummary,
    PromptControl,
    SyntaxRecord,
)
from plip.stats import cluster_bootstrap, difference_interval, wilson

pytestmark = pytest.mark.fast


def _sample(paper: bool, parsed: bool) -> ContinuationRecord:
    finding = SyntaxRecord(kind="assertion", head="assert!", start=0, complete=True)
    return ContinuationRecord(
        text="",
        ids=(),
        ended=False,
        detection=DetectionRecord(
            paper=("assert!",) if paper else (),
            parsed=(finding,) if parsed else (),
            parses=False,
            reasons=(),
        ),
    )


def _cell(
    family: str | None,
    distance: str | None,
    tokens: int,
    scale: float,
    paper: int,
    parsed: int = 0,
    control: PromptControl | None = None,
) -> PersistenceCell:
    """A cell of ten samples, so many of them with test syntax."""
    samples = tuple(_sample(number < paper, number < parsed) for number in range(10))
    return PersistenceCell(
        prompt=f"{family}_{distance}",
        language="rust",
        category="tests",
        family=family,
        distance=distance,
        chat=False,
        n_tokens=tokens + 5,
        marker=5,
        marker_is_first=False,
        distance_tokens=tokens,
        aim=AimRecord(
            control=control,
            excluded=None,
            token=5,
            token_text="#",
            layers=(2,),
            factors=(scale,),
            received=None,
            marker_received=None,
            plan_hash=None,
        ),
        scale=scale,
        temperature=0.8,
        draw_seed=1,
        witness=None,
        paper=proportion([bool(each.detection.paper) for each in samples], confidence=0.95),
        parsed=proportion([bool(each.detection.parsed) for each in samples], confidence=0.95),
        samples=samples,
    )


#: All that a summary asks of a model.
_RECURRENT: Any = SimpleNamespace(mechanism="state")


def _summary(cells: Sequence[PersistenceCell]) -> PersistenceSummary:
    config = PersistenceConfig(
        samples=10, confidence=0.9, resamples=500, seed=7,
        controls=list(dict.fromkeys(c.aim.control for c in cells if c.aim.control is not None)),
    )  # fmt: skip
    return summarise(cells, LayerChoice((2,), 2, "layer 2, as asked for"), _RECURRENT, config)


#: By family, distance and scale; the farther distance stands first.
COUNTS = {
    ("a", "far"): (2, 3, 1),
    ("a", "near"): (6, 8, 9),
    ("b", "far"): (1, 1, 4),
    ("b", "near"): (5, 3, 8),
    ("c", "far"): (0, 2, 2),
    ("c", "near"): (7, 7, 10),
}
TOKENS = {("a", "far"): 200, ("b", "far"): 210, ("c", "far"): 220}


@pytest.fixture
def crossed() -> list[PersistenceCell]:
    return [
        _cell(family, distance, TOKENS.get((family, distance), 50), scale, count)
        for (family, distance), counts in COUNTS.items()
        for scale, count in zip((1.0, 3.0, 9.0), counts, strict=True)
    ]


@pytest.fixture
def confounded(crossed: list[PersistenceCell]) -> list[PersistenceCell]:
    return [cell for cell in crossed if cell.prompt in ("a_near", "b_far")]


def test_designs(crossed: list[PersistenceCell], confounded: list[PersistenceCell]) -> None:
    assert design_of(crossed) == "crossed"
    assert design_of(confounded) == "confounded"
    assert design_of([cell for cell in crossed if cell.family == "a"]) == "confounded"
    assert design_of([cell for cell in crossed if cell.distance == "far"]) == "confounded"
    assert design_of([cell for cell in crossed if cell.prompt != "a_near"]) == "confounded"


def test_the_crossed_design(crossed: list[PersistenceCell]) -> None:
    summary = _summary(crossed)
    assert "prompts are the unit" in summary.design_note
    assert [(r.distance, r.scales) for r in summary.cells] == list(
        product(("near", "far"), ((1.0,), (3.0,), (9.0,)))
    )
    assert [r.paper.count for r in summary.cells] == [18, 18, 27, 3, 6, 7]
    near, far = summary.by_distance
    assert (near.distance, near.distance_tokens, near.scales) == ("near", 50, (3.0, 9.0))
    assert (far.distance_tokens, far.paper.count, far.paper.n) == (210, 13, 60)
    assert far.paper.rate == pytest.approx(13 / 60)
    assert (far.paper.low, far.paper.high) == pytest.approx(wilson(13, 60, confidence=0.9))
    drawn = cluster_bootstrap(
        [0.2, 0.25, 0.2], np.random.default_rng(7), confidence=0.9, resamples=500
    )
    assert (far.paper.prompts_low, far.paper.prompts_high) == pytest.approx(drawn)
    assert (far.paper.prompts, far.parsed.count, far.parsed.prompts_low) == (3, 0, 0)
    assert [r.paper.count for r in summary.by_scale] == [21, 24, 34]
    assert all(r.distance is None for r in summary.by_scale)
    assert summary.by_scale[0].distance_tokens == 130


def test_contrasts_of_the_crossed_design(crossed: list[PersistenceCell]) -> None:
    contrasts = [c for c in _summary(crossed).contrasts if c.detector == "paper"]
    assert [c.name for c in contrasts] == [
        "scale 3 − scale 1",
        "scale 9 − scale 1",
        "far − near",
    ]
    by_prompt = [[3 / 20, -2 / 20, 2 / 20], [2 / 20, 6 / 20, 5 / 20], [-13 / 20, -6 / 20, -13 / 20]]
    for contrast, differences in zip(contrasts, by_prompt, strict=True):
        assert contrast.difference == pytest.approx(fmean(differences))
        drawn = cluster_bootstrap(
            differences, np.random.default_rng(7), confidence=0.9, resamples=500
        )
        assert (contrast.low, contrast.high) == pytest.approx(drawn)
        assert (contrast.prompts, contrast.method) == (
            3,
            "bootstrap over prompts, too narrow where they are few",
        )
    # All eight ways to sign three differences: two are as far from 0 as the observed ones.
    assert [c.p_value for c in contrasts] == pytest.approx([0.75, 0.25, 0.25])


def test_prompts_that_do_not_differ_have_no_test(crossed: list[PersistenceCell]) -> None:
    contrasts = [c for c in _summary(crossed).contrasts if c.detector == "parsed"]
    assert len(contrasts) == 3
    for contrast in contrasts:
        assert (contrast.difference, contrast.low, contrast.high) == (0, 0, 0)
        assert contrast.p_value is None


def test_the_papers_design(confounded: list[PersistenceCell]) -> None:
    summary = _summary(confounded)
    assert "distance and prompt are one thing" in summary.design_note
    scale_3, scale_9, distance = (c for c in summary.contrasts if c.detector == "paper")
    for contrast, count in ((scale_3, 9), (scale_9, 13)):
        expected = difference_interval((count, 20), (7, 20), confidence=0.9)
        assert contrast.difference == pytest.approx((count - 7) / 20)
        assert (contrast.low, contrast.high) == pytest.approx(expected)
        assert (contrast.prompts, contrast.p_value) == (2, None)
        assert contrast.method == "Newcombe's, for these very prompts"
    assert distance.name == "far − near"
    assert distance.difference == pytest.approx((1 + 4) / 20 - (8 + 9) / 20)
    assert (distance.low, distance.high, distance.p_value) == (None, None, None)
    assert distance.method == "none: distance and prompt are one thing"
    for rate in (*summary.cells, *summary.by_distance, *summary.by_scale):
        assert (rate.paper.prompts_low, rate.paper.prompts_high) == (None, None)


def test_without_a_baseline_or_amplification(crossed: list[PersistenceCell]) -> None:
    only = [cell for cell in crossed if cell.scale == 1]
    summary = _summary(only)
    assert [c.name for c in summary.contrasts] == ["far − near"] * 2
    assert [rate.scales for rate in summary.by_distance] == [(1.0,), (1.0,)]
    steered = [cell for cell in crossed if cell.scale == 9]
    assert [c.name for c in _summary(steered).contrasts] == ["far − near"] * 2


def test_prompts_of_no_family_are_distances_of_their_own() -> None:
    cells = [_cell(None, None, tokens, 1.0, 5) for tokens in (90, 30)]
    one, other = (cell.model_copy(update={"prompt": f"p{cell.n_tokens}"}) for cell in cells)
    summary = _summary([one, other])
    assert summary.design == "confounded"
    assert [rate.distance for rate in summary.by_distance] == ["p35", "p95"]


#: A control of the same prompts; that of another marker has a baseline of its own.
OTHERS = {
    ("a", "far"): (1, 2, 3),
    ("a", "near"): (5, 6, 7),
    ("b", "far"): (0, 0, 1),
    ("b", "near"): (9, 3, 3),
    ("c", "far"): (4, 2, 8),
    ("c", "near"): (2, 7, 5),
}


def _others(control: PromptControl) -> list[PersistenceCell]:
    return [
        _cell(family, distance, TOKENS.get((family, distance), 50), scale, count, control=control)
        for (family, distance), counts in OTHERS.items()
        for scale, count in zip((1.0, 3.0, 9.0), counts, strict=True)
        if scale != 1 or control == "marker"
    ]


def _rates(counts: dict[tuple[str, str], tuple[int, int, int]], column: int) -> dict[str, float]:
    """The rate of each family over both distances, by hand."""
    return {
        family: sum(each[column] for (name, _), each in counts.items() if name == family) / 20
        for family in "abc"
    }


@pytest.mark.parametrize("control", ["token", "layer", "marker"])
def test_changes_of_a_control_by_hand(
    crossed: list[PersistenceCell], control: PromptControl
) -> None:
    summary = _summary([*crossed, *_others(control)])
    assert summary.contrasts == _summary(crossed).contrasts
    (found,) = summary.controls
    assert (found.control, found.prompts, found.excluded) == (control, 6, 0)
    own = control == "marker"
    assert [rate.scales for rate in found.by_scale] == [(1.0,)] * own + [(3.0,), (9.0,)]
    assert [rate.paper.count for rate in found.by_scale] == [21] * own + [20, 27]
    assert len(found.cells) == 2 * len(found.by_scale)
    changes = [change for change in found.changes if change.detector == "paper"]
    assert [change.scale for change in changes] == [3.0, 9.0]
    plain = _rates(COUNTS, 0)
    baseline = _rates(OTHERS, 0) if own else plain
    for column, change in enumerate(changes, start=1):
        marker, other = _rates(COUNTS, column), _rates(OTHERS, column)
        changed = [other[family] - baseline[family] for family in "abc"]
        beyond = [
            marker[family] - plain[family] - each
            for family, each in zip("abc", changed, strict=True)
        ]
        for contrast, expected in ((change.own, changed), (change.beyond, beyond)):
            assert contrast is not None
            assert contrast.difference == pytest.approx(fmean(expected))
            drawn = cluster_bootstrap(
                expected, np.random.default_rng(7), confidence=0.9, resamples=500
            )
            assert (contrast.low, contrast.high) == pytest.approx(drawn)
            assert contrast.prompts == 3
            assert contrast.p_value is not None
    names = [change.own.name for change in changes if change.own is not None]
    assert names == [f"scale {scale} − scale 1, {control} control" for scale in (3, 9)]
    assert changes[0].beyond is not None
    assert changes[0].beyond.name == f"scale 3, marker − {control} control"


@pytest.mark.parametrize("control", ["token", "marker"])
def test_changes_in_the_papers_design(
    confounded: list[PersistenceCell], control: PromptControl
) -> None:
    others = [cell for cell in _others(control) if cell.prompt in ("a_near", "b_far")]
    (found,) = _summary([*confounded, *others]).controls
    change = next(change for change in found.changes if change.detector == "paper")
    assert change.own is not None
    assert change.beyond is not None
    # a_near and b_far: 9 of 20 at scale 3 and 7 at 1; the control 6, and 5 of its own.
    baseline = 5 if control == "marker" else 7
    assert change.own.difference == pytest.approx((6 - baseline) / 20)
    expected = difference_interval((6, 20), (baseline, 20), confidence=0.9)
    assert (change.own.low, change.own.high) == pytest.approx(expected)
    assert change.beyond.difference == pytest.approx((9 - 7 - (6 - baseline)) / 20)
    if control == "marker":
        assert (change.beyond.low, change.beyond.high) == (None, None)
        assert change.beyond.method == "none: four rates of these very prompts"
    else:
        expected = difference_interval((9, 20), (6, 20), confidence=0.9)
        assert (change.beyond.low, change.beyond.high) == pytest.approx(expected)
        assert change.beyond.method == "Newcombe's, for these very prompts"


def test_a_control_beside_the_prompts_that_have_it(crossed: list[PersistenceCell]) -> None:
    others = [
        cell
        if cell.family != "c"
        else cell.model_copy(
            update={
                "aim": cell.aim.model_copy(update={"excluded": "none of its kind"}),
                "samples": (),
                "paper": proportion([], confidence=0.9),
                "parsed": proportion([], confidence=0.9),
            }
        )
        for cell in _others("token")
    ]
    (found,) = _summary([*crossed, *others]).controls
    assert (found.prompts, found.excluded) == (4, 2)
    change = found.changes[0]
    assert change.own is not None
    assert change.beyond is not None
    marker, plain, other = _rates(COUNTS, 1), _rates(COUNTS, 0), _rates(OTHERS, 1)
    assert change.own.difference == pytest.approx(fmean(other[f] - plain[f] for f in "ab"))
    assert change.beyond.difference == pytest.approx(fmean(marker[f] - other[f] for f in "ab"))
    assert change.beyond.prompts == 2


def test_without_a_baseline_nothing_is_said_of_changes(crossed: list[PersistenceCell]) -> None:
    steered = [cell for cell in (*crossed, *_others("token")) if cell.scale != 1]
    (token,) = _summary(steered).controls
    assert all(change.own is None and change.beyond is not None for change in token.changes)
    steered = [cell for cell in (*crossed, *_others("marker")) if cell.scale != 1]
    (marker,) = _summary(steered).controls
    assert all(change.own is None and change.beyond is None for change in marker.changes)
