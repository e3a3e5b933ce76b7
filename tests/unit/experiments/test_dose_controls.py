"""The controls of dose-response, against single steered runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from plip.errors import ConfigError, LayerError
from plip.experiments import AblateConfig, DoseResponseConfig, ablate
from plip.experiments.arms import Setting, arms
from plip.experiments.dose_response import CONTROLS, run
from plip.models import Capture, Rwkv6Subject, TransformerSubject
from plip.plan import Plan, Scale, SetValue, edges, into, scale_by_layer
from plip.records import (
    AblationSample,
    ControlPoint,
    ControlSummary,
    DoseResponseSample,
    DoseResponseSummary,
)
from plip.stats import paired
from plip.text import (
    CharMarks,
    Corpus,
    Group,
    Located,
    Sample,
    sample_with_other_marker,
)

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject
GROUPS = (Group.PYTHON_DOCTEST, Group.RUST_TEST)


def _run(
    subject: Subject, corpus: Corpus, **options: Any
) -> tuple[dict[str, DoseResponseSample], DoseResponseSummary]:
    chosen = {"layer": 2, "doses": [3.0], "groups": GROUPS, "resamples": 99, **options}
    *samples, summary = run(DoseResponseConfig(**chosen), subject, corpus)
    assert isinstance(summary, DoseResponseSummary)
    found = {}
    for record in samples:
        assert isinstance(record, DoseResponseSample)
        found[record.sample] = record
    return found, summary


def _by_loop(baseline: torch.Tensor, steered: torch.Tensor) -> float:
    """Σ p (log p − log q), one token after the other."""
    log_p, log_q = (logits.double().log_softmax(-1).tolist() for logits in (baseline, steered))
    return math.fsum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def _check(subject: Subject, item: Located, plan: Plan, point: ControlPoint) -> None:
    plain, steered = (subject.run(item.tokens, plan=each).logits for each in (None, plan))
    assert plain is not None
    assert steered is not None
    assert point.excluded is None
    assert point.plan_hash == plan.digest
    assert point.kl_nats == pytest.approx(_by_loop(plain[0], steered[0]), rel=3e-2, abs=1e-9)
    assert point.top1_changed == (int(plain[0].argmax()) != int(steered[0].argmax()))


def _located(subject: Subject, corpus: Corpus, n: int = 2) -> list[Located]:
    samples = [sample for sample in corpus.take(n) if sample.group in GROUPS]
    items = [sample.locate(subject.tokenize(sample.text)) for sample in samples]
    return [item for item in items if item.excluded is None]


def _of(record: DoseResponseSample, control: str, at: int = 0) -> ControlPoint:
    (found,) = [each for each in record.points[at].controls if each.control == control]
    return found


def test_all_three_stand_beside_every_dose(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, doses=[0.0, 3.0], max_samples=2)
    for record in found.values():
        for point in record.points:
            assert tuple(each.control for each in point.controls) == CONTROLS
    for dose in summary.doses:
        assert tuple(each.control for each in dose.controls) == CONTROLS


@pytest.mark.parametrize("layers", [(2,), (1, 3)])
def test_edges_to_other_keys(
    tiny: TransformerSubject, corpus: Corpus, layers: tuple[int, ...]
) -> None:
    found, _ = _run(tiny, corpus, layer=layers, doses=[0.5, 3.0], max_samples=2)
    for item in _located(tiny, corpus):
        rows = tiny.run(item.tokens, capture=Capture(layers, [item.query])).attention
        mean = torch.stack([rows[layer][0, :, 0].mean(0) for layer in layers]).mean(0)
        drawn = set()
        for at, dose in enumerate((0.5, 3.0)):
            point = _of(found[item.sample.id], "edges", at)
            assert point.layers == layers
            assert len(point.positions) == len(item.keys)
            assert not set(point.positions) & {*item.keys, item.query}
            assert max(point.positions) < item.query
            assert point.mass == pytest.approx(float(mean[list(point.positions)].sum()), abs=1e-5)
            assert point.target_mass == pytest.approx(float(mean[list(item.keys)].sum()), abs=1e-5)
            where = edges(query=item.query, keys=point.positions)
            _check(tiny, item, Plan(Scale(dose), where, layers=layers), point)
            drawn.add(point.positions)
        assert len(drawn) == 1


def test_other_keys_are_those_of_an_ablation(tiny: TransformerSubject, corpus: Corpus) -> None:
    """The same draw in both; dose 0 of them is the ablation's control."""
    found, _ = _run(tiny, corpus, layer=(1, 3), doses=[0.0], max_samples=3, seed=4)
    config = AblateConfig(layer=(1, 3), groups=GROUPS, max_samples=3, seed=4, resamples=9)
    for record in ablate.run(config, tiny, corpus):
        if isinstance(record, AblationSample):
            knockout, control = record.points
            mine = found[record.sample].points[0]
            assert mine.kl_nats == pytest.approx(knockout.kl_nats, rel=3e-2, abs=1e-9)
            assert _of(found[record.sample], "edges").positions == control.positions
            assert mine.controls[0].kl_nats == pytest.approx(control.kl_nats, rel=3e-2, abs=1e-9)
            assert mine.controls[0].mass == pytest.approx(control.mass)
            assert mine.controls[0].target_mass == pytest.approx(knockout.mass)


