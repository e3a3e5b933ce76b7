"""What the audit says of the paper depends on its figures, on its data files and on reruns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from plip.claims import (
    Artifacts,
    ClaimResult,
    Entry,
    Evidence,
    Kind,
    Ledger,
    Rerun,
    RerunKey,
    audit,
    bundled_ledger,
    parse_figure,
)

pytestmark = [pytest.mark.paper, pytest.mark.fast]

LEDGER = bundled_ledger()
QWEN = "Qwen/Qwen2.5-Coder-3B-Instruct"
Claims = Mapping[str, ClaimResult]


@dataclass(frozen=True, slots=True)
class Part(Ledger):
    """A ledger of which only some claims are judged; the others still are their inputs."""

    wanted: frozenset[str] = frozenset()

    @property
    def claims(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries.values() if entry.id in self.wanted)


def resting_on(changed: Callable[[Entry], bool]) -> frozenset[str]:
    """Return every claim that what is changed can matter to, however far away."""
    reached = {entry.id for entry in LEDGER.entries.values() if changed(entry)}
    while True:
        more = {
            entry.id
            for entry in LEDGER.claims
            if any(reached.intersection(check.entries()) for check in entry.checks)
        } - reached
        if not more:
            return frozenset(i for i in reached if LEDGER.entries[i].checks)
        reached |= more


def judge(wanted: frozenset[str], entries: Mapping[str, Entry], evidence: Evidence) -> Claims:
    part = Part(LEDGER.paper, LEDGER.title, entries, LEDGER.text, wanted)
    return {claim.id: claim for claim in audit(part, evidence).claims}


def with_figure(entry_id: str, printed: str) -> dict[str, Entry]:
    """Return the paper's entries with one figure changed."""
    entry = LEDGER.entries[entry_id]
    old = entry.figure
    figure = parse_figure(printed, unit=old.unit, exact=old.interval == old.at_face)
    return {**LEDGER.entries, entry_id: replace(entry, quoted=printed, figures=(figure,))}


def changes(before: Claims, after: Claims) -> dict[str, str]:
    return {i: str(after[i].verdict) for i in before if after[i].verdict != before[i].verdict}


def kinds(before: Claims, after: Claims) -> set[Kind]:
    """Return the kinds of the checks that have another outcome."""
    pairs = ((a, b) for i in before for a, b in zip(before[i].checks, after[i].checks, strict=True))
    return {a.kind for a, b in pairs if a.kind is not None and a.outcome != b.outcome}


