"""The page on the paper is what its command writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from plip.claims import bundled_ledger
from tools.audit_page import DOCUMENT, document, findings

pytestmark = pytest.mark.paper


@pytest.mark.fast
def test_findings_name_claims_of_the_ledger() -> None:
    claims = {claim.id for claim in bundled_ledger().claims}
    named = [claim for finding in findings() for claim in finding.claims]
    assert set(named) <= claims
    page = DOCUMENT.read_text(encoding="utf-8")
    assert all(finding.words.strip() in page for finding in findings())
    assert all(f"- `{claim}` (" in page for claim in named)


@pytest.mark.slow
def test_the_page_is_that_of_the_ledger(shared_dir: Path) -> None:
    paper = shared_dir / "paper"
    text = (paper / "STEERING_RESULTS.md").read_text(encoding="utf-8")
    assert document(text, paper / "plip-rs") == DOCUMENT.read_text(encoding="utf-8")
