"""The designed comparison: what is measured, what is left out, and the other corpus beside it."""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import replace
from typing import Any

import pytest

from plip.errors import ConfigError, ContextLengthError, CorpusError, LayerError
from plip.experiments import CalibrateConfig, ContrastConfig, ContrastInputs, calibrate
from plip.experiments.contrast import count, run
from plip.experiments.contrast_summary import summarise
from plip.experiments.layers import LayerChoice
from plip.models import Rwkv6Subject, Subject, TransformerSubject
from plip.records import (
    AnyRecord,
    CalibrationSample,
    ContrastFunction,
    ContrastSummary,
)
from plip.stats import least_squares, unpaired
from plip.text import Corpus, Group, Tokens
from plip.text.designed import DesignedCorpus, designed_corpus

pytestmark = pytest.mark.fast

DESIGN = designed_corpus(functions=8, steps=(0, 1, 3))
INPUTS = ContrastInputs(DESIGN)


def fast(**options: Any) -> ContrastConfig:
    return ContrastConfig(**{"resamples": 99, **options})


def contrast(
    subject: Subject, inputs: ContrastInputs = INPUTS, **options: Any
) -> tuple[list[ContrastFunction], ContrastSummary]:
    *records, summary = run(fast(**options), subject, inputs)
    assert isinstance(summary, ContrastSummary)
    return [record for record in records if isinstance(record, ContrastFunction)], summary


class Wrapped:
    """A subject of which something is exchanged."""

    def __init__(self, subject: Subject, **exchanged: Any) -> None:
        self._subject = subject
        self.__dict__.update(exchanged)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subject, name)


class TestMeasurement:
    @pytest.mark.parametrize("which", ["tiny", "tiny_recurrent"])
    def test_attention_is_what_calibration_finds_in_the_same_text(
        self, request: pytest.FixtureRequest, which: str
    ) -> None:
        subject: Subject = request.getfixturevalue(which)
        records, _ = contrast(subject, layer="all")
        found = {record.key: record for record in records}
        assert len(records) == 16
        for function, language in DESIGN:
            record = found[f"{language}/{function.name}"]
            assert record.neutral_line is not None
            for text, measured in zip(DESIGN.texts(function, language), record.texts, strict=True):
                samples = (text.marked, text.neutral(record.neutral_line))
                corpus = Corpus(samples)
                for sample, side in zip(samples, (measured.marker, measured.neutral), strict=True):
                    only = calibrate.run(
                        CalibrateConfig(layer="all", groups=(sample.group,)), subject, corpus
                    )
                    other = next(only)
                    assert isinstance(other, CalibrationSample)
                    assert (other.query, other.keys) == (measured.query, measured.keys)
                    assert measured.distance_tokens == other.covariates.distance_tokens_mean
                    assert measured.n_tokens == other.covariates.n_tokens
                    assert measured.first_token_is_target == text.first_is_target
                    for entry, wanted in zip(side, other.layers, strict=True):
                        assert entry.layer == wanted.layer
                        assert entry.per_target == pytest.approx(wanted.per_target, abs=1e-6)
                        assert entry.mean == pytest.approx(wanted.attention, abs=1e-6)
                        assert entry.total == pytest.approx(wanted.mean_edge_mass, abs=1e-6)
                        assert entry.undefined_heads == wanted.undefined_heads

    def test_variants_differ_in_one_thing(self, tiny: TransformerSubject) -> None:
        records, _ = contrast(tiny)
        for record in records:
            assert record.kinds[:2] == ("keyword", "name")
            assert [(text.led, text.filler) for text in record.texts] == [
                (True, 0),
                (True, 1),
                (True, 3),
                (False, 0),
            ]
            assert [text.first_token_is_target for text in record.texts] == [False] * 3 + [True]
            near, *_, far, bare = record.texts
            assert far.distance_tokens - near.distance_tokens == far.query - near.query > 20
            # A line before the function moves everything, and no distance.
            assert near.distance_tokens == bare.distance_tokens
            assert near.query - bare.query == near.keys[0] - bare.keys[0] > 0
            assert len(near.marker) == len(near.neutral) == 1

    def test_the_layers_asked_for(self, tiny: TransformerSubject) -> None:
        records, summary = contrast(tiny, layer=[1, 3])
        assert [entry.layer for entry in records[0].texts[0].marker] == [1, 3]
        assert [entry.layer for entry in summary.layers] == [1, 3]
        alone, _ = contrast(tiny, layer=3)
        assert alone[0].texts[0].marker[0].per_target == pytest.approx(
            records[0].texts[0].marker[1].per_target, abs=1e-6
        )

    def test_what_is_done_is_not_run_again(self, tiny: TransformerSubject, corpus: Corpus) -> None:
        inputs = ContrastInputs(DESIGN, corpus.take(2))
        everything = list(run(fast(), tiny, inputs))
        assert len(everything) == 16 + 4 + 2
        for done in (0, 5, 16, 18, 20, 21):
            rest = list(run(fast(), tiny, inputs, everything[:done]))
            assert rest == everything[done:]
        assert list(run(fast(), tiny, inputs, everything)) == []
        assert count(fast(), inputs) == 20
        assert count(fast(), INPUTS) == 16

    def test_the_summary_of_functions_in_another_order_of_records(
        self, tiny: TransformerSubject
    ) -> None:
        everything = list(run(fast(), tiny, INPUTS))
        assert list(run(fast(), tiny, INPUTS, everything[15::-1])) == everything[16:]


