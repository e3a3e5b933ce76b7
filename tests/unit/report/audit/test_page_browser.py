"""The page in a headless Chromium: filters, links, keys; nothing logged, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import Page, chromium, open_page

from plip.claims import AuditReport
from plip.report.page import render_page

pytestmark = [
    pytest.mark.fast,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here (tests/QUARANTINES.md)"),
]

TEXT = "# A made study\n\n## 1.1 Means & such\n\nThe mean is 5.70%.\n"
SHOWN = """[...document.querySelectorAll("tr.claim")].filter(row => !row.hidden)
    .map(row => row.cells[0].innerText)"""
SCRIPT = "Object.assign(document.createElement('script'), {text: 'window.x = 1'})"
IMAGE = '<img src="https://example.org/x.png">'


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One Chromium for all tests."""
    with open_page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def url(report: AuditReport, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page as a file."""
    place = tmp_path_factory.mktemp("page") / "audit.html"
    place.write_text(render_page(report, text=TEXT), encoding="utf-8")
    return place.as_uri()


@pytest.fixture
def page(browser: Page, url: str) -> Page:
    """The page, freshly loaded."""
    browser.go("about:blank")
    browser.logged.clear()
    browser.requests.clear()
    browser.go(url)
    return browser


def choose(page: Page, field: str, value: str) -> None:
    page.js(
        f"(() => {{ const field = document.getElementById('{field}'); field.value = '{value}';"
        " field.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def shown(page: Page) -> list[str]:
    found: list[str] = page.js(SHOWN)
    return found


def status(page: Page) -> str:
    return str(page.js("document.getElementById('shown').textContent"))


def test_nothing_is_fetched_and_nothing_is_logged(page: Page, url: str) -> None:
    for field, value in (("search", "kl"), ("verdict", "holds"), ("kind", "live")):
        choose(page, field, value)
    page.js("document.getElementById('open').click()")
    assert page.requests == [url]
    assert page.logged == []


def test_the_policy_forbids_what_is_not_the_pages_own(page: Page) -> None:
    page.js(f"document.body.insertAdjacentHTML('beforeend', '{IMAGE}')")
    page.js(f"document.body.append({SCRIPT})")
    assert page.js("window.x") is None
    assert any("Content Security Policy" in line for line in page.logged)


def test_no_text_of_a_ledger_is_run(page: Page) -> None:
    assert page.js("document.querySelectorAll('script').length") == 1
    assert "<script>alert('x')</script>" in page.js("document.body.innerText")
    assert "49" not in page.js("document.querySelector('[data-kinds]').innerText")


def test_a_search_takes_every_word_in_any_case(page: Page) -> None:
    assert status(page) == "10 of 10 claims shown"
    page.js("document.getElementById('search').focus()")
    page.write("0.018 The LAYER")
    assert shown(page) == ["2/p"]
    assert status(page) == "1 of 10 claims shown"
    assert page.js("[...document.querySelectorAll('table.claims > tbody')].map(b => b.hidden)") == [
        True, True, False, True, True,
    ]  # fmt: skip


def test_a_search_without_results_says_so(page: Page) -> None:
    choose(page, "search", "zzz")
    assert shown(page) == []
    assert status(page) == "0 of 10 claims shown"
    assert page.js("!document.getElementById('nothing').hidden")
    page.js("document.querySelector('button[type=reset]').click()")
    page.js("new Promise(done => setTimeout(done, 50))")
    assert len(shown(page)) == 10


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("verdict", "contradicted", ["2/kl", "2/p", "2/odd id <&>"]),
        ("verdict", "not-checkable", ["2.10/wide"]),
        ("section", "2", ["2/kl", "2/p", "2/rates", "2/odd id <&>"]),
        ("kind", "absence", ["1.2/no effect"]),
        ("kind", "live", ["live/rows"]),
    ],
)
def test_filters(page: Page, field: str, value: str, expected: list[str]) -> None:
    choose(page, field, value)
    assert shown(page) == expected


def test_filters_together(page: Page) -> None:
    page.js("document.getElementById('decisions').click()")
    assert shown(page) == ["1.2/no effect", "2/p"]
    choose(page, "verdict", "contradicted")
    assert shown(page) == ["2/p"]


def test_a_count_shows_its_claims(page: Page) -> None:
    page.js("document.querySelector('[data-show=unsupported]').click()")
    assert shown(page) == ["1.2/no effect", "2.10/long"]
    assert page.js("document.getElementById('verdict').value") == "unsupported"


def test_a_link_to_a_claim_shows_and_opens_it(page: Page) -> None:
    choose(page, "verdict", "holds")
    link = "document.querySelector('#sections a.chip.contradicted')"
    page.js(f"{link}.click()")
    page.js("new Promise(done => setTimeout(done, 50))")
    assert page.js("location.hash") == "#claim-2/kl"
    assert page.js("document.getElementById('claim-2/kl').querySelector('details').open")
    assert len(shown(page)) == 10
    page.js("document.getElementById('claim-2/kl').querySelector('details').open = false")
    page.js(f"{link}.click()")
    assert page.js("document.getElementById('claim-2/kl').querySelector('details').open")


def test_a_link_with_odd_characters_leads_somewhere(page: Page, url: str) -> None:
    hrefs = page.js(
        "[...document.querySelectorAll(\"a[href^='#']\")].map(a => a.getAttribute('href'))"
    )
    missing = page.js(
        "[...document.querySelectorAll(\"a[href^='#']\")].map(a => a.hash.slice(1))"
        ".filter(id => !document.getElementById(decodeURIComponent(id)))"
    )
    assert len(hrefs) > 40
    assert missing == []
    page.go("about:blank")
    page.go(f"{url}#claim-2/odd_id_%3C%26%3E")
    assert page.js("document.getElementById('claim-2/odd_id_<&>').querySelector('details').open")


def test_a_figure_leads_to_its_section(page: Page) -> None:
    page.js('document.querySelector("tr.claim .printed a").click()')
    assert page.js("location.hash") == "#section-1.1"
    assert page.js("document.getElementById('section-1.1').innerText").startswith(
        "Section 1.1 Means & such"
    )


def test_keys_alone_are_enough(page: Page) -> None:
    page.key("Tab", "Tab", 9)
    assert page.js("document.activeElement.className") == "skip"
    page.key("Enter", "Enter", 13, "\r")
    assert page.js("location.hash") == "#claims"
    page.js("document.querySelector('tr.claim summary').focus()")
    page.key(" ", "Space", 32, " ")
    assert page.js("document.querySelector('tr.claim details').open")
    outline = page.js("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_everything_is_open_on_paper(page: Page) -> None:
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("document.querySelectorAll('details:not([open])').length") == 0
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js("document.querySelectorAll('details[open]').length") == 0


def test_a_narrow_window_needs_no_sideways_scrolling(page: Page) -> None:
    page.send(
        "Emulation.setDeviceMetricsOverride",
        width=400,
        height=800,
        deviceScaleFactor=1,
        mobile=False,
    )
    try:
        page.js("document.getElementById('open').click()")
        width = "document.documentElement.scrollWidth"
        assert page.js(width) <= 400
    finally:
        page.send("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_schemes(page: Page, scheme: str) -> None:
    page.send(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    worst = page.js(CONTRAST)
    assert worst["ratio"] >= 4.5, worst


def test_names_for_those_who_do_not_see(page: Page) -> None:
    page.js("document.getElementById('open').click()")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            name = node.get("name", {}).get("value", "")
            roles.setdefault(node["role"]["value"], []).append(name)
    for role in ("searchbox", "combobox", "checkbox", "button", "link", "image", "table", "search"):
        assert all(roles[role]), role
    for landmark in ("banner", "main", "navigation", "contentinfo"):
        assert len(roles[landmark]) == 1, landmark
    assert len(roles["columnheader"]) >= 4
    assert roles["status"]


def test_without_scripts_it_is_a_full_table(browser: Page, url: str) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.go("about:blank")
        browser.go(url)
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    document = browser.send("DOM.getDocument", depth=0)["root"]["nodeId"]
    rows = browser.send("DOM.querySelectorAll", nodeId=document, selector="tr.claim:not([hidden])")
    assert len(rows["nodeIds"]) == 10
    form = browser.send("DOM.querySelectorAll", nodeId=document, selector="form:not([hidden])")
    assert form["nodeIds"] == []


# The least contrast of any text with what is behind it, after WCAG 2.
CONTRAST = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [r, g, b] = rgba(colour).slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return getComputedStyle(document.documentElement).colorScheme.includes("dark") &&
      matchMedia("(prefers-color-scheme: dark)").matches ? "black" : "white";
  };
  for (const details of document.querySelectorAll("details")) details.open = true;
  let worst = {ratio: 99};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest("svg, script, style")) continue;
    const a = light(getComputedStyle(element).color), b = light(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = {ratio, what: element.outerHTML.slice(0, 120)};
  }
  return worst;
})()
"""
