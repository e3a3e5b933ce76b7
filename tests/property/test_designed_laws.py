"""What holds of every designed corpus, and of figures between distances."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plip.stats import at_distance, max_t_paired
from plip.text import Corpus
from plip.text.designed import LANGUAGES, designed_corpus

pytestmark = pytest.mark.fast

seeds = st.integers(min_value=0, max_value=2**40)
counts = st.integers(min_value=1, max_value=30)
steps = st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True).map(sorted).map(tuple)


@given(seeds, counts, steps)
@settings(max_examples=25)
def test_texts_differ_in_what_they_say_and_in_nothing_else(
    seed: int, count: int, filler: tuple[int, ...]
) -> None:
    design = designed_corpus(seed=seed, functions=count, steps=filler)
    samples = []
    for function in design.functions:
        shapes = []
        for language in LANGUAGES:
            texts = design.texts(function, language)
            samples += [text.marked for text in texts]
            assert [text.filler for text in texts] == [*filler, filler[0]]
            for text in texts:
                lines = text.before.splitlines()
                sign = {"python": "#", "rust": "//"}[language]
                # Its own lines: perhaps one before the function, and the filler behind it.
                remarks = sum(line.strip().startswith(sign) for line in lines)
                assert remarks == text.filler + text.led
                words = [re.match(r"\w+", text.marked.text[at:]) for at in text.targets]
                assert [word and word.group() for word in words][1:] == [
                    function.name,
                    *function.parameters,
                ]
                assert text.first_is_target == (not text.led)
            shapes.append([(text.kinds, text.led, text.filler) for text in texts])
            if language == "python":
                ast.parse(texts[0].marked.text)
        assert shapes[0] == shapes[1]
    # Ids are unique and every mark fits: a corpus refuses anything else.
    assert len(Corpus(tuple(samples))) == 2 * count * (len(filler) + 1)


@given(seeds, counts, counts)
@settings(max_examples=25)
def test_more_functions_leave_the_first_ones(seed: int, count: int, more: int) -> None:
    few = designed_corpus(seed=seed, functions=count, steps=(0, 1))
    many = designed_corpus(seed=seed, functions=count + more, steps=(0, 1))
    assert many.functions[:count] == few.functions
    assert many.digest != few.digest


figures = st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=2, max_size=6)


@given(figures, st.data())
def test_a_figure_between_distances_lies_between_its_neighbours(
    values: list[float], data: st.DataObject
) -> None:
    distances = [5.0 * 2**place for place in range(len(values))]
    at = data.draw(st.floats(distances[0], distances[-1]))
    found = at_distance(distances, values, at)
    right = next(place for place, distance in enumerate(distances) if distance >= at)
    near = values[max(right - 1, 0) : right + 1]
    assert min(near) - 1e-12 <= found <= max(near) + 1e-12
    # Doubling every distance, or every figure, changes the answer as it should.
    assert at_distance([2 * d for d in distances], values, 2 * at) == pytest.approx(found)
    assert at_distance(distances, [2 * v for v in values], at) == pytest.approx(2 * found)


rows = st.lists(
    st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=3, max_size=3),
    min_size=3,
    max_size=8,
)


@given(rows)
@settings(max_examples=25)
def test_sign_and_order_do_not_change_an_adjusted_p(table: list[list[float]]) -> None:
    found = max_t_paired(table, seed=1, resamples=99)
    assert all(1 / 100 <= p <= 1 for p in found)
    assert max_t_paired([[-value for value in row] for row in table], seed=1, resamples=99) == found
    turned = max_t_paired([row[::-1] for row in table], seed=1, resamples=99)
    assert turned == pytest.approx(found[::-1], abs=0.021)
