"""What importing costs, each in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import plip

pytestmark = pytest.mark.fast

ROOT = Path(plip.__file__).parents[1]

_PROBE = """
import json, sys, time
start, cpu = time.perf_counter(), time.process_time()
{code}
print(json.dumps({{
    "seconds": time.perf_counter() - start,
    "cpu": time.process_time() - cpu,
    "modules": sorted({{name.partition(".")[0] for name in sys.modules}} | set(sys.modules)),
}}), file=sys.stderr)
"""

HEAVY = {"torch", "transformers", "tokenizers", "matplotlib", "statsmodels", "scipy", "pandas"}


def _fresh(code: str) -> dict[str, Any]:
    """Run code in a new interpreter; return what it cost and what it imported."""
    result = subprocess.run(
        [sys.executable, "-c", _PROBE.format(code=code)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(result.stderr.splitlines()[-1])
    return found


def _best(code: str) -> dict[str, Any]:
    """Take the quickest of three, as other processes may be at work."""
    return min((_fresh(code) for _ in range(3)), key=lambda found: found["cpu"])


def test_import_plip_is_quick_and_light() -> None:
    found = _best("import plip")
    assert HEAVY.isdisjoint(found["modules"])
    assert found["cpu"] < 0.5


def test_help_is_quick_and_light() -> None:
    code = (
        "from plip.cli import app\n"
        "try:\n"
        "    app(['--help'], prog_name='plip')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0"
    )
    found = _best(code)
    assert HEAVY.isdisjoint(found["modules"])
    assert found["cpu"] < 1


@pytest.mark.parametrize("room", ["errors", "text", "plan", "stats", "records", "claims", "report"])
def test_rooms_without_torch(room: str) -> None:
    modules = _fresh(f"import plip.{room}")["modules"]
    assert {"torch", "transformers"}.isdisjoint(modules)


def test_a_name_of_the_public_face_brings_its_room() -> None:
    modules = _fresh("import plip; plip.kl_divergence")["modules"]
    assert "torch" in modules
    assert "transformers" not in modules


def _run(*arguments: str) -> str:
    """Write code that runs a command and throws away what it prints."""
    return (
        "import io, contextlib\n"
        "from plip.cli import app\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    try:\n"
        f"        app({list(arguments)!r}, prog_name='plip')\n"
        "    except SystemExit as end:\n"
        "        assert end.code == 0"
    )


def test_an_audit_without_a_model_does_not_load_torch() -> None:
    modules = _fresh(_run("audit", "--skip-live"))["modules"]
    assert {"torch", "transformers", "matplotlib", "jinja2"}.isdisjoint(modules)


def test_a_ledger_of_figures_alone_does_without_scipy(tmp_path: Path) -> None:
    _fresh(_run("claims", "new", str(tmp_path / "new")))
    modules = _fresh(_run("audit", "--paper", str(tmp_path / "new")))["modules"]
    assert HEAVY.isdisjoint(modules)