class TestExclusions:
    def test_without_a_neutral_line_of_the_markers_length(self, tiny: TransformerSubject) -> None:
        def tokenize(text: str, **options: Any) -> Tokens:
            tokens = tiny.tokenize(text, **options)
            if "#[test]" not in text:
                return tokens
            # As if the marker were one token more.
            at = tokens.at(text.index("#[test]")) + 1
            start, stop = tokens.spans[at]
            spans = (*tokens.spans[:at], (start, stop), (stop, stop), *tokens.spans[at + 1 :])
            return Tokens(text, (*tokens.ids[:at], 7, 7, *tokens.ids[at + 1 :]), spans)

        design = replace(DESIGN, functions=DESIGN.functions[:2])
        lines = {"python": ("#",), "rust": ("// -",)}

        class Few(DesignedCorpus):
            def neutral_lines(self, language: Any) -> tuple[str, ...]:
                return lines[language]

        few = Few(design.seed, design.steps, design.functions)
        records, summary = contrast(Wrapped(tiny, tokenize=tokenize), ContrastInputs(few))
        python, rust, *_ = records
        assert (python.excluded, rust.texts, rust.neutral_line) == (None, (), None)
        reason = (
            "none of 1 neutral lines has the tokens of '#[test]': as many, and none of the others "
            "changed"
        )
        assert rust.excluded == reason
        assert (summary.functions, summary.excluded) == (0, 2)
        assert summary.reasons == ((reason, 2),)
        (layer,) = summary.layers
        assert layer.effects[0].gap.mean is None
        assert layer.effects[0].gap_test.undefined is not None
        assert layer.model.undefined is not None
        assert layer.equal_distance.undefined is not None
        assert "found no range" in layer.equal_distance.undefined

    def test_a_line_must_fit_every_variant(self, tiny: TransformerSubject) -> None:
        def tokenize(text: str, **options: Any) -> Tokens:
            tokens = tiny.tokenize(text, **options)
            if text.startswith("#") or not re.search(r"^    # \w+\(", text, re.MULTILINE):
                return tokens
            # Without a line before the function, the comment sign costs a token more.
            end = (len(text), len(text))
            return Tokens(text, (*tokens.ids, 7), (*tokens.spans, end))

        records, summary = contrast(Wrapped(tiny, tokenize=tokenize))
        for record in records[::2]:
            assert record.texts == ()
            assert record.excluded is not None
            assert record.excluded.startswith("none of 12 neutral lines has the tokens of '>>>'")
        assert all(len(record.texts) == 4 for record in records[1::2])
        assert summary.excluded == 8

    def test_targets_on_one_token(self, tiny: TransformerSubject) -> None:
        def tokenize(text: str, **options: Any) -> Tokens:
            tokens = tiny.tokenize(text, **options)
            if not re.match(r"(.*\n)?def ", text):
                return tokens
            first, last = tokens.at(text.index("def ")), tokens.at(text.index("("))
            span = (tokens.spans[first][0], tokens.spans[last][1])
            return Tokens(
                text,
                (*tokens.ids[:first], 9, *tokens.ids[last + 1 :]),
                (*tokens.spans[:first], span, *tokens.spans[last + 1 :]),
            )

        records, summary = contrast(Wrapped(tiny, tokenize=tokenize))
        assert {record.excluded for record in records[::2]} == {"two targets share a token"}
        assert summary.reasons == (("two targets share a token", 8),)
        assert summary.excluded == 8

    def test_only_functions_with_both_languages_count(self, tiny: TransformerSubject) -> None:
        records, _ = contrast(tiny)
        records[3] = records[3].model_copy(update={"excluded": "because", "texts": ()})
        choice = LayerChoice((3,), 3, "because")
        summary = summarise(records, choice, fast(), DESIGN, None)
        assert (summary.functions, summary.excluded) == (7, 1)
        assert summary.layers[0].effects[0].python.difference.n == 7
        assert summary.reasons == (("because", 1),)


