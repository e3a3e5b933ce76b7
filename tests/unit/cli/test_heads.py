"""`--heads`: a list, or what `plip scan` wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from plip.plan import Plan
from plip.records import AblationSample, DoseResponseSample, SampleRecord, read_run

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    path = tmp_path / "heads.json"
    content = {"schema": "plip.heads/1", "model": "tiny", "layer": 2, "heads": [3, 0, 1, 2]}
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.mark.parametrize("command", ["ablate", "dose-response"])
def test_the_first_heads_of_a_file(
    on_tiny: Invoke, tmp_path: Path, scanned: Path, command: str
) -> None:
    shared = ("--layer", 2, "--max-samples", 2, "--group", "rust_test")
    runs = {}
    for name, heads in (
        ("file", ("--heads", scanned, "--top-heads", 2)),
        ("list", ("--heads", "0,3")),
        ("other", ("--heads", "1")),
        ("all", ()),
    ):
        result = on_tiny(command, *shared, *heads, "--output", tmp_path / name)
        assert result.exit_code == 0, result.stderr
        records = read_run(tmp_path / name)[1]
        runs[name] = [r.plan_hashes for r in records if isinstance(r, SampleRecord)]
    assert runs["file"] == runs["list"]
    assert runs["file"] != runs["other"]
    assert runs["file"] != runs["all"]


def test_only_these_heads_are_steered(on_tiny: Invoke, tmp_path: Path) -> None:
    shared = ("--layer", 2, "--max-samples", 1, "--group", "rust_test", "--doses", "4")
    some = on_tiny("dose-response", *shared, "--heads", "1", "--output", tmp_path / "a")
    assert some.exit_code == 0, some.stderr
    assert on_tiny("dose-response", *shared, "--output", tmp_path / "b").exit_code == 0
    one, every = (
        next(r for r in read_run(tmp_path / name)[1] if isinstance(r, DoseResponseSample))
        for name in ("a", "b")
    )
    first, whole = one.points[0], every.points[0]
    assert one.baseline_attention == every.baseline_attention
    assert first.attention == pytest.approx(first.attention_predicted, abs=1e-5)
    assert first.attention is not None
    assert whole.attention is not None
    assert one.baseline_attention is not None
    assert one.baseline_attention < first.attention < whole.attention


def test_a_knockout_of_some_heads(on_tiny: Invoke, tmp_path: Path) -> None:
    options = ("--layer", 2, "--max-samples", 1, "--group", "rust_test", "--heads", "2")
    assert on_tiny("ablate", *options, "--output", tmp_path / "a").exit_code == 0
    record = next(r for r in read_run(tmp_path / "a")[1] if isinstance(r, AblationSample))
    step = {
        "operation": {"op": "knockout"},
        "edges": {"queries": [record.query], "keys": list(record.keys), "own": True},
        "layers": [2],
        "heads": [2],
    }
    assert record.points[0].plan_hash == Plan.from_json({"steps": [step]}).digest


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--heads", "zero"), "heads: wanted numbers such as 0,3, or a file of plip scan"),
        (("--heads", "9"), "wanted a query head in 0 … 3"),
        (("--heads=-1",), "option heads"),
        (("--top-heads", "2"), "wanted --heads FILE beside --top-heads"),
        (("--heads", "1", "--top-heads", "2"), "wanted a file of plip scan beside --top-heads"),
    ],
)
def test_what_is_refused(on_tiny: Invoke, options: tuple[str, ...], text: str) -> None:
    for command in ("ablate", "dose-response"):
        result = on_tiny(command, "--layer", 2, *options)
        assert result.exit_code == 3, result.stderr
        assert text in result.stderr
        assert "Traceback" not in result.stderr


def test_a_list_of_another_layer(on_tiny: Invoke, scanned: Path) -> None:
    for options in (("--layer", 1), ()):
        result = on_tiny("dose-response", *options, "--heads", scanned)
        assert result.exit_code == 3
        assert "wanted --layer 2, whose heads these are" in result.stderr


@pytest.mark.parametrize(
    "content", ["{", "[1, 2]", '{"schema": "plip.heads/1", "layer": 2, "model": "x", "heads": []}']
)
def test_a_file_that_is_no_list(on_tiny: Invoke, tmp_path: Path, content: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(content, "utf-8")
    result = on_tiny("dose-response", "--layer", 2, "--heads", path)
    assert result.exit_code == 3
    assert "wanted a head list of plip scan" in result.stderr


def test_heads_and_a_level_exclude_each_other(on_tiny: Invoke) -> None:
    options = ("--layer", 2, "--heads", "1", "--target-attention", "0.1")
    result = on_tiny("dose-response", *options)
    assert result.exit_code == 3
    assert "leave out heads or target_attention" in result.stderr
