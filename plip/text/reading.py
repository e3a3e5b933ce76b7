"""Read the two JSON forms of a corpus, and gather every fault of a file.

Universal form, version 2.0 (character positions, any tokenizer):

    {"_format_version": "2.0",
     "rust_test": [{"id": …, "code": …, "marker_char_pos": 45, "marker_pattern": "#[test]",
                    "target_char_positions": [0, 3, 6]}, …], …}

The older form holds token positions, under key names of their own in each group.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from plip.errors import CorpusError
from plip.text.json_files import kind_of, load_bytes, parse_json
from plip.text.marks import CharMarks, Group, TokenMarks, corpus_error
from plip.text.sample import Sample, sample_faults

__all__ = ["read_samples"]

TOKEN_MARKER_KEYS = ("doctest_token_pos", "test_attr_token_pos", "marker_token_pos")
TOKEN_TARGET_KEYS = (
    "function_param_positions",
    "function_token_positions",
    "struct_token_positions",
)
CHAR_MARKER_KEY = "marker_char_pos"
PATTERN_KEY = "marker_pattern"
CHAR_TARGETS_KEY = "target_char_positions"
FORMAT_KEY = "_format_version"
FORMAT_VERSION = "2.0"


def read_samples(path: str | os.PathLike[str]) -> tuple[Sample, ...]:
    """Read and check every sample of a corpus file.

    Top-level keys that begin with an underscore describe the file and are passed over, and so
    are fields of a sample that belong to neither form; any other top-level key must be a group.

    Args:
        path: a JSON file in UTF-8, of either form.

    Returns:
        The samples, in the order of `Group` and of the file.

    Raises:
        CorpusError: anything in the file that is not as it should be, all of it.
    """
    who = f"corpus {os.fspath(path)!r}"
    content, faults = _parse(load_bytes(path, who, what="a corpus"), who)
    samples: list[Sample] = []
    ids: list[str] = []
    for group in Group:
        entries = content.get(group.value, [])
        if not isinstance(entries, list):
            faults.append(f"group {group}: wanted a list of samples, found {kind_of(entries)}")
            continue
        for index, entry in enumerate(entries):
            name = _name(group, index, entry)
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                ids.append(entry["id"])
            try:
                samples.append(_sample(group, name, entry))
            except CorpusError as error:
                faults += error.details["faults"]
    faults += duplicate_faults(ids)
    if not faults and not samples:
        faults.append("wanted at least one sample, found none")
    if faults:
        raise corpus_error(who, faults)
    return tuple(samples)


def duplicate_faults(ids: Sequence[str]) -> list[str]:
    """List ids that stand for more than one sample."""
    return [
        f"sample {id!r}: wanted an id of its own, found it {count} times"
        for id, count in Counter(ids).items()
        if count > 1
    ]


def _parse(data: bytes, who: str) -> tuple[dict[str, Any], list[str]]:
    """Decode the file and check its outermost layer."""
    try:
        content, faults = parse_json(data)
    except ValueError as error:
        raise corpus_error(who, [f"wanted JSON in UTF-8, found {error}"]) from error
    if not isinstance(content, dict):
        raise corpus_error(who, [f"wanted a JSON object of groups, found {kind_of(content)}"])
    known = ", ".join(Group)
    keys = [key for key in content if not key.startswith("_")]
    faults += [f"group {key!r}: wanted one of {known}" for key in keys if key not in set(Group)]
    if not keys:
        faults.append(f"wanted a group among {known}, found none")
    version = content.get(FORMAT_KEY, FORMAT_VERSION)
    if version != FORMAT_VERSION:
        faults.append(f"{FORMAT_KEY}: wanted {FORMAT_VERSION!r}, found {version!r}")
    return content, faults


def _name(group: Group, index: int, entry: Any) -> str:
    if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]:
        return f"sample {entry['id']!r}"
    return f"{group}[{index}]"


def _sample(group: Group, name: str, entry: Any) -> Sample:
    """Build one sample, or raise a CorpusError with all its faults."""
    if not isinstance(entry, dict):
        raise corpus_error(name, [f"{name}: wanted a JSON object, found {kind_of(entry)}"])
    of_chars = [k for k in (CHAR_MARKER_KEY, PATTERN_KEY, CHAR_TARGETS_KEY) if k in entry]
    of_tokens = [k for k in (*TOKEN_MARKER_KEYS, *TOKEN_TARGET_KEYS) if k in entry]
    faults: dict[str, list[str]] = {}
    if of_chars and of_tokens:
        both = f"{of_chars[0]} and {of_tokens[0]}"
        faults["marks"] = [f"wanted marks in characters or in tokens, found {both}"]
    id_ = _field(entry, "id", ("id",), faults)
    text = _field(entry, "text", ("code",), faults)
    marks: CharMarks | TokenMarks
    if of_tokens:
        marker = _field(entry, "marker", TOKEN_MARKER_KEYS, faults)
        targets = _targets(entry, TOKEN_TARGET_KEYS, faults)
        marks = TokenMarks(marker, targets)
    else:
        marker = _field(entry, "marker", (CHAR_MARKER_KEY,), faults)
        pattern = _field(entry, "pattern", (PATTERN_KEY,), faults)
        targets = _targets(entry, (CHAR_TARGETS_KEY,), faults)
        marks = CharMarks(marker, pattern, targets)
    # What is known of a field from the file explains more than what its stand-in looks like.
    listed = [
        fault for field in (sample_faults(id_, text, marks) | faults).values() for fault in field
    ]
    if listed:
        raise corpus_error(name, (f"{name}: {fault}" for fault in listed))
    return Sample(id_, group, text, marks)


def _field(
    entry: dict[str, Any], field: str, names: Sequence[str], faults: dict[str, list[str]]
) -> Any:
    """Take the one value among `names`, or note which is missing and return None."""
    present = [name for name in names if name in entry]
    if len(present) == 1:
        return entry[present[0]]
    found = " and ".join(present) or "no such field"
    faults[field] = [f"wanted {' or '.join(names)}, found {found}"]
    return None


def _targets(
    entry: dict[str, Any], names: Sequence[str], faults: dict[str, list[str]]
) -> tuple[Any, ...]:
    value = _field(entry, "targets", names, faults)
    if isinstance(value, list):
        return tuple(value)
    faults.setdefault("targets", [f"wanted a list of targets, found {kind_of(value)}"])
    return ()
