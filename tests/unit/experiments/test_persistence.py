"""Persistence: cells against direct calls; what cannot change them; both designs by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from interrupted import Interrupted

from plip.errors import ConfigError, OutputError
from plip.experiments import PersistenceConfig, carry_out, persistence
from plip.experiments.continuations import draw_seed, proportion
from plip.experiments.layers import LayerChoice
from plip.experiments.persistence_summary import design_of, summarise
from plip.models import Rwkv6Subject, TransformerSubject, load
from plip.plan import Plan, Scale, into
from plip.records import (
    AimRecord,
    ContinuationRecord,
    DetectionRecord,
    PersistenceCell,
    PersistenceSummary,
    PromptControl,
    SyntaxRecord,
    read_run,
)
from plip.stats import cluster_bootstrap, difference_interval, wilson
from plip.text import Prompt, Prompts

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject

FILLER = "fn more() {\n    less();\n}\n"


def _prompt(family: str, distance: str, pieces: int) -> Prompt:
    text = f"fn {family}() {{}}\n#[test]\nfn t() {{}}\n{FILLER * pieces}fn {family}_2() {{\n"
    return Prompt(
        f"{family}_{distance}", "rust", "tests", text, text.index("#["), "#[test]", family, distance
    )


CROSSED = Prompts(
    tuple(_prompt(f, d, n) for f in ("a", "b") for d, n in (("far", 2), ("close", 0)))
)
CONFIG = PersistenceConfig(
    layer=1, scales=[1.0, 50.0], temperatures=[1.0], samples=3, max_new_tokens=4, resamples=99,
    controls=[],
)  # fmt: skip


@pytest.fixture(params=["transformer", "recurrent"])
def subject(
    request: pytest.FixtureRequest, tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject
) -> Subject:
    return tiny if request.param == "transformer" else tiny_recurrent


def _run(
    config: PersistenceConfig, subject: Any, prompts: Prompts = CROSSED
) -> tuple[list[PersistenceCell], PersistenceSummary]:
    *cells, summary = persistence.run(config, subject, prompts)
    assert isinstance(summary, PersistenceSummary)
    return [cell for cell in cells if isinstance(cell, PersistenceCell)], summary


def test_cells_are_what_direct_calls_give(subject: Subject) -> None:
    config = CONFIG.model_copy(update={"temperatures": (1.0, 0.5), "steer": "throughout"})
    cells, summary = _run(config, subject)
    names = [(cell.temperature, cell.prompt, cell.scale) for cell in cells]
    assert names == list(product((1.0, 0.5), (p.id for p in CROSSED), (1.0, 50.0)))
    prompts = {prompt.id: prompt for prompt in CROSSED}
    for cell in cells:
        tokens = subject.tokenize(prompts[cell.prompt].text)
        marker = tokens.at(prompts[cell.prompt].marker)
        plan = None if cell.scale == 1 else Plan(Scale(50.0), into(marker), layers=[1])
        assert cell.aim.plan_hash == (None if plan is None else plan.digest)
        assert (cell.aim.layers, cell.aim.token, cell.aim.control) == ((1,), marker, None)
        assert cell.aim.factors == (cell.scale,)
        assert cell.plan_hashes == (() if plan is None else (plan.digest,))
        assert cell.draw_seed == draw_seed(0, cell.prompt, cell.scale, cell.temperature)
        assert cell.distance_tokens == len(tokens) - marker
        found = subject.generate(
            tokens,
            plan=plan,
            steer="throughout",
            max_new_tokens=4,
            temperature=cell.temperature,
            samples=3,
            seed=cell.draw_seed,
        )
        assert [each.ids for each in cell.samples] == [c.ids for c in found.continuations]
        assert [each.text for each in cell.samples] == list(found.texts)
        assert (cell.witness is None) == (plan is None)
        assert cell.paper.count == sum(bool(each.detection.paper) for each in cell.samples)
        assert cell.parsed.count == sum(bool(each.detection.parsed) for each in cell.samples)
        assert cell.paper.n == cell.parsed.n == 3
    assert (summary.samples, summary.max_new_tokens, summary.design) == (3, 4, "crossed")
    assert len(summary.cells) == 8
    assert len(summary.by_distance) == len(summary.by_scale) == 4


def test_draws_of_a_cell_are_its_own(tiny: TransformerSubject) -> None:
    cells, _ = _run(CONFIG, tiny)
    seeds = {cell.draw_seed for cell in cells}
    assert len(seeds) == len(cells)
    other, _ = _run(CONFIG.model_copy(update={"seed": 1}), tiny)
    assert not seeds & {cell.draw_seed for cell in other}


def test_order_and_company_change_nothing(subject: Subject) -> None:
    cells, _ = _run(CONFIG, subject)
    known = {cell.key: cell for cell in cells}
    assert len(known) == 8
    turned = CONFIG.model_copy(update={"scales": (50.0, 0.0, 1.0)})
    others, _ = _run(turned, subject, Prompts(CROSSED.prompts[::-1]))
    assert len(others) == 12
    for cell in others:
        assert cell.scale == 0 or cell == known[cell.key]


def test_batches_change_nothing(tiny_checkpoint: Path, tiny_recurrent_checkpoint: Path) -> None:
    """In float64, so that no rounding decides a token."""
    for checkpoint in (tiny_checkpoint, tiny_recurrent_checkpoint):
        subject = load(checkpoint, device="cpu", dtype="float64")
        prompts = CROSSED.take(1)
        whole, _ = _run(CONFIG, subject, prompts)
        for batch in (1, 2):
            cut, _ = _run(CONFIG.model_copy(update={"batch": batch}), subject, prompts)
            assert [c.samples for c in cut] == [c.samples for c in whole]


def test_batches_are_as_large_as_asked(
    tiny: TransformerSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    original = TransformerSubject.generate

    def generate_(self: TransformerSubject, *tokens: Any, **options: Any) -> Any:
        sizes.append(options["batch"])
        return original(self, *tokens, **options)

    monkeypatch.setattr(TransformerSubject, "generate", generate_)
    _run(CONFIG.model_copy(update={"batch": 2}), tiny, CROSSED.take(1))
    assert sizes == [2, 2]


@pytest.mark.parametrize("cuts", [(1, 3), (8,)])
def test_an_interrupted_run_ends_as_one_that_was_not(
    subject: Subject, tmp_path: Path, cuts: tuple[int, ...]
) -> None:
    carry_out(persistence, CONFIG, subject, CROSSED, directory=tmp_path / "whole")
    for after in cuts:
        options: dict[str, Any] = {"directory": tmp_path / "cut", "resume": True}
        with pytest.raises(KeyboardInterrupt):
            carry_out(Interrupted(persistence, after), CONFIG, subject, CROSSED, **options)
    assert len(read_run(tmp_path / "cut")[1]) == sum(cuts)
    with (tmp_path / "cut" / "records.jsonl").open("a") as file:
        file.write('{"schema":"plip.persistence.cell/1","pro')
    carry_out(persistence, CONFIG, subject, CROSSED, directory=tmp_path / "cut", resume=True)
    lines = [(tmp_path / name / "records.jsonl").read_text() for name in ("whole", "cut")]
    assert lines[0] == lines[1]
    assert len(lines[0].splitlines()) == 9
    first, second = (
        json.loads((tmp_path / n / "manifest.json").read_text()) for n in ("whole", "cut")
    )
    assert first["plan_hash"] == second["plan_hash"] is not None


def test_a_complete_run_is_not_run_again(
    tiny: TransformerSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = carry_out(persistence, CONFIG, tiny, CROSSED, directory=tmp_path)

    def never(*args: Any, **options: Any) -> Any:
        raise RuntimeError("it ran")

    monkeypatch.setattr(TransformerSubject, "generate", never)
    assert carry_out(persistence, CONFIG, tiny, CROSSED, directory=tmp_path, resume=True) == first


def test_another_configuration_cannot_be_resumed(tiny: TransformerSubject, tmp_path: Path) -> None:
    carry_out(persistence, CONFIG, tiny, CROSSED.take(1), directory=tmp_path)
    other = CONFIG.model_copy(update={"samples": 4})
    with pytest.raises(OutputError, match=r"config\.samples: 3 against 4"):
        carry_out(persistence, other, tiny, CROSSED.take(1), directory=tmp_path, resume=True)


def test_progress_counts_cells(tiny: TransformerSubject) -> None:
    config = CONFIG.model_copy(update={"max_prompts": 1, "max_new_tokens": 1})
    told: list[tuple[int, int]] = []
    carry_out(persistence, config, tiny, CROSSED, progress=lambda *now: told.append(now))
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert persistence.count(CONFIG, CROSSED) == 8


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samples": 0}, "option samples: wanted greater than or equal to 1, found 0"),
        ({"temperatures": [0.8, 0.0]}, "option samples: wanted 1 at temperature 0"),
        ({"temperatures": [-0.5]}, "option temperatures: wanted greater than or equal to 0"),
        ({"temperatures": []}, "option temperatures: "),
        ({"temperatures": [0.8, 0.8]}, "option temperatures: wanted each value once"),
        ({"scales": [3, 3.0]}, "option scales: wanted each value once"),
        ({"scales": [-1]}, "option scales: wanted greater than or equal to 0"),
        ({"scales": [float("nan")]}, "option scales: wanted a finite number"),
        ({"scales": []}, "option scales: "),
    ],
)
def test_options_without_meaning(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        PersistenceConfig(samples=options.pop("samples", 30), **options)
    assert text in str(raised.value)


def test_the_papers_design_is_the_default() -> None:
    config = PersistenceConfig()
    assert config.scales == (0, 1, 3, 5, 9)
    assert (config.temperatures, config.samples, config.max_new_tokens) == ((0.8,), 30, 80)


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
