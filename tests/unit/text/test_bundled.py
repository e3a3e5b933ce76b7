"""The bundled corpus: built, not typed; true to the paper's design, and to no text of it."""

from __future__ import annotations

import doctest
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plip.text import Corpus, Group, Sample, TokenMarks, bundled_corpus, tokenize
from plip.text.bundled import CORPUS_FILE
from plip.text.bundled.builder import build

pytestmark = pytest.mark.fast

EXCLUDED = {"rust_inline_attribute"}


@pytest.fixture(scope="session")
def paper_corpora(shared_dir: Path) -> Path:
    return shared_dir / "paper" / "plip-rs" / "corpus"


@pytest.fixture(scope="session")
def paper(paper_corpora: Path) -> Corpus:
    return Corpus.read(paper_corpora / "attention_samples_universal.json")


def counts(corpus: Corpus) -> list[int]:
    return [len(corpus.group(group)) for group in Group]


def run_doctests(text: str) -> doctest.TestResults:
    names: dict[str, Any] = {}
    exec(compile(text, "sample", "exec"), names)
    function = names[functions(text)[0]]
    test = doctest.DocTestParser().get_doctest(function.__doc__ or "", names, "sample", None, 0)
    return doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None)


def test_shipped_file_is_what_the_builder_makes() -> None:
    assert CORPUS_FILE.read_text(encoding="utf-8") == build().to_json()
    assert bundled_corpus() == build()


def test_counts_and_lengths() -> None:
    corpus = bundled_corpus()
    assert counts(corpus) == [10, 10, 5, 5]
    assert max(len(sample.text) for sample in corpus) < 450


