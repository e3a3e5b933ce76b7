"""Small ledgers, written as TOML and read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from plip.claims import Artifacts, ClaimResult, Evidence, Ledger, audit, read_ledger

HEADER = 'format = "plip.ledger/1"\ntitle = "A made study"\n'


@pytest.fixture
def ledger_of(tmp_path: Path) -> Callable[[str], Ledger]:
    """Read a ledger of one file with the given text."""

    def read(text: str) -> Ledger:
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        (folder / "paper.toml").write_text(HEADER, encoding="utf-8")
        (folder / "1.toml").write_text(text, encoding="utf-8")
        return read_ledger(folder)

    return read


def entry(
    entry_id: str, quoted: str, *, exact: bool | None = None, figure: str | None = None
) -> str:
    """Write one entry, in the unit its quote ends with (nats without one).

    Scales are exact unless told otherwise; a quote without a number has no figure, and one that
    is more than its figure names it.
    """
    head = f'[[entry]]\nid = "{entry_id}"\nsection = "1"\nstatement = "Something."\n'
    head += f'quoted = "{quoted}"\n'
    if not any(character.isdigit() for character in quoted):
        return f"{head}figures = []\n"
    if figure is not None:
        head += f'figures = ["{figure}"]\n'
    unit = quoted[-1] if quoted[-1] in "%×" else "nats"
    exact = unit == "×" if exact is None else exact
    return f'{head}unit = "{unit}"\nexact = {str(exact).lower()}\n'


@pytest.fixture
def check_of(ledger_of: Callable[[str], Ledger]) -> Callable[..., ClaimResult]:
    """Judge one claim "c" with one check, beside other figures given by their ids."""

    def judge(quoted: str, check: str, *, exact: bool | None = None, **given: str) -> ClaimResult:
        claim = f"{entry('c', quoted, exact=exact)}checks = [{{ {check} }}]\n"
        others = "".join(entry(entry_id, figure) for entry_id, figure in given.items())
        (result,) = audit(ledger_of(claim + others)).claims
        return result

    return judge


@pytest.fixture
def data_check_of(ledger_of: Callable[[str], Ledger], tmp_path: Path) -> Callable[..., ClaimResult]:
    """Judge one claim "c" that decides something with one check, beside data files by their paths
    and other figures given by their ids."""

    def judge(
        quoted: str,
        check: str,
        files: Mapping[str, object] | None = None,
        *,
        figure: str | None = None,
        **given: str,
    ) -> ClaimResult:
        folder = tmp_path / "repository"
        folder.mkdir(exist_ok=True)
        for name, content in (files or {}).items():
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
        claim = (
            f'{entry("c", quoted, figure=figure)}decides = "it is so"\nchecks = [{{ {check} }}]\n'
        )
        others = "".join(entry(entry_id, figure) for entry_id, figure in given.items())
        evidence = Evidence(artifacts=Artifacts(folder))
        (result,) = audit(ledger_of(claim + others), evidence).claims
        return result

    return judge
