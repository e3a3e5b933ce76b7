"""Prompts: what is refused, every fault at once, the file form, the digest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plip.errors import ConfigError, CorpusError
from plip.text import Prompt, Prompts

pytestmark = pytest.mark.fast

PROMPT = Prompt("one", "rust", "tests", "ö\n#[test]\nfn f() {\n", 2, "#[test]")
ENTRY = {
    "id": "one",
    "language": "rust",
    "category": "tests",
    "text": "ö\n#[test]\nfn f() {\n",
    "marker_char_pos": 2,
    "marker_pattern": "#[test]",
}


def _read(path: Path, content: Any) -> Prompts:
    file = path / "prompts.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return Prompts.read(file)


def _faults(path: Path, content: Any) -> list[str]:
    with pytest.raises(CorpusError) as raised:
        _read(path, content)
    faults: list[str] = raised.value.details["faults"]
    for fault in faults[:20]:
        assert fault in str(raised.value)
    assert "wanted prompts with their markers, found " in str(raised.value)
    assert str(raised.value).endswith("; correct the prompts")
    return faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": ""}, "wanted a id that is not empty, found ''"),
        ({"category": ""}, "wanted a category that is not empty, found ''"),
        ({"language": "go"}, "wanted 'python' or 'rust' as the language, found 'go'"),
        ({"text": ""}, "wanted a text that is not empty, found ''"),
        ({"text": "\ud800 #[test]"}, "found a lone surrogate at character 0"),
        ({"marker": 1}, "wanted '#[test]' at character 1, found '\\n#[test'; it stands at 2"),
        ({"text": "fn f() {"}, "wanted '#[test]' at character 2, found ' f() {'; it stands now"),
        ({"marker": 99}, "wanted the marker as a whole number within 0..18, found 99"),
        ({"marker": -1}, "wanted the marker as a whole number within 0..18, found -1"),
        ({"marker": True}, "wanted the marker as a whole number within 0..18, found True"),
        ({"pattern": ""}, "wanted the marker's text, found ''"),
        ({"family": "f"}, "wanted family and distance, or neither, found one of them"),
        ({"distance": "far"}, "wanted family and distance, or neither, found one of them"),
        ({"family": "", "distance": "far"}, "wanted a family that is not empty, found ''"),
    ],
)
def test_prompts_that_are_none(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(CorpusError) as raised:
        replace(PROMPT, **change)
    (found,) = raised.value.details["faults"]
    assert fault in found
    assert found.startswith(f"prompt {change.get('id', 'one')!r}: ")


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    prompts = Prompts((PROMPT, replace(PROMPT, id="two", family="two", distance="far")))
    prompts.write(tmp_path / "prompts.json")
    assert Prompts.read(tmp_path / "prompts.json") == prompts
    assert [prompt.id for prompt in prompts] == ["one", "two"]
    assert len(prompts) == 2
    assert (tmp_path / "prompts.json").read_text("utf-8").endswith("}\n")


def test_a_prompt_may_be_its_marker() -> None:
    assert Prompt("m", "python", "tests", "x", 0, "x").marker == 0


def test_what_a_file_holds_beside_its_prompts(tmp_path: Path) -> None:
    content = {"_note": "mine", "prompts": [ENTRY | {"_from": "a book"}]}
    assert _read(tmp_path, content) == Prompts((PROMPT,))


def test_every_fault_of_a_file_is_named(tmp_path: Path) -> None:
    without_marker = {key: value for key, value in ENTRY.items() if key != "marker_char_pos"}
    entries = [
        ENTRY,
        ENTRY | {"id": "far", "marker_char_pos": 400},
        without_marker | {"id": "bare"},
        {"id": "nothing"},
        ENTRY | {"id": "more", "answer": "42", "language": 3},
        "prompt",
        ENTRY,
    ]
    assert _faults(tmp_path, {"_format_version": "9", "other": 1, "prompts": entries}) == [
        "_format_version: wanted '1.0', found '9'",
        "key 'other': wanted 'prompts' alone",
        "prompt 'far': wanted the marker as a whole number within 0..18, found 400",
        "prompt 'bare': wanted marker_char_pos, found no such field",
        "prompt 'nothing': wanted language, found no such field",
        "prompt 'nothing': wanted category, found no such field",
        "prompt 'nothing': wanted text, found no such field",
        "prompt 'nothing': wanted marker_char_pos, found no such field",
        "prompt 'nothing': wanted marker_pattern, found no such field",
        "prompt 'more': field 'answer': wanted one of id, language, category, text, "
        "marker_char_pos, marker_pattern, family, distance",
        "prompt 'more': wanted 'python' or 'rust' as the language, found 3",
        "prompts[5]: wanted a JSON object, found a string",
        "prompt 'one': wanted an id of its own, found it 2 times",
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "wanted JSON in UTF-8, found "),
        ("[]", "wanted an object with a list 'prompts', found a list"),
        ("{}", "wanted an object with a list 'prompts', found no such key"),
        ('{"prompts": {}}', "wanted an object with a list 'prompts', found an object"),
        ('{"prompts": []}', "wanted at least one prompt, found none"),
        ('{"prompts": [], "prompts": []}', "key 'prompts' stands 2 times in one object"),
    ],
)
def test_files_that_hold_no_prompts(tmp_path: Path, content: str, fault: str) -> None:
    assert _faults(tmp_path, content)[0].startswith(fault)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="give the path of a prompt file in JSON"):
        Prompts.read(tmp_path / "none.json")


def test_prompts_have_ids_of_their_own() -> None:
    with pytest.raises(CorpusError, match="prompt 'one': wanted an id of its own"):
        Prompts((PROMPT, PROMPT))
    with pytest.raises(CorpusError, match="wanted at least one prompt"):
        Prompts(())


def test_the_first_ones() -> None:
    prompts = Prompts(tuple(replace(PROMPT, id=name) for name in "abc"))
    assert [prompt.id for prompt in prompts.take(2)] == ["a", "b"]
    assert prompts.take(9) == prompts
    with pytest.raises(ConfigError, match="wanted at least 1, found 0"):
        prompts.take(0)


def test_the_digest_is_of_all_that_counts() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"id": "two"},
        {"language": "python"},
        {"category": "other"},
        {"text": PROMPT.text + " "},
        {"text": "ab#[test]#[test]"},
        {"text": "ab#[test]#[test]", "marker": 9},
        {"pattern": "#[te"},
        {"family": "f", "distance": "far"},
        {"family": "g", "distance": "far"},
        {"family": "f", "distance": "close"},
    ]
    digests = [Prompts((replace(PROMPT, **change),)).digest for change in changes]
    assert len(set(digests)) == len(changes)
    two = (PROMPT, replace(PROMPT, id="two"))
    assert Prompts(two).digest != Prompts(two[::-1]).digest
    assert digests[0] == Prompts((PROMPT,)).digest
    assert len(digests[0]) == 64
