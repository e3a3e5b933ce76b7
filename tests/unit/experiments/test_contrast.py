"""The designed comparison, against calibration, figures by hand and effects that were planted."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from plip.errors import ConfigError, ContextLengthError, CorpusError, LayerError
from plip.experiments import CalibrateConfig, ContrastConfig, ContrastInputs, calibrate
from plip.experiments.contrast import count, run
from plip.experiments.contrast_summary import summarise
from plip.experiments.layers import LayerChoice
from plip.models import Rwkv6Subject, Subject, TransformerSubject
from plip.records import (
    AnyRecord,
    CalibrationSample,
    ContrastAttention,
    ContrastFunction,
    ContrastLayer,
    ContrastSummary,
    ContrastText,
)
from plip.stats import least_squares, max_t_paired, paired, unpaired
from plip.text import Corpus, Group, Tokens
from plip.text.designed import LANGUAGES, DesignedCorpus, designed_corpus

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
        summary = summarised(records, DESIGN)
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


# From here on records with planted attention take the place of a model.

Level = Callable[[str, str, float, int], float]


def planted(level: Level, *, functions: int = 40, seed: int = 0, noise: float = 0.2) -> list[Any]:
    """Make records in which log attention is what `level` says, with noise of two kinds.

    Args:
        level: log attention by language, side, distance and target.
    """
    rng = np.random.default_rng(seed)
    design = designed_corpus(functions=functions, steps=(0, 2, 4, 8))
    records = []
    for function in design.functions:
        own = rng.normal(0, noise)
        for language in LANGUAGES:
            begin = (12.0 if language == "python" else 35.0) + rng.uniform(-3, 3)
            texts = []
            for text in design.texts(function, language):
                distance = begin + 15 * text.filler
                sides = {
                    side: (
                        ContrastAttention(
                            layer=3,
                            per_target=tuple(
                                math.exp(
                                    level(language, side, distance, target)
                                    + own
                                    + rng.normal(0, noise)
                                )
                                for target in range(len(text.kinds))
                            ),
                        ),
                    )
                    for side in ("marker", "neutral")
                }
                texts.append(
                    ContrastText(
                        led=text.led,
                        filler=text.filler,
                        n_tokens=200,
                        query=150,
                        keys=tuple(range(len(text.kinds))),
                        distance_tokens=distance,
                        first_token_is_target=text.first_is_target,
                        **sides,
                    )
                )
            records.append(
                ContrastFunction(
                    function=function.name,
                    language=language,
                    kinds=text.kinds,
                    neutral_line="#",
                    excluded=None,
                    texts=tuple(texts),
                )
            )
    return records


def summarised(
    records: Sequence[ContrastFunction],
    design: DesignedCorpus | None = None,
    layers: tuple[int, ...] = (3,),
    **options: Any,
) -> ContrastSummary:
    known = design or designed_corpus(functions=len(records) // 2, steps=(0, 2, 4, 8))
    choice = LayerChoice(layers, layers[0], "because")
    return summarise(records, choice, fast(**options), known, None)


def only(summary: ContrastSummary) -> ContrastLayer:
    (layer,) = summary.layers
    return layer


def markers(python: float, rust: float, exponent: float = -1.0) -> Level:
    """The marker multiplies attention by e^python or e^rust, distance by a power law."""

    def level(language: str, side: str, distance: float, target: int) -> float:
        effect = {"python": python, "rust": rust}[language] if side == "marker" else 0.0
        return -1 + exponent * math.log(distance) + effect

    return level


class TestFiguresByHand:
    records = planted(markers(0.5, 0.2), functions=6)
    layer = only(summarised(records))

    def mean(self, record: ContrastFunction, side: str, **of: Any) -> float:
        values = [
            statistics.fmean(
                value
                for value, kind in zip(getattr(text, side)[0].per_target, record.kinds, strict=True)
                if kind in of.get("kinds", record.kinds)
            )
            for text in record.texts
            if text.led == of.get("led", True) and text.filler in of.get("steps", (0, 2, 4, 8))
        ]
        return statistics.fmean(values)

    def differences(self, language: int, **of: Any) -> list[float]:
        return [
            self.mean(record, "marker", **of) - self.mean(record, "neutral", **of)
            for record in self.records[language::2]
        ]

    def test_the_mean_over_targets_and_distances(self) -> None:
        effect = self.layer.effects[0]
        python, rust = self.differences(0), self.differences(1)
        assert effect.measured == "mean"
        assert effect.python.marker == pytest.approx(
            statistics.fmean(self.mean(record, "marker") for record in self.records[::2])
        )
        assert effect.rust.neutral == pytest.approx(
            statistics.fmean(self.mean(record, "neutral") for record in self.records[1::2])
        )
        assert effect.python.difference.mean == pytest.approx(statistics.fmean(python))
        assert effect.rust.difference.sd == pytest.approx(statistics.stdev(rust))
        gaps = [one - other for one, other in zip(python, rust, strict=True)]
        assert effect.gap.mean == pytest.approx(statistics.fmean(gaps))
        assert effect.gap.ci_low is not None
        assert effect.gap.ci_high is not None
        assert min(gaps) < effect.gap.ci_low < effect.gap.ci_high < max(gaps)
        wanted = paired(python, rust, seed=0, resamples=99)
        assert effect.gap_test.p_permutation == wanted.p_permutation
        assert effect.gap_test.t == pytest.approx(wanted.t)
        wanted = paired(python, [0.0] * 6, seed=0, resamples=99)
        assert effect.python.test.p_permutation == wanted.p_permutation

    def test_each_kind_of_target_and_their_sum(self) -> None:
        effects = {effect.measured: effect for effect in self.layer.effects}
        assert list(effects) == ["mean", "sum", "keyword", "name", "parameter"]
        for kind in ("keyword", "name", "parameter"):
            found = effects[kind].rust.difference.mean  # type: ignore[index]  # a literal
            assert found == pytest.approx(statistics.fmean(self.differences(1, kinds=(kind,))))
        sums = [
            gap * len(record.kinds)
            for gap, record in zip(self.differences(0), self.records[::2], strict=True)
        ]
        assert effects["sum"].python.difference.mean == pytest.approx(statistics.fmean(sums))

    def test_each_step(self) -> None:
        for step, found in zip((0, 2, 4, 8), self.layer.steps, strict=True):
            assert found.filler == step
            differences = self.differences(0, steps=(step,))
            assert found.effect.python.difference.mean == pytest.approx(
                statistics.fmean(differences)
            )
            distances = [
                text.distance_tokens
                for record in self.records[1::2]
                for text in record.texts
                if text.led and text.filler == step
            ]
            assert found.rust_distance == pytest.approx(statistics.fmean(distances))

    def test_with_and_without_the_first_token(self) -> None:
        found = {(entry.led, entry.keyword): entry for entry in self.layer.beginnings}
        assert list(found) == [(False, True), (False, False), (True, True), (True, False)]
        assert [entry.first_token_is_target for entry in found.values()] == [True] + [False] * 3
        for (led, keyword), entry in found.items():
            kinds = ("keyword", "name", "parameter") if keyword else ("name", "parameter")
            differences = self.differences(1, led=led, steps=(0,), kinds=kinds)
            assert entry.effect.rust.difference.mean == pytest.approx(statistics.fmean(differences))

    def test_at_equal_distance(self) -> None:
        found = self.layer.equal_distance
        reach = [
            [text.distance_tokens for text in record.texts if text.led] for record in self.records
        ]
        low, high = max(map(min, reach)), min(map(max, reach))
        assert (found.low, found.high) == (low, high)
        assert found.distance_tokens == pytest.approx(math.sqrt(low * high))
        assert found.left_out == 0
        assert found.effect is not None

        def at(record: ContrastFunction, side: str) -> float:
            led = [text for text in record.texts if text.led]
            values = [statistics.fmean(getattr(text, side)[0].per_target) for text in led]
            logs = [math.log(text.distance_tokens) for text in led]
            return float(np.interp(math.log(math.sqrt(low * high)), logs, values))

        wanted = statistics.fmean(
            at(record, "marker") - at(record, "neutral") for record in self.records[::2]
        )
        assert found.effect.python.difference.mean == pytest.approx(wanted)

    def test_the_model_is_of_these_observations(self) -> None:
        model = self.layer.model
        assert (model.n, model.groups, model.left_out) == (6 * 2 * 4 * 2, 6, 0)
        assert [each.name for each in model.coefficients] == [
            "marker against neutral line, Python",
            "marker against neutral line, Rust",
            "the one against the other",
            "Python against Rust, neutral line",
            "log distance",
            "Python, marker",
            "Python, neutral line",
            "Rust, marker",
            "Rust, neutral line",
        ]


def estimate(layer: ContrastLayer, name: str) -> tuple[float, float]:
    found = layer.model.coefficient(name)
    assert found is not None, layer.model.undefined
    return found.estimate, found.se


class TestPlantedEffects:
    def test_the_mixed_model_recovers_them(self) -> None:
        layer = only(summarised(planted(markers(0.9, 0.3, -1.3), noise=0.1)))
        for name, wanted in (
            ("marker against neutral line, Python", 0.9),
            ("marker against neutral line, Rust", 0.3),
            ("the one against the other", 0.6),
            ("Python against Rust, neutral line", 0.0),
            ("log distance", -1.3),
        ):
            found, se = estimate(layer, name)
            assert found == pytest.approx(wanted, abs=4 * se), name
            assert se < 0.03
        at = layer.equal_distance.distance_tokens
        assert at is not None
        level, se = estimate(layer, "Rust, neutral line")
        assert level == pytest.approx(-1 - 1.3 * math.log(at), abs=4 * se)
        level, se = estimate(layer, "Python, marker")
        assert level == pytest.approx(-1 - 1.3 * math.log(at) + 0.9, abs=4 * se)

    def test_a_difference_that_is_distance_alone(self) -> None:
        """The marker multiplies alike in both languages: only nearness makes Python's larger."""
        layer = only(summarised(planted(markers(0.5, 0.5), functions=60, noise=0.1)))
        nearest = layer.steps[0].effect.gap
        equal = layer.equal_distance.effect
        assert equal is not None
        assert nearest.ci_low is not None
        assert nearest.ci_low > 0.01
        # What is left at equal distance is curvature between the steps.
        assert equal.gap.mean is not None
        assert nearest.mean is not None
        assert abs(equal.gap.mean) < nearest.mean / 20
        found, se = estimate(layer, "the one against the other")
        assert abs(found) < 4 * se

    def test_without_an_effect_p_is_uniform(self) -> None:
        tests = [
            only(summarised(planted(markers(0.0, 0.0), functions=12, seed=seed))).effects[0]
            for seed in range(40)
        ]
        for p in (
            [effect.gap_test.p_permutation for effect in tests],
            [effect.python.test.p_permutation for effect in tests],
        ):
            assert stats.kstest(p, "uniform").pvalue > 0.01

    def test_languages_exchanged_turn_the_sign(self) -> None:
        records = planted(markers(0.9, 0.3), functions=12)
        turned = [
            other.model_copy(update={"language": record.language, "function": record.function})
            for pair in zip(records[::2], records[1::2], strict=True)
            for record, other in zip(pair, pair[::-1], strict=True)
        ]
        one, other = only(summarised(records)), only(summarised(turned))
        for effect, back in zip(one.effects, other.effects, strict=True):
            assert effect.gap.mean is not None
            assert back.gap.mean == pytest.approx(-effect.gap.mean)
            assert back.python == effect.rust
            assert back.gap_test.p_permutation == effect.gap_test.p_permutation
        found, _ = estimate(one, "the one against the other")
        assert estimate(other, "the one against the other")[0] == pytest.approx(-found)
        assert estimate(other, "log distance")[0] == pytest.approx(estimate(one, "log distance")[0])

    def test_marker_and_neutral_line_exchanged_turn_the_sign(self) -> None:
        records = planted(markers(0.9, 0.3), functions=12)
        turned = [
            record.model_copy(
                update={
                    "texts": tuple(
                        text.model_copy(update={"marker": text.neutral, "neutral": text.marker})
                        for text in record.texts
                    )
                }
            )
            for record in records
        ]
        one, other = only(summarised(records)), only(summarised(turned))
        assert one.effects[0].python.difference.mean == pytest.approx(
            -(other.effects[0].python.difference.mean or math.nan)
        )
        found, _ = estimate(one, "marker against neutral line, Python")
        turned_back, _ = estimate(other, "marker against neutral line, Python")
        assert turned_back == pytest.approx(-found)


