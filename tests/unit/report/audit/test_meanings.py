"""Every verdict, kind and statement has its words."""

from __future__ import annotations

from typing import get_args

import pytest

from plip.claims import Kind, Verdict
from plip.claims.ledger import States
from plip.report.audit.items import ITEMS
from plip.report.audit.meanings import KINDS, STATES, VERDICTS, kind_name

pytestmark = pytest.mark.fast


def test_nothing_is_left_without_words() -> None:
    assert list(VERDICTS) == list(Verdict)
    assert list(KINDS) == list(Kind)
    assert list(STATES) == list(get_args(States))


def test_every_kind_of_check_answers_an_item_of_the_checklist() -> None:
    asked = [kind for item in ITEMS for kind in item.kinds]
    assert sorted(asked) == sorted(Kind)


def test_words_are_sentences() -> None:
    for meaning in KINDS.values():
        assert meaning.question.endswith("?")
        assert meaning.how.endswith(".")
    for words in VERDICTS.values():
        assert words.endswith(".")


def test_a_check_made_here_is_live() -> None:
    assert kind_name(None) == "live"
    assert kind_name(Kind.ABSENCE) == "absence"
