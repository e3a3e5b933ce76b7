"""What a text that was cut off leaves open: a string, a docstring, a comment."""

from __future__ import annotations

import re

from plip.measure.code import Language

__all__ = ["closing"]

# A quoted string of one line ends with its line, as an apostrophe in prose would never end.
_PYTHON = re.compile(
    r"""
    \#[^\n]*
    | (?P<quotes>\"{3}|'{3}) (?: \\. | (?!(?P=quotes)) [^\\] )* (?P<end>(?P=quotes))?
    | "(?: \\. | [^"\\\n] )*"?
    | '(?: \\. | [^'\\\n] )*'?
    """,
    re.VERBOSE | re.DOTALL,
)

_RUST = re.compile(
    r"""
    //[^\n]*
    | (?P<comment>/\*)
    | \b(?:r|br|cr)(?P<hashes>\#*)" .*? (?P<raw_end>"(?P=hashes))
    | \b(?:r|br|cr)(?P<open_hashes>\#*)" .*
    | (?P<quote>") (?: \\. | [^"\\] )* (?P<end>")?
    | '(?: \\[^\n][^'\n]* | [^'\\\n] )'
    """,
    re.VERBOSE | re.DOTALL,
)

_COMMENT_MARK = re.compile(r"/\*|\*/")


def closing(text: str, language: Language) -> str:
    """Find what closes the string or comment that a text ends in.

    Without it, the examples of a docstring that was cut off would be read as code, and so would the
    assertions in a comment.

    Args:
        text: code from its beginning.
        language: of the code.

    Returns:
        What to append, empty if the text ends in neither. It begins with a line break, which keeps
        a last backslash or quote from joining it.
    """
    return _closing_python(text) if language == "python" else _closing_rust(text)


def _closing_python(text: str) -> str:
    for match in _PYTHON.finditer(text):
        if match["quotes"] and not match["end"]:
            return "\n" + match["quotes"]
    return ""


def _closing_rust(text: str) -> str:
    position = 0
    while match := _RUST.search(text, position):
        position = match.end()
        if match["comment"]:
            depth = 1
            while depth and (mark := _COMMENT_MARK.search(text, position)):
                depth += 1 if mark[0] == "/*" else -1
                position = mark.end()
            if depth:
                return "\n" + "*/" * depth
        elif match["open_hashes"] is not None:
            return f'\n"{match["open_hashes"]}'
        elif match["quote"] and not match["end"]:
            return '\n"'
    return ""
