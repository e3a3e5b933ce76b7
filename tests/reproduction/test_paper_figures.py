"""The ledger holds every figure of the paper as printed, and no verdicts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from plip.claims import Ledger, Verdict, bundled_ledger, orphans

pytestmark = [pytest.mark.paper, pytest.mark.fast]

MODELS = {"Qwen2.5-Coder-3B": "qwen3b", "Qwen2.5-Coder-7B": "qwen7b"}
SHORT = {"Qwen 3B": "qwen3b", "Qwen 7B": "qwen7b"}


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return bundled_ledger()


@pytest.fixture(scope="module")
def text(shared_dir: Path) -> str:
    return (shared_dir / "paper" / "STEERING_RESULTS.md").read_text(encoding="utf-8")


def test_every_per_sample_figure(ledger: Ledger, snapshot: SnapshotAssertion) -> None:
    samples = {i: e.quoted for i, e in ledger.entries.items() if re.match(r"1\.[23]/(py|rust)_", i)}
    assert len(samples) == 40
    assert samples == snapshot


def test_every_other_figure(ledger: Ledger, snapshot: SnapshotAssertion) -> None:
    others = {
        i: [figure.printed for figure in e.figures]
        for i, e in ledger.entries.items()
        if e.figures and not re.match(r"1\.[23]/(py|rust)_", i)
    }
    assert others == snapshot


def test_the_ledger_has_the_tables_of_the_markdown(ledger: Ledger, text: str) -> None:
    printed = dict(figures_of(text))
    assert len(printed) == 110
    held = {
        entry_id: figure.printed
        for entry_id, entry in ledger.entries.items()
        for figure in entry.figures
    }
    assert {entry_id: held.get(entry_id) for entry_id in printed} == printed


def test_every_figure_of_the_markdown_is_in_the_ledger(ledger: Ledger, text: str) -> None:
    report = orphans(ledger, text)
    assert report.orphans == ()
    assert report.unfound == ()
    assert report.findings == ()
    assert report.figures == report.quoted == sum(len(e.figures) for e in ledger.entries.values())


def test_what_is_no_figure(ledger: Ledger, text: str, snapshot: SnapshotAssertion) -> None:
    assert orphans(ledger, text).excluded == snapshot


def test_a_figure_that_is_left_out_is_an_orphan(ledger: Ledger, text: str) -> None:
    for missing in ("1.2/rust_vec_operations", "8.5/knockout/ratio", "9/models"):
        entries = {i: entry for i, entry in ledger.entries.items() if i != missing}
        (orphan,) = orphans(replace(ledger, entries=entries), text).orphans
        gone = ledger.entries[missing]
        assert (orphan.section, orphan.printed) == (gone.section, gone.figure.printed.split()[-1])


def test_a_figure_that_the_markdown_does_not_have(ledger: Ledger, text: str) -> None:
    changed = text.replace("| rust_vec_operations | 0.48% |", "| rust_vec_operations | 0.49% |")
    report = orphans(ledger, changed)
    assert [unfound.id for unfound in report.unfound] == ["1.2/rust_vec_operations"] * 2
    assert [(orphan.line, orphan.printed) for orphan in report.orphans] == [(59, "0.49%")]
    assert len(report.findings) == 1


def test_no_verdict_is_written_in_the_ledger() -> None:
    folder = files("plip.claims") / "papers" / "steering_results"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        for verdict in Verdict:
            assert not re.search(rf"\b{verdict}\b", text), (file.name, verdict)
        assert not {"verdict", "outcome"} & set(keys_of(tomllib.loads(text)))


def keys_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


def rows_of(text: str, section: str) -> list[list[str]]:
    """Return the cells of all table rows of a section, heads and rules among them."""
    body = text.split(f"### {section} ")[1].split("\n### ")[0]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [
        [cell.replace("*", "").strip() for cell in line.strip("|").split("|")] for line in lines
    ]


def figures_of(text: str) -> Iterator[tuple[str, str]]:
    """Read (ledger id, figure) from the tables of 1.1 to 1.3, 2.1, 2.2 and 3.2."""
    for model, layer, python, rust, ratio in rows_of(text, "1.1")[2:]:
        name = next(short for long, short in MODELS.items() if long in model)
        yield f"1.1/{name}/layer", layer
        yield f"1.1/{name}/python", python
        yield f"1.1/{name}/rust", rust
        yield f"1.1/{name}/ratio", ratio
    for section in ("1.2", "1.3"):
        language = ""
        for sample, attention in rows_of(text, section):
            if not attention.endswith("%"):
                continue
            if sample == "Mean":
                yield f"{section}/mean/{language}", attention
            else:
                yield f"{section}/{sample}", attention
                language = {"py": "python", "rust": "rust"}[sample.partition("_")[0]]
    for section in ("2.1", "2.2"):
        for scale, attention, kl, sd in rows_of(text, section)[2:]:
            factor = scale.split()[0]
            key = factor.removesuffix("×")
            yield f"{section}/scale/{key}", factor
            yield f"{section}/attention/{key}", attention.split()[0]
            yield f"{section}/kl/{key}", kl
            yield f"{section}/sd/{key}", sd
    for model, baseline, target, needed, achieved in rows_of(text, "3.2")[2:]:
        name = SHORT[model]
        value, at, scale = achieved.split()
        assert at == "at"
        yield f"3.2/{name}/baseline", baseline
        yield f"3.2/{name}/target", target
        yield f"3.2/{name}/scale_needed", needed
        yield f"3.2/{name}/achieved", value
        yield f"3.2/{name}/achieved_at", scale