class TestEqualDistance:
    records = planted(markers(0.9, 0.3), functions=6)

    def test_a_distance_that_is_asked_for(self) -> None:
        found = only(summarised(self.records, at_distance=100.0)).equal_distance
        assert (found.distance_tokens, found.left_out) == (100.0, 0)
        assert found.effect is not None
        near = only(summarised(self.records, at_distance=45.0)).equal_distance.effect
        assert near is not None
        assert near.python.marker is not None
        assert found.effect.python.marker is not None
        assert near.python.marker > 1.5 * found.effect.python.marker

    def test_functions_that_do_not_have_it_are_left_out(self) -> None:
        distances = sorted(record.texts[0].distance_tokens for record in self.records[1::2])
        at = (distances[2] + distances[3]) / 2
        found = only(summarised(self.records, at_distance=at)).equal_distance
        assert found.left_out == 3
        assert found.effect is not None
        assert found.effect.gap.n == 3

    def test_a_distance_that_none_has(self) -> None:
        layer = only(summarised(self.records, at_distance=500.0))
        assert layer.equal_distance.effect is None
        assert layer.equal_distance.undefined == (
            "no function was measured on both sides of 500 tokens"
        )
        assert layer.equal_distance.left_out == 6

    def test_no_distance_in_common(self) -> None:
        near = [
            record.model_copy(
                update={
                    "texts": tuple(
                        text.model_copy(update={"distance_tokens": 1.0 + text.filler})
                        for text in record.texts
                    )
                }
            )
            if record.language == "python"
            else record
            for record in self.records
        ]
        layer = only(summarised(near))
        found = layer.equal_distance
        assert (found.effect, found.distance_tokens, found.low) == (None, None, None)
        assert found.undefined is not None
        assert "a distance that lies within every range" in found.undefined
        # Without a distance there are no levels to predict, but factors all the same.
        assert layer.model.coefficient("Python, marker") is None
        assert layer.model.coefficient("the one against the other") is not None


