"""Checks of design: pairs, units, factors, contrasts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Ledger, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]


def outcomes(*pairs: tuple[bool, bool]) -> dict[str, object]:
    rows = [{"id": f"s{i}", "before": b, "after": a} for i, (b, a) in enumerate(pairs)]
    return {"d.json": {"rows": rows, "p": 0.0703125}}


def numbers(one: list[float], other: list[float]) -> dict[str, object]:
    rows = [
        {"id": f"s{i}", "x": x, "y": y} for i, (x, y) in enumerate(zip(one, other, strict=True))
    ]
    return {"d.json": {"rows": rows}}


EIGHT = outcomes(*[(False, True)] * 7, (True, False), *[(True, True)] * 4, *[(False, False)] * 8)
PAIRS = (
    'check = "paired_outcomes", before = ["@d.json#rows.before"], after = ["@d.json#rows.after"]'
)
NUMBERS = 'check = "paired_outcomes", before = ["@d.json#rows.x"], after = ["@d.json#rows.y"]'


@pytest.mark.parametrize(
    ("quoted", "verdict", "changed", "reason"),
    [
        (
            "p = 0.070",
            Verdict.HOLDS,
            None,
            "p = 0.070 is that of a paired test, McNemar, exact; "
            "of 20 units 7 gained the outcome and 1 lost it",
        ),
        (
            "p = 0.035",
            Verdict.HOLDS,
            None,
            "p = 0.035 is that of a paired test, McNemar, exact, one-sided (more after); "
            "of 20 units 7 gained the outcome and 1 lost it",
        ),
        (
            "p = 0.11",
            Verdict.UNSUPPORTED,
            False,
            "p = 0.11 is that of Fisher (0.1053), which takes the conditions for different units; "
            "paired, p = 0.0703 (McNemar, exact); of 20 units 7 gained the outcome and 1 lost it",
        ),
    ],
)
def test_outcomes_of_the_same_units(
    data_check_of: Judge, quoted: str, verdict: Verdict, changed: bool | None, reason: str
) -> None:
    claim = data_check_of(quoted, PAIRS, EIGHT)
    assert (claim.verdict, claim.decision_changes, claim.reason) == (verdict, changed, reason)
    rows = claim.checks[0].rows
    assert [row["test"] for row in rows][::3] == ["McNemar, exact", "Fisher"]
    assert rows[0]["p"] == pytest.approx(18 / 256)


def test_a_p_that_is_only_bounded(data_check_of: Judge) -> None:
    claim = data_check_of("p < 0.001", PAIRS, EIGHT, figure="0.001")
    assert (claim.verdict, claim.decision_changes, claim.reason) == (
        Verdict.UNSUPPORTED,
        True,
        "p < 0.001 is that of none of the 6 tests tried; paired, p = 0.0703 (McNemar, exact); "
        "of 20 units 7 gained the outcome and 1 lost it",
    )
    assert data_check_of("p < 0.2", PAIRS, EIGHT, figure="0.2").verdict is Verdict.HOLDS


def test_a_p_that_stands_in_a_data_file(data_check_of: Judge) -> None:
    claim = data_check_of("so", f'{PAIRS}, stated = "@d.json#p"', EIGHT)
    assert claim.verdict is Verdict.HOLDS
    with pytest.raises(LedgerError, match="wanted 'stated', the source of p, or a claim with one"):
        data_check_of("so", PAIRS, EIGHT)


def test_pairing_may_change_the_decision(data_check_of: Judge) -> None:
    one = [1.0, 9.0, 4.0, 6.0, 2.0, 8.0]
    other = [1.3, 9.4, 4.2, 6.4, 2.3, 8.5]
    claim = data_check_of("p = 0.86", NUMBERS, numbers(one, other))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.decision_changes is True
    assert claim.reason.endswith("(paired t); 6 units under both conditions")
    claim = data_check_of("p = 0.031", NUMBERS, numbers(one, other))
    assert (claim.verdict, claim.reason.split(";")[0]) == (
        Verdict.HOLDS,
        "p = 0.031 is that of a paired test, Wilcoxon",
    )


def test_pairs_that_are_none(data_check_of: Judge) -> None:
    claim = data_check_of("p = 0.03", NUMBERS, numbers([1, 2, 3], [2, 3, 4]))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("no test is defined: comparison: wanted figures that vary")
    files = {"d.json": {"a": [{"id": "s", "x": 1.0}], "b": [{"id": "t", "x": 1.0}]}}
    other = 'check = "paired_outcomes", before = ["@d.json#a.x"], after = ["@d.json#b.x"]'
    with pytest.raises(ArtifactError, match="wanted the same samples under both conditions"):
        data_check_of("p = 0.03", other, files)


CLUSTERED = 'check = "clustered", values = ["a", "b", "d", "e"], n = 30'


def test_one_prompt_a_level_says_nothing_of_prompts(data_check_of: Judge) -> None:
    check = f'{CLUSTERED}, unit = ["x", "x", "y", "y"], level = ["1", "1", "2", "2"]'
    claim = data_check_of("so", check, a="70%", b="74%", d="40%", e="44%")
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert claim.reason == (
        "each level has one of the prompts: whatever else differs between prompts cannot be told "
        "from the levels, however often each is repeated; the nearest levels are 30 apart, and if "
        "prompts alone differ by half of that (SD) 4 a level would be needed, if by as much, 9"
    )
    first = claim.checks[0].rows[0]
    assert (first["mean"], first["units"], first["repeats"]) == (72, 1, 60)
    assert first["low over units"] is None
    assert first["low if repeats were independent"] == pytest.approx(59.23, abs=0.01)


def test_levels_alike_need_no_number_of_prompts(data_check_of: Judge) -> None:
    check = f'{CLUSTERED}, unit = ["x", "x", "y", "y"], level = ["1", "1", "2", "2"]'
    claim = data_check_of("so", check, a="40%", b="44%", d="40%", e="44%")
    assert claim.reason.endswith("however often each is repeated")


def test_crossed_prompts(data_check_of: Judge) -> None:
    check = f'{CLUSTERED}, unit = ["x", "y", "x", "y"], level = ["1", "1", "2", "2"]'
    claim = data_check_of("so", check, a="70%", b="30%", d="40%", e="1%")
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == "over 2 prompts, each at every level, the levels differ with p = 0.0108"
    claim = data_check_of("so", check, a="70%", b="30%", d="40%", e="40%")
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert claim.reason.endswith(
        "p = 0.705; repeats within one of the prompts are not independent units"
    )


def test_nested_prompts(data_check_of: Judge) -> None:
    check = f'{CLUSTERED}, unit = ["w", "x", "y", "z"], level = ["1", "1", "2", "2"]'
    claim = data_check_of("so", check, a="70%", b="72%", d="40%", e="42%")
    assert (claim.verdict, claim.reason) == (
        Verdict.HOLDS,
        "over 2 + 2 prompts, the levels differ with p = 0.00221",
    )
    rows = claim.checks[0].rows
    assert rows[0]["low over units"] == pytest.approx(71 - 12.706, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ('unit = ["x"], level = ["1", "2"]', "wanted a level for each unit, found 2"),
        ('unit = ["x", "y"], level = ["1", "1"]', "wanted at least two levels"),
        ('unit = ["x", "y"], level = ["1", "2"]', "wanted a unit for each of 4 values, found 2"),
    ],
)
def test_units_that_do_not_go_with_the_values(
    data_check_of: Judge, options: str, fault: str
) -> None:
    with pytest.raises(LedgerError, match=fault):
        data_check_of("so", f"{CLUSTERED}, {options}", a="1%", b="1%", d="1%", e="1%")


def factors(one: str, other: str) -> str:
    listed = [", ".join(f'"{level}"' for level in levels) for levels in (one, other)]
    return (
        f'check = "confounded", factor = {{ name = "distance", levels = [{listed[0]}] }}, '
        f'other = {{ name = "prompt", levels = [{listed[1]}] }}'
    )


@pytest.mark.parametrize(
    ("one", "other", "verdict", "reason"),
    [
        (
            "abc",
            "xyz",
            Verdict.UNSUPPORTED,
            "distance is confounded with prompt (a occurs with x only): of the 2 contrasts between "
            "its levels, none can be told from it",
        ),
        (
            "aabbcc",
            "xyxyzz",
            Verdict.UNSUPPORTED,
            "distance is confounded with prompt (c occurs with z only): of the 2 contrasts between "
            "its levels, 1 of 2 can be told from it",
        ),
        (
            "aabb",
            "xyxy",
            Verdict.HOLDS,
            "distance varies within prompt, so that all its levels can be compared",
        ),
        (
            "aabb",
            "wxyz",
            Verdict.HOLDS,
            "every level of distance has several of prompt: they are its units",
        ),
        (
            "aa",
            "xy",
            Verdict.UNSUPPORTED,
            "distance has one level only, a: nothing to compare it with",
        ),
        (
            "ab",
            "xx",
            Verdict.HOLDS,
            "distance varies within prompt, so that all its levels can be compared",
        ),
    ],
)
def test_confounded(
    data_check_of: Judge, one: str, other: str, verdict: Verdict, reason: str
) -> None:
    claim = data_check_of("so", factors(one, other))
    assert (claim.verdict, claim.reason) == (verdict, reason)
    assert claim.decision_changes is (None if verdict is Verdict.HOLDS else True)
    assert sum(row["conditions"] for row in claim.checks[0].rows) == len(one)


def test_factors_from_a_data_file(data_check_of: Judge) -> None:
    files = {"d.json": {"rows": [{"d": 1, "p": "x"}, {"d": 2, "p": "y"}]}}
    check = (
        'check = "confounded", factor = { name = "distance", levels = ["@d.json#rows.d"] }, '
        'other = { name = "prompt", levels = ["@d.json#rows.p"] }'
    )
    assert data_check_of("so", check, files).verdict is Verdict.UNSUPPORTED
    typed = check.replace('"@d.json#rows.p"', '"x", "y", "z"')
    with pytest.raises(
        ArtifactError, match="wanted one of each for every condition, found 2 and 3"
    ):
        data_check_of("so", typed, files)
    with pytest.raises(LedgerError, match="wanted both factors of every condition"):
        data_check_of("so", factors("ab", "x"))


def sampled(arms: list[object]) -> dict[str, object]:
    kl = [1.0, 1.2, 0.9, 1.4, 2.0, 2.3, 2.2, 2.6]
    language = ["python"] * 4 + ["rust"] * 4
    rows = zip(kl, language, arms, strict=True)
    return {"d.json": {"rows": [{"kl": k, "lang": g, "arm": a} for k, g, a in rows]}}


CONTRAST = (
    'check = "other_contrast", values = ["@d.json#rows.kl"], groups = ["@d.json#rows.lang"], '
    'arms = ["@d.json#rows.arm"], contrast = ["1", "0"]'
)


def test_a_test_of_another_contrast(data_check_of: Judge) -> None:
    """Welch's p of the languages is 0.000493; all samples were knocked out."""
    claim = data_check_of("p = 0.00049", CONTRAST, sampled([1] * 8))
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert claim.reason == (
        "p = 0.00049 is that of python against rust (Welch, 0.0004931); the "
        "statement compares 1 against 0, and of 8 samples none is in arm 0"
    )
    claim = data_check_of("p = 0.5", CONTRAST, sampled([1] * 8))
    assert claim.reason.startswith("p = 0.5 is that of none of the 5 tests tried; the statement")


