"""Corpora: what a file may hold, every fault of one, writing, digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from plip.errors import ConfigError, CorpusError, OutputError
from plip.text import CharMarks, Corpus, Group, Sample, TokenMarks, Tokens

pytestmark = pytest.mark.fast

PYTHON = {
    "id": "py",
    "code": "def é(😀):\n    >>> é",
    "marker_char_pos": 14,
    "marker_pattern": ">>>",
    "target_char_positions": [0, 4, 6],
}
RUST = {
    "id": "rs",
    "code": "fn a() {}\n#[test]",
    "marker_char_pos": 10,
    "marker_pattern": "#[test]",
    "target_char_positions": [0, 3],
}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a corpus file: JSON of what is given, or bytes as they are."""

    def to_file(content: Any) -> Path:
        path = tmp_path / "corpus.json"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return to_file


def faults_of(path: Path) -> list[str]:
    with pytest.raises(CorpusError) as caught:
        Corpus.read(path)
    assert caught.value.who == f"corpus {str(path)!r}"
    assert caught.value.exit_code == 3
    faults: list[str] = caught.value.details["faults"]
    assert all(fault in str(caught.value) for fault in faults)
    return faults


class TestRead:
    def test_universal_form(self, write: Any) -> None:
        path = write({"_note": 1, "rust_test": [RUST], "python_doctest": [PYTHON | {"more": 2}]})
        assert Corpus.read(path).samples == (
            Sample("py", Group.PYTHON_DOCTEST, PYTHON["code"], CharMarks(14, ">>>", (0, 4, 6))),
            Sample("rs", Group.RUST_TEST, RUST["code"], CharMarks(10, "#[test]", (0, 3))),
        )

    @pytest.mark.parametrize("marker", ["doctest_token_pos", "test_attr_token_pos"])
    @pytest.mark.parametrize(
        "targets",
        ["function_param_positions", "function_token_positions", "struct_token_positions"],
    )
    def test_older_form(self, write: Any, marker: str, targets: str) -> None:
        path = write({"rust_test": [{"id": "x", "code": "fn", marker: 3, targets: [0, 4]}]})
        (sample,) = Corpus.read(path)
        assert sample == Sample("x", Group.RUST_TEST, "fn", TokenMarks(3, (0, 4)))

    def test_byte_order_mark(self, write: Any) -> None:
        data = json.dumps({"rust_test": [RUST]}).encode("utf-8-sig")
        assert len(Corpus.read(write(data))) == 1

    def test_target_behind_its_marker_is_no_fault(self, write: Any) -> None:
        late = RUST | {"target_char_positions": [0, 16]}
        assert len(Corpus.read(write({"rust_test": [late]}))) == 1


