"""Laws of the world tokenizer, for any vocabulary and any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import BYTES, greedy, line, write

from plip.errors import CheckpointError, TextError
from plip.models.rwkv6.tokenizer import Rwkv6Tokenizer, world_tokenizer
from plip.models.rwkv6.vocabulary import read_vocabulary
from plip.text import tokenize

pytestmark = pytest.mark.fast

# Few characters, of one to four bytes, so that drawn tokens often fit drawn texts.
texts = st.text(
    st.sampled_from("ab (\n漢字é😀😁\u0301") | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=30,
)


@st.composite
def longer_tokens(draw: st.DrawFn) -> list[bytes]:
    """Pieces of texts, cut anywhere between two bytes."""
    tokens = []
    for text in draw(st.lists(texts, max_size=12)):
        data = text.encode()
        start = draw(st.integers(0, len(data) - 1))
        tokens.append(data[start : start + draw(st.integers(2, 9))])
    return list(dict.fromkeys(token for token in tokens if len(token) > 1))


@st.composite
def vocabularies(draw: st.DrawFn) -> dict[int, bytes]:
    """All bytes and some longer tokens, with gaps between the ids."""
    tokens, last = dict(BYTES), 256
    for token in draw(longer_tokens()):
        last += draw(st.integers(1, 9))
        tokens[last] = token
    return tokens


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("world") / "vocabulary.txt"

    def make(tokens: dict[int, bytes]) -> Rwkv6Tokenizer:
        return world_tokenizer(write(path, tokens))

    return make


@given(tokens=vocabularies(), text=texts)
def test_ids_are_the_longest_tokens(load: Any, tokens: dict[int, bytes], text: str) -> None:
    world = load(tokens)
    ids = greedy(tokens.items(), text.encode())
    assert world(text)["input_ids"] == ids
    assert world.convert_tokens_to_ids(world.tokenize(text)) == ids
    assert world.decode(ids) == text


@given(tokens=vocabularies(), text=texts)
def test_spans_are_the_characters_with_bytes_of_the_token(
    load: Any, tokens: dict[int, bytes], text: str
) -> None:
    cut = tokenize(load(tokens), text)
    owner = [char for char, symbol in enumerate(text) for _ in symbol.encode()]
    start = 0
    for index, span in zip(cut.ids, cut.spans, strict=True):
        stop = start + len(tokens[index])
        assert set(range(*span)) == set(owner[start:stop])
        start = stop
    assert start == len(owner)
    for char in range(len(text)):
        first = owner.index(char)
        ends = [sum(len(tokens[i]) for i in cut.ids[: n + 1]) for n in range(len(cut))]
        assert cut.at(char) == min(n for n, end in enumerate(ends) if first < end)


@given(tokens=vocabularies(), texts=st.lists(texts, min_size=1, max_size=4), right=st.booleans())
def test_padding_changes_nothing(
    load: Any, tokens: dict[int, bytes], texts: list[str], right: bool
) -> None:
    world = load(tokens)
    side = "right" if right else "left"
    batch = world(texts, padding=True, padding_side=side, return_offsets_mapping=True)
    for row, text in enumerate(texts):
        alone = tokenize(world, text)
        kept = [place for place, real in enumerate(batch["attention_mask"][row]) if real]
        assert [batch["input_ids"][row][place] for place in kept] == list(alone.ids)
        assert [batch["offset_mapping"][row][place] for place in kept] == list(alone.spans)
        rest = set(range(len(batch["input_ids"][row]))) - set(kept)
        assert all(batch["input_ids"][row][place] == 0 for place in rest)


@given(tokens=vocabularies(), ids=st.lists(st.integers(0, 400), max_size=20))
def test_any_ids_decode(load: Any, tokens: dict[int, bytes], ids: list[int]) -> None:
    world = load(tokens)
    data = b"".join(b"<s>" if i == 0 else tokens.get(i, "\ufffd".encode()) for i in ids)
    assert world.decode(ids) == data.decode("utf-8", errors="replace")
    kept = [i for i in ids if i != 0]
    assert world.decode(ids, skip_special_tokens=True) == world.decode(kept)


@given(tokens=vocabularies())
def test_names_are_one_to_one(load: Any, tokens: dict[int, bytes]) -> None:
    names = load(tokens).get_vocab()
    assert sorted(names.values()) == [0, *tokens]
    world = load(tokens)
    assert all(world.convert_ids_to_tokens(index) == name for name, index in names.items())


@given(tokens=longer_tokens(), text=texts)
def test_without_all_bytes_it_is_exact_or_an_error(
    load: Any, tokens: list[bytes], text: str
) -> None:
    some = dict(enumerate([*tokens, *(bytes([b]) for b in b"ab\n ")], start=1))
    world = load(some)
    # The same with the missing bytes, which stand where the cut must stop.
    absent = {1000 + b: bytes([b]) for b in range(256) if bytes([b]) not in some.values()}
    ids = greedy((some | absent).items(), text.encode())
    missing = [place for place, index in enumerate(ids) if index in absent]
    if missing:
        reached = sum(len(some[index]) for index in ids[: missing[0]])
        owner = [char for char, symbol in enumerate(text) for _ in symbol.encode()]
        with pytest.raises(TextError) as caught:
            tokenize(world, text)
        assert caught.value.details == {"char": owner[reached]}
    else:
        assert tokenize(world, text).ids == tuple(ids)


@given(st.binary(min_size=1, max_size=12) | texts.map(str.encode))
def test_every_token_reads_back_from_either_literal(
    tmp_path_factory: pytest.TempPathFactory, token: bytes
) -> None:
    path = tmp_path_factory.mktemp("line") / "vocabulary.txt"
    for text in (line(1, token), f"1 {token!r} {len(token)}\n"):
        path.write_text(text, encoding="utf-8", newline="")
        assert read_vocabulary(path).tokens == {1: token}


@given(st.binary(max_size=60) | st.text("0123 'ab\\xu\"\n", max_size=40).map(str.encode))
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "vocabulary.txt"
    path.write_bytes(content)
    refused = refusal(path)
    if refused is not None:
        assert 1 <= refused.details["line"] <= content.count(b"\n") + 1
        return
    tokens = read_vocabulary(path).tokens
    assert list(tokens) == sorted(set(tokens))
    assert len(set(tokens.values())) == len(tokens)
    assert min(tokens) > 0
    assert all(tokens.values())


def refusal(path: Path) -> CheckpointError | None:
    try:
        read_vocabulary(path)
    except CheckpointError as error:
        return error
    return None
