"""Tables and documents of generated text, from records made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import RenderableType

from plip.records import (
    AimRecord,
    CodeMatchRecord,
    ContinuationRecord,
    ContrastRecord,
    ControlChange,
    DetectionRecord,
    GenerationControlSummary,
    GenerationGroup,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    Manifest,
    PairedOutcomes,
    PersistenceCell,
    PersistenceControl,
    PersistenceRate,
    PersistenceSummary,
    Proportion,
    RateRecord,
    SimilarityRecord,
    SyntaxRecord,
)
from plip.report import (
    generation_document,
    persistence_document,
    render_generation,
    render_persistence,
    to_json,
)

pytestmark = pytest.mark.fast

Shown = Callable[[RenderableType], str]

NO_MATCH = CodeMatchRecord(ngram=None, weighted_ngram=0.5, syntax=1.0)
PROMPT: dict[str, Any] = {
    "language": "rust",
    "category": "tests",
    "family": None,
    "distance": None,
    "chat": False,
    "n_tokens": 40,
    "marker": 9,
    "marker_is_first": False,
    "distance_tokens": 31,
}


AIM = AimRecord(
    control=None, excluded=None, token=9, token_text="#", layers=(2,), factors=(3.0,),
    received=None, marker_received=None, plan_hash="ab",
)  # fmt: skip


def _continuation(text: str, paper: bool, parsed: bool) -> ContinuationRecord:
    found = SyntaxRecord(kind="assertion", head="assert!", start=0, complete=True)
    return ContinuationRecord(
        text=text,
        ids=(1, 2),
        ended=True,
        detection=DetectionRecord(
            paper=("assert!",) if paper else (),
            parsed=(found,) if parsed else (),
            parses=True,
            reasons=(),
        ),
    )


def _sample(name: str, *pairs: GenerationPair) -> GenerationSample:
    return GenerationSample(
        prompt=name, aim=AIM, temperature=0.0, draw_seed=5, pairs=pairs, controls=(), **PROMPT,
    )  # fmt: skip


def _pair(first: int | None, edit: float | None, *, steered: bool) -> GenerationPair:
    return GenerationPair(
        baseline=_continuation("[one]\n", True, False),
        steered=_continuation("[one]\n" if first is None else "[other]\n", steered, steered),
        identical=first is None,
        first_difference=first,
        similarity=SimilarityRecord(edit=edit, bleu=None, chrf=1.0, code=NO_MATCH, tests=NO_MATCH),
        witness=None,
    )


def _share(count: int, n: int) -> Proportion:
    return Proportion(count=count, n=n, rate=count / n, low=0.094, high=0.906)


def _group(category: str | None, p: float | None) -> GenerationGroup:
    outcomes = tuple(
        PairedOutcomes(
            detector=detector,
            baseline=_share(2, 3),
            steered=_share(1, 3),
            kept=1,
            gained=0,
            lost=1,
            none=1,
            p_value=p,
        )
        for detector in ("paper", "parsed")
    )
    return GenerationGroup(
        category=category, prompts=2, pairs=3, identical=1,
        baseline_parses=_share(3, 3), steered_parses=_share(2, 3), outcomes=outcomes,
    )  # fmt: skip


def _summary(samples: int, *groups: GenerationGroup) -> GenerationSummary:
    return GenerationSummary(
        layers=(2,), layer_choice="why", mechanism="state", steered="the write", scale=3.0,
        factors=(3.0,), temperature=0.0 if samples == 1 else 0.8, samples=samples,
        max_new_tokens=80, confidence=0.95, groups=groups, controls=(),
    )  # fmt: skip


@pytest.fixture
def samples() -> list[GenerationSample]:
    return [
        _sample("a", _pair(None, 1.0, steered=True)),
        _sample("b", _pair(7, 0.25, steered=False), _pair(4, None, steered=True)),
    ]


GENERATION = """\
Generation by tiny, layer 2, scale 3

                               first
 prompt   distance      same   diff.    edit   substring   parser
 ────────────────────────────────────────────────────────────────
 a              31       yes       –   1.000       1 → 1    0 → 1
 b              31       0/2       4   0.250       2 → 1    0 → 1

steered: the write
greedy, 1 pair a prompt, at most 80 new tokens
distance: tokens from the marker to the first new one
first diff.: the earliest token in which a pair differs; edit: edit similarity
substring, parser: continuations with test syntax, baseline → steered

