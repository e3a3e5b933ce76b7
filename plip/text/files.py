"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from plip.errors import OutputError

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file so that nobody ever sees half of it.

    The content goes to a new file in the same directory, is flushed to the disk, and takes the
    place of what was there in one step. A link stays, and the file that it leads to is replaced;
    what is no regular file, such as a pipe or /dev/stderr, is written to and never replaced.

    Args:
        path: where to write; its directory must exist.
        content: the whole file; a text is written as UTF-8 without translating line ends.

    Raises:
        OutputError: the file cannot be written; what stood at `path` is untouched and no
            temporary file is left.
    """
    path = Path(os.path.realpath(path))
    data = content.encode("utf-8") if isinstance(content, str) else content
    # Not tempfile's: its files are for their owner only, whatever the user's mask says.
    temporary = path.parent / f".plip-{secrets.token_hex(8)}.tmp"
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as stream:
                stream.write(data)
            return
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(
            f"file {str(path)!r}",
            wanted="a place to write to",
            found=error.strerror or str(error),
            advice="give a path in an existing directory with room and permission",
            details={"path": str(path)},
        ) from error
    finally:
        # It is there only if the writing was cut short.
        with contextlib.suppress(OSError):
            temporary.unlink()
