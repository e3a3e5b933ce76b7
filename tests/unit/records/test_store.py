"""A run on the disk: written line by line, resumed, read."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plip.errors import OutputError
from plip.records import CalibrationSample, CalibrationSummary, Manifest, RunStore, read_run

pytestmark = pytest.mark.fast

Make = Callable[..., CalibrationSample]


def _lines(directory: Path) -> list[bytes]:
    return (directory / "records.jsonl").read_bytes().splitlines(keepends=True)


def test_nothing_is_written_before_the_first_record(tmp_path: Path, manifest: Manifest) -> None:
    RunStore.begin(tmp_path / "run", manifest)
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_on_the_disk_at_once(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    store = RunStore.begin(tmp_path / "deep" / "run", manifest)
    store.append(sample("a"))
    assert read_run(tmp_path / "deep" / "run") == (manifest, (sample("a"),))
    store.append(sample("b"))
    there, records = read_run(tmp_path / "deep" / "run")
    assert records == (sample("a"), sample("b"))
    assert there.complete is False
    assert there.finished is None


def test_the_end_is_in_the_manifest(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample())
    store.finish(plan_hash="12")
    there, _ = read_run(tmp_path)
    assert there.complete is True
    assert there.plan_hash == "12"
    assert there.finished is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "records.jsonl"]
    assert json.loads((tmp_path / "manifest.json").read_text())["schema"] == "plip.run/1"


def test_a_resumed_run_has_what_is_done(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    RunStore.begin(tmp_path, manifest).append(sample("a"))
    store = RunStore.begin(tmp_path, manifest, resume=True)
    assert store.records == (sample("a"),)
    store.append(sample("b"))
    assert [record.sample for record in read_run(tmp_path)[1]] == ["a", "b"]  # type: ignore[union-attr]  # samples only


def test_resuming_where_nothing_is_begins(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    store = RunStore.begin(tmp_path / "run", manifest, resume=True)
    assert store.records == ()
    store.append(sample())
    assert len(_lines(tmp_path / "run")) == 1


def test_a_run_is_never_overwritten(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    RunStore.begin(tmp_path, manifest).append(sample())
    with pytest.raises(OutputError) as caught:
        RunStore.begin(tmp_path, manifest)
    assert str(caught.value) == (
        f"run in '{tmp_path}': wanted a directory without a run, found one that was begun there "
        "before; resume it (--resume), or give another directory"
    )
    assert len(_lines(tmp_path)) == 1


def test_another_run_cannot_be_resumed(tmp_path: Path, manifest: Manifest, sample: Make) -> None:
    RunStore.begin(tmp_path, manifest).append(sample())
    other = manifest.model_copy(update={"corpus_hash": "00"})
    with pytest.raises(OutputError) as caught:
        RunStore.begin(tmp_path, other, resume=True)
    assert str(caught.value) == (
        f"run in '{tmp_path}': wanted the configuration, model, corpus and software that it was "
        f"begun with, found corpus_hash: '{'ef' * 32}' against '00'; repeat them, or begin a new "
        "run in another directory"
    )


@pytest.mark.parametrize("kept", [1, 10, -1])
def test_a_torn_last_line_is_cut_off(
    tmp_path: Path, manifest: Manifest, sample: Make, kept: int
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample("a"))
    store.append(sample("b"))
    first, second = _lines(tmp_path)
    (tmp_path / "records.jsonl").write_bytes(first + second[:kept])
    assert read_run(tmp_path)[1] == (sample("a"),)
    resumed = RunStore.begin(tmp_path, manifest, resume=True)
    assert resumed.records == (sample("a"),)
    resumed.append(sample("b"))
    assert _lines(tmp_path) == [first, second]


def test_a_torn_line_elsewhere_is_an_error(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample("a"))
    store.append(sample("b"))
    first, second = _lines(tmp_path)
    (tmp_path / "records.jsonl").write_bytes(first[:40] + b"\n" + second)
    for read in (
        lambda: read_run(tmp_path),
        lambda: RunStore.begin(tmp_path, manifest, resume=True),
    ):
        with pytest.raises(OutputError, match=r"records.jsonl', line 1: wanted one whole record"):
            read()


def test_a_torn_line_of_a_complete_run_is_an_error(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample("a"))
    store.finish(plan_hash=None)
    (tmp_path / "records.jsonl").write_bytes(_lines(tmp_path)[0] + b"{")
    with pytest.raises(OutputError, match=r"line 2: .* found a line that breaks off"):
        read_run(tmp_path)


def test_a_record_that_stands_twice_is_an_error(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample("a"))
    store.append(sample("a"))
    with pytest.raises(OutputError, match=r"line 2: .* stands in line 1 already"):
        read_run(tmp_path)


def test_a_record_of_an_unknown_schema_is_an_error(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    RunStore.begin(tmp_path, manifest).append(sample())
    line = _lines(tmp_path)[0].replace(b"sample/1", b"sample/2")
    (tmp_path / "records.jsonl").write_bytes(line)
    with pytest.raises(OutputError, match=r"of this version of plip, found .*sample/2"):
        read_run(tmp_path)


def test_records_without_a_manifest_are_not_taken_over(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    (tmp_path / "records.jsonl").write_text(sample().to_line() + "\n")
    for resume in (False, True):
        with pytest.raises(OutputError, match="found records whose origin nothing tells"):
            RunStore.begin(tmp_path, manifest, resume=resume)


def test_a_damaged_manifest_is_named(tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(
        OutputError, match=r"wanted the manifest.json of a run .* found Invalid JSON"
    ):
        RunStore.begin(tmp_path, manifest, resume=True)


def test_reading_where_no_run_is(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="wanted the manifest of a run, found No such file"):
        read_run(tmp_path)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "results.json").write_text("{}")
    for place in (tmp_path / "results.json", tmp_path / "results.json" / "run"):
        with pytest.raises(OutputError, match="is not a directory"):
            RunStore.begin(place, manifest)


def test_a_disk_that_fills_up_leaves_whole_lines(
    tmp_path: Path, manifest: Manifest, sample: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample("a"))
    write = os.write
    written = []

    def fills_up(handle: int, data: bytes) -> int:
        """Take ten bytes, as a nearly full disk does, and refuse the rest."""
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(write(handle, data[:10]))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fills_up)
        with pytest.raises(OutputError) as caught:
            store.append(sample("b"))
    assert str(caught.value) == (
        f"'{tmp_path / 'records.jsonl'}': wanted a place to write to, found No space left on "
        "device; give another path, or make room or permission"
    )
    assert written == [10]
    assert read_run(tmp_path)[1] == (sample("a"),)
    store.append(sample("b"))
    assert read_run(tmp_path)[1] == (sample("a"), sample("b"))


def test_a_partial_write_is_carried_on(
    tmp_path: Path, manifest: Manifest, sample: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    RunStore.begin(tmp_path, manifest).append(sample())
    assert read_run(tmp_path)[1] == (sample(),)


def test_finishing_twice_keeps_the_first_end(
    tmp_path: Path, manifest: Manifest, sample: Make
) -> None:
    store = RunStore.begin(tmp_path, manifest)
    store.append(sample())
    store.finish(plan_hash="12")
    first = (tmp_path / "manifest.json").read_bytes()
    RunStore.begin(tmp_path, manifest, resume=True).finish(plan_hash="12")
    assert (tmp_path / "manifest.json").read_bytes() == first


def test_a_summary_is_a_line_too(tmp_path: Path, manifest: Manifest) -> None:
    summary = CalibrationSummary(layer=4, layer_choice="layer 4, as asked for", layers=())
    RunStore.begin(tmp_path, manifest).append(summary)
    assert read_run(tmp_path)[1] == (summary,)
