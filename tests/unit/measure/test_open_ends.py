"""What a text that was cut off leaves open."""

from __future__ import annotations

import pytest

from plip.measure.code import Language
from plip.measure.open_ends import closing
from plip.measure.syntax import Part, read

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "x = 1", ""),
        ("python", '"""a', '\n"""'),
        ("python", "r'''a\\", "\n'''"),
        ("python", '"""a""', '\n"""'),
        ("python", '"""a"""', ""),
        ("python", '"""a\\"""', '\n"""'),
        ("python", "''' \"\"\" ", "\n'''"),
        ("python", '# """\nx', ""),
        ("python", '\'"""\'', ""),
        ("python", '\'it\nx = """y', '\n"""'),
        ("python", '"a', ""),
        ("python", "'\\'\"\"\"'", ""),
        ("rust", "fn f() {", ""),
        ("rust", "/* a", "\n*/"),
        ("rust", "/* /* a */ /* b", "\n*/*/"),
        ("rust", "/* /* a */ b */ c", ""),
        ("rust", "// /* a\nx", ""),
        ("rust", '// "a\nx', ""),
        ("rust", '"a // b', '\n"'),
        ("rust", '"a\\" b', '\n"'),
        ("rust", '"a" "b"', ""),
        ("rust", 'r"a\\" b', ""),
        ("rust", 'r##"a"# b', '\n"##'),
        ("rust", 'br#"a"# b', ""),
        ("rust", 'r"a', '\n"'),
        ("rust", "'\"' x", ""),
        ("rust", "'\\'' \"a", '\n"'),
        ("rust", "'\\\"' x", ""),
        ("rust", "&'a str", ""),
    ],
)
def test_what_closes_it(language: Language, text: str, expected: str) -> None:
    assert closing(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "part"),
    [
        ("python", 'def f():\n    """a "b""', "docstring"),
        ("python", 'def f():\n    """a\\', "docstring"),
        ("rust", "fn f() {} /* /* a /", "comment"),
        ("rust", "/** a *", "doc comment"),
    ],
)
def test_the_open_end_is_one_passage(language: Language, text: str, part: Part) -> None:
    passage = read(text, language).passages[-1]
    assert (passage.part, passage.end) == (part, len(text))


def test_the_first_character_is_at_0_whatever_follows() -> None:
    first, second = read("assert 漢", "python").units
    assert (first.text, first.start, first.end) == ("assert", 0, 6)
    assert (second.text, second.start, second.end) == ("漢", 7, 8)
