"""The commands on a model with a recurrent state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from plip.records import read_run

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


@pytest.fixture
def on_recurrent(invoke: Invoke, tiny_recurrent_checkpoint: Path) -> Invoke:
    """Run a command on the tiny recurrent checkpoint."""

    def run(command: str, *arguments: object) -> Result:
        return invoke(command, "--model", tiny_recurrent_checkpoint, "--cpu", *arguments)

    return run


def test_calibrate(on_recurrent: Invoke) -> None:
    result = on_recurrent("calibrate", "--layer", "all", "--json", "-", "--max-samples", 2)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["model"]["attention"] == "recurrence"
    assert [layer["layer"] for layer in document["layers"]] == [0, 1, 2, 3]
    for sample in document["samples"]:
        if sample["excluded"] is None:
            assert 0 <= sample["attention"] <= 1
            assert sample["undefined_heads"] == 0


def test_dose_response_shows_the_states_norm(on_recurrent: Invoke) -> None:
    result = on_recurrent("dose-response", "--layer", 1, "--doses", "0,1,3", "--max-samples", 2)
    assert result.exit_code == 0, result.stderr
    header = next(line for line in result.stdout.splitlines() if line.startswith(" dose"))
    assert "state norm" in header
    assert "attention" not in header
    shown = result.stdout.partition("Controls")[0]
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if "×" in line}
    assert float(rows["1×"][3]) == 0
    assert float(rows["0×"][2]) < float(rows["3×"][2])


def test_a_run_can_be_resumed(on_recurrent: Invoke, tmp_path: Path) -> None:
    options = ("dose-response", "--layer", 1, "--doses", "0,3", "--output", tmp_path / "run")
    assert on_recurrent(*options, "--max-samples", 3).exit_code == 0
    lines = (tmp_path / "run" / "records.jsonl").read_text("utf-8")
    _, records = read_run(tmp_path / "run")
    assert len(records) == 4
    assert on_recurrent(*options, "--max-samples", 3, "--resume").exit_code == 0
    assert (tmp_path / "run" / "records.jsonl").read_text("utf-8") == lines


def test_the_live_audit(on_recurrent: Invoke) -> None:
    result = on_recurrent("audit")
    assert result.exit_code == 0, result.stderr
    for claim in ("same_baseline", "state_closed_form", "own_row_unchanged", "dose_1_is_identity"):
        line = next(line for line in result.stdout.splitlines() if f"live/{claim}" in line)
        assert line.split()[1] == "holds"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--target-attention", "0.1"), "which has no attention to bring to it"),
        (("--dtype", "bfloat16"), "rounding alone is worth about 2e-5 nats"),
        (("--layer", "9"), "wanted a layer in 0 … 3"),
    ],
)
def test_what_is_refused(on_recurrent: Invoke, options: tuple[str, ...], text: str) -> None:
    result = on_recurrent("dose-response", *options)
    assert result.exit_code == 3
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert text in result.stderr


def test_one_may_insist_on_a_narrow_type(on_recurrent: Invoke) -> None:
    narrow = ("--dtype", "bfloat16", "--allow-narrow", "--max-samples", 1, "--doses", "3")
    assert on_recurrent("dose-response", *narrow).exit_code == 0
