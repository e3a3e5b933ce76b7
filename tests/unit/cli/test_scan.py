"""`plip scan`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


def test_scan(on_tiny: Invoke, tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    options = ("--layer", 2, "--doses", "2,5", "--max-samples", 4, "--heads-out", heads)
    result = on_tiny("scan", *options)
    assert result.exit_code == 0, result.stderr
    assert "chosen on one half: layer " in result.stdout
    assert "slope: √KL by dose − 1 at 2×, 5×" in result.stdout
    written = json.loads(heads.read_text("utf-8"))
    assert (written["schema"], written["layer"]) == ("plip.heads/1", 2)
    assert sorted(written["heads"]) == [0, 1, 2, 3]


def test_json_and_a_recurrent_model(invoke: Invoke, tiny_recurrent_checkpoint: Path) -> None:
    model = ("--model", tiny_recurrent_checkpoint, "--cpu")
    options = ("--layer", 1, "--doses", "3", "--max-samples", 2, "--seed", 7, "--json", "-")
    result = invoke("scan", *model, *options)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["mechanism"], document["seed"]) == ("state", 7)
    assert len(document["asymmetry"]) == 16
    assert len(document["records"]) == 4
    assert invoke("scan", *model, "--dtype", "float16").exit_code == 3


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--doses", "0.5"), 3, "option doses"),
        (("--doses", "two"), 2, "--doses takes numbers such as 0.5,1,2, not 'two'"),
        (("--layer", "9"), 3, "wanted a layer in 0 … 5"),
    ],
)
def test_what_is_refused(on_tiny: Invoke, options: tuple[str, ...], code: int, text: str) -> None:
    result = on_tiny("scan", *options)
    assert result.exit_code == code
    assert text in result.stderr
    assert result.stdout == ""


def test_a_head_list_that_cannot_be_written(on_tiny: Invoke, tmp_path: Path) -> None:
    result = on_tiny("scan", "--heads-out", tmp_path / "nowhere" / "heads.json")
    assert result.exit_code == 5
    assert "Traceback" not in result.stderr
