"""Runs of every experiment, killed where it hurts, resumed, and compared with runs that were not.

A new command is one line in `COMMANDS`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import plip
from plip.records import read_run

Invoke = Callable[..., Result]

#: Each with options that leave it three records or more.
COMMANDS = {
    "calibrate": ("--layer", "all", "--max-samples", 2),
    "dose-response": ("--doses", "1,3", "--max-samples", 4),
    "ablate": ("--max-samples", 2),
    "scan": ("--layer", 1, "--doses", "3", "--max-samples", 2),
    "contrast": ("--functions", 6, "--steps", "0,1"),
    "generate": ("--layer", "1,2", "--max-prompts", 3, "--max-new-tokens", 2),
    "persistence": (
        *("--max-prompts", 2, "--max-new-tokens", 2, "--samples", 2, "--scales", "1,3"),
        *("--factors", "1:3,2:2"),
    ),
}

#: The process kills itself, as nothing else could at such a point: before a record is written,
#: when half of its line is, behind it, or when all are and the manifest does not say so yet.
_VICTIM = """
import os, signal, sys
import plip.records.lines as lines
from plip.records.store import RunStore
import plip.records.store as store

point, number = sys.argv.pop(1).split(":")
written = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def tearing(handle, data):
    os.write(handle, data[: len(data) // 2])
    die()

keep = store.append_line

def append_line(path, record):
    global written
    if written == int(number):
        if point == "before":
            die()
        if point == "torn":
            lines._write_all = tearing
    keep(path, record)
    written += 1
    if point == "after" and written == int(number):
        die()

store.append_line = append_line
if point == "finish":
    RunStore.finish = lambda self, *, plan_hash: die()
from plip.cli import main
main()
"""


def _kill(point: str, arguments: Sequence[object]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _VICTIM, point, *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(plip.__file__).parents[1]),
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def _manifest(directory: Path) -> dict[str, Any]:
    """Read a manifest without what differs between two runs of the same: times, and the call."""
    found: dict[str, Any] = json.loads((directory / "manifest.json").read_text())
    return {
        name: value
        for name, value in found.items()
        if name not in ("started", "finished", "command")
    }


def _records(directory: Path) -> int:
    return len(read_run(directory)[1])


def _check_resumed(
    invoke: Invoke, arguments: Sequence[object], whole: Path, killed: Path, shown: str
) -> None:
    """Resume a killed run, and compare it with one that was not."""
    result = invoke(*arguments, "--output", killed, "--resume")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == shown
    lines = [(place / "records.jsonl").read_bytes().split(b"\n") for place in (whole, killed)]
    assert lines[0] == lines[1]
    assert _manifest(killed) == _manifest(whole)
    assert sorted(path.name for path in killed.iterdir()) == ["manifest.json", "records.jsonl"]


@pytest.mark.fast
@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_that_was_torn(
    invoke: Invoke, tiny_checkpoint: Path, tmp_path: Path, name: str
) -> None:
    arguments = (name, "--model", tiny_checkpoint, "--cpu", *COMMANDS[name])
    first = invoke(*arguments, "--output", tmp_path / "whole")
    assert first.exit_code == 0, first.stderr
    assert _records(tmp_path / "whole") >= 3
    _kill("torn:1", [*arguments, "--output", tmp_path / "killed"])
    assert _records(tmp_path / "killed") == 1
    torn = (tmp_path / "killed" / "records.jsonl").read_bytes()
    assert not torn.endswith(b"\n")
    _check_resumed(invoke, arguments, tmp_path / "whole", tmp_path / "killed", first.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("recurrent", [False, True], ids=["transformer", "recurrent"])
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_again_and_again(
    invoke: Invoke,
    tiny_checkpoint: Path,
    tiny_recurrent_checkpoint: Path,
    tmp_path: Path,
    name: str,
    recurrent: bool,
) -> None:
    model = tiny_recurrent_checkpoint if recurrent else tiny_checkpoint
    arguments = (name, "--model", model, "--cpu", *COMMANDS[name])
    first = invoke(*arguments, "--output", tmp_path / "whole")
    assert first.exit_code == 0, first.stderr
    total = _records(tmp_path / "whole")
    there = 0
    # With a manifest and no record; with half a record; between records; …; with all of them.
    for point, more in (
        ("before:0", 0),
        ("torn:0", 0),
        ("after:1", 1),
        ("torn:1", 1),
        (f"before:{total - 3}", total - 3),
        ("finish:0", total - 2),
    ):
        _kill(point, [*arguments, "--output", tmp_path / "killed", "--resume"])
        there = min(there + more, total)
        assert _records(tmp_path / "killed") == (total if point == "finish:0" else there)
        assert _manifest(tmp_path / "killed")["complete"] is False
    _check_resumed(invoke, arguments, tmp_path / "whole", tmp_path / "killed", first.stdout)
