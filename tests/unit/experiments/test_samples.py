"""From a corpus to batches of located samples."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from plip.errors import ContextLengthError, CorpusError
from plip.experiments import CalibrateConfig
from plip.experiments.samples import batches, locate, sample_fields, select
from plip.models import TransformerSubject
from plip.text import CharMarks, Corpus, Group, Sample

pytestmark = pytest.mark.fast


def test_the_first_of_each_group_are_taken(corpus: Corpus) -> None:
    chosen = select(CalibrateConfig(max_samples=2), corpus)
    assert [sample.id for sample in chosen[:4]] == [
        "py_simple_add",
        "py_long_name",
        "rust_simple_add",
        "rust_option_return",
    ]
    assert len(chosen) == 8


def test_groups_are_picked(corpus: Corpus) -> None:
    chosen = select(CalibrateConfig(groups=[Group.RUST_BASELINE]), corpus)
    assert {sample.group for sample in chosen} == {Group.RUST_BASELINE}


def test_a_group_that_the_corpus_does_not_have(corpus: Corpus) -> None:
    only = Corpus(corpus.group(Group.RUST_TEST))
    with pytest.raises(CorpusError) as caught:
        select(CalibrateConfig(groups=[Group.PYTHON_DOCTEST, Group.PYTHON_BASELINE]), only)
    assert str(caught.value) == (
        "corpus: wanted samples of python_doctest or python_baseline, found only rust_test; "
        "name groups that the corpus has, or give another corpus"
    )


def test_a_text_longer_than_the_context_is_named(tiny: TransformerSubject, corpus: Corpus) -> None:
    text = "#[test]" + " x" * 600
    long = Sample(
        "long", Group.RUST_TEST, text, CharMarks(marker=0, pattern="#[test]", targets=(9,))
    )
    with pytest.raises(ContextLengthError) as caught:
        locate(CalibrateConfig(), tiny, Corpus((*corpus.samples, long)))
    assert str(caught.value).startswith("sample 'long': wanted at most 512 tokens, the context of ")
    assert caught.value.details["tokens"] > 512


@pytest.mark.parametrize("limit", [1, 60, 100, 250, 4096])
@pytest.mark.parametrize("copies", [1, 7])
def test_batches_keep_order_and_limit(
    tiny: TransformerSubject, corpus: Corpus, limit: int, copies: int
) -> None:
    located = locate(CalibrateConfig(), tiny, corpus)
    found = list(batches(located, limit, copies=copies))
    assert [item for batch in found for item in batch] == located
    for batch, after in itertools.pairwise(found):
        size = copies * sum(len(item.tokens) for item in batch)
        assert size <= limit or len(batch) == 1
        assert size + copies * len(after[0].tokens) > limit  # it could not have taken one more


def test_a_batch_may_be_filled_to_the_last_token(tiny: TransformerSubject, corpus: Corpus) -> None:
    located = locate(CalibrateConfig(), tiny, corpus)[:3]
    two = 2 * sum(len(item.tokens) for item in located[:2])
    assert [len(batch) for batch in batches(located, two, copies=2)] == [2, 1]
    assert next(len(batch) for batch in batches(located, two - 1, copies=2)) == 1


def test_no_samples_give_no_batches() -> None:
    assert list(batches([], 100)) == []


def test_a_record_says_where_a_sample_lies(tiny: TransformerSubject, corpus: Corpus) -> None:
    (item,) = locate(CalibrateConfig(), tiny, Corpus(corpus.samples[:1]))
    fields = sample_fields(replace(item, merged=2))
    assert fields["sample"] == "py_simple_add"
    assert fields["group"] == "python_doctest"
    assert fields["query"] == item.query
    assert fields["keys"] == item.keys
    assert fields["merged"] == 2
    assert fields["excluded"] is None
    assert fields["covariates"].n_tokens == len(item.tokens)
    assert fields["covariates"].distance_chars_mean == item.covariates.distance_chars_mean
