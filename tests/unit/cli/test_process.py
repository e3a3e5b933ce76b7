"""The command as a process of its own: streams, exit codes, signals, time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import plip

pytestmark = pytest.mark.fast

ROOT = Path(plip.__file__).parents[1]
COMMAND = [sys.executable, "-W", "error::DeprecationWarning:plip", "-m", "plip"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def _run(*arguments: object, **options: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=_environment(),
        text=True,
        check=False,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),  # type: ignore[call-overload]  # two streams
    )


def test_results_and_notes_go_to_their_streams(tiny_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    arguments = ("dose-response", "--model", tiny_checkpoint, "--doses", "1,2", "--json", "-")
    result = _run(*arguments, "--max-samples", 2, "--output", output)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert [dose["dose"] for dose in document["doses"]] == [1, 2]
    # No bar is drawn, no library chatters.
    assert result.stderr.startswith("layer 4, two thirds of the depth of 6\nDose-response of ")
    assert "\r" not in result.stderr
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["command"][:4] == ["plip", "dose-response", "--model", str(tiny_checkpoint)]


def test_a_refusal_is_one_line() -> None:
    result = _run("calibrate", "--model", "nobody/nothing")
    assert result.returncode == 4
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("plip: nobody/nothing: wanted a model id")


def test_a_pipe_has_no_colours() -> None:
    result = _run("audit", "--skip-live")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout


def test_a_full_standard_output(full_device: Path) -> None:
    with full_device.open("w") as full:
        result = _run("audit", "--skip-live", stdout=full.fileno())
    assert result.returncode == 5
    assert result.stderr == (
        "plip: standard output: wanted a place to write to, found No space left on device; "
        "send it elsewhere\n"
    )


def test_ctrl_c_ends_with_130(tiny_checkpoint: Path, tmp_path: Path) -> None:
    # One text at a time, many times over, so that the signal meets a run that is under way. What a
    # shell starts in the background ignores the signal, and so would what it starts.
    script = (
        "import signal, sys, time, plip.experiments.runner as runner\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "keep = runner.RunStore.append\n"
        "def slowly(self, record):\n"
        "    keep(self, record)\n"
        "    time.sleep(0.3)\n"
        "runner.RunStore.append = slowly\n"
        "from plip.cli import main\n"
        "main()\n"
    )
    output = tmp_path / "run"
    arguments = ["calibrate", "--model", str(tiny_checkpoint), "--output", str(output)]
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=_environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        deadline = time.monotonic() + 120
        while not (output / "records.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == ""
    assert stderr == (
        f"what is done is in {output}; --resume goes on from there\nplip: interrupted\n"
    )
