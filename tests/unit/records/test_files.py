"""Result files: whole, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from plip.errors import OutputError
from plip.records import check_writable, write_file

pytestmark = pytest.mark.fast


def test_it_writes(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", "é\n")
    assert (tmp_path / "a.json").read_bytes() == "é\n".encode()


def test_it_replaces_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "a.json"
    place.write_text("old and longer")
    write_file(place, "new")
    assert place.read_text() == "new"
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    place, link = tmp_path / "a.json", tmp_path / "link.json"
    place.write_text("old")
    link.symlink_to(place)
    write_file(link, "new")
    assert link.is_symlink()
    assert place.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "through")
        assert pipe.is_fifo()
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_full_device_is_an_output_error(full_device: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_file(full_device, "text")
    assert str(caught.value) == (
        "file '/dev/full': wanted a place to write to, found No space left on device; "
        "give a path in an existing directory with room and permission"
    )


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.json"
    place.write_text("old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_file(place, "new")
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path / "nowhere" / "a.json")
    assert f"found no directory '{tmp_path / 'nowhere'}'" in str(caught.value)
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="found a directory"):
        write_file(tmp_path, "text")


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="found no directory"):
        write_file(tmp_path / "file" / "a.json", "text")


def test_a_closed_directory_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The superuser may write everywhere: what the system would answer is put in its place.
    def closed(path: Any, mode: int) -> bool:
        return False

    monkeypatch.setattr(os, "access", closed)
    with pytest.raises(OutputError, match="no permission to write"):
        check_writable(tmp_path / "a.json")


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []
