"""The summary of the designed comparison: figures by hand, and effects planted in records."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from plip.experiments import ContrastConfig
from plip.experiments.contrast_summary import summarise
from plip.experiments.layers import LayerChoice
from plip.records import (
    ContrastAttention,
    ContrastFunction,
    ContrastLayer,
    ContrastSummary,
    ContrastText,
)
from plip.stats import max_t_paired, paired
from plip.text.designed import LANGUAGES, DesignedCorpus, designed_corpus

pytestmark = pytest.mark.fast

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
    return summarise(records, choice, ContrastConfig(**{"resamples": 99, **options}), known, None)


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
