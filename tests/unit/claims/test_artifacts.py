"""Data files of a repository: what a reference selects, and what is wrong with one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plip.claims import Artifacts, CheckResult, Evidence, Given, Kind, Ledger, Verdict, audit
from plip.claims.checks import CHECKS, Check
from plip.claims.ledger import Entry
from plip.claims.references import parse_reference
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

DOCUMENT = {
    "model": "m",
    "rows": [
        {"id": "a", "kind": "x", "on": True, "dose": 2.0, "kl": 0.5, "sub": [{"v": 1}, {"v": 2}]},
        {"id": "b", "kind": "y", "on": False, "dose": 3, "kl": 0.25, "sub": [{"v": 3}]},
    ],
    "list": [4, 5],
    "none": None,
}


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "d.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    return Artifacts(tmp_path)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("model", [("", "m")]),
        ("rows.kl", [("a", 0.5), ("b", 0.25)]),
        ("rows[kind=y].kl", [("b", 0.25)]),
        ("rows[on=true].kl", [("a", 0.5)]),
        ("rows[dose=3.0].kl", [("b", 0.25)]),
        ("rows[dose=2].id", [("a", "a")]),
        ("rows[id=a].sub.v", [("a/0", 1), ("a/1", 2)]),
        ("list", [("0", 4), ("1", 5)]),
    ],
)
def test_select(artifacts: Artifacts, path: str, wanted: list[tuple[str, object]]) -> None:
    found = artifacts.select(parse_reference(f"@out/d.json#{path}"))
    assert [(item.label, item.value) for item in found] == wanted


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("@out/d.json#nothing", "the key 'nothing', found none at the top"),
        ("@out/d.json#rows.nothing", "the key 'nothing', found none at a"),
        ("@out/d.json#rows[kind=z].kl", "wanted rows with"),
        ("@broken.json#x", "artifact broken.json: wanted a readable JSON file"),
        ("@absent.json#x", "artifact absent.json: wanted a readable JSON file"),
    ],
)
def test_refused(artifacts: Artifacts, reference: str, message: str) -> None:
    with pytest.raises(ArtifactError, match=message.replace("[", r"\[")):
        artifacts.select(parse_reference(reference))


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no such folder"):
        Artifacts(tmp_path / "none")


def test_readings(artifacts: Artifacts) -> None:
    given = Given({}, Evidence(artifacts))
    readings = given.readings("@out/d.json#rows.kl|%")
    assert [(each.label, each.printed, each.value) for each in readings] == [
        ("a", "50%", 50.0),
        ("b", "25%", 25.0),
    ]
    assert all(each.finest == each.at_face for each in readings)
    with pytest.raises(ArtifactError, match="wanted finite numbers, found 'm'"):
        given.readings("@out/d.json#model")
    with pytest.raises(ArtifactError, match="wanted finite numbers, found True"):
        given.readings("@out/d.json#rows[id=a].on")
    with pytest.raises(ArtifactError, match="wanted one value, found 2"):
        given.reading("@out/d.json#rows.kl")


class Equals(Check):
    """The figure is the one in the file."""

    name = "test_equals"
    kind = Kind.AGREEMENT
    source: str

    def inputs(self) -> tuple[str, ...]:
        return (self.source,)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        reading = given.reading(self.source)
        same = claim.figure.interval.overlaps(reading.finest)
        return self.result(Verdict.HOLDS if same else Verdict.CONTRADICTED, reading.printed)


class Perhaps(Equals):
    """The same, where it can be had."""

    name = "test_perhaps"
    optional = True


@pytest.fixture
def with_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    for check in (Equals, Perhaps):
        monkeypatch.setitem(CHECKS, check.name, check)


def study(*checks: str) -> str:
    listed = ", ".join(f"{{ check = {check} }}" for check in checks)
    return (
        '[[entry]]\nid = "c"\nsection = "1"\nquoted = "0.50"\nunit = "nats"\n'
        f'statement = "So."\nchecks = [{listed}]\n'
        '[[entry]]\nid = "same"\nsection = "1"\nquoted = "0.5"\nunit = "nats"\n'
        'statement = "So."\n'
    )


EQUALS = '"test_equals", source = "@out/d.json#rows[id=a].kl"'
UNEQUAL = '"test_equals", source = "@out/d.json#rows[id=b].kl"'
PERHAPS = '"test_perhaps", source = "@out/d.json#rows[id=b].kl"'
SAME = '"same_as", other = "same"'


@pytest.mark.usefixtures("with_checks")
class TestAudit:
    def test_a_file_at_hand_decides_and_is_named(
        self, ledger_of: Callable[[str], Ledger], artifacts: Artifacts
    ) -> None:
        report = audit(ledger_of(study(EQUALS, SAME)), Evidence(artifacts))
        assert report.claims[0].verdict is Verdict.HOLDS
        data = (artifacts.folder / "out" / "d.json").read_bytes()
        assert report.artifacts == {"out/d.json": hashlib.sha256(data).hexdigest()}

    def test_a_file_that_is_not_at_hand_is_never_a_pass(
        self, ledger_of: Callable[[str], Ledger], tmp_path: Path
    ) -> None:
        ledger = ledger_of(study(EQUALS, SAME))
        (tmp_path / "empty").mkdir()
        for evidence in (None, Evidence(Artifacts(tmp_path / "empty"))):
            (claim, *_) = audit(ledger, evidence).claims
            assert claim.verdict is Verdict.NOT_CHECKABLE
            assert claim.reason == "needs artifacts: out/d.json"

    @pytest.mark.parametrize("check", [PERHAPS, f"{UNEQUAL}, if_at_hand = true"])
    def test_an_optional_check_counts_only_where_it_can_be_made(
        self, ledger_of: Callable[[str], Ledger], artifacts: Artifacts, check: str
    ) -> None:
        ledger = ledger_of(study(check, SAME))
        assert audit(ledger).claims[0].verdict is Verdict.HOLDS
        assert audit(ledger, Evidence(artifacts)).claims[0].verdict is Verdict.CONTRADICTED
        alone = ledger_of(study(check))
        assert audit(alone).claims[0].verdict is Verdict.NOT_CHECKABLE

    def test_a_reference_that_cannot_be_read_is_a_fault_of_the_ledger(
        self, ledger_of: Callable[[str], Ledger]
    ) -> None:
        with pytest.raises(LedgerError, match="c: test_equals: reference '@nothing'"):
            ledger_of(study('"test_equals", source = "@nothing"'))
