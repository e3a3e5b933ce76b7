"""Persistence: cells against direct calls; what cannot change them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from interrupted import Interrupted

from plip.errors import ConfigError, OutputError
from plip.experiments import PersistenceConfig, carry_out, persistence
from plip.experiments.continuations import draw_seed
from plip.models import Rwkv6Subject, TransformerSubject, load
from plip.plan import Plan, Scale, into
from plip.records import (
    PersistenceCell,
    PersistenceSummary,
    read_run,
)
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