def test_no_two_samples_share_a_function() -> None:
    names = [name for sample in bundled_corpus() for name in functions(sample.text)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("sample", bundled_corpus().group(Group.PYTHON_DOCTEST), ids=lambda s: s.id)
def test_doctests_hold(sample: Sample) -> None:
    result = run_doctests(sample.text)
    assert result.failed == 0
    assert result.attempted == (2 if sample.id == "py_multiple_doctests" else 1)


@pytest.mark.parametrize(
    "sample", bundled_corpus().group(Group.PYTHON_BASELINE), ids=lambda s: s.id
)
def test_python_controls_hold_no_doctest(sample: Sample) -> None:
    result = run_doctests(sample.text)
    assert result.attempted == result.failed
    assert (result.attempted == 1) == (sample.id == "py_malformed_docstring")


@pytest.mark.parametrize("sample", bundled_corpus().samples, ids=lambda s: s.id)
def test_targets_are_keyword_name_and_parameters(sample: Sample) -> None:
    """A second reading of the rule: by names, not by syntax trees or patterns."""
    marked = [re.match(r"\w+", sample.text[target:]) for target in sample.marks.targets]
    words = [match.group() for match in marked if match]
    python = sample.group.language == "python"
    head = sample.text[sample.text.index("def " if python else "fn ") :].splitlines()[0]
    bracket = re.search(r"\((.*)\):" if python else r"[<(](.*)", head)
    assert bracket
    parameters = [part.split("=")[0].split(":")[0].strip() for part in bracket[1].split(",")]
    assert words[0] == ("def" if python else "fn")
    assert words[1] == functions(sample.text)[0]
    assert words[2:] == (parameters if python else parameters[:1])
    assert all(sample.text[t - 1 : t] in ("", " ", "\n", "(", "<") for t in sample.marks.targets)


def test_patterns() -> None:
    for sample in bundled_corpus():
        pattern = {
            Group.PYTHON_DOCTEST: ">>>",
            Group.PYTHON_BASELINE: ">>>",
            Group.RUST_TEST: "#[test]",
            Group.RUST_BASELINE: "#[",
        }[sample.group]
        assert not isinstance(sample.marks, TokenMarks)
        assert sample.marks.pattern == pattern
        assert sample.text.find(pattern) == sample.marks.marker
    assert all("#[test]" not in s.text for s in bundled_corpus().group(Group.RUST_BASELINE))


@pytest.mark.parametrize("trim", [False, True])
def test_all_but_one_can_be_measured(byte_level: Any, trim: bool) -> None:
    tokenizer = byte_level(trim_offsets=trim)
    located = [sample.locate(tokenize(tokenizer, sample.text)) for sample in bundled_corpus()]
    assert {item.sample.id for item in located if item.excluded} == EXCLUDED
    for item in located:
        if item.excluded is None:
            assert len(item.keys) + item.merged == len(item.sample.marks.targets)
            assert item.keys[-1] < item.query


@pytest.mark.skipif(shutil.which("rustc") is None, reason="rustc is not installed")
def test_rust_texts_compile_and_their_tests_pass(tmp_path: Path) -> None:
    rust = [sample for sample in bundled_corpus() if sample.group.language == "rust"]
    source = tmp_path / "texts.rs"
    source.write_text("".join(f"mod {s.id} {{\n{s.text}\n}}\n" for s in rust))
    program = tmp_path / "texts"
    command = ["rustc", "--edition", "2021", "--cap-lints", "allow", "--test", "-o"]
    subprocess.run([*command, str(program), str(source)], check=True, capture_output=True)
    result = subprocess.run([program], check=True, capture_output=True, text=True)
    assert "10 passed; 0 failed" in result.stdout


class TestAgainstThePaper:
    def test_ids_and_groups_are_the_papers(self, paper: Corpus) -> None:
        assert [(s.id, s.group) for s in bundled_corpus()] == [(s.id, s.group) for s in paper]

    def test_target_counts_follow_the_papers(self, paper: Corpus) -> None:
        """Keyword, name and parameters, as many as the paper's sample has, bar its controls."""
        for ours, theirs in zip(bundled_corpus(), paper, strict=True):
            if not ours.group.is_control:
                assert len(ours.marks.targets) == len(theirs.marks.targets), ours.id

    def test_no_code_is_the_papers(self, paper: Corpus, paper_corpora: Path) -> None:
        theirs = {line for text in strings(paper_corpora) for line in code_lines(text)}
        ours = {line for sample in bundled_corpus() for line in code_lines(sample.text)}
        assert not ours & theirs
        assert len(ours) > 100

    def test_no_function_is_the_papers(self, paper_corpora: Path) -> None:
        theirs = {name for text in strings(paper_corpora) for name in functions(text)}
        ours = {name for sample in bundled_corpus() for name in functions(sample.text)}
        assert len(theirs) >= 30
        assert not ours & theirs


class TestThePapersFiles:
    def test_universal_form(self, paper: Corpus, byte_level: Any) -> None:
        assert counts(paper) == [10, 10, 5, 5]
        tokenizer = byte_level()
        excluded = {
            sample.id
            for sample in paper
            if sample.locate(tokenize(tokenizer, sample.text)).excluded
        }
        assert excluded == {sample.id for sample in paper.group(Group.RUST_BASELINE)}

    def test_universal_form_is_written_back(self, paper: Corpus, paper_corpora: Path) -> None:
        theirs = json.loads((paper_corpora / "attention_samples_universal.json").read_text())
        ours = json.loads(paper.to_json())
        del theirs["_description"]
        assert ours == theirs

    def test_older_form(self, paper: Corpus, paper_corpora: Path) -> None:
        older = Corpus.read(paper_corpora / "attention_samples.json")
        assert counts(older) == [10, 10, 5, 5]
        assert [(s.id, s.text) for s in older] == [(s.id, s.text) for s in paper]
        assert older.samples[0].marks == TokenMarks(9, (1, 2, 4, 10))
        assert older.samples[-1].marks == TokenMarks(0, (4, 5, 6))

    def test_small_older_form(self, paper_corpora: Path) -> None:
        assert counts(Corpus.read(paper_corpora / "test_attention_samples.json")) == [2, 2, 1, 1]


def functions(text: str) -> list[str]:
    """Name every function that a text defines, Python or Rust."""
    return re.findall(r"\b(?:def|fn) (\w+)", text)


def strings(folder: Path) -> list[str]:
    """Gather every text of the paper's corpus files."""
    names = ("attention_samples", "attention_samples_universal", "test_attention_samples")
    return [s.text for name in names for s in Corpus.read(folder / f"{name}.json")]


def code_lines(text: str) -> set[str]:
    """Take the lines that say something: no brackets alone, quotes, or bare attributes."""
    bare = {"#[test]", "#[should_panic]", "#[cfg(test)]", "#[inline]", "#[repr(C)]", "where"}
    bare |= {"#[derive(Debug)]", "#[allow(dead_code)]"}
    lines = {line.strip() for line in text.splitlines()}
    return {line for line in lines if re.search(r"\w", line) and line not in bare}