#: Of figures, what they are changed to, what must come of it, and the kinds of checks that say so.
FIGURES: dict[str, tuple[str, str, dict[str, str], set[Kind]]] = {
    "one sample: its mean and the ratio of the means": (
        "1.2/py_simple_add",
        "7.93%",
        {
            "1.1/qwen3b/python": "contradicted",
            "1.1/qwen3b/ratio": "contradicted",
            "1.2/mean/python": "contradicted",
        },
        {Kind.RECOMPUTE},
    ),
    "one sample, by a little": (
        "1.2/py_simple_add",
        "6.98%",
        {
            "1.1/qwen3b/python": "holds only by rounding",
            "1.2/mean/python": "holds only by rounding",
        },
        {Kind.RECOMPUTE},
    ),
    "one sample: the test that it decides": (
        "1.2/py_nested_structure",
        "2.00%",
        {"summary/asymmetry/qwen3b": "contradicted"},
        {Kind.RECOMPUTE, Kind.TEST},
    ),
    "one sample of the other language and model": (
        "1.3/rust_simple_add",
        "3.98%",
        {
            "1.1/qwen7b/rust": "contradicted",
            "1.1/qwen7b/ratio": "contradicted",
            "1.3/mean/rust": "contradicted",
        },
        {Kind.RECOMPUTE},
    ),
    "one sample, on which a robust result would hang": (
        "1.3/rust_vec_operations",
        "42.49%",
        {"summary/asymmetry/qwen7b": "contradicted"},
        {Kind.TEST, Kind.SENSITIVITY},
    ),
    "ratio": (
        "1.1/qwen3b/ratio",
        "2.47×",
        {"1.1/qwen3b/ratio": "contradicted", "3.1/gap/qwen3b": "contradicted"},
        {Kind.RECOMPUTE, Kind.AGREEMENT},
    ),
    "ratio, the other way": (
        "1.1/qwen3b/ratio",
        "2.45×",
        {"1.1/qwen3b/ratio": "holds only by rounding", "3.1/gap/qwen3b": "contradicted"},
        {Kind.RECOMPUTE, Kind.AGREEMENT},
    ),
    "range of ratios, with those of 1.1 within": (
        "3.1/across/ratios",
        "2.4-4.4×",
        {"3.1/across/ratios": "holds"},
        {Kind.RECOMPUTE},
    ),
    "dose: beyond reach, and not what 3.2 quotes": (
        "2.1/attention/3.0",
        "6.99%",
        {"2.1/attention/3.0": "contradicted", "3.2/qwen3b/achieved": "contradicted"},
        {Kind.FEASIBILITY, Kind.AGREEMENT},
    ),
    "dose: within reach alone, but not with the others": (
        "2.1/attention/2.0",
        "4.60%",
        {"4.1/mechanism": "contradicted"},
        {Kind.FEASIBILITY},
    ),
    "dose: below the dose before": (
        "2.1/attention/4.0",
        "5.60%",
        {"2.1/attention_rises": "contradicted", "3.2/qwen3b/scale_needed": "unsupported"},
        {Kind.RECOMPUTE, Kind.TARGET},
    ),
    "dose: reaches the target": (
        "2.2/attention/4.0",
        "9.10%",
        {
            "3.2/qwen7b/scale_needed": "holds",
            "3.2/qwen7b/reached": "holds",
            "2.2/observed/attention": "contradicted",
            "3.2/qwen7b/achieved": "contradicted",
        },
        {Kind.TARGET, Kind.AGREEMENT},
    ),
    "dose: near the other language": (
        "2.1/attention/6.0",
        "7.12%",
        {"2.1/python_level": "holds", "2.1/observed/attention": "contradicted"},
        {Kind.TARGET, Kind.AGREEMENT},
    ),
    "range": (
        "3.2/qwen7b/scale_needed",
        "~4-6×",
        {"3.2/qwen7b/scale_needed": "holds"},
        {Kind.TARGET},
    ),
    "range, the other model": (
        "3.2/qwen3b/scale_needed",
        "~1-2×",
        {"3.2/qwen3b/scale_needed": "contradicted"},
        {Kind.TARGET},
    ),
    "divergence at the identity: its column too": (
        "2.1/kl/1.0",
        "0.00",
        {"2.1/kl/1.0": "holds", "2.1/heterogeneity": "not checkable here"},
        {Kind.IDENTITY},
    ),
    "divergence: within what its definition allows": (
        "2.1/kl/2.0",
        "20.52",
        {"2.1/kl/2.0": "unsupported"},
        {Kind.IDENTITY},
    ),
    "its spread": ("2.2/sd/1.0", "±0.00", {"2.2/sd/1.0": "holds"}, {Kind.IDENTITY}),
    "rate: none of thirty": (
        "8.4/rate/close/1.0",
        "78%",
        {"8.4/rate/close/1.0": "contradicted"},
        {Kind.GRANULARITY},
    ),
    "rate: another than without steering": (
        "8.4/rate/far/9.0",
        "97%",
        {"8.5/amplification/noise": "contradicted", "6/amplification/null": "contradicted"},
        {Kind.ABSENCE},
    ),
    "prompts: one of them changed": (
        "8.3/identical/prompts",
        "4",
        {"8.3/zero_effect": "contradicted", "8.3/robust": "contradicted"},
        {Kind.ABSENCE, Kind.AGREEMENT},
    ),
    "distances: rates that fall beyond noise": (
        "8.4.1/rate/far",
        "12%",
        {"8.4.1/rate/far": "contradicted"},
        {Kind.RECOMPUTE},
    ),
}


@pytest.fixture(scope="module")
def published() -> Callable[[frozenset[str]], Claims]:
    """Judge claims as they were published, each once."""
    known: dict[str, ClaimResult] = {}

    def of(wanted: frozenset[str]) -> Claims:
        known.update(judge(wanted - known.keys(), LEDGER.entries, Evidence()))
        return {i: known[i] for i in wanted}

    return of


@pytest.mark.parametrize("name", FIGURES)
def test_a_changed_figure_changes_the_verdict(
    name: str, published: Callable[[frozenset[str]], Claims], snapshot: SnapshotAssertion
) -> None:
    entry_id, printed, expected, by = FIGURES[name]
    wanted = resting_on(lambda entry: entry.id == entry_id)
    before, after = published(wanted), judge(wanted, with_figure(entry_id, printed), Evidence())
    found = changes(before, after)
    assert {i: found.get(i) for i in expected} == expected
    assert by <= kinds(before, after)
    # Whatever else changes is pinned.
    assert dict(sorted(found.items())) == snapshot


Data = Callable[[dict[str, Any]], None]


def without_write_in_python_only(data: dict[str, Any]) -> None:
    """Make the knockout's test one of knockout against none."""
    for row in data["sample_results"]:
        row["layers_knocked_out"] = int(row["language"] == "python")


def with_larger_divergences(data: dict[str, Any]) -> None:
    for row in data["sample_results"]:
        row["kl_divergence"] *= 1e5


def with_paired_p(data: dict[str, Any]) -> None:
    """State McNemar's p of 5 gained and 2 lost."""
    data["summary"]["fisher_exact_p"] = 0.453125


def with_python_as_far_as_rust(data: dict[str, Any]) -> None:
    """Move the markers so that languages do not differ in their distance to the targets."""
    for number, row in enumerate(data["sample_results"]):
        row["marker_token_pos"] = 30 + number % 10


def with_flat_doses(data: dict[str, Any]) -> None:
    for dose in data["dose_response"]:
        for number, row in enumerate(dose["sample_results"]):
            row["kl_divergence"] = 1e-3 * (number % 7) + 1e-6 * ((number + dose["scale"]) % 3)
        for group in ("python_stats", "rust_stats"):
            dose[group]["mean_kl"] = 1e-3


