"""Bad input: one message, a documented exit code, no traceback, nothing half-written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from plip.cli import calibrate as command
from plip.models import TransformerSubject
from plip.records import read_run
from plip.text import Corpus

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


def _refused(result: Result, code: int, *parts: str) -> None:
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("plip: ")]
    for part in parts:
        assert part in result.stderr, line


def test_an_unknown_model_id(invoke: Invoke) -> None:
    result = invoke("calibrate", "--model", "nobody/nothing")
    _refused(result, 4, "plip: nobody/nothing: wanted a model id, a directory or a bundled name")
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_bundled_model(invoke: Invoke) -> None:
    _refused(invoke("calibrate", "--model", "bundled:nothing"), 4, "wanted a bundled model")


def test_a_directory_without_a_config(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("calibrate", "--model", tmp_path)
    _refused(result, 4, "wanted config.json, found a directory without it")


def test_a_directory_without_weights(invoke: Invoke, tiny_checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_checkpoint / "config.json", tmp_path)
    result = invoke("calibrate", "--model", tmp_path)
    _refused(result, 4, "wanted weights: model.safetensors")


@pytest.mark.parametrize("damage", [lambda data: data[:100], lambda data: b"\xff" * len(data)])
def test_corrupt_weights(
    invoke: Invoke, tiny_checkpoint: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    place = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, place)
    weights = place / "model.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    _refused(invoke("calibrate", "--model", place), 4, "download the checkpoint again")


def test_a_model_of_the_wrong_kind(invoke: Invoke, tiny_checkpoint: Path, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    shutil.copytree(tiny_checkpoint, place)
    (place / "config.json").write_text(json.dumps({"model_type": "vit", "architectures": []}))
    _refused(invoke("calibrate", "--model", place), 4)


def test_a_corpus_with_wrong_marks(on_tiny: Invoke, corpus: Corpus, tmp_path: Path) -> None:
    data = json.loads(corpus.to_json())
    data["rust_test"][0]["marker_char_pos"] += 1
    data["rust_test"][3]["target_char_positions"] = [99999]
    (tmp_path / "corpus.json").write_text(json.dumps(data))
    result = on_tiny("calibrate", "--corpus", tmp_path / "corpus.json", "--output", tmp_path / "r")
    _refused(result, 3, "rust_simple_add", "rust_result_type", "99999")
    assert not (tmp_path / "r").exists()


def test_an_empty_text(on_tiny: Invoke, corpus: Corpus, tmp_path: Path) -> None:
    data = json.loads(corpus.to_json())
    data["rust_test"][0]["code"] = ""
    (tmp_path / "corpus.json").write_text(json.dumps(data))
    result = on_tiny("calibrate", "--corpus", tmp_path / "corpus.json")
    _refused(result, 3, "rust_simple_add", "wanted a text that is not empty")


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_a_corpus_that_is_none(on_tiny: Invoke, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "corpus.json").write_text(content)
    _refused(on_tiny("calibrate", "--corpus", tmp_path / "corpus.json"), 3, "corpus")


def test_a_text_longer_than_the_context(on_tiny: Invoke, corpus: Corpus, tmp_path: Path) -> None:
    data = json.loads(corpus.to_json())
    data["rust_test"][9]["code"] += " // on and on" * 200
    (tmp_path / "corpus.json").write_text(json.dumps(data))
    for name in ("calibrate", "dose-response"):
        result = on_tiny(name, "--corpus", tmp_path / "corpus.json", "--output", tmp_path / "run")
        _refused(result, 4, "sample 'rust_cfg_test_module': wanted at most 512 tokens, the context")
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("calibrate", "--layer", 6), "plip: layer 6: wanted a layer in 0 … 5 of "),
        (("calibrate", "--layer", -1), "plip: layers '-1': wanted layers such as 4, 2,4 or"),
        (("calibrate", "--layer", "top"), "plip: layers 'top': wanted layers such as 4, 2,4 or"),
        (("calibrate", "--layer", "2,2"), "plip: layers '2,2': wanted each layer once, found"),
        (("ablate", "--layer", "4-2"), "plip: layers '4-2': wanted ranges from the lower to"),
        (
            ("ablate", "--layer", "2,4", "--window", 2),
            "plip: option window: wanted a single layer that it begins at, or all, found "
            "layers 2, 4; leave it out",
        ),
        (("dose-response", "--layer", 5), "plip: layer 5: wanted a layer below the last"),
        (
            ("scan", "--layer", "2,4"),
            "plip: --layer: wanted one layer, found layers 2, 4; name the layer whose heads are "
            "steered one by one; every layer as a whole is anyway",
        ),
        (("scan", "--layer", "all"), "plip: layers 'all': wanted layers such as 4"),
        (("dose-response", "--layer", "all"), "plip: layers 'all': wanted layers such as 4"),
        (("dose-response", "--layer", "2,9"), "plip: layer 9: wanted a layer in 0 … 5 of "),
        (("dose-response", "--factors", "2"), "plip: factors '2': wanted factors such as 2:3"),
        (("dose-response", "--factors", "2:-1"), "plip: factors '2:-1': wanted finite factors"),
        (
            ("dose-response", "--layer", 2, "--factors", "2:3,3:4"),
            "plip: option factors: wanted factors of layer 2, which are steered, found a factor "
            "of layer 3; ",
        ),
        (
            ("dose-response", "--controls", "edges,head"),
            "plip: option controls: wanted 'edges', 'marker' or 'layer', found 'head'",
        ),
        (
            ("dose-response", "--controls", "edges,edges"),
            "plip: option controls: wanted each control once",
        ),
        (
            ("dose-response", "--layer", "2,3", "--control-layer", 1),
            "plip: option control_layer: wanted as many other layers as are steered, for the "
            "control of another layer, found layer 1 beside layers 2–3; name other layers",
        ),
        (
            ("dose-response", "--layer", "2,3", "--control-layer", "1,2"),
            "plip: option control_layer: wanted as many other layers as are steered, for the "
            "control of another layer, found layer 2 among both; ",
        ),
        (
            ("dose-response", "--control-layer", 1, "--controls", "none"),
            "plip: option control_layer: wanted as many other layers as are steered, for the "
            "control of another layer, found layer 1 without that control; ",
        ),
        (
            ("dose-response", "--layer", "2,3", "--target-attention", 0.1, "--mode", "scale"),
            "plip: option mode: wanted one layer, where a factor is solved for a level of "
            "attention, found layers 2–3, of which only the lowest has the baseline's rows; ",
        ),
        (("dose-response", "--doses", "nan"), "plip: option doses: wanted a finite number"),
        (("dose-response", "--doses", "inf"), "plip: option doses: wanted a finite number"),
        (("dose-response", "--doses=-1"), "plip: option doses: wanted greater than or equal to 0"),
        (("dose-response", "--doses", "2,2"), "plip: option doses: wanted each dose once"),
        (
            ("dose-response", "--target-attention", "nan"),
            "plip: option target_attention: wanted a finite number",
        ),
        (
            ("dose-response", "--target-attention", 9),
            "plip: option target_attention: wanted less than 1, found 9.0",
        ),
        (("dose-response", "--seed", -1), "plip: option seed: wanted greater than or equal to 0"),
    ],
)
def test_an_option_out_of_range(on_tiny: Invoke, arguments: tuple[Any, ...], message: str) -> None:
    _refused(on_tiny(*arguments), 3, message)


def test_a_group_that_the_corpus_does_not_have(
    on_tiny: Invoke, corpus: Corpus, tmp_path: Path
) -> None:
    data = {key: value for key, value in json.loads(corpus.to_json()).items() if "rust" not in key}
    (tmp_path / "corpus.json").write_text(json.dumps(data))
    result = on_tiny("dose-response", "--corpus", tmp_path / "corpus.json")
    _refused(result, 3, "wanted samples of rust_test, found only python_baseline, python_doctest")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "No such command"),
        (("calibrate", "--colour", "red"), "No such option"),
        (("calibrate", "--max-samples", "0"), "--max-samples"),
        (("calibrate", "--group", "java_test"), "--group"),
        (("calibrate", "--resume"), "--resume needs --output"),
        (("calibrate", "--output", "results.json"), "--json writes one file"),
        (("calibrate", "--cpu", "--device", "cuda"), "--cpu contradicts --device cuda"),
        (("dose-response", "--doses", "1,two"), "--doses takes numbers such as 0.5,1,2"),
        (("dose-response", "--mode", "add"), "--mode"),
    ],
)
def test_usage(
    invoke: Invoke,
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--device", "nowhere", "device 'nowhere'"), ("--dtype", "float17", "dtype 'float17'")],
)
def test_a_device_or_dtype_that_is_not_there(
    invoke: Invoke, tiny_checkpoint: Path, option: str, value: str, message: str
) -> None:
    _refused(invoke("calibrate", "--model", tiny_checkpoint, option, value), 4, message)


def test_an_unknown_ledger(invoke: Invoke) -> None:
    _refused(invoke("audit", "--paper", "nothing"), 3, "wanted one of steering_results")


@pytest.mark.parametrize("name", ["calibrate", "dose-response", "audit"])
def test_a_document_that_cannot_be_written_is_refused_at_once(
    invoke: Invoke, tmp_path: Path, name: str
) -> None:
    # The model does not exist either: the output is looked at first.
    result = invoke(name, "--model", "nobody/nothing", "--json", tmp_path / "no" / "x.json")
    _refused(result, 5, "wanted a place to write to, found no directory")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_file(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = invoke("calibrate", "--model", "nobody/nothing", "--output", tmp_path / "file")
    _refused(result, 5, "is not a directory")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_output_with_a_run(on_tiny: Invoke, tmp_path: Path) -> None:
    options = ("--max-samples", 1, "--output", tmp_path)
    assert on_tiny("calibrate", *options).exit_code == 0
    before = read_run(tmp_path)
    _refused(on_tiny("calibrate", *options), 5, "resume it (--resume)")
    _refused(on_tiny("calibrate", *options, "--layer", 2, "--resume"), 5, "config.layer: None")
    _refused(
        on_tiny("dose-response", "--output", tmp_path, "--resume"),
        5,
        "experiment: 'calibrate' against 'dose-response'",
    )
    assert read_run(tmp_path) == before


def test_a_full_disk(on_tiny: Invoke, full_device: Path) -> None:
    result = on_tiny("calibrate", "--max-samples", 1, "--json", full_device)
    assert result.exit_code == 5
    assert (
        "plip: file '/dev/full': wanted a place to write to, found No space left" in result.stderr
    )


def test_an_interruption_says_how_to_go_on(
    on_tiny: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    honest = TransformerSubject.run

    def interrupted(self: TransformerSubject, *args: Any, **options: Any) -> Any:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return honest(self, *args, **options)

    monkeypatch.setattr(TransformerSubject, "run", interrupted)
    monkeypatch.setattr("plip.experiments.calibrate.batches", _one_by_one)
    options = ("--max-samples", 1, "--output", tmp_path)
    result = on_tiny("calibrate", *options)
    assert result.exit_code == 130
    assert result.stderr == (
        f"what is done is in {tmp_path}; --resume goes on from there\nplip: interrupted\n"
    )
    assert len(read_run(tmp_path)[1]) == 1
    monkeypatch.setattr(TransformerSubject, "run", honest)
    assert on_tiny("calibrate", *options, "--resume").exit_code == 0
    assert len(read_run(tmp_path)[1]) == 5


def _one_by_one(located: Any, limit: int, *, done: Any) -> Any:
    return ((item,) for item in located if item.sample.id not in done)


@pytest.mark.parametrize("debug", [False, True])
def test_what_nobody_foresaw(on_tiny: Invoke, monkeypatch: pytest.MonkeyPatch, debug: bool) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(command, "execute", broken)
    result = on_tiny("calibrate", *(["--debug"] if debug else []))
    assert result.exit_code == 70
    assert "plip: ZeroDivisionError: by zero\nThis was not foreseen: please report" in result.stderr
    assert ("Traceback" in result.stderr) is debug


@pytest.mark.parametrize("arguments", [("--debug", "calibrate"), ("calibrate", "--debug")])
def test_debug_shows_the_traceback(invoke: Invoke, arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments, "--model", "bundled:nothing")
    assert result.exit_code == 4
    assert "Traceback (most recent call last)" in result.stderr
    assert "ModelNotFoundError" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("plip: bundled:nothing: wanted")
