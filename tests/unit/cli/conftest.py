"""Running commands in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from plip.cli import app

Invoke = Callable[..., Result]


@pytest.fixture
def invoke() -> Invoke:
    """Run a command; what it wrote to either stream is kept apart."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def on_tiny(invoke: Invoke, tiny_checkpoint: Path) -> Invoke:
    """Run a command on the tiny checkpoint."""

    def run(command: str, *arguments: object) -> Result:
        return invoke(command, "--model", tiny_checkpoint, "--cpu", *arguments)

    return run