Test syntax in continuations

                                                kept/gained/
 category   detector      baseline     steered     lost/none       p
 ───────────────────────────────────────────────────────────────────
 all        substring   67% (9–91)   33% (9–91)       1/0/1/1   0.500
   same: 1/3   parser      67% (9–91)   33% (9–91)       1/0/1/1   0.500

same: pairs whose texts are identical
complete and correct code: 3 (100.00%) → 2 (66.67%) of 3 pairs
rates with Wilson's 95% interval; p: McNemar's exact test"""


CONTROLS = """\
 token control   substring   67% (9–91)   33% (9–91)       1/0/1/1   0.500
   same: 1/3     parser      67% (9–91)   33% (9–91)       1/0/1/1   0.500
same: pairs whose texts are identical
complete and correct code: 3 (100.00%) → 2 (66.67%) of 3 pairs
rates with Wilson's 95% interval; p: McNemar's exact test
token control: another token (on average 1.20 over all later tokens, the marker
1.35); 1 of 3 prompts cannot have it
marker control: another marker; 3 of 3 prompts cannot have it"""


def _words(text: str) -> list[list[str]]:
    """A table's words, line by line: how wide its columns are is rich's affair."""
    lines = [line.split() for line in text.splitlines()]
    return [line for line in lines if line and not set("".join(line)) <= {"─"}]


def test_generation(shown: Shown, samples: list[GenerationSample]) -> None:
    found = shown(render_generation(_summary(1, _group(None, 0.5)), samples, model="tiny"))
    assert _words(found) == _words(GENERATION)
    assert max(map(len, found.splitlines())) <= 80


def test_controls_stand_beside_the_effect(shown: Shown, samples: list[GenerationSample]) -> None:
    token = GenerationControlSummary(
        control="token", steered="another token", prompts=2, excluded=1, received=1.2,
        marker_received=1.35, group=_group(None, 0.5),
    )  # fmt: skip
    marker = GenerationControlSummary(
        control="marker", steered="another marker", prompts=0, excluded=3, received=None,
        marker_received=None, group=None,
    )  # fmt: skip
    summary = _summary(1, _group(None, 0.5)).model_copy(update={"controls": (token, marker)})
    found = _words(shown(render_generation(summary, samples, model="tiny")))
    assert found[-len(_words(CONTROLS)) :] == _words(CONTROLS)


@pytest.mark.parametrize(
    ("layers", "scale", "title"),
    [
        ((2, 3, 5), 9.0, "Generation by tiny, layers 2–3, 5, scale 9"),
        ((2, 4), None, "Generation by tiny, layers 2, 4, factors 2:3,4:0.5"),
    ],
)
def test_several_layers(
    shown: Shown, layers: tuple[int, ...], scale: float | None, title: str
) -> None:
    factors = (3.0, 0.5) if scale is None else (scale,) * len(layers)
    update = {"layers": layers, "scale": scale, "factors": factors}
    summary = _summary(1, _group(None, 0.5)).model_copy(update=update)
    assert shown(render_generation(summary, [], model="tiny")).startswith(title)


def test_categories_are_shown_where_there_are_several(
    shown: Shown, samples: list[GenerationSample]
) -> None:
    one = _summary(2, _group(None, None), _group("tests", None))
    found = shown(render_generation(one, samples, model="tiny"))
    assert "tests" not in [line.split()[0] for line in found.splitlines() if line.split()]
    assert "temperature 0.8, 2 pairs a prompt" in found
    assert "no p: pairs of one prompt are not independent" in found
    several = _summary(2, _group(None, None), _group("tests", None), _group("more", None))
    firsts = [line[0] for line in _words(shown(render_generation(several, samples, model="t")))]
    assert "tests" in firsts
    assert "more" in firsts


def test_texts_are_shown_as_they_are(shown: Shown, samples: list[GenerationSample]) -> None:
    summary = _summary(1, _group(None, 0.5))
    assert "[one]" not in shown(render_generation(summary, samples, model="tiny"))
    found = shown(render_generation(summary, samples, model="tiny", verbose=True))
    assert found.count("[one]") == 3
    assert found.count("[other]") == 2
    assert found.count("steered: the same") == 1


def test_the_document_of_generation(manifest: Manifest, samples: list[GenerationSample]) -> None:
    document = generation_document(manifest, _summary(1, _group(None, 0.5)), samples)
    assert json.loads(to_json(document)) == document
    assert document["schema"] == "plip.generation/2"
    assert document["prompts_hash"] == manifest.corpus_hash
    assert document["summary"]["groups"][0]["outcomes"][1]["detector"] == "parsed"
    assert document["prompts"][1]["pairs"][0]["steered"]["text"] == "[other]\n"


def _rate(
    distance: str | None,
    scales: tuple[float | None, ...],
    count: int,
    over: tuple[float, float] | None,
) -> PersistenceRate:
    def record(count: int) -> RateRecord:
        return RateRecord(
            count=count, n=30, rate=count / 30, low=0.094, high=0.906, prompts=1,
            prompts_low=None if over is None else over[0],
            prompts_high=None if over is None else over[1],
        )  # fmt: skip

    return PersistenceRate(
        temperature=0.8, distance=distance, distance_tokens=86.4, scales=scales,
        paper=record(count), parsed=record(count - 3),
    )  # fmt: skip


def _persistence(design: Any, over: tuple[float, float] | None) -> PersistenceSummary:
    return PersistenceSummary(
        layers=(2,), layer_choice="why", factors=None, mechanism="state", steered="the write",
        design=design, controls=(), design_note="in words", samples=30, max_new_tokens=80,
        confidence=0.95, resamples=99,
        cells=(_rate("close", (1.0,), 24, over), _rate("close", (3.0,), 21, over)),
        by_distance=(_rate("close", (3.0,), 21, over),),
        by_scale=(_rate(None, (1.0,), 24, over), _rate(None, (3.0,), 21, over)),
        contrasts=(
            ContrastRecord(
                detector="paper", temperature=0.8, name="scale 3 − scale 1", difference=-0.1,
                low=-0.31, high=0.12, p_value=None, prompts=1, method="Newcombe's",
            ),
            ContrastRecord(
                detector="parsed", temperature=0.8, name="far − close", difference=0.25,
                low=None, high=None, p_value=0.0625, prompts=1, method="none",
            ),
        ),
    )  # fmt: skip


PERSISTENCE = """\
Test syntax by substring, tiny, layer 2, temperature 0.8
 distance   tokens           ×1           ×3
 close          86   80% (9–91)   70% (9–91)
