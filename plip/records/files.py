"""Result files: written whole, refused early where they cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plip.errors import OutputError
from plip.text import write_atomically

__all__ = ["check_writable", "refusing", "write_file"]


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a result file, whole or not at all.

    Links and what is no regular file are treated as `write_atomically` does.

    Raises:
        OutputError: the file cannot be written; what stood there is untouched.
    """
    check_writable(path)
    write_atomically(path, content)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check that a file could be written, before anything is computed for it.

    Raises:
        OutputError: the path is a directory, or its directory is missing or closed.
    """
    place = Path(os.path.realpath(path))
    with refusing(path):
        if place.is_dir():
            raise IsADirectoryError("a directory")
        if not place.parent.is_dir():
            raise FileNotFoundError(f"no directory {str(place.parent)!r}")
        if not os.access(place if place.exists() else place.parent, os.W_OK):
            raise PermissionError("no permission to write")


@contextmanager
def refusing(
    path: str | os.PathLike[str], *, wanted: str = "a place to write to"
) -> Iterator[None]:
    """Turn what the operating system refuses into an `OutputError` about a path."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            repr(os.fspath(path)),
            wanted=wanted,
            found=error.strerror or str(error),
            advice="give another path, or make room or permission",
            details={"path": os.fspath(path)},
        ) from error