class TestUndefined:
    def without(self, value: float | None) -> list[ContrastFunction]:
        """Exchange the attention to one function's keyword in one text."""
        records = planted(markers(0.9, 0.3), functions=8)
        first, *rest = records[0].texts
        entry = first.marker[0]
        update = {"per_target": (value,) * len(entry.per_target)}
        changed = first.model_copy(update={"marker": (entry.model_copy(update=update),)})
        records[0] = records[0].model_copy(update={"texts": (changed, *rest)})
        return records

    def test_a_text_in_which_no_head_counts_leaves_its_function_out(self) -> None:
        layer = only(summarised(self.without(None)))
        assert [effect.gap.n for effect in layer.effects] == [7] * 5
        assert [step.effect.gap.n for step in layer.steps] == [7, 8, 8, 8]
        assert layer.equal_distance.effect is not None
        assert layer.equal_distance.effect.gap.n == 7
        assert (layer.model.n, layer.model.left_out) == (8 * 16 - 1, 1)

    def test_attention_of_0_has_no_logarithm(self) -> None:
        layer = only(summarised(self.without(0.0)))
        assert layer.effects[0].gap.n == 8
        assert (layer.model.n, layer.model.left_out) == (8 * 16 - 1, 1)

    def test_a_model_of_too_few_functions_says_so(self) -> None:
        model = only(summarised(planted(markers(0.9, 0.3), functions=4))).model
        assert model.coefficients == ()
        assert model.undefined is not None
        assert "more than 5 groups, found 4 groups" in model.undefined

    def test_a_model_that_does_not_converge_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from statsmodels.regression.mixed_linear_model import MixedLM

        def singular(self: Any, **options: Any) -> Any:
            raise np.linalg.LinAlgError("Singular matrix")

        monkeypatch.setattr(MixedLM, "fit", singular)
        layer = only(summarised(planted(markers(0.9, 0.3), functions=8)))
        assert layer.model.undefined is not None
        assert "singular matrix" in layer.model.undefined
        assert (layer.model.group_sd, layer.model.residual_sd) == (None, None)
        assert layer.effects[0].gap.mean is not None


