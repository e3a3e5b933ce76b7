"""Numbers of a text against a ledger's figures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from plip.claims import Ledger, Verdict, audit, orphans, read_ledger, sections
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

TEXT = """Before any heading, 7.

# A study of 2026

Version v1.2 of the 3B model.

## 1. Results

### 1.1 A table

1. In the list, **5.70%** and 5.70%.

| scale | value |
|---|---|
| ×2.0 | −0.5 |

#### Further figures

The range is 2.3–2.6%, p < 1e-3, of 12,000 tokens.

```bash
# comment with n=30
run --layer 20
## 9. no heading
```

```
layer 16
```

## Remarks

Nothing but 42.
"""

RULES = """
[[text.exclude]]
rule = "version"
pattern = 'v[0-9.]+'
[[text.exclude]]
rule = "heading"
pattern = '^#+ [0-9.]+'
[[text.exclude]]
rule = "list"
pattern = '^[0-9]+\\.'
[[text.exclude]]
rule = "command"
code = "bash"
pattern = '^[^#\\n].*'
[[text.exclude]]
rule = "code"
code = ""
pattern = '.+'
"""

ENTRIES = [
    ("1.1", "5.70%", "%", ""),
    ("1.1", "5.70% and 5.70%", "%", 'figures = ["5.70%"]\n'),
    ("1.1", "×2.0", "×", ""),
    ("1.1", "−0.5", "nats", ""),
    ("1.1", "2.3–2.6%", "%", ""),
    ("1.1", "p < 1e-3", "p", 'figures = ["1e-3"]\n'),
    ("1.1", "of 12,000 tokens", "tokens", 'figures = ["12,000"]\n'),
    ("1.1", "n=30", "samples", ""),
    ("Remarks", "42", "", ""),
    ("A study of 2026", "2026", "", ""),
    ("A study of 2026", "the 3B model", "", 'figures = ["3"]\n'),
    ("", "7", "", ""),
]


@pytest.fixture
def ledger_with(tmp_path: Path) -> Callable[..., Ledger]:
    """Read a ledger of the given entries: section, quote, unit, further lines."""

    def read(entries: list[tuple[str, str, str, str]] = ENTRIES, text: str = "") -> Ledger:
        (tmp_path / "paper.toml").write_text(
            f'format = "plip.ledger/1"\ntitle = "A made study"\n{text}', encoding="utf-8"
        )
        lines = [
            f'[[entry]]\nid = "e{number}"\nsection = "{section or "0"}"\nquoted = "{quoted}"\n'
            f'unit = "{unit}"\nstatement = "Something."\n{more}'
            for number, (section, quoted, unit, more) in enumerate(entries)
        ]
        (tmp_path / "1.toml").write_text("\n".join(lines), encoding="utf-8")
        return read_ledger(tmp_path)

    return read


def of(text: str, *, figures: int, rules: str = RULES) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'[text]\nfigures = {figures}\nsha256 = "{digest}"\n{rules}'


def test_sections_go_by_the_number_they_stand_under() -> None:
    found = sections(TEXT)
    assert list(found) == ["", "A study of 2026", "1", "1.1", "Remarks"]
    assert found[""] == "Before any heading, 7.\n\n"
    assert found["1"] == "## 1. Results\n\n"
    assert "Further figures" in found["1.1"]
    assert "no heading" in found["1.1"]
    assert found["Remarks"].endswith("Nothing but 42.\n")
    assert sections("") == {"": ""}
    assert sections("# A\n1\n# B\n2\n# A\n3\n") == {
        "": "",
        "A": "# A\n1\n# A\n3\n",
        "B": "# B\n2\n",
    }


def test_every_number_is_quoted_or_excluded_or_an_orphan(
    ledger_with: Callable[..., Ledger],
) -> None:
    report = orphans(ledger_with(text=of(TEXT, figures=12)), TEXT)
    assert report.excluded == {"version": 1, "heading": 3, "list": 1, "command": 1, "code": 1}
    assert [(o.section, o.line, o.printed) for o in report.orphans] == [("", 1, "7")]
    assert report.orphans[0].context == "Before any heading, 7."
    # A section that the text does not have.
    assert [(u.id, u.section, u.quoted) for u in report.unfound] == [("e11", "0", "7")] * 2
    assert (report.figures, report.quoted) == (12, 11)
    assert report.findings == ()


def test_a_figure_is_quoted_as_often_as_it_stands_there(
    ledger_with: Callable[..., Ledger],
) -> None:
    once = [entry for entry in ENTRIES[:-1] if "and" not in entry[1]]
    report = orphans(ledger_with(once, of(TEXT, figures=12)), TEXT)
    assert [(o.line, o.printed) for o in report.orphans] == [(1, "7"), (11, "5.70%")]
    thrice = [*ENTRIES[:-1], ("1.1", "5.70%", "%", "")]
    report = orphans(ledger_with(thrice, of(TEXT, figures=12)), TEXT)
    assert [(u.id, u.quoted) for u in report.unfound] == [("e11", "5.70%")]


@pytest.mark.parametrize(
    ("wrong", "unfound"),
    [
        (("1.1", "5.71%", "%", ""), ["5.71%", "5.71%"]),
        (("Remarks", "5.70%", "%", ""), ["5.70%", "5.70%"]),
        (("1.1", "5.70", "%s", ""), ["5.70"]),
        (("1.1", "2.3", "", ""), ["2.3"]),
        (("1.1", "no such words", "", "figures = []\n"), ["no such words"]),
    ],
    ids=["another figure", "another section", "without its unit", "half a range", "another quote"],
)
def test_what_is_not_in_the_text(
    ledger_with: Callable[..., Ledger], wrong: tuple[str, str, str, str], unfound: list[str]
) -> None:
    report = orphans(ledger_with([wrong], of(TEXT, figures=12)), TEXT)
    assert [u.quoted for u in report.unfound] == unfound
    assert len(report.orphans) == report.figures == 12


def test_the_last_of_figures_that_are_alike_is_left(ledger_with: Callable[..., Ledger]) -> None:
    ledger = ledger_with([("A", "7", "", "")])
    assert [o.line for o in orphans(ledger, "# A\n7\n\n7\n\n7\n").orphans] == [4, 6]


def test_a_rule_that_only_touches_a_number_leaves_it(ledger_with: Callable[..., Ledger]) -> None:
    rules = "".join(
        f'[[text.exclude]]\nrule = "{r}"\npattern = "{p}"\n'
        for r, p in (("before", "the "), ("behind", "B model"))
    )
    report = orphans(ledger_with(text=of(TEXT, figures=0, rules=rules)), TEXT)
    assert report.excluded == {"before": 0, "behind": 0}


def test_another_text_than_the_ledgers_is_a_finding(ledger_with: Callable[..., Ledger]) -> None:
    ledger = ledger_with(text=of(TEXT, figures=13))
    assert orphans(ledger, TEXT).findings == ("the ledger states 13 figures in the text, found 12",)
    assert orphans(ledger, TEXT + "And 8.").findings == (
        "the text is not the one that the ledger was made from: its SHA-256 differs",
    )


def test_without_rules_every_number_counts(ledger_with: Callable[..., Ledger]) -> None:
    report = orphans(ledger_with(), TEXT)
    assert (report.excluded, report.findings) == ({}, ())
    assert report.figures == 12 + 7


def test_the_first_rule_that_meets_a_number_counts_it(ledger_with: Callable[..., Ledger]) -> None:
    rules = "".join(f'[[text.exclude]]\nrule = "{r}"\npattern = "[0-9]"\n' for r in ("all", "none"))
    report = orphans(ledger_with(text=of(TEXT, figures=0, rules=rules)), TEXT)
    assert report.excluded == {"all": 19, "none": 0}
    assert report.orphans == ()


def test_the_audit_counts_figures(ledger_with: Callable[..., Ledger]) -> None:
    check = 'checks = [{ check = "identity_is_zero" }]\n'
    entries = [("1.1", "−0.5", "nats", check), ("Remarks", "42", "nats", check), *ENTRIES[:2]]
    ledger = ledger_with(entries, of(TEXT, figures=20))
    without = audit(ledger)
    assert without.text is None
    assert (without.summary.figures, without.summary.inputs) == (4, 2)
    assert (without.summary.paper_figures, without.summary.orphans) == (20, None)
    assert without.summary.figure_verdicts[Verdict.CONTRADICTED] == 2
    assert sum(without.summary.figure_verdicts.values()) == 2
    with_text = audit(ledger, text=TEXT)
    assert with_text.text == orphans(ledger, TEXT)
    assert (with_text.summary.paper_figures, with_text.summary.orphans) == (12, 8)
    order = 'checks = [{ check = "greater", values = ["e0"], than = ["e0"] }]'
    both = f'figures = ["5.70%", "5.70%"]\n{order}\n'
    twice = audit(ledger_with([ENTRIES[0], ("1.1", "5.70% and 5.70%", "%", both)])).summary
    assert sum(twice.figure_verdicts.values()) == 2
    bare = audit(ledger_with(ENTRIES[:2] + entries[:1]))
    assert (bare.summary.paper_figures, bare.summary.orphans) == (None, None)


def test_a_rule_must_be_a_regular_expression(ledger_with: Callable[..., Ledger]) -> None:
    rules = '[[text.exclude]]\nrule = "open"\npattern = "("\n'
    with pytest.raises(LedgerError) as caught:
        ledger_with(text=of(TEXT, figures=1, rules=rules))
    (fault,) = caught.value.details["faults"]
    assert fault.startswith(
        "paper.toml: text.exclude.0.pattern: wanted a regular expression, found '(': "
    )
