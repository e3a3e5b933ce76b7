"""The checks of the registry as a list for the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from plip.claims import CHECKS
from plip.report import render_check, render_checks
from plip.report.audit.listing import first_sentence

pytestmark = pytest.mark.fast


def words(shown: RenderableType) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80).print(shown)
    return " ".join(stream.getvalue().split())


def test_every_check_is_listed_with_what_it_asks() -> None:
    text = words(render_checks(CHECKS))
    for name, check in CHECKS.items():
        sentence = first_sentence(check)
        assert sentence.endswith((".", "…")), name
        assert f"{name} {sentence}" in text


def test_kinds_come_with_their_questions() -> None:
    text = words(render_checks({"mean_of": CHECKS["mean_of"]}))
    assert text.startswith("recompute: Does the figure follow from finer ones? mean_of ")
    assert "agreement" not in text


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_each_in_full_with_its_options(name: str) -> None:
    text = words(render_check(name, CHECKS[name]))
    assert text.startswith(f"{name} ({CHECKS[name].kind}) ")
    for option in CHECKS[name].model_json_schema()["properties"]:
        assert f" {option}: " in text


def test_types_and_defaults() -> None:
    text = words(render_check("approximately", CHECKS["approximately"]))
    assert text.endswith(
        "if_at_hand: boolean, default False value: string, required reference: string, required "
        "tolerance: number or string, required"
    )
