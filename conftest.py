"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No test may reach a network: a checkpoint that is not on the disk is an error, not a download.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

ROOT = Path(__file__).parent
SHARED = ROOT.parent / "shared"

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("stress", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let an author insist on the real checkpoints."""
    parser.addoption(
        "--require-checkpoints",
        action="store_true",
        help="fail where a test lacks a checkpoint, instead of skipping it",
    )


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The paper and its repository's data files, which are not part of this project."""
    if not SHARED.is_dir():
        pytest.skip(f"the paper's files are not at {SHARED} (tests/QUARANTINES.md)")
    return SHARED
