"""The page as text: whole, escaped, without anything from elsewhere."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from plip.claims import AuditReport, ClaimResult, Kind, Verdict
from plip.report.page import render_page

pytestmark = pytest.mark.fast

VOID = {"meta", "input", "br", "wbr", "link", "img", "hr"}


class Elements(HTMLParser):
    """Collects every element, and sees that each is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def html(report: AuditReport) -> str:
    return render_page(report, text="# T\n\n## 1.1 Means <i>& such</i>\n\nIt is <b>5.70%</b>.\n")


@pytest.fixture(scope="module")
def elements(html: str) -> Elements:
    return Elements(html)


def test_ids_are_unique(elements: Elements) -> None:
    ids = Counter(attributes["id"] for _, attributes in elements.found if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []


def test_what_names_another_element_finds_it(elements: Elements) -> None:
    ids = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    for _, attributes in elements.found:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= ids
    for use in elements.all("use"):
        assert (use["href"] or "").removeprefix("#") in ids
    clips = re.findall(r"url\(#([^)]*)\)", str(elements.found))
    assert clips
    assert set(clips) <= ids


def test_links_are_escaped_and_lead_somewhere(elements: Elements) -> None:
    ids = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    for link in elements.all("a"):
        assert re.fullmatch(r"#[A-Za-z0-9_.~/%-]+", link["href"] or "")
        assert unquote((link["href"] or "")[1:]) in ids


def test_the_policy_allows_the_pages_own_style_and_script_only(html: str) -> None:
    (policy,) = re.findall('Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert rules == {}


def test_no_element_has_a_style_or_a_script_of_its_own(elements: Elements) -> None:
    for tag, attributes in elements.found:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "image")
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert not any("//" in (value or "") for value in attributes.values() if tag != "meta")
        assert (attributes.get("href") or "#").startswith("#")


def test_everything_a_claim_has_is_there(elements: Elements, report: AuditReport) -> None:
    text = " ".join(" ".join(elements.texts).split())
    for claim in report.claims:
        for words in (claim.reason, claim.quoted, claim.statement, claim.decides or ""):
            assert " ".join(words.split()) in text
        for check in claim.checks:
            assert check.check in text
    for words in ("Computed: [5.697, 5.707]", "1e−07", "column 8", "2.66667", "44%", "0.018"):
        assert words.replace("Computed: ", "") in text
    for digest in "abcdef":
        assert digest * 64 in text


def test_the_manifest(elements: Elements) -> None:
    text = " ".join(" ".join(elements.texts).split())
    assert "audited 3 February 2026, 04:05 UTC with plip 0.1.0" in text
    assert "plip audit --text 'a <b>.md'" in text
    for words in ("Linux-x86_64", "bundled:transformer", "paper.toml", "2026-02-03T04:05:06+00:00"):
        assert words in text


def test_verdicts_and_kinds_are_explained(elements: Elements) -> None:
    text = " ".join(" ".join(elements.texts).split())
    method = text.partition("Kinds of checks")[2]
    for kind in Kind:
        assert f" {kind} " in method
    for verdict in Verdict:
        assert str(verdict) in text.partition("Method")[2]


def test_rows_say_what_filters_ask_for(elements: Elements, report: AuditReport) -> None:
    rows = [row for row in elements.all("tr") if row.get("class") == "claim"]
    assert len(rows) == len(report.claims)
    assert [row["data-section"] for row in rows] == [claim.section for claim in report.claims]
    assert rows[2]["data-verdict"] == "unsupported"
    assert rows[2]["data-kinds"] == "absence"
    assert ["data-decision" in row for row in rows].count(True) == 2
    options = {option.get("value") for option in elements.all("option")}
    assert {row["data-verdict"] for row in rows} | {row["data-section"] for row in rows} <= options


def test_charts_have_titles_and_descriptions(elements: Elements) -> None:
    images = [svg for svg in elements.all("svg") if svg.get("role") == "img"]
    assert len(images) == 3
    assert len(elements.all("desc")) == 3


def test_the_papers_own_text(html: str, report: AuditReport) -> None:
    assert '<h3 id="title-section-1.1">Section 1.1 Means &lt;i&gt;&amp; such&lt;/i&gt;</h3>' in html
    assert "It is &lt;b&gt;5.70%&lt;/b&gt;." in html
    assert "own text" not in render_page(report)


def test_the_same_report_is_the_same_page(html: str, report: AuditReport) -> None:
    again = render_page(report, text="# T\n\n## 1.1 Means <i>& such</i>\n\nIt is <b>5.70%</b>.\n")
    assert again == html


def test_a_page_without_anything(empty: AuditReport) -> None:
    html = render_page(empty)
    Elements(html)
    assert "not told" in html
    assert "Decisions that would change" not in html


def test_odd_ids_and_sections(
    make_claim: Callable[..., ClaimResult], make_report: Callable[..., AuditReport]
) -> None:
    names = (("a b", "x y"), ("a_b", "x_y"), ("claims", "summary"), ("é#%", "live"))
    claims = tuple(make_claim(name, Verdict.HOLDS, section=section) for name, section in names)
    elements = Elements(render_page(make_report(claims)))
    test_ids_are_unique(elements)
    test_links_are_escaped_and_lead_somewhere(elements)
