"""A function as a text: with a line before it or not, with more or less filler, marker or neutral.

Both languages are laid out alike as far as their grammar lets them:

    # The baker waits by the sea.              // The baker waits by the sea.
    def add_ticket(left, n):                   fn add_ticket(left: i64, n: i64) -> i64 {
        # One sailor sings until noon.             // One sailor sings until noon.
        \"\"\"                                            left + n
        >>> add_ticket(3, 4)                   }
        7
        \"\"\"                                    #[test]
        return left + n                        fn test_add_ticket() {
                                                   assert_eq!(add_ticket(3, 4), 7);
                                               }

A Python body stands behind the marker and a Rust body before it: distances differ between the
languages, and overlap once filler steps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plip.text.designed.functions import DesignedFunction
from plip.text.marks import CharMarks, Group
from plip.text.sample import Sample

__all__ = ["LANGUAGES", "DesignedText", "Language", "TargetKind", "lay_out"]

Language = Literal["python", "rust"]
LANGUAGES: tuple[Language, ...] = ("python", "rust")

#: What a target is: `def` or `fn`, the function's name, or one of its parameters.
TargetKind = Literal["keyword", "name", "parameter"]

_ALWAYS: tuple[TargetKind, ...] = ("keyword", "name")
_PARAMETER: TargetKind = "parameter"

_MARKERS = {"python": ">>>", "rust": "#[test]"}
_GROUPS = {
    "python": (Group.PYTHON_DOCTEST, Group.PYTHON_BASELINE),
    "rust": (Group.RUST_TEST, Group.RUST_BASELINE),
}


@dataclass(frozen=True, slots=True)
class DesignedText:
    """A text in which the marker's own characters can be exchanged for others.

    Args:
        function: its name.
        language: it is written in.
        led: whether a line stands before the function, so that no target is the first token.
        filler: lines of filler between the function's first line and the marker.
        before: the text up to the marker.
        marker: ">>>" or "#[test]".
        after: the text behind it.
        targets: where the keyword, the name and the parameters of the definition begin, in code
            points.
    """

    function: str
    language: Language
    led: bool
    filler: int
    before: str
    marker: str
    after: str
    targets: tuple[int, ...]

    @property
    def kinds(self) -> tuple[TargetKind, ...]:
        """What each target is."""
        return (*_ALWAYS, *(_PARAMETER for _ in self.targets[len(_ALWAYS) :]))

    @property
    def first_is_target(self) -> bool:
        """Whether the text's first character, and so its first token, belongs to a target."""
        return 0 in self.targets

    @property
    def marked(self) -> Sample:
        """The text with its marker."""
        return self._sample(self.marker, _GROUPS[self.language][0], "marker")

    def neutral(self, line: str) -> Sample:
        """The text with a neutral line in the marker's place.

        Args:
            line: what stands there instead of the marker, without a line feed.
        """
        return self._sample(line, _GROUPS[self.language][1], "neutral")

    def _sample(self, line: str, group: Group, what: str) -> Sample:
        begins = "led" if self.led else "bare"
        return Sample(
            id=f"{self.language}/{self.function}/{begins}/{self.filler}/{what}",
            group=group,
            text=f"{self.before}{line}{self.after}",
            marks=CharMarks(len(self.before), line, self.targets),
        )


def lay_out(
    function: DesignedFunction, language: Language, *, led: bool, filler: int
) -> DesignedText:
    """Write a function in one language.

    Args:
        function: with at least 1 + `filler` remarks.
        language: "python" or "rust".
        led: whether its first remark stands before it.
        filler: how many of the others stand in it, in order.
    """
    sign = {"python": "#", "rust": "//"}[language]
    head = {"python": function.python, "rust": function.rust}[language]
    lead = f"{sign} {function.remarks[0]}\n" if led else ""
    remarks = "".join(f"    {sign} {remark}\n" for remark in function.remarks[1 : 1 + filler])
    before, after = (_python if language == "python" else _rust)(function)
    return DesignedText(
        function=function.name,
        language=language,
        led=led,
        filler=filler,
        before=f"{lead}{head}\n{remarks}{before}",
        marker=_MARKERS[language],
        after=after,
        targets=tuple(len(lead) + at for at in _targets(head, function)),
    )


def _python(function: DesignedFunction) -> tuple[str, str]:
    call, value = function.example("python")
    body = _indented(function.body(function.recipe.python))
    return '    """\n    ', f' {call}\n    {value}\n    """\n{body}'


def _rust(function: DesignedFunction) -> tuple[str, str]:
    call, value = function.example("rust")
    body = _indented(function.body(function.recipe.rust))
    check = f"    assert_eq!({call}, {value});\n"
    return f"{body}}}\n\n", f"\nfn test_{function.name}() {{\n{check}}}\n"


def _indented(lines: tuple[str, ...]) -> str:
    return "".join(f"    {line}\n" for line in lines)


def _targets(head: str, function: DesignedFunction) -> tuple[int, ...]:
    """Find keyword, name and parameters in the first line; each is looked for behind the last."""
    places = [0, head.index(function.name)]
    at = head.index("(")
    for parameter in function.parameters:
        # A parameter's name may be part of a type: "i" of "i64".
        at = _begins(head, parameter, at + 1)
        places.append(at)
    return tuple(places)


def _begins(head: str, parameter: str, start: int) -> int:
    """Find where a parameter begins: right behind the bracket or a comma."""
    while head[head.index(parameter, start) - 1] not in "( ":
        start = head.index(parameter, start) + 1
    return head.index(parameter, start)