class TestSeveralLayers:
    def test_p_is_adjusted_for_all_of_them(self) -> None:
        """One layer with an effect among nine without."""
        layers = [planted(markers(0.0, 0.0), functions=20, seed=seed) for seed in range(9)]
        layers.insert(4, planted(markers(1.0, 0.2), functions=20, seed=99))
        records = [
            record.model_copy(
                update={
                    "texts": tuple(
                        text.model_copy(
                            update={
                                side: tuple(
                                    getattr(other[at].texts[where], side)[0] for other in layers
                                )
                                for side in ("marker", "neutral")
                            }
                        )
                        for where, text in enumerate(record.texts)
                    )
                }
            )
            for at, record in enumerate(layers[0])
        ]
        summary = summarised(records, layers=tuple(range(10)), resamples=999)
        effects = [layer.effects[0] for layer in summary.layers]
        for of in (lambda e: e.gap_test, lambda e: e.python.test, lambda e: e.rust.test):
            adjusted = [of(effect).p_max_t for effect in effects]
            single = [of(effect).p_permutation for effect in effects]
            assert all(p is not None for p in adjusted)
            assert all(p > q - 0.05 for p, q in zip(adjusted, single, strict=True))
            assert adjusted[4] <= 0.002
            assert min(adjusted[:4] + adjusted[5:]) > 0.01
        python, rust = (
            [
                [
                    statistics.fmean(
                        (text.marker[at].mean or 0) - (text.neutral[at].mean or 0)
                        for text in record.texts
                        if text.led
                    )
                    for at in range(10)
                ]
                for record in records[language::2]
            ]
            for language in (0, 1)
        )
        gaps = [
            [p - r for p, r in zip(*pair, strict=True)] for pair in zip(python, rust, strict=True)
        ]
        for of, table in (
            (lambda e: e.gap_test, gaps),
            (lambda e: e.python.test, python),
            (lambda e: e.rust.test, rust),
        ):
            wanted = max_t_paired(table, seed=0, resamples=999)
            assert [of(effect).p_max_t for effect in effects] == pytest.approx(wanted, abs=0.0015)
        others = [effect for layer in summary.layers for effect in layer.effects[1:]]
        assert all(effect.gap_test.p_max_t is None for effect in others)

    def test_one_layer_needs_no_adjustment(self) -> None:
        effect = only(summarised(planted(markers(0.9, 0.3), functions=6))).effects[0]
        assert effect.gap_test.p_max_t is None


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
