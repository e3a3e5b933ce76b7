"""Prompts: texts that end where a model goes on, each with a marker to steer."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from plip.errors import ConfigError, CorpusError
from plip.text.files import write_atomically
from plip.text.json_files import kind_of, load_bytes, parse_json
from plip.text.marks import CharMarks, corpus_error
from plip.text.reading import duplicate_faults
from plip.text.tokens import lone_surrogate

__all__ = ["CodeLanguage", "Prompt", "Prompts"]

CodeLanguage = Literal["python", "rust"]

_FORMAT_KEY = "_format_version"
_FORMAT_VERSION = "1.0"
_MARKER_KEY = "marker_char_pos"
_PATTERN_KEY = "marker_pattern"
_REQUIRED = ("id", "language", "category", "text", _MARKER_KEY, _PATTERN_KEY)
_OPTIONAL = ("family", "distance")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to be continued, with one marker.

    Args:
        id: its name, unlike that of any other prompt.
        language: of the code.
        category: what it is about, such as "arithmetic".
        text: not empty; the continuation begins right behind it.
        marker: where the marker begins, in code points.
        pattern: the marker's own text, such as "#[test]".
        family: of a prompt that stands at several distances, what these have in common.
        distance: of such a prompt, which distance it is, such as "far".

    Raises:
        CorpusError: a field without meaning, or a marker that does not stand where it is said to;
            every fault is listed in `details["faults"]`.
    """

    id: str
    language: CodeLanguage
    category: str
    text: str
    marker: int
    pattern: str
    family: str | None = None
    distance: str | None = None

    def __post_init__(self) -> None:
        faults = _faults(asdict(self))
        if faults:
            raise _error(
                f"prompt {self.id!r}", [f"prompt {self.id!r}: {fault}" for fault in faults]
            )


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts with unique ids, in order.

    Raises:
        CorpusError: no prompt, or two with one id.
    """

    prompts: tuple[Prompt, ...]

    def __post_init__(self) -> None:
        faults = _duplicates([prompt.id for prompt in self.prompts])
        if not self.prompts:
            faults.append("wanted at least one prompt, found none")
        if faults:
            raise _error("prompts", faults)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Prompts:
        """Read a prompt file.

            {"prompts": [{"id": …, "language": "rust", "category": …, "text": …,
                          "marker_char_pos": 45, "marker_pattern": "#[test]",
                          "family": …, "distance": …}, …]}

        The last two are for prompts that stand at several distances. Keys that begin with an
        underscore are passed over.

        Raises:
            CorpusError: every fault of the file, with the prompts' ids, in `details["faults"]`.
        """
        who = f"prompts {os.fspath(path)!r}"
        data = load_bytes(path, who, what="a prompt file")
        try:
            content, faults = parse_json(data)
        except ValueError as error:
            raise _error(who, [f"wanted JSON in UTF-8, found {error}"]) from error
        entries = content.get("prompts") if isinstance(content, dict) else None
        if not isinstance(entries, list):
            found = "no such key" if isinstance(content, dict) else kind_of(content)
            found = found if entries is None else kind_of(entries)
            raise _error(who, [*faults, f"wanted an object with a list 'prompts', found {found}"])
        version = content.get(_FORMAT_KEY, _FORMAT_VERSION)
        if version != _FORMAT_VERSION:
            faults.append(f"{_FORMAT_KEY}: wanted {_FORMAT_VERSION!r}, found {version!r}")
        faults += [
            f"key {key!r}: wanted 'prompts' alone"
            for key in content
            if key != "prompts" and not key.startswith("_")
        ]
        prompts: list[Prompt] = []
        for index, entry in enumerate(entries):
            try:
                prompts.append(_prompt(index, entry))
            except CorpusError as error:
                faults += error.details["faults"]
        ids = [entry["id"] for entry in entries if isinstance(entry, dict) and "id" in entry]
        faults += _duplicates([id_ for id_ in ids if isinstance(id_, str)])
        if not entries:
            faults.append("wanted at least one prompt, found none")
        if faults:
            raise _error(who, faults)
        return cls(tuple(prompts))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the form that `read` reads, whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        write_atomically(path, self.to_json())

    def to_json(self) -> str:
        """Render the file: two spaces of indent, a final newline."""
        entries = []
        for prompt in self.prompts:
            entry: dict[str, Any] = {
                "id": prompt.id,
                "language": prompt.language,
                "category": prompt.category,
                "text": prompt.text,
                _MARKER_KEY: prompt.marker,
                _PATTERN_KEY: prompt.pattern,
            }
            more = {"family": prompt.family, "distance": prompt.distance}
            entries.append(entry | {key: value for key, value in more.items() if value is not None})
        content = {_FORMAT_KEY: _FORMAT_VERSION, "prompts": entries}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def take(self, n: int) -> Prompts:
        """Keep the first `n`, or all if there are fewer.

        Raises:
            ConfigError: `n` is less than 1.
        """
        if n < 1:
            raise ConfigError(
                "prompts", wanted="at least 1", found=f"{n}", advice="give a number from 1"
            )
        return Prompts(self.prompts[:n])

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the prompts in order, however a file lays them out."""
        content = [asdict(prompt) for prompt in self.prompts]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def __iter__(self) -> Iterator[Prompt]:
        """Go through the prompts in order."""
        return iter(self.prompts)

    def __len__(self) -> int:
        """Count the prompts."""
        return len(self.prompts)


