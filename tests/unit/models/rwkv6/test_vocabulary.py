"""Vocabulary files: what a line says, which lines are refused, where the file is found."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from huggingface_hub import constants
from world import numbered, write

from plip.errors import CheckpointError, ModelNotFoundError
from plip.models.rwkv6.vocabulary import VOCABULARY_FILE, find_vocabulary, read_vocabulary

pytestmark = pytest.mark.fast


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / VOCABULARY_FILE


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("1 'def' 3", b"def"),
        ("1 ' ' 1", b" "),
        ("1 'a b  c' 6", b"a b  c"),
        ('1 "it\'s" 4', b"it's"),
        ("1 'a\"b' 3", b'a"b'),
        (r"1 'a\'\"b' 4", b"a'\"b"),
        (r"1 '\n\t\\' 3", b"\n\t\\"),
        (r"1 '\x00' 1", b"\0"),
        ("1 '漢' 3", "漢".encode()),
        (r"1 '\u6f22\U0001f600' 7", "漢😀".encode()),
        (r"1 '\x80' 2", b"\xc2\x80"),
        (r"1 b'\x80' 1", b"\x80"),
        (r"1 b'\xe6\xbc' 2", b"\xe6\xbc"),
        ("1 b'ab' 2", b"ab"),
        ("1 '\u2028\x0b\x85' 6", "\u2028\x0b\x85".encode()),
    ],
)
def test_what_a_line_says(path: Path, text: str, token: bytes) -> None:
    path.write_text(text + "\n", encoding="utf-8", newline="")
    assert read_vocabulary(path).tokens == {1: token}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(path: Path, end: str, last: bool) -> None:
    path.write_bytes(end.join(["1 'a' 1", "2 'b' 1", ""][: 3 if last else 2]).encode())
    assert read_vocabulary(path).tokens == {1: b"a", 2: b"b"}


def test_ids_may_have_gaps(path: Path) -> None:
    path.write_text("5 'a' 1\n7334 'def' 3\n")
    assert read_vocabulary(path).tokens == {5: b"a", 7334: b"def"}


def test_digest_is_that_of_the_file(path: Path) -> None:
    write(path, numbered("def"))
    assert read_vocabulary(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()


LITERAL = "a str or bytes literal"


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("", "an id, a literal and a length", "''"),
        ("2", "an id, a literal and a length", "'2'"),
        ("2 'b'", "an id, a literal and a length", "\"2 'b'\""),
        (" 2 'b' 1", "a number as the id", "''"),
        ("two 'b' 1", "a number as the id", "'two'"),
        ("-2 'b' 1", "a number as the id", "'-2'"),
        ("2.0 'b' 1", "a number as the id", "'2.0'"),
        ("1_0 'b' 1", "a number as the id", "'1_0'"),
        ("٢ 'b' 1", "a number as the id", "'٢'"),
        (f"{'9' * 5000} 'b' 1", "a number as the id", f"'{'9' * 40}…'"),
        ("2 b 1", LITERAL, "'b'"),
        ("2 'b 1", LITERAL, '"\'b"'),
        ("2 'b'' 1", LITERAL, "\"'b''\""),
        ("2 'b' 'c' 1 1", LITERAL, "\"'b' 'c' 1\""),
        ("2 'b' 'c' 2", LITERAL, "\"'b' 'c'\""),
        ("2 'b\\' 1", LITERAL, "b"),
        ("2 b'\0\\n' 2", LITERAL, r"\x00"),
        (f"2 {'-' * 100_000}1 1", LITERAL, f"'{'-' * 40}…'"),
        ("2 'b', 1", LITERAL, "\"'b',\""),
        ("2 98 1", LITERAL, "'98'"),
        ("2 None 1", LITERAL, "'None'"),
        ("2 ['b'] 1", LITERAL, "\"['b']\""),
        ("2 f'b' 1", LITERAL, "\"f'b'\""),
        ("2 chr(98) 1", LITERAL, "'chr(98)'"),
        ("2 '\\ud800' 3", LITERAL, r"\ud800"),
        ("2 '\\x9' 1", LITERAL, r"\x9"),
        ("2 b'é' 2", LITERAL, "é"),
        (f"2 {'(' * 3000} 1", LITERAL, f"'{'(' * 40}…'"),
        ("2 'b' 2", "the length of \"'b'\", 1", "'2'"),
        ("2 'b' -1", "the length of \"'b'\", 1", "'-1'"),
        ("2 'b' one", "the length of \"'b'\", 1", "'one'"),
        ("2 'é' 1", "the length of \"'é'\", 2", "'1'"),
        ("2 '' 0", "a token of one byte or more", "an empty one"),
        ("0 'b' 1", "an id from 2", "0"),
        ("1 'b' 1", "an id from 2", "1"),
        ("2 'a' 1", "a token of its own", "b'a', as for id 1"),
        ("2 b'a' 1", "a token of its own", "b'a', as for id 1"),
    ],
)
def test_bad_line_is_named(path: Path, text: str, wanted: str, found: str) -> None:
    path.write_text(f"1 'a' 1\n{text}\n3 'c' 1\n", encoding="utf-8", newline="")
    with pytest.raises(CheckpointError) as caught:
        read_vocabulary(path)
    error = caught.value
    assert error.who == f"{path}, line 2"
    assert error.wanted == wanted
    assert found in error.found
    assert str(error).endswith("; download the vocabulary again")
    assert error.details == {"path": str(path), "line": 2}


def test_the_whole_text_of_an_error(path: Path) -> None:
    path.write_text("1 'a' 1\n2 'bc' 3\n")
    with pytest.raises(CheckpointError) as caught:
        read_vocabulary(path)
    assert str(caught.value) == (
        f"{path}, line 2: wanted the length of \"'bc'\", 2, found '3'; "
        "download the vocabulary again"
    )


@pytest.mark.parametrize(("text", "number"), [("0 'a' 1\n", 1), ("1 'a' 1\n3 'c' 1\n2 'b' 1\n", 3)])
def test_first_and_last_line_are_checked(path: Path, text: str, number: int) -> None:
    path.write_text(text)
    with pytest.raises(CheckpointError, match=f"line {number}: wanted an id from"):
        read_vocabulary(path)


def test_bytes_that_are_no_utf8(path: Path) -> None:
    path.write_bytes(b"1 'a' 1\n2 '\xc3\xa9' 2\n3 '\xff' 1\n")
    with pytest.raises(CheckpointError, match=r"line 3: wanted UTF-8, found byte 0xff at 3;"):
        read_vocabulary(path)


def test_nothing_is_evaluated(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    path.write_text(f"1 open({str(victim)!r},'w').write('x')and'a' 1\n")
    with pytest.raises(CheckpointError, match=LITERAL):
        read_vocabulary(path)
    assert not victim.exists()


def test_empty_file(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="line 1: wanted a token, found an empty file"):
        read_vocabulary(path)


def test_no_file(path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_vocabulary(path)
    assert str(caught.value) == (
        f"{path}: wanted a vocabulary that can be read, found {os.strerror(2)}; "
        "download the checkpoint again"
    )


def test_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="wanted a vocabulary that can be read"):
        read_vocabulary(tmp_path)


class TestFind:
    def test_a_file(self, tmp_path: Path) -> None:
        mine = write(tmp_path / "mine.txt", numbered())
        assert find_vocabulary(mine) == mine
        assert find_vocabulary(str(mine)) == mine

    def test_in_a_directory(self, path: Path) -> None:
        write(path, numbered())
        assert find_vocabulary(path.parent) == path

    def test_under_another_name(self, tmp_path: Path) -> None:
        mine = write(tmp_path / "mine.txt", numbered())
        (tmp_path / "tokenizer_config.json").write_text('{"vocab_file": "mine.txt"}')
        assert find_vocabulary(tmp_path) == mine

    def test_the_published_name_comes_first(self, path: Path) -> None:
        write(path, numbered())
        write(path.with_name("mine.txt"), numbered())
        path.with_name("tokenizer_config.json").write_text('{"vocab_file": "mine.txt"}')
        assert find_vocabulary(path.parent) == path

    @pytest.mark.parametrize(
        "config",
        [None, {}, [], {"vocab_file": None}, {"vocab_file": "gone.txt"}],
    )
    def test_nowhere(self, tmp_path: Path, config: object) -> None:
        if config is not None:
            (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
        with pytest.raises(CheckpointError) as caught:
            find_vocabulary(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path}: wanted a vocabulary, {VOCABULARY_FILE}, found a checkpoint without it; "
            "download the vocabulary too"
        )

    @pytest.mark.parametrize("name", ["../mine.txt", "/etc/passwd", "sub/mine.txt", "..\\a", "", 3])
    def test_outside_the_directory(self, tmp_path: Path, name: object) -> None:
        directory = tmp_path / "checkpoint"
        (directory / "sub").mkdir(parents=True)
        for each in (tmp_path, directory / "sub"):
            write(each / "mine.txt", numbered())
        (directory / "tokenizer_config.json").write_text(json.dumps({"vocab_file": name}))
        with pytest.raises(CheckpointError, match="as vocab_file the name of a file beside it"):
            find_vocabulary(directory)

    def test_broken_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "tokenizer_config.json").write_text("{")
        with pytest.raises(CheckpointError, match="wanted a tokenizer's configuration in JSON"):
            find_vocabulary(tmp_path)

    @pytest.mark.parametrize("name", ["nobody/nothing-rwkv6", "./nothing", "a/b/c/d", "/nothing"])
    def test_no_such_id_or_directory(self, name: str) -> None:
        with pytest.raises(ModelNotFoundError) as caught:
            find_vocabulary(name)
        assert str(caught.value).startswith(
            f"{name}: wanted a model id or a directory with its {VOCABULARY_FILE}, found "
        )

    def test_in_the_cache_of_the_hub(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = tmp_path / "hub" / "models--someone--tiny"
        (repository / "refs").mkdir(parents=True)
        commits = {"main": "0" * 40, "old": "f" * 40}
        for branch, commit in commits.items():
            (repository / "refs" / branch).write_text(commit)
            (repository / "snapshots" / commit).mkdir(parents=True)
            write(repository / "snapshots" / commit / VOCABULARY_FILE, numbered(branch))
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        for branch, commit in commits.items():
            found = find_vocabulary("someone/tiny", branch)
            assert found == repository / "snapshots" / commit / VOCABULARY_FILE
        assert "0" * 40 in str(find_vocabulary("someone/tiny"))
