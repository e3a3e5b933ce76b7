"""`plip claims`: a ledger begun, checked, and the checks it may ask for."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from plip.claims import CHECKS, audit, read_ledger

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def begun(invoke: Invoke, tmp_path: Path) -> Path:
    """A new ledger."""
    assert invoke("claims", "new", tmp_path / "new").exit_code == 0
    return tmp_path / "new"


def test_help_names_the_commands(invoke: Invoke) -> None:
    result = invoke("claims", "--help")
    assert result.exit_code == 0
    for command in ("new", "lint", "list"):
        assert f"\n  {command} " in result.stdout
        assert "--debug" in invoke("claims", command, "--help").stdout


@pytest.mark.parametrize("there", [True, False])
def test_a_new_ledger_is_sound(invoke: Invoke, tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "deep" / "paper"
    if there:
        folder.mkdir(parents=True)
    title = 'On "odd" \\ titles\n\x7f é \U0001f600'
    result = invoke("claims", "new", folder, "--title", title)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines() == [
        f"wrote {folder / n}" for n in ("1_results.toml", "paper.toml")
    ]
    ledger = read_ledger(folder)
    assert ledger.title == title
    assert tomllib.loads((folder / "paper.toml").read_text("utf-8"))["title"] == title
    assert {claim.verdict.name for claim in audit(ledger).claims} == {"HOLDS"}


def test_nothing_is_written_over(invoke: Invoke, begun: Path) -> None:
    (begun / "paper.toml").write_text("mine")
    result = invoke("claims", "new", begun)
    assert result.exit_code == 5
    assert "wanted a new or empty folder, found a folder that holds" in result.stderr
    assert (begun / "paper.toml").read_text() == "mine"


def test_a_file_in_the_way(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = invoke("claims", "new", tmp_path / "file")
    assert result.exit_code == 5
    assert "File exists" in result.stderr


def test_a_sound_ledger(invoke: Invoke, begun: Path) -> None:
    result = invoke("claims", "lint", begun)
    assert (result.exit_code, result.stderr) == (0, "")
    assert words(result.stdout) == (
        "“A paper”: 5 entries with 5 figures, 2 claims with 2 checks; no faults"
    )


def test_a_bundled_ledger(invoke: Invoke) -> None:
    result = invoke("claims", "lint", "steering_results")
    assert result.exit_code == 0
    assert "no faults" in result.stdout


def test_all_faults_at_once(invoke: Invoke, begun: Path) -> None:
    file = begun / "1_results.toml"
    text = file.read_text("utf-8").replace('"10.6%"', '"10.6 %%"', 1)
    file.write_text(text.replace('other = "mean"', 'other = "meen"'), encoding="utf-8")
    result = invoke("claims", "lint", begun)
    assert result.exit_code == 3
    assert result.stderr == "plip: ledger 'new' has 2 faults\n"
    assert "figure '10.6 %%': wanted a number or range" in words(result.stdout)
    assert "summary/mean: same_as: wanted the id of an entry, found 'meen'" in words(result.stdout)


def test_references_are_followed_where_the_files_are(
    invoke: Invoke, begun: Path, tmp_path: Path
) -> None:
    file = begun / "1_results.toml"
    other = '{ check = "same_as", other = "@{0}#mean" }'
    checks = ", ".join(other.replace("{0}", name) for name in ("a.json", "b.json"))
    file.write_text(
        file.read_text("utf-8").replace('{ check = "same_as", other = "mean" }', checks), "utf-8"
    )
    assert invoke("claims", "lint", begun).exit_code == 0
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "a.json").write_text('{"mean": "ten"}')
    result = invoke("claims", "lint", begun, "--artifacts", tmp_path / "repository")
    assert result.exit_code == 3
    assert "summary/mean: same_as: reference '@a.json#mean': wanted finite numbers" in words(
        result.stdout
    )
    assert "summary/mean: same_as: needs artifacts: b.json" in words(result.stdout)


def test_figures_beside_the_text(invoke: Invoke, begun: Path, tmp_path: Path) -> None:
    text = tmp_path / "paper.md"
    content = "## Abstract\n\n10.6% on average\n\n## 1 Results\n\n10.2%, 11.7%, 9.9%: 10.6%\n"
    text.write_text(content, "utf-8")
    # What the header has as comments: without it the number of a heading is a figure.
    result = invoke("claims", "lint", begun, "--text", text, "--strict")
    assert (result.exit_code, "no entry quotes 1 in" in result.stdout) == (1, True)
    head, _, commented = (begun / "paper.toml").read_text("utf-8").partition("# [text]")
    header = f"{head}[text]{re.sub('^# ?', '', commented, flags=re.MULTILINE)}"
    header = header.replace("figures = 0", "figures = 5")
    digest = hashlib.sha256(content.encode()).hexdigest()
    (begun / "paper.toml").write_text(header.replace("…", digest), "utf-8")
    result = invoke("claims", "lint", begun, "--text", text, "--strict")
    assert result.exit_code == 0, result.stdout
    assert "5 figures in the text, 5 of them quoted" in words(result.stdout)
    text.write_text(text.read_text("utf-8").replace("9.9%", "9.8%"), "utf-8")
    result = invoke("claims", "lint", begun, "--text", text)
    assert result.exit_code == 0
    assert "line 7, section 1: no entry quotes 9.8%" in words(result.stdout)
    assert "samples/c: not in section 1 of the text: 9.9%" in words(result.stdout)
    result = invoke("claims", "lint", begun, "--text", text, "--strict")
    assert result.exit_code == 1
    assert result.stderr == "plip: ledger 'new' and the text differ\n"


def test_a_folder_that_is_not_there(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("claims", "lint", tmp_path / "none")
    assert result.exit_code == 3
    assert "begin a folder with `plip claims new`" in result.stderr


def test_the_checks(invoke: Invoke) -> None:
    result = invoke("claims", "list")
    assert result.exit_code == 0
    for name in CHECKS:
        assert f"\n  {name}" in result.stdout
    result = invoke("claims", "list", "mean_of")
    assert result.stdout.startswith("mean_of (recompute)\n")
    assert "of: list of string, required" in words(result.stdout)


def test_a_check_that_is_none(invoke: Invoke) -> None:
    result = invoke("claims", "list", "mean")
    assert result.exit_code == 2
    assert "there is no check 'mean'" in result.stderr
