"""`plip audit`: what it writes where, and what it refuses before anything is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import Result

from plip.claims import Verdict
from plip.cli.audit import Only

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

HEADER = 'format = "plip.ledger/1"\ntitle = "A made study"\n'
ENTRIES = """
[[entry]]
id = "x"
section = "A"
unit = "%"
statement = "Sample {key} has this value."
rows = { a = "1.0%", b = "2.0%" }

[[entry]]
id = "mean"
section = "B"
quoted = "1.5%"
unit = "%"
statement = "The mean is this."
checks = [{ check = "mean_of", of = ["x/*"] }]

[[entry]]
id = "again"
section = "C"
quoted = "1.9%"
unit = "%"
statement = "The mean is given again."
checks = [{ check = "mean_of", of = ["x/*"] }]

[[entry]]
id = "data"
section = "C"
quoted = "1.7%"
unit = "%"
statement = "The mean of a file is this."
checks = [{ check = "same_as", other = "@out/data.json#mean" }]
"""
TEXT = "# Made\n\n## A\n\n1.0% and 2.0%\n\n## B\n\n1.5%, not 44%.\n\n## C\n\n1.9%, 1.7%\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of three claims: one holds, one does not, one rests on a data file."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "paper.toml").write_text(HEADER, encoding="utf-8")
    (folder / "1.toml").write_text(ENTRIES, encoding="utf-8")
    return folder


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """The study's text, with a figure that no entry quotes."""
    path = tmp_path / "paper.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """The study's repository."""
    (tmp_path / "repository" / "out").mkdir(parents=True)
    (tmp_path / "repository" / "out" / "data.json").write_text('{"mean": 1.7}')
    return tmp_path / "repository"


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a model would be loaded."""

    def load(name: object, **options: object) -> None:
        raise AssertionError(f"{name} was loaded")

    monkeypatch.setattr("plip.models.load", load)


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


@pytest.mark.usefixtures("no_model")
def test_a_folder_is_audited_without_any_model(invoke: Invoke, ledger: Path) -> None:
    result = invoke("audit", "--paper", ledger)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert "3 claims: contradicted 1, not checkable here 1, holds 1" in words(result)
    assert "needs artifacts: out/data.json" in words(result)


@pytest.mark.usefixtures("no_model")
def test_options_of_a_model_that_is_not_run_are_not_silent(invoke: Invoke, ledger: Path) -> None:
    result = invoke("audit", "--paper", ledger, "--model", "some/model", "--cpu")
    assert result.exit_code == 0
    assert result.stderr == (
        "the machinery is not checked, so that --model, --cpu does nothing without --live\n"
    )
    assert invoke("audit", "--paper", ledger).stderr == ""


def test_a_folder_with_a_model_on_request(on_tiny: Invoke, ledger: Path, tmp_path: Path) -> None:
    result = on_tiny("audit", "--paper", ledger, "--live", "--json", tmp_path / "a.json")
    assert result.exit_code == 0, result.stderr
    document = json.loads((tmp_path / "a.json").read_text())
    assert [claim["section"] for claim in document["claims"]].count("live") == 7
    assert document["summary"]["claims"] == 10
    assert document["summary"]["verdicts"]["holds"] == 8
    assert document["manifest"]["subject"]["architecture"] == "Qwen2ForCausalLM"


def test_artifacts_and_text(invoke: Invoke, ledger: Path, text: Path, artifacts: Path) -> None:
    result = invoke("audit", "--paper", ledger, "--artifacts", artifacts, "--text", text)
    assert result.exit_code == 0, result.stderr
    assert "6 figures in the paper, 5 figures in the ledger" in words(result)
    assert "1 figure that no entry quotes" in words(result)
    assert "line 9, section B: no entry quotes 44% in “1.5%, not 44%.”" in words(result)
    assert "3 claims: contradicted 1, holds 2" in words(result)


def test_every_document_at_once(
    invoke: Invoke, ledger: Path, text: Path, artifacts: Path, tmp_path: Path
) -> None:
    out = {kind: tmp_path / f"audit.{kind}" for kind in ("json", "html", "junit", "checklist")}
    result = invoke(
        "audit", "--paper", ledger, "--artifacts", artifacts, "--text", text,
        *(part for kind, path in out.items() for part in (f"--{kind}", path)),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    document = json.loads(out["json"].read_text("utf-8"))
    manifest = document["manifest"]
    assert set(manifest["ledger"]) == {"paper.toml", "1.toml"}
    assert manifest["subject"] is None
    assert manifest["started"] <= manifest["finished"]
    assert manifest["command"][0] == "plip"
    assert set(document["artifacts"]) == {"out/data.json"}
    assert document["text"]["figures"] == 6
    html = out["html"].read_text("utf-8")
    assert "<title>Audit of A made study</title>" in html
    assert "The paper’s own text" in html
    assert "1.5%, not 44%." in html
    assert ET.parse(out["junit"]).getroot().get("tests") == "3"
    assert out["checklist"].read_text("utf-8").startswith("# Reproducibility checklist")


@pytest.mark.parametrize(
    ("option", "start"),
    [
        ("--json", "{"),
        ("--html", "<!doctype html>"),
        ("--junit", "<?xml"),
        ("--checklist", "# Rep"),
    ],
)
def test_each_can_have_the_standard_output(
    invoke: Invoke, ledger: Path, option: str, start: str
) -> None:
    result = invoke("audit", "--paper", ledger, option, "-")
    assert result.exit_code == 0
    assert result.stdout.startswith(start)
    assert "Audit of “A made study”" in result.stderr


def test_the_table_shows_what_is_asked_for_and_files_have_all(
    invoke: Invoke, ledger: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    result = invoke("audit", "--paper", ledger, "--only", "contradicted", "--json", path)
    assert "again" in result.stdout
    assert "\nB: " not in result.stdout
    assert words(result).endswith("holds 1; 1 shown")
    assert len(json.loads(path.read_text())["claims"]) == 3
    result = invoke("audit", "--paper", ledger, "--section", "B", "--verbose")
    assert "mean_of (recompute): holds, computed [1.45, 1.55]" in words(result)
    assert "again" not in result.stdout


def test_every_verdict_can_be_asked_for() -> None:
    assert [only.name for only in Only] == [verdict.name for verdict in Verdict]


def test_strict_counts_what_does_not_hold(invoke: Invoke, ledger: Path) -> None:
    result = invoke("audit", "--paper", ledger, "--strict")
    assert result.exit_code == 1
    assert result.stderr == (
        "plip: 2 of 3 claims do not hold: 1 contradicted, 1 not checkable here; --only shows one "
        "kind of them\n"
    )


def test_documents_are_written_where_strict_fails(
    invoke: Invoke, ledger: Path, tmp_path: Path
) -> None:
    result = invoke("audit", "--paper", ledger, "--strict", "--junit", tmp_path / "a.xml")
    assert result.exit_code == 1
    assert (tmp_path / "a.xml").exists()


@pytest.mark.usefixtures("no_model")
class TestRefused:
    """Nothing is loaded, nothing is written."""

    def test_an_unknown_ledger(self, invoke: Invoke, tmp_path: Path) -> None:
        result = invoke("audit", "--paper", tmp_path / "none")
        assert result.exit_code == 3
        assert "wanted one of steering_results, or a folder with a paper.toml" in result.stderr
        assert "found no such ledger or folder" in result.stderr

    def test_a_file_for_a_ledger(self, invoke: Invoke, text: Path) -> None:
        result = invoke("audit", "--paper", text)
        assert result.exit_code == 3
        assert "found a file;" in result.stderr

    def test_a_ledger_with_faults(self, invoke: Invoke, ledger: Path) -> None:
        (ledger / "1.toml").write_text(ENTRIES.replace('"x/*"', '"y"'), encoding="utf-8")
        result = invoke("audit", "--paper", ledger)
        assert result.exit_code == 3
        assert "wanted the id of an entry, found 'y'" in result.stderr

    @pytest.mark.parametrize("option", ["--json", "--html", "--junit", "--checklist"])
    def test_a_place_that_cannot_be_written(
        self, invoke: Invoke, option: str, tmp_path: Path
    ) -> None:
        for path in (tmp_path, tmp_path / "none" / "a"):
            result = invoke("audit", option, path)
            assert result.exit_code == 5
            assert "a place to write to" in result.stderr
            assert result.stdout == ""

    def test_one_place_for_two(self, invoke: Invoke, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "a")
        for first, second in ((tmp_path / "a", tmp_path / "link"), ("-", "-")):
            result = invoke("audit", "--json", first, "--html", second)
            assert result.exit_code == 2
            assert "--json and --html name the same place" in " ".join(result.stderr.split())
        assert not (tmp_path / "a").exists()

    def test_a_place_that_is_read(
        self, invoke: Invoke, ledger: Path, text: Path, artifacts: Path
    ) -> None:
        for place in (text, ledger / "1.toml", artifacts / "out" / "data.json"):
            read = ("--text", text, "--artifacts", artifacts)
            result = invoke("audit", "--paper", ledger, *read, "--checklist", place)
            assert result.exit_code == 2
            assert "would replace a file" in result.stderr
        assert text.read_text("utf-8") == TEXT

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_text_that_cannot_be_read(
        self, invoke: Invoke, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "t.md"
        if content is not None:
            path.write_bytes(content)
        result = invoke("audit", "--text", path)
        assert result.exit_code == 3
        assert f"plip: text '{path}': wanted the paper's Markdown as UTF-8" in result.stderr

    def test_artifacts_that_are_not_there(self, invoke: Invoke, tmp_path: Path) -> None:
        result = invoke("audit", "--artifacts", tmp_path / "none")
        assert result.exit_code == 3
        assert "wanted the folder of the paper's repository" in result.stderr

    def test_artifacts_of_something_else(
        self, invoke: Invoke, ledger: Path, artifacts: Path, tmp_path: Path
    ) -> None:
        (artifacts / "out" / "data.json").write_text('{"median": 1}')
        html = tmp_path / "a.html"
        result = invoke("audit", "--paper", ledger, "--artifacts", artifacts, "--html", html)
        assert result.exit_code == 3
        assert "artifact out/data.json: wanted the key 'mean'" in result.stderr
        assert not html.exists()

    def test_a_section_without_claims(self, invoke: Invoke) -> None:
        result = invoke("audit", "--section", "99")
        assert result.exit_code == 3
        assert "section '99': wanted one of" in result.stderr

    def test_a_verdict_that_is_none(self, invoke: Invoke) -> None:
        assert invoke("audit", "--only", "true").exit_code == 2


def test_a_page_that_fails_leaves_nothing(
    invoke: Invoke, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*parts: object, **options: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr("plip.report.page.render_page", fail)
    result = invoke(
        "audit", "--paper", ledger, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html"
    )
    assert result.exit_code == 70
    assert not (tmp_path / "a.json").exists()