percent of 30 continuations each, with Wilson's 95% interval
Test syntax by parser, tiny, layer 2, temperature 0.8
 distance   tokens           ×1           ×3
 close          86   70% (9–91)   60% (9–91)
percent of 30 continuations each, with Wilson's 95% interval
Distances and scales
 over                temp.   tokens    substring       parser
 close: ×3             0.8       86   70% (9–91)   60% (9–91)
 ×1: all distances     0.8       86   80% (9–91)   70% (9–91)
 ×3: all distances     0.8       86   70% (9–91)   60% (9–91)
intervals: Wilson's, for these very prompts
steered: the write
design: confounded; in words
Contrasts
 contrast            detector    temp.   difference          95% CI       p
 scale 3 − scale 1   substring     0.8        -10.0   -31.0 … +12.0       –
 far − close         parser        0.8        +25.0               –   0.062
differences in percentage points; p: permutation of signs over prompts
intervals: scales: Newcombe's; distances: none"""


def test_persistence(shown: Shown) -> None:
    found = shown(render_persistence(_persistence("confounded", None), [], model="tiny"))
    assert _words(found) == _words(PERSISTENCE)
    assert max(map(len, found.splitlines())) <= 80


CHANGES = """\
 ×3: token control     0.8       86   60% (9–91)   50% (9–91)
intervals: Wilson's, for these very prompts
steered: the write
design: confounded; in words
token control: another write
Contrasts
 contrast            detector    temp.   difference          95% CI       p
 scale 3 − scale 1   substring     0.8        -10.0   -31.0 … +12.0       –
 far − close         parser        0.8        +25.0               –   0.062
differences in percentage points; p: permutation of signs over prompts
intervals: scales: Newcombe's; distances: none
Changes by the token control
 scale   detector    temp.          control − ×1   marker − control      p
 ×3      substring     0.8   -10.0 (-31 … +12)              +25.0   0.062
 2:3     parser        0.8                   –   -10.0 (-31 … +12)       –
control − ×1: what steering the control changes; marker − control: how much more
it changes in the marker
differences in percentage points; p of the latter: permutation of signs over
prompts
intervals: Newcombe's; none"""


