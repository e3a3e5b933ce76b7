"""Pointing into data files."""

from __future__ import annotations

import pytest

from plip.claims.references import Reference, Step, is_reference, parse_reference
from plip.errors import LedgerError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@a/b.json#x", Reference("a/b.json", (Step("x"),))),
        ("@b.json#x.y.z", Reference("b.json", (Step("x"), Step("y"), Step("z")))),
        (
            "@b.json#x[id=py_a].y|%",
            Reference("b.json", (Step("x", (("id", "py_a"),)), Step("y")), True),
        ),
        (
            "@b.json#x[layer=2][kind=a b].y",
            Reference("b.json", (Step("x", (("layer", "2"), ("kind", "a b"))), Step("y"))),
        ),
        ("@b.json#x[scale=0.5]", Reference("b.json", (Step("x", (("scale", "0.5"),)),))),
    ],
)
def test_read(text: str, wanted: Reference) -> None:
    assert is_reference(text)
    assert parse_reference(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "@b.json",
        "@#x",
        "@b.json#",
        "@b.json#x..y",
        "@b.json#x[2]",
        "@b.json#x|&",
        "b.json#x",
        "@b#x[a=b",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="wanted @FILE#KEY"):
        parse_reference(text)


def test_ids_are_no_references() -> None:
    assert not is_reference("1.2/py_simple_add")
