"""Ablation, against single steered runs and figures by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from plip.errors import ConfigError, LayerError
from plip.experiments import AblateConfig, carry_out
from plip.experiments import ablate as experiment
from plip.experiments.knockouts import knocks
from plip.models import Capture, Rwkv6Subject, TransformerSubject
from plip.plan import Knockout, Plan, edges, into
from plip.records import (
    AblationPoint,
    AblationSample,
    AblationSummary,
    AnyRecord,
)
from plip.stats import max_t, paired, unpaired
from plip.text import CharMarks, Corpus, Group, Sample, Tokens

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject


def _run(
    subject: Subject, corpus: Corpus, **options: Any
) -> tuple[dict[str, AblationSample], AblationSummary]:
    config = AblateConfig(**{"resamples": 99, **options})
    *samples, summary = experiment.run(config, subject, corpus)
    assert isinstance(summary, AblationSummary)
    return {record.sample: record for record in _samples(samples)}, summary


def _samples(records: Sequence[AnyRecord]) -> list[AblationSample]:
    assert all(isinstance(record, AblationSample) for record in records)
    return [record for record in records if isinstance(record, AblationSample)]


def _by_loop(baseline: torch.Tensor, ablated: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, ablated))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def _check(subject: Subject, sample: Sample, plan: Plan, point: AblationPoint) -> None:
    tokens = subject.tokenize(sample.text)
    baseline, ablated = subject.run(tokens).logits, subject.run(tokens, plan=plan).logits
    assert baseline is not None
    assert ablated is not None
    assert point.kl_nats == pytest.approx(_by_loop(baseline[0], ablated[0]), rel=2e-2, abs=1e-10)
    assert point.ablated_token == int(ablated[0].argmax())
    assert point.baseline_token == int(baseline[0].argmax())
    assert point.plan_hash == plan.digest


@pytest.mark.parametrize("window", [1, 3])
def test_edges_and_their_control(tiny: TransformerSubject, corpus: Corpus, window: int) -> None:
    layers = tuple(range(1, 1 + window))
    found, summary = _run(tiny, corpus, layer=1, window=window, max_samples=2)
    assert (summary.mechanism, summary.ablated) == ("attention", "edges")
    assert [each.layers for each in summary.windows] == [layers]
    for sample in corpus.take(2):
        item = sample.locate(tiny.tokenize(sample.text))
        if item.excluded:
            assert found[sample.id].points == ()
            continue
        knockout, control = found[sample.id].points
        assert (knockout.control, control.control) == (False, True)
        assert knockout.layers == control.layers == layers
        assert knockout.positions == item.keys
        assert len(control.positions) == len(item.keys)
        assert not set(control.positions) & {*item.keys, item.query}
        assert all(key < item.query for key in control.positions)
        rows = tiny.run(item.tokens, capture=Capture(layers=layers, queries=[item.query])).attention
        for point in (knockout, control):
            edge_mass = [rows[layer][0, :, 0, list(point.positions)].sum(-1) for layer in layers]
            assert point.mass == pytest.approx(float(torch.stack(edge_mass).mean()), abs=1e-5)
            plan = Plan(Knockout(), edges(query=item.query, keys=point.positions), layers=layers)
            _check(tiny, sample, plan, point)


def test_the_control_takes_about_as_much_attention(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    found, _ = _run(tiny, corpus, layer=2)
    gaps, chance = [], []
    for record in found.values():
        if not record.points or record.points[1].excluded:
            continue
        knockout, control = record.points
        gaps.append(abs((knockout.mass or 0) - (control.mass or 0)))
        item = next(s for s in corpus if s.id == record.sample)
        located = item.locate(tiny.tokenize(item.text))
        capture = Capture(layers=[2], queries=[located.query])
        row = tiny.run(located.tokens, capture=capture).attention[2][0, :, 0].mean(0)
        others = [k for k in range(located.query) if k not in located.keys]
        chance.append(abs((knockout.mass or 0) - float(row[others].mean()) * len(located.keys)))
    assert len(gaps) > 15
    assert math.fsum(gaps) < 0.5 * math.fsum(chance)


@pytest.mark.parametrize(("ablated", "own"), [("into", False), ("into-own", True)])
def test_every_edge_into_the_marker(
    tiny: TransformerSubject, corpus: Corpus, ablated: str, own: bool
) -> None:
    found, summary = _run(tiny, corpus, layer=2, ablated=ablated, max_samples=2)
    assert summary.ablated == ablated
    for sample in corpus.take(2):
        item = sample.locate(tiny.tokenize(sample.text))
        if item.excluded:
            continue
        for point in found[sample.id].points:
            (token,) = point.positions
            assert (token == item.query) != point.control
            assert token not in item.keys
            assert point.mass is None
            _check(tiny, sample, Plan(Knockout(), into(token, own=own), layers=[2]), point)


def test_writes_and_their_control(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found, summary = _run(tiny_recurrent, corpus, layer=1, window=2, max_samples=2)
    assert (summary.mechanism, summary.ablated) == ("state", "write")
    for sample in corpus.take(2):
        item = sample.locate(tiny_recurrent.tokenize(sample.text))
        if item.excluded:
            continue
        for point in found[sample.id].points:
            (token,) = point.positions
            assert (token == item.query) != point.control
            assert 0 < (point.state_change or 0) <= 1
            plan = Plan(Knockout(), into(token), layers=[1, 2])
            _check(tiny_recurrent, sample, plan, point)


def test_what_removing_the_token_would_do(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found, summary = _run(tiny_recurrent, corpus, layer=1, groups=(Group.RUST_TEST,))
    removals = []
    for sample in corpus.group(Group.RUST_TEST):
        item = sample.locate(tiny_recurrent.tokenize(sample.text))
        tokens, at = item.tokens, item.query
        shorter = Tokens(
            tokens.text,
            tokens.ids[:at] + tokens.ids[at + 1 :],
            tokens.spans[:at] + tokens.spans[at + 1 :],
        )
        baseline = tiny_recurrent.run(tokens).logits
        without = tiny_recurrent.run(shorter).logits
        assert baseline is not None
        assert without is not None
        removals.append(_by_loop(baseline[0], without[0]))
        assert found[sample.id].removal_kl_nats == pytest.approx(removals[-1], rel=2e-2, abs=1e-9)
    (group,) = summary.windows[0].groups
    assert group.removal_kl.mean == pytest.approx(np.mean(removals), rel=1e-2)
    assert group.removal_kl.n == 10


def test_each_layer_in_turn(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer="all", max_samples=3)
    assert [each.layers for each in summary.windows] == [(layer,) for layer in range(6)]
    for record in found.values():
        if record.points:
            assert [point.layers[0] for point in record.points] == sorted(list(range(6)) * 2)
            last = record.points[-1]
            assert last.excluded == "above the last layer no row reads the marker's"
    nothing = summary.windows[-1].groups[0]
    assert (nothing.n, nothing.excluded, nothing.kl.mean) == (0, 3, None)
    alone, _ = _run(tiny, corpus, layer=3, max_samples=3)
    for name, record in alone.items():
        for one, among in zip(record.points, found[name].points[6:8], strict=True):
            # Shared work rounds the divergence of 1e-7 differently, and nothing else.
            assert one.kl_nats == pytest.approx(among.kl_nats, rel=5e-2, abs=1e-9)
            assert one.plan_hash == among.plan_hash


def test_several_layers_are_one_window(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(3, 1), max_samples=2)
    assert [each.layers for each in summary.windows] == [(1, 3)]
    for sample in corpus.take(2):
        item = sample.locate(tiny.tokenize(sample.text))
        if item.excluded is None:
            knockout, _ = found[sample.id].points
            plan = Plan(Knockout(), edges(query=item.query, keys=item.keys), layers=[1, 3])
            _check(tiny, sample, plan, knockout)
    with pytest.raises(ConfigError, match="option window: wanted a single layer"):
        _run(tiny, corpus, layer=(1, 3), window=2)


def test_windows_that_slide(tiny: TransformerSubject, corpus: Corpus) -> None:
    _, summary = _run(tiny, corpus, layer="all", window=4, max_samples=1)
    assert [each.layers for each in summary.windows] == [(0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)]


def test_the_figures_are_those_of_the_samples(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer="all", seed=5)
    window = summary.windows[2]
    by_group: dict[Group, list[AblationSample]] = {}
    for sample in corpus:
        if found[sample.id].points:
            by_group.setdefault(sample.group, []).append(found[sample.id])
    kl: dict[Group, list[float]] = {}
    for entry in window.groups:
        mine = by_group[Group(entry.group)]
        kl[Group(entry.group)] = values = [record.points[4].kl_nats or 0 for record in mine]
        controls = [record.points[5].kl_nats or 0 for record in mine]
        assert entry.n == len(mine)
        assert entry.kl.mean == pytest.approx(np.mean(values))
        assert entry.control_kl.mean == pytest.approx(np.mean(controls))
        expected = paired(values, controls, seed=5, resamples=99)
        assert entry.against_control.p_permutation == expected.p_permutation
        assert entry.against_control.difference == pytest.approx(expected.difference)
        changed = sum(r.points[4].ablated_token != r.points[4].baseline_token for r in mine)
        assert entry.top1_changed == changed
    python, rust = Group.PYTHON_DOCTEST, Group.RUST_TEST
    expected = unpaired(kl[python], kl[rust], seed=5, resamples=99)
    assert window.python_against_rust.t == pytest.approx(expected.t)
    assert window.python_against_rust.p_permutation == expected.p_permutation
    tables = [
        [[record.points[2 * at].kl_nats or 0 for at in range(5)] for record in by_group[group]]
        for group in (python, rust)
    ]
    adjusted = max_t(tables[0], tables[1], seed=5, resamples=99)
    assert window.python_against_rust.p_max_t == adjusted[2]
    assert summary.windows[5].python_against_rust.p_max_t is None


def test_one_window_has_nothing_to_adjust_for(tiny: TransformerSubject, corpus: Corpus) -> None:
    _, summary = _run(tiny, corpus, layer=2)
    assert summary.windows[0].python_against_rust.p_max_t is None
    assert summary.windows[0].python_against_rust.p_permutation is not None


def test_a_group_that_is_missing_cannot_be_compared(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    _, summary = _run(tiny, corpus, layer=2, groups=(Group.RUST_TEST,))
    found = summary.windows[0].python_against_rust
    assert found.n == (0, 10)
    assert found.undefined is not None
    assert found.undefined.startswith("first group: wanted at least two finite figures, found 0")


def test_controls_depend_on_seed_and_sample_alone(tiny: TransformerSubject, corpus: Corpus) -> None:
    def controls(**options: Any) -> dict[str, tuple[int, ...]]:
        found, _ = _run(tiny, corpus, layer=2, **options)
        return {name: each.points[1].positions for name, each in found.items() if each.points}

    first = controls(seed=1, ablated="into")
    assert controls(seed=1, ablated="into", batch_tokens=10) == first
    assert controls(seed=1, ablated="into", groups=(Group.RUST_TEST,)).items() <= first.items()
    assert controls(seed=2, ablated="into") != first


def test_a_control_never_empties_the_first_row(tiny: TransformerSubject, corpus: Corpus) -> None:
    for seed in range(40):
        for sample in corpus.take(1):
            item = sample.locate(tiny.tokenize(sample.text))
            if item.excluded is None:
                _, control = knocks(item, [(1,)], "into-own", tiny, {}, seed)
                assert control.positions[0] > 0


def test_a_control_is_neither_marker_nor_target_nor_the_last_token(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    for sample in corpus:
        item = sample.locate(tiny.tokenize(sample.text))
        if item.excluded is None:
            for seed in range(30):
                _, control = knocks(item, [(1,)], "into", tiny, {}, seed)
                assert control.positions[0] not in {item.query, *item.keys, len(item.tokens) - 1}


def test_samples_of_one_text_have_controls_of_their_own(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    text = corpus.samples[0]
    drawn = set()
    for name in "abcdefgh":
        item = dataclasses.replace(text, id=name).locate(tiny.tokenize(text.text))
        for window in ((1,), (2,)):
            _, control = knocks(item, [window], "into", tiny, {}, 0)
            drawn.add(control.positions)
    assert len(drawn) > 4


def test_a_marker_at_the_end(tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject) -> None:
    text = "fn add(a: i32) {}\n#["
    marks = CharMarks(marker=18, pattern="#[", targets=(3,))
    corpus = Corpus((Sample(id="end", group=Group.RUST_TEST, text=text, marks=marks),))
    reason = "the marker is the last token, and no later one reads it"
    for subject, ablated in ((tiny, "into"), (tiny_recurrent, "write")):
        found, _ = _run(subject, corpus, layer=1, ablated=ablated)
        assert [point.excluded for point in found["end"].points] == [reason, reason]
        assert found["end"].removal_kl_nats is None
    # Its own row is the last one, so that its edges can be knocked out in the last layer too.
    for layer, ablated in ((5, "edges"), (5, "into-own")):
        found, _ = _run(tiny, corpus, layer=layer, ablated=ablated)
        assert found["end"].points[0].kl_nats is not None


def test_too_few_other_tokens(tiny: TransformerSubject) -> None:
    text = "fn f(\n#[x]"
    marks = CharMarks(marker=6, pattern="#[", targets=(0, 2, 3, 4))
    sample = Sample(id="short", group=Group.RUST_TEST, text=text, marks=marks)
    item = sample.locate(tiny.tokenize(text))
    assert 2 * len(item.keys) > item.query
    found, summary = _run(tiny, Corpus((sample,)), layer=1)
    knockout, control = found["short"].points
    assert knockout.excluded is None
    others = item.query - len(item.keys)
    assert control.excluded == (
        f"{others} other earlier tokens, too few to stand for {len(item.keys)} targets"
    )
    assert summary.windows[0].groups[0].against_control.n == (0, 0)


def test_what_is_refused(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    with pytest.raises(ConfigError, match="wanted edges, into or into-own"):
        _run(tiny, corpus, ablated="write")
    with pytest.raises(ConfigError, match="wanted write"):
        _run(tiny_recurrent, corpus, ablated="edges")
    with pytest.raises(LayerError, match="wanted one that ends by layer 5, found layers 4 … 6"):
        _run(tiny, corpus, layer=4, window=3)
    with pytest.raises(ConfigError, match="option window"):
        AblateConfig(window=0)


def test_an_interrupted_run_goes_on_where_it_stopped(
    tiny: TransformerSubject, corpus: Corpus, tmp_path: Any
) -> None:
    config = AblateConfig(layer="all", max_samples=3, resamples=99, batch_tokens=1)
    carry_out(experiment, config, tiny, corpus, directory=tmp_path / "whole")
    lines = (tmp_path / "whole" / "records.jsonl").read_bytes()

    def stop(done: int, total: int) -> None:
        assert total == 12
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(experiment, config, tiny, corpus, directory=tmp_path / "cut", progress=stop)
    assert len((tmp_path / "cut" / "records.jsonl").read_bytes()) < len(lines)
    outcome = carry_out(experiment, config, tiny, corpus, directory=tmp_path / "cut", resume=True)
    assert (tmp_path / "cut" / "records.jsonl").read_bytes() == lines
    assert outcome.manifest.plan_hash is not None
