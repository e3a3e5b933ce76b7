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
        "Adjusted",
        "Coefficient",
        "Comparison",
        "Component",
        "Equivalence",
        "Feasibility",
        "Format",
        "GroupTest",
        "Interval",
        "LinearFit",
        "adjust",
        "at_distance",
        "bonferroni",
        "clopper_pearson",
        "cluster_bootstrap",
        "common_range",
        "common_support",
        "crossed_levels",
        "debit",
        "detectable_difference",
        "detectable_rates",
        "difference_interval",
        "divergence_noise",
        "dose_for",
        "dropped_term_bounds",
        "feasible_curve",
        "free_contrasts",
        "grim",
        "grimmer",
        "group_tests",
        "held_out",
        "holm",
        "implied_range",
        "jensen_range",
        "largest_sd",
        "least_squares",
        "match_pairs",
        "max_t",
        "max_t_paired",
        "mcnemar",
        "mean_interval",
        "most_searched",
        "nested_levels",
        "outcome_tests",
        "p_bounds",
        "p_value",
        "paired",
        "paired_equivalence",
        "paired_tests",
        "random_intercept",
        "rank_test",
        "sd_bounds",
        "stratified_permutation",
        "unit_roundoff",
        "units_needed",
        "unpaired",
        "unpaired_equivalence",
        "unpaired_tests",
        "upper_tail_bounds",
        "value_noise",
        "welch_bounds",
        "whole_counts",
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
        "LintReport",
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
        "lint",
        "live_claim",
        "new_ledger",
        "orphans",
        "parse_figure",
        "read_ledger",
        "sections",
        "worst",
    ]
