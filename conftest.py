"""What every test may ask for, and what the paper's reproduction is told and tells."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from plip.claims import Rerun, RerunKey

# No test may reach a network: a checkpoint that is not on the disk is an error, not a download.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

ROOT = Path(__file__).parent
SHARED = ROOT.parent / "shared"

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("stress", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

#: What running the paper's experiments again gave in this session.
RERUNS = pytest.StashKey["dict[RerunKey, Rerun]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let an author bring the real checkpoints and data files, and insist on them."""
    group = parser.getgroup("paper", "reproduction of the paper, with -m paper")
    group.addoption(
        "--checkpoint",
        action="append",
        default=[],
        metavar="ID|DIR|ID=DIR",
        help="run the paper's experiments again on this model; may be given again for another; by "
        "default on those of its models that are in the local hub cache",
    )
    group.addoption(
        "--artifacts",
        type=Path,
        metavar="DIR",
        help="a checkout of the paper's repository, with `=`, since pytest takes a folder behind a "
        "space for tests; by default ../shared/paper/plip-rs, if there",
    )
    group.addoption(
        "--corpus", type=Path, metavar="FILE", help="the paper's samples, in place of the checkout"
    )
    group.addoption("--device", default="auto", help="where checkpoints run: auto, cpu, cuda, mps")
    group.addoption(
        "--dtype", default="auto", help="type of their weights: auto, float32, bfloat16, float16"
    )
    group.addoption(
        "--require-checkpoints",
        action="store_true",
        help="fail where a test lacks a checkpoint, instead of skipping it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin without anything run again."""
    config.stash[RERUNS] = {}


def artifacts_folder(config: pytest.Config) -> Path | None:
    """Return the checkout of the paper's repository, None if there is none."""
    given: Path | None = config.getoption("--artifacts")
    default = SHARED / "paper" / "plip-rs"
    return given if given is not None else default if default.is_dir() else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """End a run of the paper's tests with the verdict of every claim, as far as it is known here.

    Workers of xdist keep what they ran again to themselves: run without it for that.
    """
    yield
    asked = re.search(r"(?<!not )\bpaper\b", config.getoption("markexpr"))
    if asked is None or config.getoption("collectonly"):
        return
    from plip.claims import Artifacts, Evidence, Verdict, audit, bundled_ledger

    folder = artifacts_folder(config)
    files = None if folder is None else Artifacts(folder)
    report = audit(bundled_ledger(), Evidence(files, config.stash[RERUNS]))
    terminalreporter.section(f"verdicts on “{report.title}”")
    width = max(len(claim.id) for claim in report.claims)
    for claim in report.claims:
        terminalreporter.write_line(f"{claim.id:<{width}}  {claim.verdict:<22}  {claim.quoted}")
    counts = (f"{report.summary.verdicts[verdict]} {verdict}" for verdict in Verdict)
    terminalreporter.write_line(f"{len(report.claims)} claims: {', '.join(counts)}")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The paper and its repository's data files, which are not part of this project."""
    if not SHARED.is_dir():
        pytest.skip(f"the paper's files are not at {SHARED} (tests/QUARANTINES.md)")
    return SHARED


@pytest.fixture(scope="session")
def artifacts(pytestconfig: pytest.Config) -> Path | None:
    """A checkout of the paper's repository, None if there is none."""
    return artifacts_folder(pytestconfig)


@pytest.fixture(scope="session")
def reruns(pytestconfig: pytest.Config) -> dict[RerunKey, Rerun]:
    """What was run again so far; the summary judges by it."""
    return pytestconfig.stash[RERUNS]