class TestFaults:
    @pytest.mark.parametrize(
        ("data", "fault"),
        [
            (b"", "wanted JSON in UTF-8, found Expecting value: line 1 column 1 (char 0)"),
            (b'{"rust_test": [', "wanted JSON in UTF-8, found Expecting value"),
            (b"[" * 100_000, "wanted JSON in UTF-8, found maximum recursion depth exceeded"),
            (b'{"a": "\xff"}', "wanted JSON in UTF-8, found 'utf-8' codec can't decode byte 0xff"),
            (b'{"a": ' + b"9" * 5000 + b"}", "wanted JSON in UTF-8, found Exceeds the limit"),
            ('{"rust_test": []}'.encode("utf-16"), "wanted JSON in UTF-8, found 'utf-8' codec"),
            (b"[]", "wanted a JSON object of groups, found a list"),
            (b"null", "wanted a JSON object of groups, found null"),
            (b"1.5", "wanted a JSON object of groups, found a number with a fraction"),
        ],
    )
    def test_not_a_json_object(self, write: Any, data: bytes, fault: str) -> None:
        (found,) = faults_of(write(data))
        assert found.startswith(fault)

    def test_no_such_file(self, tmp_path: Path) -> None:
        path = tmp_path / "none.json"
        with pytest.raises(CorpusError) as caught:
            Corpus.read(path)
        assert str(caught.value) == (
            f"corpus {str(path)!r}: wanted a file that can be read, found No such file or "
            "directory; give the path of a corpus in JSON"
        )
        with pytest.raises(CorpusError, match="found Is a directory"):
            Corpus.read(tmp_path)

    @pytest.mark.parametrize(
        ("content", "faults"),
        [
            (
                {},
                [
                    "wanted a group among python_doctest, rust_test, python_baseline, "
                    "rust_baseline, found none"
                ],
            ),
            ({"rust_test": []}, ["wanted at least one sample, found none"]),
            (
                {"rust_tests": [], "rust_test": [RUST]},
                [
                    "group 'rust_tests': wanted one of python_doctest, rust_test, "
                    "python_baseline, rust_baseline"
                ],
            ),
            ({"rust_test": {}}, ["group rust_test: wanted a list of samples, found an object"]),
            ({"rust_test": [7]}, ["rust_test[0]: wanted a JSON object, found a whole number"]),
            (
                {"_format_version": "3.0", "rust_test": [RUST]},
                ["_format_version: wanted '2.0', found '3.0'"],
            ),
        ],
    )
    def test_outer_layer(self, write: Any, content: Any, faults: list[str]) -> None:
        assert faults_of(write(content)) == faults

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"id": None}, "rust_test[0]: wanted an id, found None"),
            ({"id": ""}, "rust_test[0]: wanted an id, found ''"),
            ({"id": 7}, "rust_test[0]: wanted an id, found 7"),
            ({"code": ""}, "sample 'rs': wanted a text that is not empty, found ''"),
            ({"code": 1}, "sample 'rs': wanted a text that is not empty, found 1"),
            (
                {"code": RUST["code"] + "\ud800"},
                "sample 'rs': wanted Unicode text, found a lone surrogate at character 17",
            ),
            (
                {"marker_char_pos": 11},
                "sample 'rs': wanted '#[test]' at character 11, found '[test]'; it stands at 10",
            ),
            (
                {"marker_char_pos": -7},
                "sample 'rs': wanted the marker as a whole number within 0..16, found -7",
            ),
            (
                {"marker_char_pos": 17},
                "sample 'rs': wanted the marker as a whole number within 0..16, found 17",
            ),
            (
                {"marker_char_pos": "10"},
                "sample 'rs': wanted the marker as a whole number within 0..16, found '10'",
            ),
            (
                {"marker_char_pos": 10.0},
                "sample 'rs': wanted the marker as a whole number within 0..16, found 10.0",
            ),
            (
                {"marker_char_pos": True},
                "sample 'rs': wanted the marker as a whole number within 0..16, found True",
            ),
            ({"marker_pattern": ""}, "sample 'rs': wanted the marker's text, found ''"),
            ({"marker_pattern": 5}, "sample 'rs': wanted the marker's text, found 5"),
            (
                {"target_char_positions": [0, 17]},
                "sample 'rs': wanted a target as a whole number within 0..16, found 17",
            ),
            (
                {"target_char_positions": [False]},
                "sample 'rs': wanted a target as a whole number within 0..16, found False",
            ),
            (
                {"target_char_positions": [None]},
                "sample 'rs': wanted a target as a whole number within 0..16, found None",
            ),
            (
                {"target_char_positions": []},
                "sample 'rs': wanted at least one target, found none",
            ),
            (
                {"target_char_positions": 3},
                "sample 'rs': wanted a list of targets, found a whole number",
            ),
            (
                {"doctest_token_pos": 3, "function_token_positions": [1]},
                "sample 'rs': wanted marks in characters or in tokens, "
                "found marker_char_pos and doctest_token_pos",
            ),
        ],
    )
    def test_fields(self, write: Any, change: dict[str, Any], fault: str) -> None:
        assert faults_of(write({"rust_test": [RUST | change]})) == [fault]

    @pytest.mark.parametrize(
        "field", ["id", "code", "marker_char_pos", "marker_pattern", "target_char_positions"]
    )
    def test_missing_field(self, write: Any, field: str) -> None:
        entry = {key: value for key, value in RUST.items() if key != field}
        name = "rust_test[0]" if field == "id" else "sample 'rs'"
        assert faults_of(write({"rust_test": [entry]})) == [
            f"{name}: wanted {field}, found no such field"
        ]

    def test_fields_of_the_older_form(self, write: Any) -> None:
        entries = [
            {"id": "a", "code": "fn", "doctest_token_pos": 1},
            {"id": "b", "code": "fn", "function_token_positions": [0]},
            {
                "id": "c",
                "code": "fn",
                "doctest_token_pos": 1,
                "marker_token_pos": -1,
                "struct_token_positions": [-1],
            },
        ]
        markers = "doctest_token_pos or test_attr_token_pos or marker_token_pos"
        targets = "function_param_positions or function_token_positions or struct_token_positions"
        assert faults_of(write({"rust_baseline": entries})) == [
            f"sample 'a': wanted {targets}, found no such field",
            f"sample 'b': wanted {markers}, found no such field",
            f"sample 'c': wanted {markers}, found doctest_token_pos and marker_token_pos",
            "sample 'c': wanted a target as a whole number from 0, found -1",
        ]

    def test_all_faults_of_a_file_together(self, write: Any) -> None:
        wrong = RUST | {"marker_char_pos": 3, "target_char_positions": [-1, 99]}
        short = {"id": "short", "code": "fn", "target_char_positions": [5]}
        path = write({"rust_test": [RUST, wrong, short], "python_baseline": ["x"], "go_test": []})
        assert faults_of(path) == [
            "group 'go_test': wanted one of python_doctest, rust_test, python_baseline, "
            "rust_baseline",
            "sample 'rs': wanted a target as a whole number within 0..16, found -1",
            "sample 'rs': wanted a target as a whole number within 0..16, found 99",
            "sample 'rs': wanted '#[test]' at character 3, found 'a() {}\\n'; it stands at 10",
            "sample 'short': wanted marker_char_pos, found no such field",
            "sample 'short': wanted a target as a whole number within 0..1, found 5",
            "sample 'short': wanted marker_pattern, found no such field",
            "python_baseline[0]: wanted a JSON object, found a string",
            "sample 'rs': wanted an id of its own, found it 2 times",
        ]

    def test_duplicate_id_across_groups(self, write: Any) -> None:
        path = write({"rust_test": [RUST], "rust_baseline": [RUST]})
        assert faults_of(path) == ["sample 'rs': wanted an id of its own, found it 2 times"]

    def test_key_that_stands_twice(self, write: Any) -> None:
        one = json.dumps([RUST])
        path = write(f'{{"rust_test": {one}, "rust_test": {one}}}'.encode())
        assert faults_of(path) == ["key 'rust_test' stands 2 times in one object"]


