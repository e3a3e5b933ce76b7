"""The file of the RWKV "world" vocabulary: a token of bytes on each line.

    255 b'\\xfe' 1
    261 '\\n\\n' 2

An id, a Python literal (a str stands for its UTF-8 bytes), and the number of bytes.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from transformers.utils import cached_file

from plip.errors import CheckpointError, ModelNotFoundError

__all__ = ["END", "VOCABULARY_FILE", "Vocabulary", "find_vocabulary", "read_vocabulary"]

#: The id that ends a text. It stands for no bytes, and no line may have it.
END = 0

#: What published checkpoints call the file.
VOCABULARY_FILE = "rwkv_vocab_v20230424.txt"

# What repr() writes for a str or bytes; nothing else in a line is given to the parser.
_LITERAL = re.compile(r"""b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens and their ids.

    Args:
        tokens: id → bytes, in the order of the ids, which begin at 1 and may have gaps.
        source: the file as it was read.
    """

    tokens: dict[int, bytes]
    source: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.source).hexdigest()


def find_vocabulary(source: str | Path, revision: str | None = None) -> Path:
    """Find the vocabulary file of a checkpoint.

    That is `rwkv_vocab_v20230424.txt`, or, where there is none, what `vocab_file` in
    `tokenizer_config.json` names. Nothing else in that file counts, `auto_map` included.

    Args:
        source: the file itself, a directory, or a hub id.
        revision: a commit, branch or tag of a hub repository.

    Raises:
        CheckpointError: a checkpoint without vocabulary.
        ModelNotFoundError: no such hub id, or no way to reach the hub.
    """
    if Path(source).is_file():
        return Path(source)
    found = _file(source, VOCABULARY_FILE, revision)
    if found is None:
        named = _named_file(source, revision)
        found = None if named is None else _file(source, named, revision)
    if found is None and Path(source).is_dir():
        raise CheckpointError(
            str(source),
            wanted=f"a vocabulary, {VOCABULARY_FILE}",
            found="a checkpoint without it",
            advice="download the vocabulary too",
        )
    if found is None:
        raise _not_found(source, VOCABULARY_FILE, "none there, or no way to look")
    return found


def _file(source: str | Path, name: str, revision: str | None) -> Path | None:
    try:
        found = cached_file(
            str(source), name, revision=revision, _raise_exceptions_for_missing_entries=False
        )
    except OSError as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise _not_found(source, name, lines[0]) from error
    return None if found is None else Path(found)


def _not_found(source: str | Path, name: str, found: str) -> ModelNotFoundError:
    return ModelNotFoundError(
        str(source),
        wanted=f"a model id or a directory with its {name}",
        found=found,
        advice="check the id and the network; HF_HUB_OFFLINE=1 keeps to the local cache",
    )


def _named_file(source: str | Path, revision: str | None) -> str | None:
    """Return what `tokenizer_config.json` calls the vocabulary, a file beside it."""
    config = _file(source, "tokenizer_config.json", revision)
    if config is None:
        return None
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            str(config),
            wanted="a tokenizer's configuration in JSON",
            found=f"{type(error).__name__}: {error}",
            advice="download the checkpoint again",
        ) from error
    name = content.get("vocab_file") if isinstance(content, dict) else None
    if name is None:
        return None
    if not isinstance(name, str) or not name or Path(name).name != name or "\\" in name:
        raise CheckpointError(
            str(config),
            wanted="as vocab_file the name of a file beside it",
            found=repr(name),
            advice=f"call the vocabulary {VOCABULARY_FILE}",
        )
    return name


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary and check every line of it.

    Nothing in the file is evaluated but literals.

    Raises:
        CheckpointError: a file that cannot be read, or a line that is no token; it names the line.
    """
    try:
        source = path.read_bytes()
    except (OSError, ValueError) as error:
        raise CheckpointError(
            str(path),
            wanted="a vocabulary that can be read",
            found=getattr(error, "strerror", None) or str(error),
            advice="download the checkpoint again",
        ) from error
    lines = _lines(path, source)
    tokens: dict[int, bytes] = {}
    owners: dict[bytes, int] = {}
    last = END
    for number, line in enumerate(lines, start=1):
        index, token = _entry(path, number, line)
        if index <= last:
            _fail(path, number, f"an id from {last + 1}", str(index))
        if token in owners:
            _fail(path, number, "a token of its own", f"{token!r}, as for id {owners[token]}")
        tokens[index] = token
        owners[token] = last = index
    if not tokens:
        _fail(path, 1, "a token", "an empty file")
    return Vocabulary(tokens, source)


def _lines(path: Path, source: bytes) -> list[str]:
    # Not splitlines(): a token may hold the other characters that it breaks lines at.
    lines = source.split(b"\n")
    if not lines[-1]:
        lines.pop()
    decoded = []
    for number, line in enumerate(lines, start=1):
        try:
            decoded.append(line.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            _fail(path, number, "UTF-8", f"byte 0x{line[error.start]:02x} at {error.start}")
    return decoded


def _entry(path: Path, number: int, line: str) -> tuple[int, bytes]:
    """Read one line: an id and its bytes."""
    index, _, rest = line.partition(" ")
    literal, _, length = rest.rpartition(" ")
    if not literal:
        _fail(path, number, "an id, a literal and a length", _shown(line))
    if not _is_count(index):
        _fail(path, number, "a number as the id", _shown(index))
    token = _token(path, number, literal)
    if not _is_count(length) or int(length) != len(token):
        _fail(path, number, f"the length of {_shown(literal)}, {len(token)}", _shown(length))
    if not token:
        _fail(path, number, "a token of one byte or more", "an empty one")
    return int(index), token


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _token(path: Path, number: int, literal: str) -> bytes:
    wanted = "a str or bytes literal"
    if not _LITERAL.fullmatch(literal):
        _fail(path, number, wanted, _shown(literal))
    if "\\" not in literal and not literal.startswith("b"):
        # It means itself, as nearly all do; the parser takes eight times as long to say so.
        return literal[1:-1].encode()
    try:
        value: str | bytes = ast.literal_eval(literal)
        return value.encode() if isinstance(value, str) else value
    except (ValueError, SyntaxError) as error:
        _fail(path, number, wanted, _shown(literal), error)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _fail(
    path: Path, number: int, wanted: str, found: str, cause: Exception | None = None
) -> NoReturn:
    raise CheckpointError(
        f"{path}, line {number}",
        wanted=wanted,
        found=found,
        advice="download the vocabulary again",
        details={"path": str(path), "line": number},
    ) from cause