def _prompt(index: int, entry: Any) -> Prompt:
    """Build one prompt, or raise a CorpusError with all its faults."""
    name = f"prompts[{index}]"
    if not isinstance(entry, dict):
        raise _error(name, [f"{name}: wanted a JSON object, found {kind_of(entry)}"])
    if isinstance(entry.get("id"), str) and entry["id"]:
        name = f"prompt {entry['id']!r}"
    faults = [f"wanted {key}, found no such field" for key in _REQUIRED if key not in entry]
    faults += [
        f"field {key!r}: wanted one of {', '.join((*_REQUIRED, *_OPTIONAL))}"
        for key in entry
        if key not in (*_REQUIRED, *_OPTIONAL) and not key.startswith("_")
    ]
    names = {_MARKER_KEY: "marker", _PATTERN_KEY: "pattern"}
    fields = {names.get(key, key): entry[key] for key in (*_REQUIRED, *_OPTIONAL) if key in entry}
    faults += _faults(fields)
    if faults:
        raise _error(name, [f"{name}: {fault}" for fault in faults])
    return Prompt(**fields)


def _faults(fields: dict[str, Any]) -> list[str]:
    """List in words what keeps these values from being a prompt; missing ones are passed over."""
    faults = [
        f"wanted a {key} that is not empty, found {fields[key]!r}"
        for key in ("id", "category")
        if key in fields and not (isinstance(fields[key], str) and fields[key])
    ]
    languages = get_args(CodeLanguage)
    if "language" in fields and fields["language"] not in languages:
        wanted = " or ".join(map(repr, languages))
        faults.append(f"wanted {wanted} as the language, found {fields['language']!r}")
    for key in _OPTIONAL:
        value = fields.get(key)
        if value is not None and not (isinstance(value, str) and value):
            faults.append(f"wanted a {key} that is not empty, found {value!r}")
    if (fields.get("family") is None) != (fields.get("distance") is None):
        faults.append("wanted family and distance, or neither, found one of them")
    text = fields.get("text")
    if "text" in fields and not (isinstance(text, str) and text):
        faults.append(f"wanted a text that is not empty, found {text!r}")
        text = None
    elif text is not None and (lone := lone_surrogate(text)) is not None:
        faults.append(f"wanted Unicode text, found a lone surrogate at character {lone}")
        text = None
    if "marker" in fields and "pattern" in fields:
        # Prompts have no targets: any position that is one will do.
        marks = CharMarks(fields["marker"], fields["pattern"], (0,))
        found = marks.faults(text)
        faults += [*found["marker"], *found["pattern"]]
    return faults


def _duplicates(ids: list[str]) -> list[str]:
    return [fault.replace("sample", "prompt", 1) for fault in duplicate_faults(ids)]


def _error(who: str, faults: list[str]) -> CorpusError:
    return corpus_error(
        who, faults, wanted="prompts with their markers", advice="correct the prompts"
    )