def with_smaller_p(data: dict[str, Any]) -> None:
    for row in data["results"]:
        row["p_value"] /= 100


def with_every_layer(data: dict[str, Any]) -> None:
    data["n_layers"] = len(data["results"])


SCANS = "outputs/layer_scan_universal_"

#: Of data files, what is changed in them, what must come of it, and the kinds of checks.
FILES: dict[str, tuple[str, Data, dict[str, str], set[Kind]]] = {
    "the contrast that is tested": (
        "outputs/state_ablation_layer2.json",
        without_write_in_python_only,
        {"8.1/knockout": "holds", "8.5/knockout/ratio": "holds"},
        {Kind.DESIGN},
    ),
    "outcomes of the same prompts, tested as such": (
        "results/n50_scale_3.0.json",
        with_paired_p,
        {"hypothesis": "holds"},
        {Kind.DESIGN},
    ),
    "effects above rounding": (
        "outputs/ablation_starcoder2_layer0.json",
        with_larger_divergences,
        {"6/starcoder2_redundancy": "holds"},
        {Kind.PRECISION},
    ),
    "markers at the same distances": (
        "outputs/ablation_layer1_full.json",
        with_python_as_far_as_rust,
        {"3.1/comparable/qwen7b": "holds"},
        {Kind.COMPARABILITY},
    ),
    "a flat dose-response": (
        "outputs/state_steering_rwkv6.json",
        with_flat_doses,
        {"8.6/rwkv6_flat": "unsupported"},
        {Kind.ABSENCE, Kind.RECOMPUTE},
    ),
    "a difference that survives the search": (
        f"{SCANS}codellama_CodeLlama_7b_hf.json",
        with_smaller_p,
        {"6/codellama": "holds", "summary/scope/codellama": "holds"},
        {Kind.SELECTION},
    ),
    "all layers": (
        f"{SCANS}codellama_CodeLlama_7b_hf.json",
        with_every_layer,
        {},
        {Kind.RECOMPUTE},
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_changed_data_file_changes_the_verdict(
    name: str, shared_dir: Path, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    file, edit, expected, by = FILES[name]
    wanted = resting_on(
        lambda entry: any(file in ref for check in entry.checks for ref in check.references())
    )
    original = shared_dir / "paper" / "plip-rs"
    changed = tmp_path / "changed"
    for source in original.rglob("*.json"):
        copy = changed / source.relative_to(original)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(source)
    data = json.loads((original / file).read_text(encoding="utf-8"))
    edit(data)
    (changed / file).unlink()
    (changed / file).write_text(json.dumps(data), encoding="utf-8")
    before = judge(wanted, LEDGER.entries, Evidence(Artifacts(original)))
    after = judge(wanted, LEDGER.entries, Evidence(Artifacts(changed)))
    found = changes(before, after)
    assert {i: found.get(i) for i in expected} == expected
    assert by <= kinds(before, after)
    assert dict(sorted(found.items())) == snapshot


#: Of a rerun, the figure that it gives, on which claim, and what must come of it.
RERUNS: dict[str, tuple[RerunKey, float, str, str, Kind]] = {
    "a sample's attention, as printed": (
        RerunKey(model=QWEN, experiment="calibrate", figure="layer 20/attention/py_simple_add"),
        6.94,
        "1.2/py_simple_add",
        "holds",
        Kind.RERUN,
    ),
    "a sample's attention, another": (
        RerunKey(model=QWEN, experiment="calibrate", figure="layer 20/attention/py_simple_add"),
        9.94,
        "1.2/py_simple_add",
        "contradicted",
        Kind.RERUN,
    ),
    "what the divergences are": (
        RerunKey(model=QWEN, experiment="diagnosis", figure="layer 20/dose 1.0/published/mean"),
        470.1,
        "2.1/flat",
        "unsupported",
        Kind.DIAGNOSIS,
    ),
}


@pytest.mark.parametrize("name", RERUNS)
def test_a_rerun_changes_the_outcome(name: str) -> None:
    key, value, claim_id, verdict, kind = RERUNS[name]
    found = Rerun(
        value=value,
        revision=None,
        weights="ab" * 32,
        dtype="float32",
        device="cpu",
        attention="sdpa",
        torch="2.13",
    )
    wanted = frozenset({claim_id})
    before = judge(wanted, LEDGER.entries, Evidence())
    after = judge(wanted, LEDGER.entries, Evidence(reruns={key: found}))
    assert str(after[claim_id].verdict) == verdict
    assert kinds(before, after) == {kind}


def test_every_kind_of_check_is_used_and_can_be_changed() -> None:
    used = {check.kind for claim in LEDGER.claims for check in claim.checks}
    assert used == set(Kind)
    tested = set[Kind]().union(
        *(by for *_, by in FIGURES.values()),
        *(by for *_, by in FILES.values()),
        {kind for *_, kind in RERUNS.values()},
    )
    assert tested == set(Kind)