@pytest.fixture
def corpus() -> Corpus:
    return Corpus(
        tuple(
            Sample(f"{group}_{n}", group, f"fn é😀 {n}\n>>>", CharMarks(8, ">>>", (0, 3)))
            for group in reversed(Group)
            for n in range(3)
        )
    )


class TestCorpus:
    def test_order_groups_and_length(self, corpus: Corpus) -> None:
        assert len(corpus) == 12
        assert [s.id for s in corpus] == [f"{group}_{n}" for group in Group for n in range(3)]
        assert corpus.group(Group.RUST_TEST) == corpus.samples[3:6]

    def test_take(self, corpus: Corpus) -> None:
        assert [s.id for s in corpus.take(2)] == [f"{g}_{n}" for g in Group for n in range(2)]
        assert corpus.take(99) == corpus
        only = Corpus(corpus.group(Group.RUST_TEST))
        assert len(only.take(1)) == 1
        assert only.group(Group.PYTHON_DOCTEST) == ()

    @pytest.mark.parametrize("n", [0, -1])
    def test_take_nothing(self, corpus: Corpus, n: int) -> None:
        with pytest.raises(ConfigError) as caught:
            corpus.take(n)
        assert str(caught.value) == (
            f"corpus: wanted at least 1 sample of each group, found {n}; give a number from 1"
        )

    def test_empty_or_with_one_id_twice(self, corpus: Corpus) -> None:
        with pytest.raises(CorpusError, match="wanted at least one sample, found none"):
            Corpus(())
        with pytest.raises(CorpusError, match=r"sample 'rust_test_0': .* found it 2 times"):
            Corpus((*corpus, corpus.group(Group.RUST_TEST)[0]))


