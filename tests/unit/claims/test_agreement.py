"""The same quantity in a data file; printed twice, it is tested with the core."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

FILES = {"d.json": {"p": 0.01757598, "share": 0.0570125}}


@pytest.mark.parametrize(
    ("quoted", "path", "verdict", "says"),
    [
        ("0.018", "p", Verdict.HOLDS, "agrees with"),
        ("0.0176", "p", Verdict.HOLDS, "agrees with"),
        ("0.017", "p", Verdict.CONTRADICTED, "does not agree with"),
        ("5.70%", "share|%", Verdict.HOLDS, "agrees with"),
        ("5.71%", "share|%", Verdict.CONTRADICTED, "does not agree with"),
    ],
)
def test_same_as_a_data_file(
    data_check_of: Judge, quoted: str, path: str, verdict: Verdict, says: str
) -> None:
    claim = data_check_of(quoted, f'check = "same_as", other = "@d.json#{path}"', FILES)
    assert claim.verdict is verdict
    assert claim.reason.startswith(f"{quoted} {says} the same quantity at @d.json#{path}, ")