class TestErrors:
    def test_a_layer_that_is_not_there(self, tiny: TransformerSubject) -> None:
        with pytest.raises(LayerError, match="wanted a layer in 0 … 5"):
            next(run(fast(layer=6), tiny, INPUTS))

    def test_a_text_longer_than_the_context(self, tiny: TransformerSubject) -> None:
        short = Wrapped(tiny, context=60)
        with pytest.raises(
            ContextLengthError,
            match=r"text '(python|rust)/.*/marker': wanted at most 60 tokens, the context of .*"
            "give fewer lines of filler",
        ):
            next(run(fast(), short, INPUTS))

    def test_a_corpus_beside_it_that_does_not_fit_is_refused_before_anything_runs(
        self, tiny: TransformerSubject, corpus: Corpus
    ) -> None:
        sample = corpus.group(Group.RUST_TEST)[0]
        longer = replace(sample, id="longer", text=sample.text + "\n// more" * 400)
        inputs = ContrastInputs(DESIGN, Corpus((*corpus, longer)))
        with pytest.raises(ContextLengthError, match="sample 'longer'"):
            next(run(fast(), tiny, inputs))

    @pytest.mark.parametrize(
        ("kept", "found"),
        [
            ([Group.PYTHON_DOCTEST, Group.RUST_BASELINE], "found none of rust_test;"),
            ([Group.RUST_TEST], "found none of python_doctest;"),
            ([Group.RUST_BASELINE], "found none of python_doctest and of rust_test;"),
        ],
    )
    def test_a_corpus_beside_it_without_groups(
        self, corpus: Corpus, kept: list[Group], found: str
    ) -> None:
        some = Corpus(tuple(sample for sample in corpus if sample.group in kept))
        with pytest.raises(CorpusError, match="samples of python_doctest and of rust_test") as e:
            ContrastInputs(DESIGN, some)
        assert found in str(e.value)

    @pytest.mark.parametrize(
        "options",
        [{"at_distance": 0}, {"at_distance": -3}, {"at_distance": math.nan}, {"layer": -1}],
    )
    def test_options_without_meaning(self, options: dict[str, Any]) -> None:
        with pytest.raises(ConfigError, match=f"option {next(iter(options))}"):
            ContrastConfig(**options)


