"""The audit of printed figures needs no machinery."""

from __future__ import annotations

import subprocess
import sys

import pytest

import plip.claims
import plip.stats

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("room", ["plip.stats", "plip.claims"])
def test_neither_torch_nor_transformers_is_imported(room: str) -> None:
    program = f"import sys, {room}; print(*sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


def test_public_names() -> None:
    assert plip.stats.__all__ == [
        "Comparison",
        "Interval",
        "cluster_bootstrap",
        "difference_interval",
        "max_t",
        "mcnemar",
        "paired",
        "unpaired",
        "wilson",
    ]
    assert all(hasattr(plip.stats, name) for name in plip.stats.__all__)
    assert not hasattr(plip.stats, "welch")
    assert plip.claims.__all__ == [
        "CHECKS",
        "Artifacts",
        "AuditReport",
        "AuditSummary",
        "Chart",
        "ChartLine",
        "ChartSeries",
        "Check",
        "CheckResult",
        "ClaimInput",
        "ClaimResult",
        "Entry",
        "Evidence",
        "Figure",
        "Given",
        "Kind",
        "Ledger",
        "Quantity",
        "Reading",
        "Rerun",
        "RerunKey",
        "TextFigure",
        "TextReport",
        "Unfound",
        "Verdict",
        "audit",
        "bundled_ledger",
        "bundled_papers",
        "compare",
        "ledger_folder",
        "ledger_hashes",
        "live_claim",
        "orphans",
        "parse_figure",
        "read_ledger",
        "sections",
        "worst",
    ]
