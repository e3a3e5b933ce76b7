"""The paper's detector: substrings, in any language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plip.errors import TextError
from plip.measure import (
    PAPER_PATTERNS,
    GeneratedCode,
    PaperDetection,
    compare_detectors,
    paper_test_syntax,
)

pytestmark = pytest.mark.fast


def test_its_patterns() -> None:
    assert PAPER_PATTERNS == ("#[test]", "assert_eq!", "assert!", "fn test_", ">>>", "doctest")


@pytest.mark.parametrize("pattern", PAPER_PATTERNS)
def test_each_pattern_is_enough(pattern: str) -> None:
    found = paper_test_syntax(f"x {pattern} y")
    assert found == PaperDetection((pattern,))
    assert found.found


def test_patterns_come_in_their_order_each_once() -> None:
    text = "doctest >>> >>> fn test_a() { assert!(x); assert!(y); assert_eq!(a, b) } #[test]"
    assert paper_test_syntax(text).patterns == PAPER_PATTERNS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "assert x == 1",
        "def test_add():",
        "assert_ne!(a, b)",
        "#[ test ]",
        "FN TEST_",
        "Assert!",
        ">> >",
        "fn  test_a",
        "#[cfg(test)]",
        "#[tokio::test]",
    ],
)
def test_what_it_does_not_see(text: str) -> None:
    found = paper_test_syntax(text)
    assert found.patterns == ()
    assert not found.found


def test_three_closing_brackets_fool_it() -> None:
    assert paper_test_syntax("let x: Option<Option<Box<T>>> = None;").patterns == (">>>",)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(TextError) as caught:
        paper_test_syntax("a\ud800")
    assert str(caught.value) == (
        "generated text: wanted Unicode text, found a lone surrogate at character 1; "
        "decode the text as UTF-8 or UTF-16 before handing it over"
    )


def test_a_continuation_without_a_text_is_refused() -> None:
    with pytest.raises(
        TextError, match="generated text: wanted Unicode text, found NoneType; load"
    ):
        paper_test_syntax(None)  # type: ignore[arg-type]  # what a subject without tokenizer gives


class TestThePapersData:
    """Its flags were published, the generated texts were not."""

    def test_the_change_is_what_the_two_flags_say(self, shared_dir: Path) -> None:
        path = shared_dir / "paper/plip-rs/results/n50_scale_3.0.json"
        samples = json.loads(path.read_text())["samples"]
        words = {
            (True, True): "KEPT",
            (False, True): "GAINED",
            (True, False): "LOST",
            (False, False): "NONE",
        }
        assert len(samples) == 50
        for sample in samples:
            assert not any(isinstance(value, str) and len(value) > 40 for value in sample.values())
            flags = sample["baseline_has_test"], sample["steered_has_test"]
            assert words[flags] == sample["change"]

    def test_every_prompt_would_be_a_test_to_it_and_none_is(self, shared_dir: Path) -> None:
        path = shared_dir / "paper/plip-rs/corpus/generation_prompts_n50.json"
        prompts = [prompt["prompt"] for prompt in json.loads(path.read_text())["prompts"]]
        compared = [compare_detectors(GeneratedCode("", prompt, "rust")) for prompt in prompts]
        assert [each.outcome for each in compared] == ["only paper"] * 50
        reasons = {found.reason for each in compared for found in each.parsed.turned_down}
        assert reasons == {"in a doc comment"}

    def test_on_its_corpus_both_see_the_tests(self, shared_dir: Path) -> None:
        corpus = json.loads(
            (shared_dir / "paper/plip-rs/corpus/attention_samples.json").read_text()
        )
        for group, language in (("python_doctest", "python"), ("rust_test", "rust")):
            for sample in corpus[group]:
                compared = compare_detectors(GeneratedCode("", sample["code"], language))
                assert compared.outcome == "both", sample["id"]
                assert compared.parsed.parses, sample["id"]

    def test_of_its_baselines_it_takes_five_for_tests_and_one_is(self, shared_dir: Path) -> None:
        corpus = json.loads(
            (shared_dir / "paper/plip-rs/corpus/attention_samples.json").read_text()
        )
        outcomes = {
            sample["id"]: compare_detectors(GeneratedCode("", sample["code"], language)).outcome
            for group, language in (("python_baseline", "python"), ("rust_baseline", "rust"))
            for sample in corpus[group]
        }
        seen = {sample: outcome for sample, outcome in outcomes.items() if outcome != "neither"}
        assert seen == {
            "py_comment_false_doctest": "only paper",
            "py_multiline_comment_marker": "only paper",
            "py_string_literal_marker": "only paper",
            "py_commented_code": "only paper",
            "py_malformed_docstring": "both",
        }
