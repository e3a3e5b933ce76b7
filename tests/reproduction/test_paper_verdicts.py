"""What the audit says of the paper's tables, and that it depends on their figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from plip.claims import Ledger, audit, bundled_ledger, parse_figure

pytestmark = [pytest.mark.paper, pytest.mark.fast]


def verdicts(ledger: Ledger) -> dict[str, str]:
    return {claim.id: str(claim.verdict) for claim in audit(ledger).claims}


def with_figure(entry_id: str, printed: str) -> Ledger:
    """Return the paper's ledger with one figure changed."""
    ledger = bundled_ledger()
    entry = ledger.entries[entry_id]
    old = entry.figure
    exact = old.interval == old.at_face
    figure = parse_figure(printed, unit=old.unit, exact=exact)
    changed = replace(entry, quoted=printed, figures=(figure,))
    return replace(ledger, entries={**ledger.entries, entry_id: changed})


def test_verdicts(snapshot: SnapshotAssertion) -> None:
    report = audit(bundled_ledger())
    assert {claim.id: f"{claim.verdict}: {claim.reason}" for claim in report.claims} == snapshot
    assert report.summary.model_dump(mode="json") == snapshot


# What is listed must differ; whatever else does is pinned.
@pytest.mark.parametrize(
    ("entry_id", "printed", "expected"),
    [
        pytest.param(
            "1.2/py_simple_add",
            "7.93%",
            {
                "1.1/qwen3b/python": "contradicted",
                "1.1/qwen3b/ratio": "contradicted",
                "1.2/mean/python": "contradicted",
            },
            id="one sample: its mean and the ratio of the means",
        ),
        pytest.param(
            "1.2/py_simple_add",
            "6.98%",
            {
                "1.1/qwen3b/python": "holds only by rounding",
                "1.2/mean/python": "holds only by rounding",
            },
            id="one sample, by a little",
        ),
        pytest.param(
            "1.3/rust_simple_add",
            "3.98%",
            {
                "1.1/qwen7b/rust": "contradicted",
                "1.1/qwen7b/ratio": "contradicted",
                "1.3/mean/rust": "contradicted",
            },
            id="one sample of the other language and model",
        ),
        pytest.param(
            "1.1/qwen3b/ratio",
            "2.47×",
            {"1.1/qwen3b/ratio": "contradicted", "3.1/gap/qwen3b": "contradicted"},
            id="ratio",
        ),
        pytest.param(
            "1.1/qwen3b/ratio",
            "2.45×",
            {"1.1/qwen3b/ratio": "holds only by rounding", "3.1/gap/qwen3b": "contradicted"},
            id="ratio, the other way",
        ),
        pytest.param(
            "2.1/attention/3.0",
            "6.99%",
            {
                "2.1/attention/3.0": "contradicted",
                "3.2/qwen3b/achieved": "contradicted",
            },
            id="dose: beyond reach, and not what 3.2 quotes",
        ),
        pytest.param(
            "2.1/attention/4.0",
            "5.60%",
            {"2.1/attention_rises": "contradicted", "3.2/qwen3b/scale_needed": "unsupported"},
            id="dose: below the dose before",
        ),
        pytest.param(
            "2.2/attention/4.0",
            "9.10%",
            {
                "3.2/qwen7b/scale_needed": "holds",
                "2.2/observed/attention": "contradicted",
                "3.2/qwen7b/achieved": "contradicted",
            },
            id="dose: reaches the target",
        ),
        pytest.param(
            "2.1/attention/6.0",
            "7.12%",
            {"2.1/python_level": "holds", "2.1/observed/attention": "contradicted"},
            id="dose: near the other language",
        ),
        pytest.param(
            "3.2/qwen7b/scale_needed", "~4-6×", {"3.2/qwen7b/scale_needed": "holds"}, id="range"
        ),
        pytest.param(
            "3.2/qwen3b/scale_needed",
            "~1-2×",
            {"3.2/qwen3b/scale_needed": "contradicted"},
            id="range, the other model",
        ),
        pytest.param(
            "2.1/kl/1.0",
            "0.00",
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
        pytest.param("2.2/sd/1.0", "±0.00", {"2.2/sd/1.0": "holds"}, id="its spread"),
    ],
)
def test_a_changed_figure_changes_the_verdict(
    entry_id: str, printed: str, expected: dict[str, str], snapshot: SnapshotAssertion
) -> None:
    published = verdicts(bundled_ledger())
    found = verdicts(with_figure(entry_id, printed))
    differing = {i: verdict for i, verdict in found.items() if published[i] != verdict}
    assert {i: differing.get(i) for i in expected} == expected
    assert differing == snapshot
