"""Atomic writing: whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from plip.errors import OutputError
from plip.text.files import write_atomically

pytestmark = pytest.mark.fast


def test_content_as_given(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "é\r\n\n")
    assert (tmp_path / "a").read_bytes() == "é\r\n\n".encode()


def test_permissions_follow_the_mask(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    write_atomically(tmp_path / "a", "x")
    assert (tmp_path / "a").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "a"
    path.write_text("before")
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OutputError, match="found No space left on device") as caught:
        write_atomically(path, "after")
    assert isinstance(caught.value.__cause__, OSError)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_interruption_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "a"
    path.write_text("before")
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".", "file/a", "directory", ""])
def test_places_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    with pytest.raises(OutputError, match="wanted a place to write to"):
        write_atomically(name, "x")
    assert {path.name for path in tmp_path.rglob("*")} == {"file", "directory"}
