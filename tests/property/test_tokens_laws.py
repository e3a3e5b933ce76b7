"""Laws of tokens and samples, for any text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from plip.errors import PositionError
from plip.text import CharMarks, Corpus, Group, Sample, Tokens, tokenize

pytestmark = pytest.mark.fast

# The repeated characters teach the byte-level model tokens that end in half a character.
LINES = [
    "def f(a, b):\n    >>> f(1, 2)",
    "漢字漢字漢字 字漢字漢字漢 😀😀 éé  ef",
    "#[test]\nfn f() {}",
]


def byte_level(*, trim: bool = False, prefix: bool = False) -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    trainer = trainers.BpeTrainer(
        vocab_size=310,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LINES * 5, trainer)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def metaspace(scheme: str) -> Any:
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    special = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=310, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(LINES * 5, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


KINDS: dict[str, Callable[[], Any]] = {
    "byte-level": byte_level,
    "byte-level, trimmed": lambda: byte_level(trim=True),
    "byte-level, prefix space": lambda: byte_level(prefix=True),
    "byte-level, trimmed, prefix space": lambda: byte_level(trim=True, prefix=True),
    "metaspace, always": lambda: metaspace("always"),
    "metaspace, never": lambda: metaspace("never"),
}


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]()


# Half the characters are such as code is made of, half are any that Unicode can encode.
texts = st.text(
    st.sampled_from("def(a, b):\n >#[]漢字😀é▁Ġ\t\u0301\u200d")
    | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=40,
)


@st.composite
def any_tokens(draw: st.DrawFn) -> Tokens:
    """Spans in order with gaps, overlaps and empty ones, as no single tokenizer has them."""
    text = draw(texts)
    starts = sorted(draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=12)))
    spans, last = [], 0
    for start in starts:
        stop = draw(st.integers(max(last, start + 1), min(len(text), max(last, start + 4))))
        spans.append((start, stop))
        last = stop
        if draw(st.booleans()):
            empty = draw(st.integers(0, len(text)))
            spans.append((empty, empty))
    return Tokens(text, tuple(range(len(spans))), tuple(spans))


def holders(tokens: Tokens, char: int) -> list[int]:
    """The oracle: every token that has the character among its own, by enumeration."""
    return [i for i, (start, stop) in enumerate(tokens.spans) if char in range(start, stop)]


def check_at(tokens: Tokens) -> None:
    for char in range(-2, len(tokens.text) + 3):
        expected = holders(tokens, char)
        if expected:
            assert tokens.at(char) == expected[0]
        else:
            with pytest.raises(PositionError):
                tokens.at(char)


@given(any_tokens())
def test_at_is_the_first_holder(tokens: Tokens) -> None:
    check_at(tokens)


@given(any_tokens())
def test_gap_lies_between_the_tokens_it_names(tokens: Tokens) -> None:
    for char in range(len(tokens.text)):
        if holders(tokens, char):
            continue
        before = [i for i, (a, b) in enumerate(tokens.spans) if a < b <= char]
        after = [i for i, (a, b) in enumerate(tokens.spans) if char < a < b]
        with pytest.raises(PositionError) as caught:
            tokens.at(char)
        named = [
            f"token {i} [{tokens.spans[i][0]}, {tokens.spans[i][1]})" for i in range(len(tokens))
        ]
        assert all(named[i] in caught.value.found for i in before[-1:] + after[:1])


@given(text=texts)
def test_tokenizers_agree_with_the_oracle(tokenizer: Any, text: str) -> None:
    check_at(tokenize(tokenizer, text))


@given(text=texts)
def test_every_character_but_space_is_held(tokenizer: Any, text: str) -> None:
    """Trimming may uncover white space; nothing else is ever without a token."""
    tokens = tokenize(tokenizer, text)
    for char, symbol in enumerate(text):
        if holders(tokens, char):
            assert symbol in tokens.surface(tokens.at(char))
        else:
            assert symbol.isspace()


@given(text=texts)
def test_spans_are_in_order_and_their_tokens_cover_the_text(tokenizer: Any, text: str) -> None:
    tokens = tokenize(tokenizer, text)
    full = [(start, stop) for start, stop in tokens.spans if start < stop]
    assert full == sorted(full)
    covered = {char for start, stop in full for char in range(start, stop)}
    assert "".join(c for i, c in enumerate(text) if i not in covered).strip() == ""
    assert tokens.ids == tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


@given(text=texts)
def test_untrimmed_spans_tile_the_text(text: str) -> None:
    tokens = tokenize(TILING, text)
    assert {tokens.spans[0][0], tokens.spans[-1][1]} == {0, len(text)}
    for (_, stop), (start, _) in zip(tokens.spans, tokens.spans[1:], strict=False):
        assert start <= stop


TILING = byte_level()


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    text = draw(texts)
    marker = draw(st.integers(0, len(text) - 1))
    stop = draw(st.integers(marker + 1, len(text)))
    targets = draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=6))
    marks = CharMarks(marker, text[marker:stop], tuple(targets))
    return Sample(draw(st.text("xyz", min_size=1)), draw(st.sampled_from(Group)), text, marks)


@given(sample=samples())
def test_locate_is_consistent(tokenizer: Any, sample: Sample) -> None:
    assert isinstance(sample.marks, CharMarks)
    tokens = tokenize(tokenizer, sample.text)
    marks = (sample.marks.marker, *sample.marks.targets)
    assume(all(holders(tokens, char) for char in marks))
    located = sample.locate(tokens)
    targets = [holders(tokens, target)[0] for target in sample.marks.targets]
    distinct = sorted(set(targets))
    assert located.query == holders(tokens, sample.marks.marker)[0]
    assert located.merged == len(targets) - len(distinct)
    if max(targets) >= located.query:
        assert located.excluded
        assert located.keys == ()
    else:
        assert located.excluded is None
        assert located.keys == tuple(distinct)
    covariates = located.covariates
    assert covariates.n_targets == len(distinct)
    assert covariates.n_chars == len(sample.text)
    assert covariates.n_tokens == len(tokens)
    assert covariates.first_token_is_target == (0 in distinct)
    assert covariates.distance_tokens_nearest == located.query - max(distinct)
    assert covariates.distance_tokens_nearest <= covariates.distance_tokens_mean
    assert covariates.distance_chars_nearest <= covariates.distance_chars_mean


@given(sample=samples())
def test_mark_that_no_token_holds_is_an_error(tokenizer: Any, sample: Sample) -> None:
    assert isinstance(sample.marks, CharMarks)
    tokens = tokenize(tokenizer, sample.text)
    if all(holders(tokens, char) for char in (sample.marks.marker, *sample.marks.targets)):
        sample.locate(tokens)
        return
    with pytest.raises(PositionError, match=f"sample '{sample.id}'"):
        sample.locate(tokens)


@given(st.lists(samples(), min_size=1, max_size=4, unique_by=lambda sample: sample.id))
def test_written_corpora_read_back(tmp_path_factory: Any, drawn: list[Sample]) -> None:
    corpus = Corpus(tuple(drawn))
    path = tmp_path_factory.mktemp("corpus") / "corpus.json"
    corpus.write(path)
    again = Corpus.read(path)
    assert again == corpus
    assert again.digest == corpus.digest