def test_changes_by_a_control(shown: Shown) -> None:
    summary = _persistence("confounded", None)
    low, high = summary.contrasts
    control = PersistenceControl(
        control="token", steered="another write", prompts=3, excluded=0, received=None,
        marker_received=None, cells=(_rate("close", (3.0,), 18, None),),
        by_scale=(_rate(None, (3.0,), 18, None),),
        changes=(
            ControlChange(detector="paper", temperature=0.8, scale=3.0, own=low, beyond=high),
            ControlChange(detector="parsed", temperature=0.8, scale=None, own=None, beyond=low),
        ),
    )  # fmt: skip
    summary = summary.model_copy(update={"controls": (control,), "factors": ((2, 3.0),)})
    found = shown(render_persistence(summary, [], model="tiny"))
    assert _words(found)[-len(_words(CHANGES)) :] == _words(CHANGES)
    assert max(map(len, found.splitlines())) <= 80


def test_a_column_of_factors(shown: Shown) -> None:
    summary = _persistence("confounded", None)
    column = _rate("close", (None,), 12, None)
    factors = ((2, 3.0), (4, 1.5))
    summary = summary.model_copy(
        update={"cells": (*summary.cells, column), "by_scale": (column,), "factors": factors}
    )
    found = shown(render_persistence(summary, [], model="tiny"))
    lines = _words(found)
    assert ["distance", "tokens", "×1", "×3", "4:1.5"] in lines
    assert lines[lines.index(["distance", "tokens", "×1", "×3", "4:1.5"]) - 1] == ["2:3"]
    assert ["2:3,4:1.5:", "all", "distances"] in [line[:3] for line in _words(found)]
    assert max(map(len, found.splitlines())) <= 80


def test_prompts_are_the_unit_of_the_crossed_design(shown: Shown) -> None:
    found = shown(render_persistence(_persistence("crossed", (0.25, 0.75)), [], model="tiny"))
    assert "×1: all distances     0.8       86   80% (25–75)   70% (25–75)" in found
    assert "intervals: bootstrap over prompts" in found
    assert found.endswith("intervals: scales: Newcombe's; distances: none")


def test_one_method_is_named_once(shown: Shown) -> None:
    summary = _persistence("crossed", (0.25, 0.75))
    alike = [each.model_copy(update={"method": "one"}) for each in summary.contrasts]
    summary = summary.model_copy(update={"contrasts": tuple(alike)})
    assert shown(render_persistence(summary, [], model="tiny")).endswith("intervals: one")
    bare = summary.model_copy(update={"contrasts": ()})
    assert "Contrasts" not in shown(render_persistence(bare, [], model="tiny"))


def test_cells_keep_wilsons_interval(shown: Shown) -> None:
    found = shown(render_persistence(_persistence("crossed", (0.25, 0.75)), [], model="tiny"))
    assert found.count("80% (9–91)") == 1  # in the grid of cells


@pytest.fixture
def cell() -> PersistenceCell:
    return PersistenceCell(
        prompt="rs_close", aim=AIM, scale=3.0, temperature=0.8, draw_seed=5,
        witness=None, paper=_share(1, 2), parsed=_share(2, 2),
        samples=(_continuation("x", True, True), _continuation("y", False, True)), **PROMPT,
    )  # fmt: skip


def test_every_cell_is_shown_where_asked_for(shown: Shown, cell: PersistenceCell) -> None:
    summary = _persistence("confounded", None)
    assert "rs_close" not in shown(render_persistence(summary, [cell], model="tiny"))
    found = _words(shown(render_persistence(summary, [cell], model="tiny", verbose=True)))
    row = next(line for line in found if line[0] == "rs_close")
    assert row == ["rs_close", "31", "0.8", "×3", "50%", "(9–91)", "100%", "(9–91)", "2/2"]
    other = cell.model_copy(
        update={"scale": None, "aim": AIM.model_copy(update={"control": "layer"})}
    )
    shown_other = shown(render_persistence(summary, [other], model="tiny", verbose=True))
    assert ["rs_close", "31", "0.8", "factors", "layer"] in [row[:5] for row in _words(shown_other)]
    assert other.key == "rs_close × factors, temperature 0.8, control layer"


def test_the_document_of_persistence(manifest: Manifest, cell: PersistenceCell) -> None:
    document = persistence_document(manifest, _persistence("confounded", None), [cell])
    assert json.loads(to_json(document)) == document
    assert document["schema"] == "plip.persistence/2"
    assert document["summary"]["design"] == "confounded"
    assert document["cells"][0]["samples"][1]["text"] == "y"
    assert cell.key == "rs_close × 3.0, temperature 0.8"
