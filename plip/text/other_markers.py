"""The marker of another kind: the same text, but what stands in the marker's place tests nothing.

| language | marker    | in its place |
|----------|-----------|--------------|
| Python   | `>>>`     | `# >>>`      |
| Rust     | `#[test]` | `#[inline]`  |

A prompt behind a `#` is a remark that doctest does not run; `#[inline]` may stand before a
function as `#[test]` may. The new marker's position is that of the characters that both have in
common, `>>>` and `#[`, so that what is steered are the same characters in another sense. One marker
is replaced; further ones of the text stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from plip.errors import CorpusError, TextError
from plip.text.marks import CharMarks, Group
from plip.text.prompts import CodeLanguage
from plip.text.sample import Sample

__all__ = ["OtherMarker", "sample_with_other_marker", "with_other_marker"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A marker, what stands in its place, and where in that the marker's own characters begin."""

    marker: str
    other: str
    shift: int
    pattern: str


_KINDS: dict[str, _Kind] = {
    "python": _Kind(">>>", "# >>>", shift=2, pattern=">>>"),
    "rust": _Kind("#[test]", "#[inline]", shift=0, pattern="#[inline]"),
}
_CONTROLS = {"python": Group.PYTHON_BASELINE, "rust": Group.RUST_BASELINE}


@dataclass(frozen=True, slots=True)
class OtherMarker:
    """A text whose marker was replaced by one of another kind.

    Args:
        text: the new text.
        marker: where the new marker begins, in code points: the place to steer.
        pattern: what stands there.
        longer: how many code points the text has grown by; what stood behind the old marker stands
            so many further on.
    """

    text: str
    marker: int
    pattern: str
    longer: int


def with_other_marker(
    text: str, language: CodeLanguage, marker: int, *, who: str = "text"
) -> OtherMarker:
    """Replace a test's marker by one of another kind.

    Args:
        text: with the marker.
        language: of the code.
        marker: where the marker begins, in code points: `>>>` or `#[test]`.
        who: what the text is, for the error.

    Raises:
        TextError: no such marker begins there, or it is one of another kind already.
    """
    kind = _KINDS[language]
    end = marker + len(kind.marker)
    if text[max(marker, 0) : max(end, 0)] != kind.marker:
        raise TextError(
            who,
            wanted=f"the marker {kind.marker!r} at character {marker}",
            found=repr(text[max(marker, 0) : max(end, 0)]),
            advice="give the place where the marker of a test begins",
            details={"marker": marker, "language": language},
        )
    before = text[:marker].rpartition("\n")[2]
    if language == "python" and before.lstrip().startswith("#"):
        raise TextError(
            who,
            wanted=f"a {kind.marker!r} that begins a doctest at character {marker}",
            found=f"one in a remark: {before.lstrip() + kind.marker!r}",
            advice="leave this control out: the marker is one of another kind already",
            details={"marker": marker, "language": language},
        )
    return OtherMarker(
        text=text[:marker] + kind.other + text[end:],
        marker=marker + kind.shift,
        pattern=kind.pattern,
        longer=len(kind.other) - len(kind.marker),
    )


def sample_with_other_marker(sample: Sample) -> Sample:
    """Replace a sample's marker by one of another kind; targets stay on their characters.

    The sample keeps its id, and belongs to the controls of its language.

    Args:
        sample: with marks in characters, whose marker is that of a test.

    Raises:
        CorpusError: it has marks in tokens, which say nothing about characters.
        TextError: its marker is not that of a test, or a target lies in it.
    """
    who = f"sample {sample.id!r}"
    marks = sample.marks
    if not isinstance(marks, CharMarks):
        raise CorpusError(
            who,
            wanted="marks in characters, to replace the marker",
            found="marks in tokens",
            advice="turn them into characters with Sample.with_char_marks",
        )
    if sample.group.is_control:
        raise TextError(
            who,
            wanted="a sample with the marker of a test",
            found=f"one of {sample.group}, whose marker is of another kind already",
            advice="leave this control out",
        )
    language: CodeLanguage = "python" if sample.group.language == "python" else "rust"
    other = with_other_marker(sample.text, language, marks.marker, who=who)
    end = marks.marker + len(_KINDS[language].marker)
    inside = [target for target in marks.targets if marks.marker <= target < end]
    if inside:
        raise TextError(
            who,
            wanted="targets outside the marker, which is replaced",
            found=f"one at character {inside[0]}",
            advice="leave this control out",
            details={"targets": inside},
        )
    return replace(
        sample,
        group=_CONTROLS[language],
        text=other.text,
        marks=CharMarks(
            marker=other.marker,
            pattern=other.pattern,
            targets=tuple(
                target + (other.longer if target > marks.marker else 0) for target in marks.targets
            ),
        ),
    )