def test_attention_is_matched_in_the_heads_that_are_steered(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    found, _ = _run(tiny, corpus, heads=(1,), max_samples=2)
    for item in _located(tiny, corpus):
        row = tiny.run(item.tokens, capture=Capture([2], [item.query])).attention[2][0, 1, 0]
        point = _of(found[item.sample.id], "edges")
        assert point.mass == pytest.approx(float(row[list(point.positions)].sum()), abs=1e-5)
        assert point.target_mass == pytest.approx(float(row[list(item.keys)].sum()), abs=1e-5)
        where = edges(query=item.query, keys=point.positions)
        _check(tiny, item, Plan(Scale(3.0), where, layers=[2], heads=[1]), point)


def test_a_marker_of_another_kind(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject in (tiny, tiny_recurrent):
        found, _ = _run(subject, corpus, layer=(1, 3), doses=[4.0], max_samples=2)
        for item in _located(subject, corpus):
            sample = sample_with_other_marker(item.sample)
            other = sample.locate(subject.tokenize(sample.text))
            point = _of(found[item.sample.id], "marker")
            if subject is tiny:
                assert point.positions == other.keys
                where = edges(query=other.query, keys=other.keys)
            else:
                assert point.positions == (other.query,)
                where = into(other.query)
            assert (point.layers, point.mass, point.target_mass) == ((1, 3), None, None)
            _check(subject, other, Plan(Scale(4.0), where, layers=[1, 3]), point)


def test_other_layers(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject, most in ((tiny, 4), (tiny_recurrent, 3)):
        found, _ = _run(subject, corpus, layer=(1, 3), doses=[4.0, 0.0])
        drawn = set()
        for item in _located(subject, corpus, 10):
            for at, dose in enumerate((4.0, 0.0)):
                point = _of(found[item.sample.id], "layer", at)
                assert len(point.layers) == 2
                assert not set(point.layers) & {1, 3}
                assert max(point.layers) <= most
                where = (
                    edges(query=item.query, keys=item.keys) if subject is tiny else into(item.query)
                )
                _check(subject, item, Plan(Scale(dose), where, layers=point.layers), point)
                drawn.add((item.sample.id, point.layers))
        assert len(drawn) == len(found)
        assert len({layers for _, layers in drawn}) == (3 if subject is tiny else 1)


def test_layers_that_are_named(tiny: TransformerSubject, corpus: Corpus) -> None:
    """Factors go to them in order, the lowest to the lowest."""
    factors = ((1, 5.0), (3, 0.5))
    found, _ = _run(
        tiny, corpus, layer=(1, 3), factors=factors, control_layer=(4, 0), max_samples=2
    )
    for item in _located(tiny, corpus):
        where = edges(query=item.query, keys=item.keys)
        point = _of(found[item.sample.id], "layer", 1)
        assert point.layers == (0, 4)
        _check(tiny, item, scale_by_layer(where, {0: 5.0, 4: 0.5}), point)


def test_layers_that_do_not_see_the_targets_or_lack_the_heads_are_not_drawn(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _located(tiny, corpus, 1)[0]
    rows = {layer: [0.01] * len(item.tokens) for layer in range(6)}
    rows[0][item.keys[0]] = 0.0
    monkeypatch.setattr(TransformerSubject, "heads", (4, 4, 4, 2, 4, 4))
    drawn = set()
    for seed in range(40):
        setting = Setting(tiny, (2,), (0, 2), ("layer",), None, seed)
        _, layer = arms(item, rows, setting)
        drawn.add(layer.layers[2])
    assert drawn == {1, 4}


def test_a_value_is_set_in_controls_too(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, _ = _run(tiny, corpus, target_attention=0.1, max_samples=2)
    for item in _located(tiny, corpus):
        point = _of(found[item.sample.id], "edges", 1)
        where = edges(query=item.query, keys=point.positions)
        _check(tiny, item, Plan(SetValue(0.1), where, layers=[2]), point)


def test_a_solved_factor_is_that_of_the_effect(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, _ = _run(tiny, corpus, target_attention=0.1, mode="scale", max_samples=2)
    for item in _located(tiny, corpus):
        record = found[item.sample.id]
        dose = record.points[1].dose
        assert dose is not None
        point = _of(record, "layer", 1)
        where = edges(query=item.query, keys=item.keys)
        _check(tiny, item, Plan(Scale(dose), where, layers=point.layers), point)


def test_another_tokens_write(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found, _ = _run(tiny_recurrent, corpus, layer=(1, 2), doses=[0.0, 5.0], max_samples=2)
    for item in _located(tiny_recurrent, corpus):
        for at, dose in enumerate((0.0, 5.0)):
            point = _of(found[item.sample.id], "edges", at)
            (token,) = point.positions
            assert token not in {item.query, *item.keys, len(item.tokens) - 1}
            assert (point.mass, point.target_mass) == (None, None)
            _check(tiny_recurrent, item, Plan(Scale(dose), into(token), layers=[1, 2]), point)


def test_dose_1_of_a_control_is_nothing(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject in (tiny, tiny_recurrent):
        found, summary = _run(subject, corpus, doses=[1.0, 2.0], max_samples=2)
        for record in found.values():
            for control in record.points[0].controls:
                assert (control.kl_nats, control.top1_changed) == (0.0, False)
        for entry in summary.doses[0].controls:
            assert entry.kl.mean == 0.0
            assert entry.against.p_permutation is None
            assert entry.against.undefined is not None


def test_what_is_drawn_depends_on_nothing_else(tiny: TransformerSubject, corpus: Corpus) -> None:
    def drawn(corpus: Corpus, **options: Any) -> dict[str, Any]:
        found, _ = _run(tiny, corpus, **options)
        return {
            name: [(each.positions, each.layers) for each in record.points[0].controls]
            for name, record in found.items()
        }

    first = drawn(corpus, seed=3)
    assert drawn(Corpus(corpus.samples[::-1]), seed=3, batch_tokens=1) == first
    assert drawn(corpus, seed=3, groups=(Group.RUST_TEST,)).items() <= first.items()
    assert drawn(corpus, seed=3, doses=[0.5, 7.0], factors=((2, 2.0),)) == first
    fewer, _ = _run(tiny, corpus, seed=3, controls=("layer",))
    assert {name: _of(record, "layer").layers for name, record in fewer.items()} == {
        name: entries[2][1] for name, entries in first.items()
    }
    assert drawn(corpus, seed=4) != first


def test_figures_do_not_depend_on_batches(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    for subject in (tiny, tiny_recurrent):
        together, _ = _run(subject, corpus, batch_tokens=1_000_000, max_samples=3)
        apart, _ = _run(subject, corpus, batch_tokens=1, max_samples=3)
        for name, record in together.items():
            for point, again in zip(record.points, apart[name].points, strict=True):
                assert point.kl_nats == pytest.approx(again.kl_nats, rel=3e-2, abs=1e-9)
                for control, other in zip(point.controls, again.controls, strict=True):
                    assert control.plan_hash == other.plan_hash
                    assert control.kl_nats == pytest.approx(other.kl_nats, rel=3e-2, abs=1e-9)


def test_the_effect_is_what_it_is_without_controls(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    beside, _ = _run(tiny, corpus, doses=[0.5, 3.0], max_samples=3)
    alone, summary = _run(tiny, corpus, doses=[0.5, 3.0], max_samples=3, controls=())
    assert all(dose.controls == () for dose in summary.doses)
    for name, record in alone.items():
        for point, other in zip(record.points, beside[name].points, strict=True):
            assert point.kl_nats == pytest.approx(other.kl_nats, rel=3e-2, abs=1e-9)
            assert point.attention == pytest.approx(other.attention, abs=1e-7)
            assert point.plan_hash == other.plan_hash


def _entry(summary: DoseResponseSummary, control: str, at: int = 0) -> ControlSummary:
    (found,) = [each for each in summary.doses[at].controls if each.control == control]
    return found


def test_an_effect_is_compared_within_samples(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, doses=[2.0, 6.0], seed=5)
    for at in (0, 1):
        for control in CONTROLS:
            entry = _entry(summary, control, at)
            mine = [
                (record.points[at].kl_nats or 0, _of(record, control, at))
                for record in found.values()
                if record.points
            ]
            both = [(kl, point) for kl, point in mine if point.excluded is None]
            effects = [kl for kl, _ in both]
            others = [point.kl_nats or 0 for _, point in both]
            assert (entry.n, entry.excluded) == (len(both), len(mine) - len(both))
            assert entry.kl.mean == pytest.approx(math.fsum(others) / len(others))
            expected = paired(effects, others, seed=5, resamples=99)
            assert entry.against.p_permutation == expected.p_permutation
            assert entry.against.difference == pytest.approx(expected.difference)
            assert entry.top1_changed == sum(bool(point.top1_changed) for _, point in both)
            if control == "edges":
                masses = [point.mass or 0 for _, point in both]
                assert entry.mass.mean == pytest.approx(math.fsum(masses) / len(masses))
                targets = [point.target_mass or 0 for _, point in both]
                assert entry.target_mass.mean == pytest.approx(math.fsum(targets) / len(targets))
            else:
                assert entry.mass.mean is None


def test_a_control_that_a_sample_cannot_have_is_left_out_with_its_reason(
    tiny: TransformerSubject, corpus: Corpus
) -> None:
    found, summary = _run(tiny, corpus, groups=(Group.RUST_TEST, Group.RUST_BASELINE))
    n = 0
    for record in found.values():
        if not record.points:
            continue
        point = _of(record, "marker")
        if record.group == "rust_baseline":
            n += 1
            assert point.excluded == (
                f"sample {record.sample!r}: wanted a sample with the marker of a test, found one "
                "of rust_baseline, whose marker is of another kind already; leave this control out"
            )
            assert (point.kl_nats, point.layers, point.plan_hash) == (None, (), None)
        assert record.points[0].excluded is None
    entry = _entry(summary, "marker")
    assert (entry.n, entry.excluded) == (summary.doses[0].n - n, n)
    assert entry.against.n == (entry.n, entry.n)
    had = [
        (record.points[0].kl_nats or 0) - (_of(record, "marker").kl_nats or 0)
        for record in found.values()
        if record.group == "rust_test" and record.points
    ]
    assert entry.against.difference == pytest.approx(math.fsum(had) / len(had))
    assert n > 0


def test_too_few_other_layers(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, summary = _run(tiny, corpus, layer=(1, 2, 3), max_samples=1)
    for record in found.values():
        assert _of(record, "layer").excluded == (
            "2 other layers in which it could be done and reach the prediction, too few to stand "
            "for 3"
        )
    entry = _entry(summary, "layer")
    assert (entry.n, entry.excluded, entry.kl.mean) == (0, 2, None)
    assert entry.against.undefined is not None


def test_a_named_layer_that_reaches_nothing(tiny: TransformerSubject, corpus: Corpus) -> None:
    found, _ = _run(tiny, corpus, control_layer=5, max_samples=1)
    for record in found.values():
        assert _of(record, "layer").excluded == (
            "0 other layers in which it could be done and reach the prediction, too few to stand "
            "for 1"
        )


def test_too_few_other_keys(tiny: TransformerSubject) -> None:
    text = "fn f(\n#[x]"
    marks = CharMarks(marker=6, pattern="#[", targets=(0, 2, 3, 4))
    short = Sample("short", Group.RUST_TEST, text, marks)
    found, _ = _run(tiny, Corpus((short,)))
    edges_point, marker, layer = found["short"].points[0].controls
    assert edges_point.excluded is not None
    assert "too few to stand for" in edges_point.excluded
    assert marker.excluded is not None
    assert marker.excluded.startswith(
        "sample 'short': wanted the marker '#[test]' at character 6, found '#[x]'"
    )
    assert layer.kl_nats is not None


def test_a_text_that_another_marker_makes_too_long(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sample,) = corpus.group(Group.PYTHON_DOCTEST)[:1]
    n = len(tiny.tokenize(sample.text))
    more = len(tiny.tokenize(sample_with_other_marker(sample).text))
    assert more > n
    monkeypatch.setitem(tiny.__dict__, "context", n)
    found, _ = _run(tiny, Corpus((sample,)))
    assert _of(found[sample.id], "marker").excluded == (
        f"{more} tokens with a marker of another kind, more than the {n} of {tiny.name}"
    )


def test_a_marker_at_the_end(tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject) -> None:
    text = "fn add(a: i32) {}\n#["
    end = Sample("end", Group.RUST_TEST, text, CharMarks(marker=18, pattern="#[", targets=(3,)))
    found, _ = _run(tiny_recurrent, Corpus((end,)))
    (point,) = found["end"].points
    assert point.excluded == "the marker is the last token, and no later one reads it"
    assert _of(found["end"], "layer").excluded is not None
    # Its row is the last one, so that any layer will do.
    drawn = set()
    for seed in range(30):
        found, _ = _run(tiny, Corpus((end,)), seed=seed, controls=("layer",))
        drawn.add(_of(found["end"], "layer").layers)
    assert drawn == {(0,), (1,), (3,), (4,), (5,)}


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"controls": ("edges", "edges")}, ConfigError, "option controls: wanted each control"),
        ({"controls": ("other",)}, ConfigError, "option controls: wanted 'edges', 'marker' or"),
        (
            {"control_layer": 2},
            ConfigError,
            "option control_layer: wanted as many other layers as are steered, for the control of "
            "another layer, found layer 2 among both; name other layers, or leave it out",
        ),
        ({"control_layer": (0, 1)}, ConfigError, "found layers 0–1 beside layer 2; "),
        ({"control_layer": 1, "controls": ("edges",)}, ConfigError, "found layer 1 without that"),
        ({"control_layer": 9}, LayerError, "layer 9: wanted a layer in 0 … 5"),
    ],
)
def test_what_is_refused(
    tiny: TransformerSubject, corpus: Corpus, options: Any, error: Any, text: str
) -> None:
    with pytest.raises(error) as caught:
        _run(tiny, corpus, **options)
    assert text in str(caught.value)


def test_how_many_sweeps_it_takes(
    tiny: TransformerSubject, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for the effect, other edges and other markers of a batch, one for other layers."""
    asked: list[int] = []
    sweep: Callable[..., Any] = TransformerSubject.sweep

    def counted(self: TransformerSubject, texts: Any, plans: Any, **options: Any) -> Any:
        asked.append(sum(map(len, plans)))
        return sweep(self, texts, plans, **options)

    monkeypatch.setattr(TransformerSubject, "sweep", counted)
    _run(tiny, corpus, doses=[0.5, 3.0], groups=(Group.RUST_TEST,), batch_tokens=1_000_000)
    assert asked == [10 * (1 + 2 * 2) + 10 * (1 + 2), 10 * (1 + 2)]
