"""What the commands do when all is well."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import plip
from plip.errors import ModelNotFoundError
from plip.records import read_run
from plip.text import Corpus

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

COMMANDS = ("calibrate", "dose-response", "ablate", "generate", "persistence", "audit", "models")


def test_help_names_commands_and_exit_codes(invoke: Invoke) -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command}" in result.stdout
    for code in (
        "0    done",
        "1    ",
        "2    ",
        "3    ",
        "4    ",
        "5    ",
        "6    ",
        "70   ",
        "130  ",
    ):
        assert f"\n    {code}" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_for_every_option(invoke: Invoke, command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "--debug" in result.stdout


def test_the_papers_options_are_there(invoke: Invoke) -> None:
    calibrate = invoke("calibrate", "--help").stdout
    for option in ("model", "layer", "corpus", "max-samples", "output", "verbose", "cpu", "json"):
        assert f"--{option} " in calibrate
    dose_response = invoke("dose-response", "--help").stdout
    for option in ("target-attention", "doses", "device", "dtype", "seed", "mode", "layer"):
        assert f"--{option} " in dose_response


def test_version(invoke: Invoke) -> None:
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"plip {plip.__version__}\n")


def test_models(invoke: Invoke) -> None:
    result = invoke("models")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert any(line[:3] == ["bundled:transformer", "6", "4"] for line in lines)
    assert any(line[:3] == ["Qwen/Qwen2.5-Coder-3B-Instruct", "36", "20"] for line in lines)


def test_calibrate(on_tiny: Invoke, tmp_path: Path) -> None:
    result = on_tiny("calibrate", "--json", tmp_path / "c.json")
    assert result.exit_code == 0, result.stderr
    assert "ratio Python / Rust" in result.stdout
    assert result.stderr == "layer 4, two thirds of the depth of 6\n"
    document = json.loads((tmp_path / "c.json").read_text())
    assert document["layer"] == 4
    for language, group in (("python", "python_doctest"), ("rust", "rust_test")):
        levels = [s["attention"] for s in document["samples"] if s["group"] == group]
        assert len(levels) == 10
        assert document["means"][language] == pytest.approx(statistics.fmean(levels))
    assert document["ratio"] == document["means"]["python"] / document["means"]["rust"]


def test_calibrate_all_layers(on_tiny: Invoke) -> None:
    result = on_tiny("calibrate", "--layer", "all", "--max-samples", 1, "--json", "-")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [layer["layer"] for layer in document["layers"]] == list(range(6))
    assert "Means by layer" in result.stderr


def test_calibrate_shows_samples_when_asked(on_tiny: Invoke) -> None:
    options = ("--max-samples", 1, "--group", "rust_test", "--group", "rust_baseline")
    assert "rust_simple_add" not in on_tiny("calibrate", *options).stdout
    shown = on_tiny("calibrate", *options, "--verbose").stdout
    assert "rust_simple_add" in shown
    assert "py_simple_add" not in shown


def test_dose_response(on_tiny: Invoke, tmp_path: Path) -> None:
    result = on_tiny(
        "dose-response", "--layer", 2, "--doses", "0.5,1,6", "--json", tmp_path / "d.json"
    )
    assert result.exit_code == 0, result.stderr
    assert result.stderr == "layer 2, as asked for\n"
    document = json.loads((tmp_path / "d.json").read_text())
    assert [dose["dose"] for dose in document["doses"]] == [0.5, 1, 6]
    for dose in document["doses"]:
        records = [record for record in document["records"] if record["dose"] == dose["dose"]]
        assert len(records) == 10
        for figure, mean in (("attention", "attention_mean"), ("kl_nats", "kl_mean")):
            assert dose[mean] == pytest.approx(math.fsum(r[figure] for r in records) / 10)
    assert document["doses"][1]["kl_mean"] == 0.0
    assert document["doses"][2]["kl_mean"] > 0


@pytest.mark.parametrize(("mode", "dose"), [("set-value", None), ("scale", float)])
def test_dose_response_to_a_target(on_tiny: Invoke, mode: str, dose: type | None) -> None:
    result = on_tiny(
        "dose-response", "--target-attention", 0.2, "--mode", mode, "--doses", 2,
        "--max-samples", 2, "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    last = json.loads(result.stdout)["records"][-1]
    assert last["attention"] == pytest.approx(0.2, abs=1e-5)
    assert last["target"] == 0.2
    assert last["dose"] is None if dose is None else isinstance(last["dose"], dose)


def test_the_model_is_loaded_as_asked(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, dict[str, object]]] = []

    def load(name: object, **options: object) -> None:
        asked.append((name, options))
        raise ModelNotFoundError("it", wanted="a model", found="none", advice="look")

    monkeypatch.setattr("plip.models.load", load)
    for command in ("calibrate", "dose-response", "audit"):
        invoke(command, "--model", "some/model", "--revision", "v1", "--dtype", "bfloat16", "--cpu")
        expected = {"device": "cpu", "dtype": "bfloat16", "revision": "v1"}
        assert asked.pop() == ("some/model", expected)
        invoke(command, "--device", "cuda:1")
        expected = {"device": "cuda:1", "dtype": "auto", "revision": None}
        assert asked.pop() == ("bundled:transformer", expected)


def test_output_and_resume(on_tiny: Invoke, tmp_path: Path) -> None:
    options = ("--max-samples", 2, "--doses", 2, "--output", tmp_path / "run")
    first = on_tiny("dose-response", *options)
    assert first.exit_code == 0
    manifest, records = read_run(tmp_path / "run")
    assert manifest.complete
    assert len(records) == 3
    again = on_tiny("dose-response", *options, "--resume")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert read_run(tmp_path / "run") == (manifest, records)


def test_a_corpus_of_ones_own(on_tiny: Invoke, corpus: Corpus, tmp_path: Path) -> None:
    corpus.take(1).write(tmp_path / "corpus.json")
    result = on_tiny("calibrate", "--corpus", tmp_path / "corpus.json", "--json", "-")
    document = json.loads(result.stdout)
    assert len(document["samples"]) == 4
    assert document["corpus_hash"] == corpus.take(1).digest


def test_a_corpus_of_token_marks_comes_with_a_warning(on_tiny: Invoke, tmp_path: Path) -> None:
    sample = {
        "id": "old",
        "code": "fn f(x: u8) {}\n#[test]\nfn t() {}",
        "test_attr_token_pos": 9,
        "function_token_positions": [0, 1],
    }
    (tmp_path / "old.json").write_text(json.dumps({"rust_test": [sample]}))
    result = on_tiny("calibrate", "--corpus", tmp_path / "old.json", "--json", "-")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["samples"][0]["attention"] is not None
    assert f"{tmp_path / 'old.json'} marks tokens, not characters: its figures" in result.stderr


def test_audit(on_tiny: Invoke, tmp_path: Path) -> None:
    result = on_tiny("audit", "--json", tmp_path / "a.json")
    assert result.exit_code == 0, result.stderr
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["schema"] == "plip.audit/2"
    live = {claim["id"]: claim for claim in document["claims"] if claim["section"] == "live"}
    assert len(live) == 7
    assert {claim["verdict"] for claim in live.values()} == {"holds"}
    assert "live/closed_form" in result.stdout
    assert "contradicted" in result.stdout


def test_audit_without_a_model(invoke: Invoke) -> None:
    result = invoke("audit", "--skip-live")
    assert result.exit_code == 0
    assert "live/" not in result.stdout


def test_strict_audit_fails_where_a_claim_does(invoke: Invoke) -> None:
    result = invoke("audit", "--skip-live", "--strict")
    assert result.exit_code == 1
    assert "claims do not hold: " in result.stderr
    assert " contradicted, " in result.stderr