def test_a_test_of_the_contrast_itself(data_check_of: Judge) -> None:
    files = sampled([1, 0] * 4)
    claim = data_check_of("p = 0.49", CONTRAST, files)
    assert claim.verdict is Verdict.HOLDS
    assert claim.reason.startswith("p = 0.49 is that of 1 against 0 (")
    claim = data_check_of("p = 0.00049", CONTRAST, files)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.endswith("; the statement compares 1 against 0")


def test_arms_that_are_no_arms(data_check_of: Judge) -> None:
    with pytest.raises(LedgerError, match="wanted two arms, found '1' twice"):
        data_check_of("p = 0.5", CONTRAST.replace('"0"', '"1.0"'), sampled([1] * 8))
    entries = CONTRAST.replace('"@d.json#rows.kl"', '"a"')
    with pytest.raises(LedgerError, match="wanted a reference into a data file, found 'a'"):
        data_check_of("p = 0.5", entries, sampled([1] * 8), a="1%")
    lists = {"d.json": {"rows": [{"kl": 1.0, "lang": "a", "arm": [1, 2]}]}}
    with pytest.raises(ArtifactError, match="found 1 values, 1 groups, 2 arms"):
        data_check_of("p = 0.5", CONTRAST, lists)


def test_without_the_files_nothing_is_said(check_of: Judge) -> None:
    claim = check_of("0.5", CONTRAST)
    assert (claim.verdict, claim.reason) == (Verdict.NOT_CHECKABLE, "needs artifacts: d.json")


def test_a_ledger_of_files(ledger_of: Callable[[str], Ledger]) -> None:
    """Options are named as the ledger's authors will write them."""
    text = (
        '[[entry]]\nid = "c"\nsection = "1"\nquoted = "so"\nfigures = []\nstatement = "So."\n'
        f"checks = [{{ {factors('ab', 'xy')} }}]\n"
    )
    (check,) = ledger_of(text).entries["c"].checks
    assert check.name == "confounded"
    assert check.inputs() == ()