class TestDigest:
    def test_pinned(self, write: Any) -> None:
        # A change of the digest breaks every record that names a corpus.
        digest = Corpus.read(write({"rust_test": [RUST]})).digest
        canonical = (
            '[["CharMarks",{"group":"rust_test","id":"rs","marks":{"marker":10,'
            '"pattern":"#[test]","targets":[0,3]},"text":"fn a() {}\\n#[test]"}]]'
        )
        assert digest == hashlib.sha256(canonical.encode()).hexdigest()

    def test_layout_does_not_matter(self, write: Any, corpus: Corpus) -> None:
        content = json.loads(corpus.to_json())
        turned = dict(reversed(content.items())) | {"_description": "the same"}
        assert Corpus.read(write(turned)).digest == corpus.digest

    @pytest.mark.parametrize(
        "other",
        [
            Sample("y", Group.RUST_TEST, "fn >>> >>>", CharMarks(3, ">>>", (0,))),
            Sample("x", Group.RUST_BASELINE, "fn >>> >>>", CharMarks(3, ">>>", (0,))),
            Sample("x", Group.RUST_TEST, "fN >>> >>>", CharMarks(3, ">>>", (0,))),
            Sample("x", Group.RUST_TEST, "fn >>> >>>", CharMarks(7, ">>>", (0,))),
            Sample("x", Group.RUST_TEST, "fn >>> >>>", CharMarks(3, ">>", (0,))),
            Sample("x", Group.RUST_TEST, "fn >>> >>>", CharMarks(3, ">>>", (1,))),
            Sample("x", Group.RUST_TEST, "fn >>> >>>", CharMarks(3, ">>>", (0, 0))),
            Sample("x", Group.RUST_TEST, "fn >>> >>>", TokenMarks(3, (0,))),
        ],
    )
    def test_every_field_matters(self, other: Sample) -> None:
        one = Sample("x", Group.RUST_TEST, "fn >>> >>>", CharMarks(3, ">>>", (0,)))
        assert Corpus((one,)).digest != Corpus((other,)).digest

    def test_order_within_a_group_matters(self, corpus: Corpus) -> None:
        assert Corpus(tuple(reversed(corpus.samples))).digest != corpus.digest


class TestWrite:
    def test_read_back(self, corpus: Corpus, tmp_path: Path) -> None:
        path = tmp_path / "corpus.json"
        corpus.write(path)
        assert Corpus.read(path) == corpus
        assert path.read_bytes().endswith(b"}\n")
        assert "é😀" in path.read_text(encoding="utf-8")
        assert [p.name for p in tmp_path.iterdir()] == ["corpus.json"]

    def test_overwrites_whole(self, corpus: Corpus, tmp_path: Path) -> None:
        path = tmp_path / "corpus.json"
        path.write_text("x" * 100_000)
        corpus.take(1).write(path)
        assert Corpus.read(path) == corpus.take(1)

    def test_token_marks_need_their_tokenizer(self, tmp_path: Path) -> None:
        older = Sample("x", Group.RUST_TEST, "fn #[test]", TokenMarks(1, (0,)))
        path = tmp_path / "corpus.json"
        with pytest.raises(CorpusError) as caught:
            Corpus((older,)).write(path)
        assert caught.value.details["faults"] == [
            "sample 'x': wanted character marks, found token marks (Sample.with_char_marks "
            "turns them)"
        ]
        assert not path.exists()
        turned = older.with_char_marks(Tokens("fn #[test]", (0, 1), ((0, 2), (2, 10))))
        Corpus((turned,)).write(path)
        assert Corpus.read(path).samples == (turned,)

    def test_place_that_is_not_there(self, corpus: Corpus, tmp_path: Path) -> None:
        path = tmp_path / "no" / "corpus.json"
        with pytest.raises(OutputError) as caught:
            corpus.write(path)
        assert str(caught.value) == (
            f"file {str(path)!r}: wanted a place to write to, found No such file or directory; "
            "give a path in an existing directory with room and permission"
        )
        assert caught.value.exit_code == 5
