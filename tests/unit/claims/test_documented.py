"""Every check has its section in the documentation, with all of its options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plip.claims import CHECKS

pytestmark = pytest.mark.fast

PAGE = Path(__file__).parents[3] / "docs" / "audit" / "checks.md"


def sections() -> dict[str, str]:
    """Return the text of each check's section, by the checks that its heading names."""
    found: dict[str, str] = {}
    for part in re.split(r"^### ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
        found |= dict.fromkeys(re.findall(r"`(\w+)`", heading), text)
    return found


def test_every_check_has_a_section_and_every_section_a_check() -> None:
    assert sorted(sections()) == sorted(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_every_option_is_described(name: str) -> None:
    text = sections()[name]
    fields = CHECKS[name].model_fields
    options = {field.alias or option for option, field in fields.items()}
    # These two are described once, for all checks and for all tests.
    options -= {"if_at_hand", "alpha"}
    assert [option for option in sorted(options) if f"`{option}`" not in text] == []
