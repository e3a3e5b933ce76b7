"""The worked example of the guide: its verdicts are pinned, its figures are all quoted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.fast

Invoke = Callable[..., Result]

GUIDE = Path(__file__).parents[3] / "docs" / "audit" / "other-papers.md"
EXAMPLE = GUIDE.parent / "example"

# Claim, verdict, whether the decision changes.
EXPECTED = {
    "errors/mean/without": ("holds", None),
    "errors/ratio": ("holds only by rounding", None),
    "errors/p": ("unsupported", False),
    "break/best": ("unsupported", None),
    "evening": ("unsupported", True),
    "abstract/with": ("contradicted", None),
    "speed/same": ("unsupported", True),
    "speed/level": ("contradicted", True),
    "rating": ("contradicted", None),
    "sleep/p": ("contradicted", True),
}


def found(result: Result) -> dict[str, tuple[str, bool | None]]:
    document = json.loads(result.stdout)
    return {
        claim["id"]: (claim["verdict"], claim["decision_changes"]) for claim in document["claims"]
    }


def test_verdicts(invoke: Invoke) -> None:
    result = invoke(
        "audit", "--paper", EXAMPLE / "typing", "--artifacts", EXAMPLE / "repository",
        "--text", EXAMPLE / "study.md", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert found(result) == EXPECTED
    document = json.loads(result.stdout)
    kinds = {check["kind"] for claim in document["claims"] for check in claim["checks"]}
    assert kinds == {
        "absence",
        "agreement",
        "comparability",
        "design",
        "granularity",
        "recompute",
        "selection",
        "sensitivity",
        "target",
        "test",
    }


def test_without_the_data_nothing_that_rests_on_them_passes(invoke: Invoke) -> None:
    result = invoke("audit", "--paper", EXAMPLE / "typing", "--json", "-")
    changed = {i: v for i, v in found(result).items() if v[0] != EXPECTED[i][0]}
    assert {verdict for verdict, _ in changed.values()} == {"not checkable here"}
    assert set(changed) == {"break/best", "evening", "speed/same"}


def test_the_ledger_quotes_every_figure(invoke: Invoke) -> None:
    result = invoke(
        "claims", "lint", EXAMPLE / "typing", "--artifacts", EXAMPLE / "repository",
        "--text", EXAMPLE / "study.md", "--strict",
    )  # fmt: skip
    assert result.exit_code == 0, result.stdout


def test_the_guide_says_what_is_found() -> None:
    rows = [line.split(" | ") for line in GUIDE.read_text("utf-8").splitlines() if " | " in line]
    told = sorted(row[1] for row in rows if row[1] in {verdict for verdict, _ in EXPECTED.values()})
    assert told == sorted(verdict for verdict, _ in EXPECTED.values())


def test_a_mended_study_holds(invoke: Invoke, tmp_path: Path) -> None:
    """Correct what can be corrected by another figure; the verdicts follow."""
    for file in (EXAMPLE / "typing").iterdir():
        text = file.read_text("utf-8")
        for wrong, right in (
            ('"1.14×"', '"1.15×"'),
            ("Errors fell to 5.3 per", "Errors fell to 5.4 per"),
            ('["5.3"]', '["5.4"]'),
            ("p = 0.030", "p = 0.0127"),
            ("rated 3.47", "rated 3.42"),
            ('["3.47"]', '["3.42"]'),
            ("p = 0.04", "p = 0.07"),
            ("After 4 weeks they", "After 8 weeks they"),
            ('["4"]', '["8"]'),
        ):
            text = text.replace(wrong, right)
        (tmp_path / file.name).write_text(text, "utf-8")
    result = invoke(
        "audit", "--paper", tmp_path, "--artifacts", EXAMPLE / "repository", "--json", "-"
    )
    mended = {i for i, (verdict, _) in found(result).items() if verdict == "holds"}
    assert mended == set(EXPECTED) - {"break/best", "evening", "speed/same"}
