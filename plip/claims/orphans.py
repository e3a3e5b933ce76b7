"""The numbers of a paper's text beside those of its ledger: which figures does no claim quote?"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from plip.claims.ledger import Ledger
from plip.claims.printed import Numeral, find_numerals, read_numeral
from plip.claims.schema import Exclusion

__all__ = ["TextFigure", "TextReport", "Unfound", "orphans", "sections"]

_HEADING = re.compile(
    r"(?P<level>#{1,6})\s+(?:(?P<number>[0-9]+(?:\.[0-9]+)*)\.?\s+)?(?P<title>.*)"
)
_FENCE = re.compile(r"\s*(?:```|~~~)\s*(?P<language>\S*)")
_AROUND = 40


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextFigure(_Frozen):
    """One figure of the text."""

    section: str
    """Its number, or its title where it has none."""
    line: int
    """Counted from 1."""
    printed: str
    """The figure as it stands there."""
    context: str
    """What stands around it in its line."""


class Unfound(_Frozen):
    """What an entry quotes and the text does not have, there."""

    id: str
    """The entry's."""
    section: str
    """Where the entry says that it stands."""
    quoted: str
    """The quote, or a figure that stands in its section less often than it is quoted."""


class TextReport(_Frozen):
    """A paper's text against its ledger."""

    sha256: str
    """Of the text as UTF-8."""
    figures: int
    """In the text, but for what is excluded."""
    quoted: int
    """Those of them that an entry answers for."""
    excluded: Mapping[str, int]
    """Numbers that are no figures, by the ledger's rule that says so."""
    orphans: tuple[TextFigure, ...]
    """Figures that no entry quotes."""
    unfound: tuple[Unfound, ...]
    """What entries quote and the text does not have."""
    findings: tuple[str, ...]
    """Where the text is not the one that the ledger was made from."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the text: a section between two headings, or a block of code between fences."""

    name: str
    start: int
    end: int


def sections(text: str) -> dict[str, str]:
    """Return the text of each section of a Markdown document, by its number.

    A heading without a number belongs to the numbered one that it stands under; where there is
    none, it opens a section that goes by its title. What stands in several places under one name
    is joined.
    """
    found: dict[str, str] = {}
    for part in _cut(text)[0]:
        found[part.name] = found.get(part.name, "") + text[part.start : part.end]
    return found


def orphans(ledger: Ledger, text: str) -> TextReport:
    """Compare the numbers of a paper's Markdown with the figures of its ledger.

    Every run of digits is a number, also within a word; the ledger's rules say which are no
    figures, each of them a regular expression (`Exclusion`), the first that meets a number counts.
    Within a section each entry takes as many of the figures as it quotes; what is left is an
    orphan.
    """
    parts, blocks = _cut(text)
    rules = ledger.text.exclude if ledger.text else ()
    kept, excluded = list(find_numerals(text)), Counter[str]()
    for rule in rules:
        spans = list(_spans(text, blocks, rule))
        met = {n for n in kept if any(start < n.end and n.start < end for start, end in spans)}
        excluded[rule.rule] += len(met)
        kept = [numeral for numeral in kept if numeral not in met]
    free: dict[tuple[str, object], list[Numeral]] = defaultdict(list)
    for numeral in kept:
        free[_section_at(parts, numeral.start), numeral.key].append(numeral)
    unfound = list(_consume(ledger, sections(text), free))
    left = sorted((n for rest in free.values() for n in rest), key=lambda numeral: numeral.start)
    report = TextReport(
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        figures=len(kept),
        quoted=len(kept) - len(left),
        excluded={rule.rule: excluded[rule.rule] for rule in rules},
        orphans=tuple(_figure(text, parts, numeral) for numeral in left),
        unfound=tuple(unfound),
        findings=(),
    )
    return report.model_copy(update={"findings": tuple(_findings(ledger, report))})


def _cut(text: str) -> tuple[list[_Part], list[_Part]]:
    """Return the sections, each where it begins anew, and the blocks of code, by language.

    The first section is what stands before any heading, if only nothing.
    """
    parts: list[_Part] = []
    blocks: list[_Part] = []
    path: list[tuple[int, str | None, str]] = []
    name, start, position = "", 0, 0
    block: _Part | None = None
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if fence is not None and block is None:
            block = _Part(fence["language"], position + len(line), 0)
        elif fence is not None and block is not None:
            blocks.append(_Part(block.name, block.start, position))
            block = None
        elif block is None and (heading := _HEADING.fullmatch(line.rstrip())) is not None:
            parts.append(_Part(name, start, position))
            level = len(heading["level"])
            path = [above for above in path if above[0] < level]
            path.append((level, heading["number"], heading["title"]))
            numbers = [number for _, number, _ in path if number is not None]
            name, start = numbers[-1] if numbers else heading["title"], position
        position += len(line)
    return [*parts, _Part(name, start, position)], blocks


def _section_at(parts: list[_Part], position: int) -> str:
    return next(part.name for part in parts if part.start <= position < part.end)


def _spans(text: str, blocks: list[_Part], rule: Exclusion) -> Iterator[tuple[int, int]]:
    places = [(0, len(text))]
    if rule.code is not None:
        places = [(block.start, block.end) for block in blocks if block.name == rule.code]
    pattern = re.compile(rule.pattern, re.MULTILINE)
    for start, end in places:
        yield from (found.span() for found in pattern.finditer(text, start, end))


def _consume(
    ledger: Ledger, texts: Mapping[str, str], free: dict[tuple[str, object], list[Numeral]]
) -> Iterator[Unfound]:
    """Take the figures that entries quote out of those that are free."""
    for entry in ledger.entries.values():
        if _plain(entry.quoted) not in _plain(texts.get(entry.section, "")):
            yield Unfound(id=entry.id, section=entry.section, quoted=entry.quoted)
        for figure in entry.figures:
            numeral = read_numeral(figure.printed)
            found = free.get((entry.section, numeral.key)) if numeral else None
            if found:
                found.pop(0)
            else:
                yield Unfound(id=entry.id, section=entry.section, quoted=figure.printed)


def _plain(text: str) -> str:
    """Leave out emphasis and line breaks."""
    return " ".join(text.replace("*", "").split())


def _figure(text: str, parts: list[_Part], numeral: Numeral) -> TextFigure:
    before = text[: numeral.start].rpartition("\n")[2][-_AROUND:]
    after = text[numeral.end :].partition("\n")[0][:_AROUND]
    printed = text[numeral.start : numeral.end]
    return TextFigure(
        section=_section_at(parts, numeral.start),
        line=text.count("\n", 0, numeral.start) + 1,
        printed=printed,
        context=f"{before}{printed}{after}".strip(),
    )


def _findings(ledger: Ledger, report: TextReport) -> Iterator[str]:
    stated = ledger.text
    if stated is None:
        return
    if report.sha256 != stated.sha256:
        yield "the text is not the one that the ledger was made from: its SHA-256 differs"
    if report.figures != stated.figures:
        yield f"the ledger states {stated.figures} figures in the text, found {report.figures}"
