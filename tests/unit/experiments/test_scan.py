"""Scans of layers and heads, against single runs and figures by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from plip.errors import ConfigError, LayerError
from plip.experiments import ScanConfig, carry_out, scan_summary
from plip.experiments import scan as experiment
from plip.experiments.conditions import steered
from plip.experiments.responses import slope
from plip.models import Capture, Rwkv6Subject, TransformerSubject
from plip.plan import ALL, Plan, Scale
from plip.records import AnyRecord, ScanSample, ScanSummary
from plip.stats import max_t, unpaired
from plip.text import CharMarks, Corpus, Group, Sample

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject
DOSES = (2.0, 5.0)


def _run(
    subject: Subject, corpus: Corpus, **options: Any
) -> tuple[dict[str, ScanSample], ScanSummary]:
    config = ScanConfig(**{"layer": 1, "doses": DOSES, "resamples": 99, **options})
    *samples, summary = experiment.run(config, subject, corpus)
    assert isinstance(summary, ScanSummary)
    return {record.sample: record for record in _samples(samples)}, summary


def _samples(records: Sequence[AnyRecord]) -> list[ScanSample]:
    assert all(isinstance(record, ScanSample) for record in records)
    return [record for record in records if isinstance(record, ScanSample)]


def _by_loop(baseline: torch.Tensor, changed: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, changed))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


@pytest.fixture(scope="module", params=["attention", "state"])
def subject(
    request: pytest.FixtureRequest, tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject
) -> Subject:
    return tiny if request.param == "attention" else tiny_recurrent


@pytest.fixture(scope="module")
def scanned(subject: Subject, corpus: Corpus) -> tuple[dict[str, ScanSample], ScanSummary]:
    return _run(subject, corpus)


Scanned = tuple[dict[str, ScanSample], ScanSummary]


def test_the_slope_is_the_least_squares_line_through_the_baseline() -> None:
    doses, divergences = (2.0, 4.0, 6.0), (0.01, 0.04, 0.25)
    gaps, roots = np.subtract(doses, 1), np.sqrt(divergences)
    expected = np.linalg.lstsq(gaps[:, None], roots, rcond=None)[0][0]
    assert slope(doses, divergences) == pytest.approx(expected)
    # A divergence that grows with the square of the dose has one slope, whatever the doses are.
    for some in ((2.0,), (3.0, 7.0), (1.5, 2.0, 9.0)):
        assert slope(some, [0.25 * (dose - 1) ** 2 for dose in some]) == pytest.approx(0.5)
    assert slope((2.0, 3.0), (0.0, math.inf)) is None


def test_attention_is_that_of_every_layer_and_head(
    subject: Subject, corpus: Corpus, scanned: Scanned
) -> None:
    for sample in corpus.group(Group.RUST_TEST)[:3]:
        item = sample.locate(subject.tokenize(sample.text))
        capture = Capture(layers=range(subject.n_layers), queries=[item.query])
        rows = subject.run(item.tokens, capture=capture).attention
        record = scanned[0][sample.id]
        assert len(record.attention) == subject.n_layers
        for layer, heads in enumerate(record.attention):
            expected = rows[layer][0, :, 0][:, list(item.keys)].mean(-1)
            assert heads == pytest.approx(expected.tolist(), abs=1e-6)


def test_every_response_is_that_of_single_runs(
    subject: Subject, corpus: Corpus, scanned: Scanned
) -> None:
    sample = corpus.group(Group.PYTHON_DOCTEST)[1]
    item = sample.locate(subject.tokenize(sample.text))
    record = scanned[0][sample.id]
    sites = [(layer, None) for layer in range(subject.n_layers)]
    sites += [(1, head) for head in range(subject.heads[1])]
    assert [(each.layer, each.head) for each in record.responses] == sites
    baseline = subject.run(item.tokens).logits
    assert baseline is not None
    for each in record.responses:
        if each.excluded is not None:
            continue
        heads = ALL if each.head is None else [each.head]
        plans = [
            Plan(Scale(dose), steered(item, subject.mechanism), layers=[each.layer], heads=heads)
            for dose in DOSES
        ]
        assert list(each.plan_hashes) == [plan.digest for plan in plans]
        for plan, found in zip(plans, each.kl_nats, strict=True):
            logits = subject.run(item.tokens, plan=plan).logits
            assert logits is not None
            assert found == pytest.approx(_by_loop(baseline[0], logits[0]), rel=0.05, abs=2e-9)
        assert each.slope == slope(DOSES, [value or 0 for value in each.kl_nats])


def test_what_no_dose_can_reach(subject: Subject, scanned: Scanned) -> None:
    for record in scanned[0].values():
        reasons = [each.excluded for each in record.responses if each.head is None]
        if subject.mechanism == "attention":
            assert reasons == [None] * 5 + ["above the last layer no row reads the marker's"]
        else:
            assert set(reasons) == {None}


def test_the_halves_are_dealt_alternately(scanned: Scanned, corpus: Corpus) -> None:
    for group in (Group.PYTHON_DOCTEST, Group.RUST_TEST):
        halves = [scanned[0][sample.id].half for sample in corpus.group(group)]
        assert halves == ["selection", "report"] * 5


def test_an_excluded_sample_takes_no_place_in_a_half(tiny: TransformerSubject) -> None:
    texts = [
        "fn a(x: i32) {}\n#[test]\nfn t() {}",
        "#[test]\nfn a(x: i32) {}",
        "x fn b() {}\n#[test]\n1",
    ]
    samples = tuple(
        Sample(
            id=str(number),
            group=Group.RUST_TEST,
            text=text,
            marks=CharMarks(text.index("#["), "#[test]", (text.index("fn "),)),
        )
        for number, text in enumerate([texts[0], texts[1], texts[2]])
    )
    found, _ = _run(tiny, Corpus(samples))
    assert found["1"].excluded is not None
    assert (found["1"].attention, found["1"].responses) == ((), ())
    assert [found["0"].half, found["2"].half] == ["selection", "report"]


def test_the_summary_chooses_on_one_half_and_tests_on_the_other(scanned: Scanned) -> None:
    records, summary = scanned
    by_half: dict[tuple[str, str], list[np.ndarray]] = {}
    for record in records.values():
        key = (record.half, record.group)
        by_half.setdefault(key, []).append(np.array(record.attention, dtype=float))
    gap = np.mean(by_half["selection", "python_doctest"], 0) - np.mean(
        by_half["selection", "rust_test"], 0
    )
    layer, head = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    chosen = summary.largest
    assert chosen is not None
    assert (chosen.layer, chosen.head, chosen.searched) == (layer, head, gap.size)
    assert chosen.selection == pytest.approx(gap[layer, head])
    sides = [
        [float(table[layer, head]) for table in by_half["report", group]]
        for group in ("python_doctest", "rust_test")
    ]
    expected = unpaired(sides[0], sides[1], seed=0, resamples=99)
    assert chosen.report.p_permutation == expected.p_permutation
    assert chosen.report.difference == pytest.approx(expected.difference)


def test_the_largest_difference_may_be_a_negative_one(scanned: Scanned) -> None:
    records, summary = scanned
    other = {"python_doctest": "rust_test", "rust_test": "python_doctest"}
    turned = [
        record.model_copy(update={"group": other[record.group]}) for record in records.values()
    ]
    config = ScanConfig(layer=1, doses=DOSES, resamples=9)
    found = scan_summary._largest(turned, config)
    assert summary.largest is not None
    assert found is not None
    assert (found.layer, found.head) == (summary.largest.layer, summary.largest.head)
    assert found.selection == pytest.approx(-summary.largest.selection)


def test_every_head_is_adjusted_for_all_of_them(scanned: Scanned) -> None:
    records, summary = scanned
    tables = [
        [
            [value or 0.0 for row in record.attention for value in row]
            for record in records.values()
            if record.group == group
        ]
        for group in ("python_doctest", "rust_test")
    ]
    expected = max_t(tables[0], tables[1], seed=0, resamples=99)
    assert [each.p_max_t for each in summary.asymmetry] == list(expected)
    first = summary.asymmetry[0]
    assert first.python == pytest.approx(np.mean([row[0] for row in tables[0]]))
    assert first.rust == pytest.approx(np.mean([row[0] for row in tables[1]]))


def test_slopes_of_the_halves_and_the_ranking(scanned: Scanned) -> None:
    records, summary = scanned
    at = len(summary.layers)
    slopes: dict[str, list[float]] = {}
    for half in ("selection", "report"):
        slopes[half] = [
            float(
                np.mean([r.responses[at + head].slope for r in records.values() if r.half == half])
            )
            for head in range(len(summary.heads))
        ]
    assert [each.selection.mean for each in summary.heads] == pytest.approx(slopes["selection"])
    assert [each.report.mean for each in summary.heads] == pytest.approx(slopes["report"])
    assert list(summary.ranking) == list(np.argsort(slopes["selection"])[::-1])


def test_without_one_language_nothing_is_chosen(tiny: TransformerSubject, corpus: Corpus) -> None:
    _, summary = _run(tiny, corpus, groups=(Group.RUST_TEST,), max_samples=4)
    assert summary.largest is None
    assert {each.p_max_t for each in summary.asymmetry} == {None}
    assert {each.python for each in summary.asymmetry} == {None}
    assert len(summary.ranking) == 4


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"doses": (1.0,)}, ConfigError),
        ({"doses": (2.0, 2.0)}, ConfigError),
        ({"doses": ()}, ConfigError),
        ({"layer": "all"}, ConfigError),
        ({"layer": 77}, LayerError),
    ],
)
def test_what_is_refused(
    tiny: TransformerSubject, corpus: Corpus, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        _run(tiny, corpus, **options)


def test_an_interrupted_run_goes_on_where_it_stopped(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Any
) -> None:
    config = ScanConfig(layer=1, doses=DOSES, max_samples=3, resamples=99, batch_tokens=1)
    carry_out(experiment, config, tiny, corpus, directory=tmp_path / "whole")
    lines = (tmp_path / "whole" / "records.jsonl").read_bytes()

    def stop(done: int, total: int) -> None:
        assert total == 6
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(experiment, config, tiny, corpus, directory=tmp_path / "cut", progress=stop)
    carry_out(experiment, config, tiny, corpus, directory=tmp_path / "cut", resume=True)
    assert (tmp_path / "cut" / "records.jsonl").read_bytes() == lines
