"""`plip generate` and `plip persistence`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from plip.records import read_run
from plip.text import Prompt, Prompts, bundled_prompts

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

TEXT = "fn two() {}\n#[test]\nfn t() {}\nfn three() {\n"
QUICK = ("--max-new-tokens", 2, "--layer", 1, "--max-prompts", 1)


@pytest.fixture
def prompt_file(tmp_path: Path) -> Path:
    prompts = [
        Prompt(f"p_{name}", "rust", "tests", text, text.index("#["), "#[test]")
        for name, text in (("near", TEXT), ("far", TEXT + "    let a = 1;\n"))
    ]
    Prompts(tuple(prompts)).write(tmp_path / "prompts.json")
    return tmp_path / "prompts.json"


def _document(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_generate(on_tiny: Invoke) -> None:
    result = on_tiny("generate", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == "layer 1, as asked for\n"
    assert "py_double_letters" in result.stdout
    assert "greedy, 1 pair a prompt, at most 2 new tokens" in result.stdout


def test_generate_as_asked(on_tiny: Invoke, prompt_file: Path) -> None:
    document = _document(
        on_tiny(
            "generate",
            "--prompts",
            prompt_file,
            "--temperature",
            1,
            "--samples",
            2,
            "--scale",
            9,
            "--steer",
            "throughout",
            "--seed",
            5,
            "--json",
            "-",
            "--max-new-tokens",
            3,
        )
    )
    assert document["seed"] == 5
    assert document["prompts_hash"] == Prompts.read(prompt_file).digest
    summary = document["summary"]
    assert (summary["scale"], summary["temperature"], summary["samples"]) == (9, 1, 2)
    assert (summary["layers"], summary["max_new_tokens"]) == ([4], 3)
    assert "of the continuation" in summary["steered"]
    assert [prompt["prompt"] for prompt in document["prompts"]] == ["p_near", "p_far"]
    assert all(len(prompt["pairs"]) == 2 for prompt in document["prompts"])


def test_designs(on_tiny: Invoke) -> None:
    for command, design, name in (
        ("generate", "paper", "generate-paper"),
        ("generate", "fifty", "generate-fifty"),
        ("persistence", "paper", "persistence-paper"),
        ("persistence", "crossed", "persistence-crossed"),
    ):
        options = ("--samples", 1, "--scales", "1") if command == "persistence" else ()
        document = _document(on_tiny(command, "--design", design, "--json", "-", *QUICK, *options))
        assert document["prompts_hash"] == bundled_prompts(name).digest


def test_persistence(on_tiny: Invoke, prompt_file: Path, tmp_path: Path) -> None:
    result = on_tiny(
        "persistence", "--prompts", prompt_file, "--scales", "1,3", "--samples", 2,
        "--temperature", 0.6, "--temperature", 0.8, "--max-new-tokens", 2, "--verbose",
        "--json", tmp_path / "p.json", "--steer", "throughout", "--seed", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    document = json.loads((tmp_path / "p.json").read_text())
    assert document["summary"]["design"] == "confounded"
    assert [
        (c["temperature"], c["prompt"], c["scale"], c["aim"]["control"]) for c in document["cells"]
    ] == [
        (t, p, *cell)
        for t in (0.6, 0.8)
        for p in ("p_near", "p_far")
        for cell in ((1, None), (3, None), (3, "token"))
    ]
    assert all(len(cell["samples"]) == 2 for cell in document["cells"])
    assert document["seed"] == 2
    assert "of the continuation" in document["summary"]["steered"]
    assert "one thing" in result.stdout
    assert result.stdout.index("Cells") < result.stdout.index("Test syntax by substring")


CONTROLS = ["token", "marker", "layer"]


@pytest.mark.parametrize(
    ("command", "options", "controls"),
    [
        ("generate", (), CONTROLS),
        ("generate", ("--controls", "none"), []),
        ("generate", ("--controls", "layer,token"), ["layer", "token"]),
        ("persistence", (), ["token"]),
        ("persistence", ("--controls", "none"), []),
        ("persistence", ("--controls", ",".join(CONTROLS)), CONTROLS),
    ],
)
def test_controls(
    on_tiny: Invoke, command: str, options: tuple[str, ...], controls: list[str]
) -> None:
    few = ("--samples", 1, "--scales", "1,3") if command == "persistence" else ()
    document = _document(on_tiny(command, *QUICK, *few, *options, "--json", "-"))
    assert [each["control"] for each in document["summary"]["controls"]] == controls


@pytest.mark.parametrize(
    ("options", "layers", "factors"),
    [
        (("--layer", "2-4"), [2, 3, 4], [3, 3, 3]),
        (("--layer", "4,2", "--scale", 9), [2, 4], [9, 9]),
        (("--factors", "2:3,4:1.5"), [2, 4], [3, 1.5]),
        (("--factors", "4:0", "--layer", "2,4"), [2, 4], [1, 0]),
    ],
)
def test_generate_in_several_layers(
    on_tiny: Invoke, options: tuple[object, ...], layers: list[int], factors: list[float]
) -> None:
    few = ("--max-prompts", 1, "--max-new-tokens", 2, "--controls", "none", "--json", "-")
    document = _document(on_tiny("generate", *few, *options))
    summary, (prompt,) = document["summary"], document["prompts"]
    assert (summary["layers"], summary["factors"]) == (layers, factors)
    assert (prompt["aim"]["layers"], prompt["aim"]["factors"]) == (layers, factors)


def test_persistence_with_factors(on_tiny: Invoke) -> None:
    few = ("--max-prompts", 1, "--max-new-tokens", 2, "--samples", 1, "--scales", "1,3")
    result = on_tiny("persistence", *few, "--factors", "2:3,4:1.5", "--json", "-")
    document = _document(result)
    assert document["summary"]["factors"] == [[2, 3], [4, 1.5]]
    assert [(c["scale"], c["aim"]["factors"]) for c in document["cells"]] == [
        (1, [1, 1]), (3, [3, 3]), (None, [3, 1.5]), (3, [3, 3]), (None, [3, 1.5]),
    ]  # fmt: skip
    assert {tuple(c["aim"]["layers"]) for c in document["cells"]} == {(2, 4)}


@pytest.mark.parametrize("command", ["generate", "persistence"])
def test_output_and_resume(on_tiny: Invoke, tmp_path: Path, command: str) -> None:
    sampled = ("--samples", 2) if command == "persistence" else ()
    options = (command, *QUICK, *sampled, "--output", tmp_path / "run")
    first = on_tiny(*options)
    assert first.exit_code == 0, first.stderr
    manifest, records = read_run(tmp_path / "run")
    assert manifest.experiment == command
    assert manifest.complete
    again = on_tiny(*options, "--resume")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert read_run(tmp_path / "run") == (manifest, records)
    other = on_tiny(*options, "--resume", "--seed", 1)
    assert other.exit_code == 5
    assert "config.seed: 0 against 1" in other.stderr


def test_on_a_recurrent_model(invoke: Invoke, tiny_recurrent_checkpoint: Path) -> None:
    model = ("--model", tiny_recurrent_checkpoint, "--cpu", "--json", "-", *QUICK)
    document = _document(invoke("generate", *model))
    assert document["summary"]["mechanism"] == "state"
    assert document["prompts"][0]["pairs"][0]["witness"]["mechanism"] == "state"
    document = _document(invoke("persistence", *model, "--samples", 1, "--scales", "0,1"))
    assert [cell["witness"] is None for cell in document["cells"]] == [False, True, False]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("generate", "--samples", 0), 3, "option samples: wanted greater than or equal to 1"),
        (("generate", "--samples", 3), 3, "option samples: wanted 1 at temperature 0"),
        (("generate", "--temperature", -1), 3, "option temperature: wanted greater than"),
        (("generate", "--temperature", "nan"), 3, "option temperature: wanted a finite number"),
        (("generate", "--scale=-2"), 3, "option scale: wanted greater than or equal to 0"),
        (("generate", "--layer", 6), 3, "layer 6: wanted a layer in 0 … 5"),
        (("generate", "--layer", "2,2"), 3, "wanted each layer once, found layer 2 more than once"),
        (("generate", "--layer", "all"), 3, "wanted layers such as 4, 2,4 or 0,2-4, found 'all'"),
        (("generate", "--layer", "2,9"), 3, "layer 9: wanted a layer in 0 … 5"),
        (("generate", "--factors", "2:x"), 3, "wanted finite factors ≥ 0, found 'x'"),
        (("generate", "--factors", "2:3", "--scale", 2), 2, "--factors stand in place of --scale"),
        (("generate", "--factors", "2:3", "--layer", 1), 3, "found a factor of layer 2"),
        (("generate", "--controls", "edges"), 3, "option controls: wanted 'token', 'marker' or"),
        (("persistence", "--controls", "token,token"), 3, "option controls: wanted each value"),
        (("persistence", "--controls", ""), 3, "option controls: wanted 'token', 'marker' or"),
        (("generate", "--chat"), 3, "wanted a model whose tokenizer has a chat template"),
        (("generate", "--max-new-tokens", 0), 3, "option max_new_tokens: wanted greater than"),
        (("generate", "--max-new-tokens", 500), 4, "prompt 'py_double_letters': wanted at most 12"),
        (("generate", "--prompts", "nowhere.json"), 3, "give the path of a prompt file"),
        (("generate", "--resume"), 2, "--resume needs --output"),
        (("generate", "--max-prompts", 0), 2, "--max-prompts"),
        (("generate", "--design", "crossed"), 2, "--design"),
        (("persistence", "--samples", 0), 3, "option samples: wanted greater than or equal to 1"),
        (("persistence", "--temperature", -1), 3, "option temperatures: wanted greater than"),
        (("persistence", "--temperature", 0), 3, "option samples: wanted 1 at temperature 0"),
        (("persistence", "--scales", "1,x"), 2, "--scales takes numbers"),
        (("persistence", "--scales", "3,3"), 3, "option scales: wanted each value once"),
        (("persistence", "--layer", 9), 3, "layer 9: wanted a layer in 0 … 5"),
        (("persistence", "--chat"), 3, "wanted a model whose tokenizer has a chat template"),
    ],
)
def test_bad_input(
    on_tiny: Invoke, tmp_path: Path, arguments: tuple[object, ...], code: int, message: str
) -> None:
    result = on_tiny(*arguments, *(() if "--resume" in arguments else ("--output", tmp_path / "r")))
    assert result.exit_code == code, result.stderr
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "r").exists()


def test_a_prompt_without_its_marker(on_tiny: Invoke, prompt_file: Path) -> None:
    content = json.loads(prompt_file.read_text())
    del content["prompts"][0]["marker_char_pos"]
    content["prompts"][1]["marker_char_pos"] += 1
    prompt_file.write_text(json.dumps(content))
    for command in ("generate", "persistence"):
        result = on_tiny(command, "--prompts", prompt_file)
        assert result.exit_code == 3
        assert "prompt 'p_near': wanted marker_char_pos, found no such field" in result.stderr
        assert "prompt 'p_far': wanted '#[test]' at character 13" in result.stderr
