"""Reading a ledger folder: tables, patterns, and every kind of fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from plip.claims import CHECKS, Ledger, bundled_ledger, read_ledger
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Read = Callable[[str], Ledger]


def entry(entry_id: str, body: str = 'quoted = "1.0%"\nunit = "%"', checks: str = "") -> str:
    listed = f"checks = [{checks}]\n" if checks else ""
    return (
        f'[[entry]]\nid = "{entry_id}"\nsection = "1"\nstatement = "Something."\n{body}\n{listed}\n'
    )


def faults_of(read: Read, text: str) -> list[str]:
    with pytest.raises(LedgerError) as caught:
        read(text)
    faults: list[str] = caught.value.details["faults"]
    assert str(caught.value) == (
        f"ledger 'study': wanted a ledger without faults, found {len(faults)}: "
        f"{'; '.join(faults)}; correct each entry named"
    )
    return faults


TABLE = """
[[entry]]
id = "t"
section = "1"
unit = "%"
statement = "At {key}, something."
checks = [{ check = "dose_bound", baseline = "a", scale = "s/{key}" }]
[entry.rows]
"2.0" = "1.1%"
"3.0" = "1.2%"
"""
SCALES = entry("s", 'unit = "×"\nexact = true\nrows = { "2.0" = "2.0×", "3.0" = "3.0×" }')


def test_a_table_stands_for_one_entry_a_row(ledger_of: Read) -> None:
    ledger = ledger_of(entry("a") + SCALES + TABLE)
    assert list(ledger.entries) == ["a", "s/2.0", "s/3.0", "t/2.0", "t/3.0"]
    row = ledger.entries["t/3.0"]
    assert (row.section, row.quoted, row.statement) == ("1", "1.2%", "At 3.0, something.")
    assert row.figure.printed == "1.2%"
    assert [check.inputs() for check in row.checks] == [("a", "s/3.0")]
    assert [claim.id for claim in ledger.claims] == ["t/2.0", "t/3.0"]
    assert [given.id for given in ledger.inputs] == ["a", "s/2.0", "s/3.0"]
    assert (ledger.paper, ledger.title) == ("study", "A made study")


def test_a_pattern_stands_for_the_ids_it_matches_in_their_order(ledger_of: Read) -> None:
    mean = entry("mean", checks='{ check = "mean_of", of = ["x_*", "y"] }')
    ledger = ledger_of(entry("x_b") + mean + entry("y") + entry("x_a"))
    (check,) = ledger.entries["mean"].checks
    assert check.inputs() == ("x_b", "x_a", "y")


def test_a_pattern_may_lie_in_a_list_of_lists(ledger_of: Read) -> None:
    options = '{ check = "equivalence", groups = [["x_*"], ["y_a", "y_b"]] }'
    claim = entry("same", 'quoted = "no change"\nfigures = []', options)
    named = "".join(entry(i) for i in ("x_a", "y_a", "x_b", "y_b"))
    (check,) = ledger_of(claim + named).entries["same"].checks
    assert check.inputs() == ("x_a", "x_b", "y_a", "y_b")


def test_a_figure_is_known_from_the_finest_figures_behind_it(ledger_of: Read) -> None:
    samples = entry("x", 'quoted = "1.10%"\nunit = "%"') + entry(
        "y", 'quoted = "1.30%"\nunit = "%"'
    )
    mean = entry("m", 'quoted = "1%"\nunit = "%"', '{ check = "mean_of", of = ["x", "y"] }')
    coarse = entry("n", 'quoted = "1%"\nunit = "%"', '{ check = "mean_of", of = ["m"] }')
    ledger = ledger_of(samples + mean + coarse)
    for known in (ledger.quantity("m"), ledger.quantity("n")):
        assert known.finest.show(3) == "[1.195, 1.205]"
        assert known.finest_at_face.show(3) == "1.200"
    assert ledger.quantity("x").finest.show(3) == "[1.095, 1.105]"


def test_a_quote_may_hold_more_than_the_figures_of_the_entry(ledger_of: Read) -> None:
    ledger = ledger_of(entry("a", 'quoted = "5.71% at 3×"\nfigures = ["5.71%"]\nunit = "%"'))
    assert ledger.entries["a"].quoted == "5.71% at 3×"
    assert ledger.entries["a"].figure.printed == "5.71%"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (entry("a") * 2, "a: wanted each id once, found it again"),
        (
            entry("a", 'quoted = "about 3%"\nunit = "%"'),
            "a: figure 'about 3%': wanted a number or range such as 5.70%, ±332.08 or ~2-3×, "
            "found 'about 3%'; quote the figure as the paper prints it",
        ),
        (
            entry("a", checks='{ check = "haruspicy" }'),
            f"a: wanted one of the checks {', '.join(CHECKS)}, found 'haruspicy'",
        ),
        (
            entry("a", checks='{ of = ["b"] }'),
            f"a: wanted one of the checks {', '.join(CHECKS)}, found None",
        ),
        (
            entry("a", checks='{ check = "same_as", other = "b" }'),
            "a: same_as: wanted the id of an entry, found 'b'",
        ),
        (
            entry("a", checks='{ check = "mean_of", of = ["b_*"] }'),
            "a: mean_of: wanted the id of an entry, found 'b_*'",
        ),
        (
            entry("a", checks='{ check = "mean_of", of = [] }'),
            "a: mean_of: of: Tuple should have at least 1 item after validation, not 0",
        ),
        (
            entry("a", checks='{ check = "same_as", other = "a", extra = 1 }'),
            "a: same_as: extra: Extra inputs are not permitted",
        ),
        (
            entry("a", checks='{ check = "same_as", other = "a" }'),
            "wanted claims that do not rest on themselves, found a → a",
        ),
        (
            entry("a", 'quoted = "x"\nfigures = []', '{ check = "identity_is_zero" }'),
            "a: identity_is_zero: wanted a claim with one figure, found 0",
        ),
        (
            entry("a", checks='{ check = "same_as", other = "b" }')
            + entry("b", 'quoted = "1.0% or 2.0%"\nfigures = ["1.0%", "2.0%"]\nunit = "%"'),
            "a: same_as: wanted an entry with one figure, found 2 at 'b'",
        ),
        (
            entry("a", checks='{ check = "mean_of", of = ["b"] }')
            + entry("b", 'quoted = "1.0"\nunit = "nats"'),
            "a: mean_of: wanted 'b' in '%', found it in 'nats'",
        ),
        (
            entry("a", checks='{ check = "same_as", other = "b" }')
            + entry("b", 'quoted = "1.0"\nunit = "nats"'),
            "a: same_as: wanted 'b' in '%', found it in 'nats'",
        ),
        (
            entry("a", checks='{ check = "ratio_of", numerator = "b", denominator = "c" }')
            + entry("b", 'quoted = "1.0"\nunit = "nats"')
            + entry("c"),
            "a: ratio_of: wanted 'c' in 'nats', found it in '%'",
        ),
        (
            entry("a", checks='{ check = "dose_bound", baseline = "b", scale = "b" }')
            + entry("b", 'quoted = "1.0"\nunit = "nats"'),
            "a: dose_bound: wanted 'b' in '%', found it in 'nats'",
        ),
        (
            entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "approximately", value = "b", reference = "c", tolerance = 0.1 }',
            )
            + entry("b", 'quoted = "1.0"\nunit = "nats"')
            + entry("c"),
            "a: approximately: wanted 'c' in 'nats', found it in '%'",
        ),
        (
            entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "approximately", value = "b", reference = "b", tolerance = 0 }',
            )
            + entry("b"),
            "a: approximately: tolerance: Input should be greater than 0",
        ),
        (
            entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "approximately", value = "b", reference = "b", tolerance = 1.0 }',
            )
            + entry("b"),
            "a: approximately: tolerance: Input should be less than 1",
        ),
        (
            SCALES
            + entry("b")
            + entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "monotone_in_dose", scales = ["s/2.0", "s/2.0"], values = ["b", "b"] }',
            ),
            "a: monotone_in_dose: wanted each scale once, found one twice",
        ),
        (
            SCALES
            + entry("b")
            + entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "monotone_in_dose", scales = ["s/*"], values = ["b", "b", "b"] }',
            ),
            "a: monotone_in_dose: 2 scales but 3 values",
        ),
        (
            SCALES
            + entry("b")
            + entry("c", 'quoted = "1.0"\nunit = "nats"')
            + entry(
                "a",
                'quoted = "x"\nfigures = []',
                '{ check = "monotone_in_dose", scales = ["s/*"], values = ["b", "c"] }',
            ),
            "a: monotone_in_dose: wanted 'c' in '%', found it in 'nats'",
        ),
        (
            SCALES
            + entry("b")
            + entry(
                "a",
                'quoted = "2-3×"\nunit = "×"',
                '{ check = "scale_needed", target = "s/2.0", scales = ["s/*"], '
                'values = ["b", "b"] }',
            ),
            "a: scale_needed: wanted 's/2.0' in '%', found it in '×'",
        ),
        (
            SCALES
            + entry("b")
            + entry(
                "a",
                'quoted = "2-3"\nunit = "layer"',
                '{ check = "scale_needed", target = "b", scales = ["l", "s/2.0"], '
                'values = ["b", "b"] }',
            )
            + entry("l", 'quoted = "20"\nunit = "layer"'),
            "a: scale_needed: wanted 's/2.0' in 'layer', found it in '×'",
        ),
        ('[[entry]]\nid = "a"\nsection = "1"\n', "1.toml: a: statement: Field required"),
        (entry("a", 'unit = "%"'), "1.toml: a: wanted either 'quoted' or 'rows'"),
        (
            entry("a", 'quoted = "1%"\nrows = { k = "1%" }\nunit = "%"'),
            "1.toml: a: wanted either 'quoted' or 'rows'",
        ),
        (
            entry("a", 'figures = ["1%"]\nrows = { k = "1%" }\nunit = "%"'),
            "1.toml: a: wanted no 'figures' beside 'rows': each row quotes its own",
        ),
        (entry("a", 'quoted = "1"'), "1.toml: a: wanted a 'unit' for the figures"),
        (
            entry("a", 'quoted = "1%"\nfigures = ["2%"]\nunit = "%"'),
            "1.toml: a: wanted the figure '2%' within '1%'",
        ),
        (
            entry("a", 'quoted = "1%"\nunit = "%"\nverdict = "holds"'),
            "1.toml: a: verdict: Extra inputs are not permitted",
        ),
        ("entry = 3", "1.toml: entry: Input should be a valid tuple"),
        ("[[entry]", "1.toml: Expected ']]' at the end of an array declaration"),
    ],
)
def test_one_fault(ledger_of: Read, text: str, fault: str) -> None:
    (found,) = faults_of(ledger_of, text)
    assert found.startswith(fault)


def test_all_faults_are_reported_together_and_none_twice(ledger_of: Read) -> None:
    text = (
        entry("dup")
        + entry("dup")
        + entry("odd", 'quoted = "n/a"\nunit = "%"', '{ check = "identity_is_zero" }')
        # Rests on the unreadable figure: nothing to say until that one is mended.
        + entry("fine", checks='{ check = "same_as", other = "odd" }')
        + entry("lost", checks='{ check = "same_as", other = "nowhere" }')
        + entry("p", checks='{ check = "same_as", other = "q" }')
        + entry("q", checks='{ check = "same_as", other = "p" }')
    )
    found = faults_of(ledger_of, text)
    assert [fault.split(":")[0] for fault in found[:3]] == ["dup", "odd", "lost"]
    assert found[3] in (
        "wanted claims that do not rest on themselves, found p → q → p",
        "wanted claims that do not rest on themselves, found q → p → q",
    )
    assert len(found) == 4


def test_an_entry_that_cannot_be_read_makes_no_other_look_faulty(ledger_of: Read) -> None:
    text = entry("a", 'quoted = "1%"') + entry("b", checks='{ check = "same_as", other = "a" }')
    assert faults_of(ledger_of, text) == ["1.toml: a: wanted a 'unit' for the figures"]


def test_faults_of_the_folder(tmp_path: Path) -> None:
    def faults(folder: Path) -> list[str]:
        with pytest.raises(LedgerError) as caught:
            read_ledger(folder)
        found: list[str] = caught.value.details["faults"]
        return found

    missing = tmp_path / "missing"
    assert faults(missing) == [f"{missing}: wanted a folder of TOML files, found none"]
    folder = tmp_path / "study"
    folder.mkdir()
    assert faults(folder) == [
        "paper.toml: wanted this file, found none",
        "wanted at least one file of entries beside paper.toml, found none",
    ]
    (folder / "paper.toml").write_text('format = "plip.ledger/2"\ntitle = "T"\n', encoding="utf-8")
    (folder / "1.toml").write_bytes(b"\xff")
    (folder / "2.toml").write_text(entry("a"), encoding="utf-8")
    first, second = faults(folder)
    assert first.startswith("1.toml: wanted readable UTF-8, found 'utf-8' codec")
    assert second == "paper.toml: format: Input should be 'plip.ledger/1'"


def test_the_bundled_ledger_is_read_from_the_package_or_anywhere(tmp_path: Path) -> None:
    ledger = bundled_ledger()
    assert ledger.paper == "steering_results"
    with as_file(files("plip.claims") / "papers" / "steering_results") as folder:
        shutil.copytree(folder, tmp_path / "steering_results")
    assert read_ledger(tmp_path / "steering_results") == ledger


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    header = 'format = "plip.ledger/1"\ntitle = "T"\n'
    texts = {"b1.toml": entry("second"), "a2.toml": entry("first"), "paper.toml": header}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "notes.md").write_text("no part of the ledger", encoding="utf-8")
    assert list(read_ledger(tmp_path).entries) == ["first", "second"]


def test_an_unknown_bundled_ledger() -> None:
    with pytest.raises(LedgerError) as caught:
        bundled_ledger("steering")
    assert str(caught.value) == (
        "ledger 'steering': wanted one of steering_results, found no such ledger; name one of these"
    )
