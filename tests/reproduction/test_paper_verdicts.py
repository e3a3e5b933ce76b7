"""What the audit says of the paper's tables, and that it depends on their figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from plip.claims import ClaimResult, audit, bundled_ledger, read_ledger

pytestmark = [pytest.mark.paper, pytest.mark.fast]

Claims = dict[str, ClaimResult]


@pytest.fixture
def audit_with(tmp_path: Path) -> Callable[[str, str], Claims]:
    """Audit the paper with one line of its ledger changed, counted from the entry's id on."""

    def changed(old: str, new: str) -> Claims:
        with as_file(files("plip.claims") / "papers" / "steering_results") as folder:
            copy = Path(shutil.copytree(folder, tmp_path / "steering_results"))
        matches = [path for path in copy.glob("*.toml") if old in path.read_text("utf-8")]
        (path,) = matches
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")
        return {claim.id: claim for claim in audit(read_ledger(copy)).claims}

    return changed


def test_verdicts(snapshot: SnapshotAssertion) -> None:
    report = audit(bundled_ledger())
    assert {claim.id: f"{claim.verdict}: {claim.reason}" for claim in report.claims} == snapshot
    assert report.summary.model_dump(mode="json") == snapshot


# Only what is meant to differ is listed; every other claim must keep its verdict.
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            'py_simple_add = "6.93%"',
            'py_simple_add = "7.93%"',
            {
                "1.1/qwen3b/python": "contradicted",
                "1.1/qwen3b/ratio": "contradicted",
                "1.2/mean/python": "contradicted",
            },
            id="one sample: its mean and the ratio of the means",
        ),
        pytest.param(
            'py_simple_add = "6.93%"',
            'py_simple_add = "6.98%"',
            {
                "1.1/qwen3b/python": "holds only by rounding",
                "1.2/mean/python": "holds only by rounding",
            },
            id="one sample, by a little",
        ),
        pytest.param(
            'rust_simple_add = "3.78%"',
            'rust_simple_add = "3.98%"',
            {
                "1.1/qwen7b/rust": "contradicted",
                "1.1/qwen7b/ratio": "contradicted",
                "1.3/mean/rust": "contradicted",
            },
            id="one sample of the other language and model",
        ),
        pytest.param(
            'quoted = "2.46×"', 'quoted = "2.47×"', {"1.1/qwen3b/ratio": "contradicted"}, id="ratio"
        ),
        pytest.param(
            'quoted = "2.46×"',
            'quoted = "2.45×"',
            {"1.1/qwen3b/ratio": "holds only by rounding"},
            id="ratio, the other way",
        ),
        pytest.param(
            '"3.0" = "5.71%"',
            '"3.0" = "6.99%"',
            {
                "2.1/attention/3.0": "contradicted",
                "3.2/qwen3b/achieved": "contradicted",
            },
            id="dose: beyond reach, and not what 3.2 quotes",
        ),
        pytest.param(
            '"4.0" = "7.02%"',
            '"4.0" = "5.60%"',
            {"2.1/attention_rises": "contradicted", "3.2/qwen3b/scale_needed": "unsupported"},
            id="dose: below the dose before",
        ),
        pytest.param(
            '"4.0" = "8.27%"',
            '"4.0" = "9.10%"',
            {"3.2/qwen7b/scale_needed": "holds", "3.2/qwen7b/achieved": "contradicted"},
            id="dose: reaches the target",
        ),
        pytest.param(
            '"6.0" = "9.17%"',
            '"6.0" = "7.12%"',
            {"2.1/python_level": "holds"},
            id="dose: near the other language",
        ),
        pytest.param(
            'quoted = "~3-4×"', 'quoted = "~4-6×"', {"3.2/qwen7b/scale_needed": "holds"}, id="range"
        ),
        pytest.param(
            'quoted = "~2-3×"',
            'quoted = "~1-2×"',
            {"3.2/qwen3b/scale_needed": "contradicted"},
            id="range, the other model",
        ),
        pytest.param(
            'quoted = "469.96"',
            'quoted = "0.00"',
            {
                "2.1/kl/1.0": "holds",
                **{
                    f"2.1/{column}/{dose}": "not checkable here"
                    for column in ("kl", "sd")
                    for dose in ("0.5", "2.0", "3.0", "4.0", "6.0")
                },
            },
            id="divergence at the identity: its column too",
        ),
        pytest.param(
            'quoted = "±109.47"', 'quoted = "±0.00"', {"2.2/sd/1.0": "holds"}, id="its spread"
        ),
    ],
)
def test_a_changed_figure_changes_the_verdict(
    audit_with: Callable[[str, str], Claims], old: str, new: str, expected: dict[str, str]
) -> None:
    published = {claim.id: str(claim.verdict) for claim in audit(bundled_ledger()).claims}
    found = {claim_id: str(claim.verdict) for claim_id, claim in audit_with(old, new).items()}
    differing = {i: verdict for i, verdict in found.items() if published[i] != verdict}
    assert differing == expected
