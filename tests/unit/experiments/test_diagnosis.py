"""Hidden states against the prediction, beside the divergence, on a model at hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from plip.claims.checks.diagnosis_column import diagnosis_figure
from plip.errors import ConfigError, CorpusError
from plip.experiments.conditions import steered
from plip.experiments.diagnosis import Diagnosed, by_length, diagnose, diagnosis_figures
from plip.measure import PublishedDivergence, kl_divergence, published_divergence
from plip.models import Rwkv6Subject, TransformerSubject, load
from plip.plan import Plan, Scale
from plip.text import Corpus, Group, bundled_corpus

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def found(tiny: TransformerSubject, corpus: Corpus) -> tuple[Diagnosed, ...]:
    return diagnose(tiny, corpus.take(3), layer=2, doses=(0.5, 1.0, 6.0))


def test_it_is_the_comparison_of_one_sample_after_the_other(
    found: tuple[Diagnosed, ...], tiny: TransformerSubject, corpus: Corpus
) -> None:
    samples = corpus.group(Group.RUST_TEST)[:3]
    assert [(each.sample, each.dose) for each in found] == [
        (sample.id, dose) for sample in samples for dose in (0.5, 1.0, 6.0)
    ]
    for sample, third in zip(samples, (found[0:3], found[3:6], found[6:9]), strict=True):
        item = sample.locate(tiny.tokenize(sample.text))
        hidden = tiny.final_hidden(item.tokens)
        baseline = tiny.run(item.tokens).logits
        plan = Plan(Scale(6.0), steered(item, "attention"), layers=[2])
        logits = tiny.run(item.tokens, plan=plan).logits
        assert baseline is not None
        assert logits is not None
        assert third[2].tokens == len(item.tokens)
        assert third[2].published.value == pytest.approx(
            published_divergence(hidden, logits[0]).value, rel=1e-4
        )
        assert third[2].kl_nats == pytest.approx(
            float(kl_divergence(baseline[0], logits[0])), rel=1e-3
        )


def test_where_nothing_is_steered_only_the_divergence_is_0(found: tuple[Diagnosed, ...]) -> None:
    identity = [each for each in found if each.dose == 1]
    assert [each.kl_nats for each in identity] == [0.0] * 3
    assert min(each.published.value for each in identity) > 1


def test_the_comparison_hardly_moves_with_the_dose(found: tuple[Diagnosed, ...]) -> None:
    values = {
        dose: [each.published.value for each in found if each.dose == dose] for dose in (0.5, 6.0)
    }
    assert values[0.5] == pytest.approx(values[6.0], rel=0.02)
    assert values[0.5] != values[6.0]
    assert all(each.kl_nats > 0 for each in found if each.dose != 1)


def test_of_one_set_of_terms_a_trained_models_comparison_does_not_move() -> None:
    doses = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
    found = diagnose(load("bundled:transformer", device="cpu"), bundled_corpus(), doses=doses)
    baseline = {each.sample: each.published for each in found if each.dose == 1}
    assert len(baseline) == 10
    # A term that falls below 1e-10 is left out whole, and one that rises above it comes in whole.
    same = [each for each in found if each.published.dropped == baseline[each.sample].dropped]
    assert len(same) >= 0.75 * len(found)
    for each in same:
        assert each.published.value == pytest.approx(baseline[each.sample].value, abs=0.05)


def test_of_a_recurrent_model(tiny_recurrent: Rwkv6Subject, corpus: Corpus) -> None:
    found = diagnose(tiny_recurrent, corpus.take(2), layer=1, doses=(1.0, 3.0))
    assert [each.kl_nats for each in found if each.dose == 1] == [0.0, 0.0]
    assert all(each.published.value > 1 for each in found)


def test_figures_are_mean_and_sd_over_the_samples(found: tuple[Diagnosed, ...]) -> None:
    figures = dict(diagnosis_figures(2, found))
    assert len(figures) == 12
    values = [each.published.value for each in found if each.dose == 0.5]
    mean = math.fsum(values) / 3
    assert figures["layer 2/dose 0.5/published/mean"] == pytest.approx(mean)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / 2)
    assert figures["layer 2/dose 0.5/published/sd"] == pytest.approx(sd)
    assert figures["layer 2/dose 1.0/kl/mean"] == 0
    assert diagnosis_figure(2, 6.0, "kl", "sd") in figures


def test_figures_that_are_undefined_are_left_out() -> None:
    one = Diagnosed("a", 5, 3.0, PublishedDivergence(2.0, 1.0, 1.0, 0.0), 0.5)
    assert dict(diagnosis_figures(0, [one])) == {
        "layer 0/dose 3.0/published/mean": 2.0,
        "layer 0/dose 3.0/kl/mean": 0.5,
    }
    infinite = replace(one, sample="b", kl_nats=math.inf)
    assert set(dict(diagnosis_figures(0, [one, infinite]))) == {
        "layer 0/dose 3.0/published/mean",
        "layer 0/dose 3.0/published/sd",
    }


def test_it_grows_until_the_vocabulary_is_full(tiny: TransformerSubject) -> None:
    # 400 entries over 32 units: twelve tokens and a half.
    text = tiny.tokenize("fn main() { let mut total = 0; for i in 0..10 { total += i * 7; } }" * 2)
    found = dict(by_length(tiny, text, range(1, 21)))
    assert [found[n].positions for n in (1, 12, 13, 20)] == [1, 12, 12.5, 12.5]
    per_token = [found[n].value / found[n].positions for n in range(1, 21)]
    assert max(per_token) < 4 * min(per_token)
    assert found[12].value > 6 * found[1].value
    hidden = tiny.final_hidden(replace(text, ids=text.ids[:13], spans=text.spans[:13]))
    logits = tiny.run(replace(text, ids=text.ids[:13], spans=text.spans[:13])).logits
    assert logits is not None
    assert found[13].value == pytest.approx(published_divergence(hidden, logits[0]).value)


@pytest.mark.parametrize("length", [0, 99])
def test_a_length_that_the_text_does_not_have(tiny: TransformerSubject, length: int) -> None:
    text = tiny.tokenize("fn main() {}")
    with pytest.raises(ConfigError, match=rf"length of a text: wanted 1 … {len(text)} tokens"):
        list(by_length(tiny, text, [length]))


def test_without_a_sample_that_can_be_measured(tiny: TransformerSubject, corpus: Corpus) -> None:
    late = [
        replace(sample, marks=replace(sample.marks, targets=(len(sample.text) - 1,)))
        for sample in corpus.group(Group.RUST_TEST)[:2]
    ]
    with pytest.raises(CorpusError, match="wanted at least one of rust_test that can be measured"):
        diagnose(tiny, Corpus(tuple(late)), layer=2)


def test_the_model_is_left_as_it_was(tiny: TransformerSubject, corpus: Corpus) -> None:
    tokens = tiny.tokenize(corpus.samples[0].text)
    before = tiny.run(tokens).logits
    tiny.final_hidden(tokens)
    after = tiny.run(tokens).logits
    assert before is not None
    assert after is not None
    assert torch.equal(before, after)