def test_what_a_run_is_named_by(corpus: Corpus) -> None:
    digests = {
        INPUTS.digest,
        ContrastInputs(DESIGN, corpus).digest,
        ContrastInputs(DESIGN, corpus.take(3)).digest,
        ContrastInputs(designed_corpus(functions=7, steps=(0, 1, 3)), corpus).digest,
    }
    assert len(digests) == 4
    assert INPUTS.digest == DESIGN.digest


class TestBeside:
    def test_it_is_calibration_and_the_papers_comparison(
        self, tiny: TransformerSubject, corpus: Corpus
    ) -> None:
        records = list(run(fast(layer=2), tiny, ContrastInputs(DESIGN, corpus)))
        summary = records[-1]
        assert isinstance(summary, ContrastSummary)
        config = CalibrateConfig(layer=2, groups=(Group.PYTHON_DOCTEST, Group.RUST_TEST))
        samples = [
            record
            for record in calibrate.run(config, tiny, corpus)
            if isinstance(record, CalibrationSample)
        ]
        assert [r for r in records if isinstance(r, CalibrationSample)] == samples
        found = summary.beside
        assert found is not None
        assert (found.corpus_hash, found.excluded) == (corpus.digest, 0)
        (layer,) = found.layers
        sides = [
            [s.layers[0].attention or 0 for s in samples if s.group == group]
            for group in config.groups
        ]
        assert layer.python.mean == pytest.approx(statistics.fmean(sides[0]))
        assert layer.rust.mean == pytest.approx(statistics.fmean(sides[1]))
        wanted = unpaired(*sides, seed=0, resamples=99)
        assert layer.test.p_permutation == wanted.p_permutation
        assert layer.test.t == pytest.approx(wanted.t)
        distances = [s.covariates.distance_tokens_mean for s in samples]
        assert found.python_distance == pytest.approx(statistics.fmean(distances[:10]))
        assert found.rust_distance == pytest.approx(statistics.fmean(distances[10:]))
        fit = least_squares(
            [math.log(value) for side in sides for value in side],
            {"python": [1.0] * 10 + [0.0] * 10, "d": [math.log(d) for d in distances]},
        )
        assert (layer.model.n, layer.model.groups) == (20, None)
        assert estimate_of(layer.model, "Python against Rust") == pytest.approx(
            fit.combination({"python": 1}).estimate
        )
        assert estimate_of(layer.model, "log distance") == pytest.approx(
            fit.combination({"d": 1}).estimate
        )

    def test_excluded_samples_are_counted(self, tiny: TransformerSubject, corpus: Corpus) -> None:
        late = corpus.group(Group.RUST_BASELINE)[3]
        assert late.id == "rust_inline_attribute"
        inputs = ContrastInputs(
            DESIGN, Corpus((*corpus, replace(late, id="x", group=Group.RUST_TEST)))
        )
        *_, summary = run(fast(), tiny, inputs)
        assert isinstance(summary, ContrastSummary)
        assert summary.beside is not None
        assert summary.beside.excluded == 1
        assert summary.beside.layers[0].rust.n == 10


def estimate_of(model: Any, name: str) -> float:
    found = model.coefficient(name)
    assert found is not None
    return float(found.estimate)


def test_a_recurrent_model_from_end_to_end(tiny_recurrent: Rwkv6Subject) -> None:
    records, summary = contrast(tiny_recurrent, layer="all")
    assert (summary.functions, summary.excluded) == (8, 0)
    assert [layer.layer for layer in summary.layers] == [0, 1, 2, 3]
    assert all(record.excluded is None for record in records)


def test_records_come_back_from_a_line(tiny: TransformerSubject, corpus: Corpus) -> None:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)
    for record in run(fast(), tiny, ContrastInputs(DESIGN, corpus.take(1))):
        assert adapter.validate_json(record.to_line()) == record
