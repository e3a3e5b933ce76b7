"""`plip contrast`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from plip.text import Group, bundled_corpus
from plip.text.corpus import Corpus

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

SMALL = ("--functions", 6, "--steps", "0,2")


def test_contrast(on_tiny: Invoke) -> None:
    result = on_tiny("contrast", *SMALL, "--layer", 2, "--at-distance", 40)
    assert result.exit_code == 0, result.stderr
    assert "6 functions in both languages, 0 excluded; mean over 2 distances" in result.stdout
    assert "At 40.0 tokens in both languages" in result.stdout
    assert "Beside it" not in result.stdout
    assert "layer 2, as asked for" in result.stderr


def test_json_of_a_recurrent_model(invoke: Invoke, tiny_recurrent_checkpoint: Path) -> None:
    model = ("--model", tiny_recurrent_checkpoint, "--cpu")
    options = ("--layer", "all", "--seed", 7, "--corpus-seed", 3, "--json", "-")
    result = invoke("contrast", *model, *SMALL, *options, "--beside", "bundled")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["schema"], document["seed"]) == ("plip.contrast/1", 7)
    assert (document["corpus_seed"], document["steps"]) == (3, [0, 2])
    assert len(document["layers"]) == len(document["beside"]["layers"]) == 4
    assert len(document["records"]) == 12
    assert document["beside"]["corpus_hash"] == bundled_corpus().digest


def test_resumed(on_tiny: Invoke, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = on_tiny("contrast", *SMALL, "--output", run, "--beside", "bundled")
    assert first.exit_code == 0, first.stderr
    lines = (run / "records.jsonl").read_text("utf-8")
    assert len(lines.splitlines()) == 12 + 20 + 2
    # What a crash leaves: two whole lines and a torn one.
    (run / "records.jsonl").write_text(lines[: len("".join(lines.splitlines(True)[:2])) + 9])
    again = on_tiny("contrast", *SMALL, "--output", run, "--beside", "bundled", "--resume")
    assert again.exit_code == 0, again.stderr
    assert again.stdout == first.stdout
    assert (run / "records.jsonl").read_text("utf-8") == lines
    other = on_tiny("contrast", *SMALL, "--output", run, "--resume")
    assert other.exit_code == 5
    assert "corpus_hash" in other.stderr


def test_a_corpus_file_beside_it(on_tiny: Invoke, tmp_path: Path) -> None:
    some = tmp_path / "some.json"
    bundled_corpus().take(4).write(some)
    result = on_tiny("contrast", *SMALL, "--beside", some)
    assert result.exit_code == 0, result.stderr
    assert "Python doctests         4" in result.stdout
    python = tmp_path / "python.json"
    Corpus(bundled_corpus().group(Group.PYTHON_DOCTEST)).write(python)
    result = on_tiny("contrast", *SMALL, "--beside", python)
    assert result.exit_code == 3
    assert "found none of rust_test" in result.stderr


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--functions", "0"), 3, "functions: wanted a number from 1 to 1440, found 0"),
        (("--steps", "two"), 2, "--steps takes whole numbers such as 0,2,4,8, not 'two'"),
        (("--steps", "4,2"), 3, "steps: wanted numbers of filler lines, ascending"),
        (("--corpus-seed", "-1"), 3, "seed: wanted a number from 0, found -1"),
        (("--at-distance", "0"), 3, "option at_distance"),
        (("--seed", "-1"), 3, "option seed"),
        (("--beside", "nowhere.json"), 3, "nowhere.json"),
    ],
)
def test_what_is_refused_before_a_model_is_loaded(
    invoke: Invoke, options: tuple[str, ...], code: int, text: str
) -> None:
    result = invoke("contrast", "--model", "nobody/nothing", *options)
    assert result.exit_code == code
    assert text in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_layer_that_is_not_there(on_tiny: Invoke) -> None:
    result = on_tiny("contrast", *SMALL, "--layer", 9)
    assert result.exit_code == 3
    assert "wanted a layer in 0 … 5" in result.stderr
