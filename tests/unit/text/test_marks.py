"""Groups, and which marks a text can have."""

from __future__ import annotations

from typing import Any

import pytest

from plip.text import CharMarks, Group, TokenMarks
from plip.text.marks import corpus_error

pytestmark = pytest.mark.fast


def test_groups() -> None:
    assert [(group.value, group.language, group.is_control) for group in Group] == [
        ("python_doctest", "python", False),
        ("rust_test", "rust", False),
        ("python_baseline", "python", True),
        ("rust_baseline", "rust", True),
    ]


TEXT = "fn a() {}\n#[test] #[test]"


def listed(faults: dict[str, list[str]]) -> list[str]:
    return [fault for field in faults.values() for fault in field]


def test_marks_that_fit() -> None:
    assert not listed(CharMarks(10, "#[test]", (0, 3)).faults(TEXT))
    assert not listed(CharMarks(18, "#[test]", (24,)).faults(TEXT))
    assert not listed(TokenMarks(0, (99,)).faults(TEXT))


@pytest.mark.parametrize(
    ("marks", "faults"),
    [
        (
            CharMarks(11, "#[test]", (0,)),
            ["wanted '#[test]' at character 11, found '[test] '; it stands at 10, 18"],
        ),
        (
            CharMarks(24, "#[test]", (0,)),
            ["wanted '#[test]' at character 24, found ']'; it stands at 10, 18"],
        ),
        (
            CharMarks(0, ">>>", (0,)),
            ["wanted '>>>' at character 0, found 'fn '; it stands nowhere"],
        ),
        (
            CharMarks(25, "#[test]", (25,)),
            [
                "wanted the marker as a whole number within 0..24, found 25",
                "wanted a target as a whole number within 0..24, found 25",
            ],
        ),
        (
            CharMarks(-1, "]", (-25, 0)),
            [
                "wanted the marker as a whole number within 0..24, found -1",
                "wanted a target as a whole number within 0..24, found -25",
            ],
        ),
        (
            CharMarks(True, "n", (False, 1.0)),  # type: ignore[arg-type]  # what JSON can hold
            [
                "wanted the marker as a whole number within 0..24, found True",
                "wanted a target as a whole number within 0..24, found False",
                "wanted a target as a whole number within 0..24, found 1.0",
            ],
        ),
        (CharMarks(10, "", (0,)), ["wanted the marker's text, found ''"]),
        (CharMarks(10, "#[test]", ()), ["wanted at least one target, found none"]),
        (
            TokenMarks(-1, (True,)),
            [
                "wanted the marker as a whole number from 0, found -1",
                "wanted a target as a whole number from 0, found True",
            ],
        ),
        (TokenMarks(3, ()), ["wanted at least one target, found none"]),
    ],
)
def test_marks_that_do_not(marks: CharMarks | TokenMarks, faults: list[str]) -> None:
    assert listed(marks.faults(TEXT)) == faults


@pytest.mark.parametrize(("unit", "width"), [("utf-8", 1), ("utf-16-le", 2)])
def test_positions_in_other_units_do_not_pass(unit: str, width: int) -> None:
    text = "é😀 x\n>>> f"
    assert not listed(CharMarks(text.index(">>>"), ">>>", (0,)).faults(text))
    other = len(text[: text.index(">>>")].encode(unit)) // width
    assert listed(CharMarks(other, ">>>", (0,)).faults(text))


def test_pattern_counts_overlaps() -> None:
    faults: dict[str, Any] = CharMarks(0, ">>>", (0,)).faults("x >>>>")
    assert listed(faults) == ["wanted '>>>' at character 0, found 'x >'; it stands at 2, 3"]


def test_error_shows_twenty_faults_and_keeps_all() -> None:
    error = corpus_error("corpus 'x'", (f"fault {n}" for n in range(25)))
    assert str(error) == (
        "corpus 'x': wanted samples whose marks fit their texts, found 25 faults:\n  "
        + "\n  ".join(f"fault {n}" for n in range(20))
        + "\n  and 5 more; correct the corpus"
    )
    assert error.details["faults"] == [f"fault {n}" for n in range(25)]
    assert "found 1 fault:\n  a; correct" in str(corpus_error("x", ["a"]))
