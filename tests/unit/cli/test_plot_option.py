"""`--plot` of every experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

COMMANDS = {
    "calibrate": ("--layer", "all", "--max-samples", 2),
    "dose-response": ("--doses", "1,3", "--max-samples", 2),
    "ablate": ("--max-samples", 2),
    "contrast": ("--functions", 2, "--steps", "0,1"),
    "scan": ("--layer", 1, "--doses", "3", "--max-samples", 2),
    "generate": ("--max-prompts", 1, "--max-new-tokens", 2),
    "persistence": ("--max-prompts", 1, "--max-new-tokens", 2, "--samples", 1, "--scales", "1,3"),
}


@pytest.mark.parametrize(
    ("name", "recurrent"),
    [*((name, False) for name in COMMANDS), ("dose-response", True), ("ablate", True)],
)
def test_a_figure_is_drawn_beside_the_table(
    invoke: Invoke,
    tiny_checkpoint: Path,
    tiny_recurrent_checkpoint: Path,
    tmp_path: Path,
    name: str,
    recurrent: bool,
) -> None:
    model = tiny_recurrent_checkpoint if recurrent else tiny_checkpoint
    plot = tmp_path / "x.svg"
    result = invoke(name, "--model", model, "--cpu", *COMMANDS[name], "--plot", plot)
    assert result.exit_code == 0, result.stderr
    assert result.stdout
    assert plot.read_text().startswith("<?xml")
    assert [path.name for path in tmp_path.iterdir()] == ["x.svg"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        *((name, "x.jpg") for name in COMMANDS),
        *(("calibrate", file) for file in ("x", "-", "png", ".png")),
    ],
)
def test_a_name_that_says_no_format(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    # The model does not exist either: the figure's name is looked at first.
    result = invoke(name, "--model", "nobody/nothing", "--plot", file)
    assert result.exit_code == 2
    assert "ends in none of .png, .svg, .pdf" in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_figure_that_cannot_be_written_is_refused_at_once(
    invoke: Invoke, tmp_path: Path, name: str
) -> None:
    (tmp_path / "x.png").mkdir()
    for place, found in (("x.png", "a directory"), ("no/x.png", "no directory")):
        result = invoke(name, "--model", "nobody/nothing", "--plot", tmp_path / place)
        assert result.exit_code == 5
        assert f"wanted a place to write to, found {found}" in result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_has_one_use(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.png").symlink_to(tmp_path / "x.png")
    uses = {"--plot": "x.png", "--json": "./x.png"}
    ways = [uses, uses | {"--json": "link.png"}]
    if name == "scan":
        ways += [{"--plot": "x.png", "--heads-out": "link.png"}]
        ways += [{"--json": "x.png", "--heads-out": tmp_path / "x.png"}]
    for way in ways:
        given = [part for use in way.items() for part in use]
        # The model does not exist either: files are looked at first.
        result = invoke(name, "--model", "nobody/nothing", *given)
        assert result.exit_code == 2
        one, other = way
        found = " ".join(result.stderr.replace("│", " ").split())
        assert f"{one} and {other} name the same place" in found
        assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--plot", "--json"])
def test_what_is_read_is_not_written(
    invoke: Invoke, tmp_path: Path, name: str, option: str
) -> None:
    given = tmp_path / "x.png"
    given.write_text("{}")
    sources_of = {"generate": "--prompts", "persistence": "--prompts", "contrast": "--beside"}
    source = sources_of.get(name, "--corpus")
    sources = [source] + (["--heads"] if name in ("ablate", "dose-response") else [])
    for each in sources:
        options = ("--model", "nobody/nothing", each, given, option, given)
        if each == "--heads":
            given.write_text('{"schema": "plip.heads/1", "layer": 1, "model": "m", "heads": [0]}')
            options = (*options, "--layer", 1)
        result = invoke(name, *options)
        assert result.exit_code == 2, result.stderr
        found = " ".join(result.stderr.replace("│", " ").split())
        assert "would replace a file that is read" in found
