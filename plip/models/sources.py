"""Where a checkpoint's files are: in the package, in a directory, in the cache of the hub."""

from __future__ import annotations

import json
from pathlib import Path

from transformers.utils import cached_file

from plip.errors import CheckpointError, ModelNotFoundError

__all__ = ["BUNDLED", "WEIGHTS", "commit_of", "find_file", "source_of", "weight_files"]

#: What the names of bundled models begin with.
BUNDLED = "bundled:"

_FOLDER = Path(__file__).parent / "bundled"
#: The files that weights may lie in, the preferred first.
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def source_of(asked: str) -> str:
    """Return what transformers must be given: a directory, or a hub id as it stands.

    Raises:
        ModelNotFoundError: no such directory or bundled name.
        CheckpointError: a directory without configuration or weights.
    """
    if asked.startswith(BUNDLED):
        names = sorted(path.parent.name for path in _FOLDER.glob("*/config.json"))
        directory = _FOLDER / asked.removeprefix(BUNDLED)
        if asked.removeprefix(BUNDLED) not in names:
            raise ModelNotFoundError(
                asked,
                wanted="a bundled model: " + ", ".join(f"{BUNDLED}{name}" for name in names),
                found=repr(asked),
                advice="`plip models` lists them",
            )
        return str(directory)
    path = Path(asked).expanduser()
    looks_local = not asked or path.exists() or path.is_absolute() or asked.startswith((".", "~"))
    if not looks_local:
        return asked
    if not asked or not path.is_dir():
        raise ModelNotFoundError(
            asked,
            wanted="a directory with a checkpoint",
            found="a file" if path.exists() else "nothing there",
            advice="give the directory that holds config.json",
        )
    _check_directory(asked, path)
    return str(path)


def _check_directory(asked: str, path: Path) -> None:
    if not (path / "config.json").is_file():
        raise CheckpointError(
            asked,
            wanted="config.json",
            found="a directory without it",
            advice="give the directory of a transformers checkpoint",
        )
    if not any((path / name).is_file() for name in WEIGHTS):
        raise CheckpointError(
            asked,
            wanted="weights: " + " or ".join(WEIGHTS[::2]),
            found="a directory without them",
            advice="download the weights too",
        )


def commit_of(source: str, revision: str | None) -> str | None:
    """Return the commit of a hub repository whose configuration was read, None of a directory."""
    if Path(source).is_dir():
        return None
    found = _local(source, "config.json", revision)
    # The cache keeps a commit's files under snapshots/<commit>.
    return None if found is None else found.parent.name


def weight_files(source: str, commit: str | None) -> tuple[Path, ...]:
    """Return the files that the weights were read from; they are on the disk by now."""
    for name in WEIGHTS:
        path = _local(source, name, commit)
        if path is None:
            continue
        if not name.endswith(".json"):
            return (path,)
        shards = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
        found = [_local(source, shard, commit) for shard in shards]
        return tuple(file for file in found if file is not None)
    return ()


def find_file(source: str, name: str, revision: str | None) -> Path | None:
    """Return a file of a checkpoint, fetched if need be and possible; None where there is none."""
    return _find(source, name, revision, local_files_only=False)


def _local(source: str, name: str, commit: str | None) -> Path | None:
    return _find(source, name, commit, local_files_only=True)


def _find(source: str, name: str, revision: str | None, *, local_files_only: bool) -> Path | None:
    found = cached_file(
        source,
        name,
        revision=revision,
        local_files_only=local_files_only,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return None if found is None else Path(found)
