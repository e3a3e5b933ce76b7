"""Test syntax in Python, as a parser sees it."""

from __future__ import annotations

import ast
import doctest
import inspect
import random
import statistics
import unittest.case
import unittest.loader
import unittest.util
from pathlib import Path
from types import ModuleType

import pytest

from plip.measure import Finding, GeneratedCode, ParsedDetection, parsed_test_syntax

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[3]


def detect(continuation: str, prompt: str = "") -> ParsedDetection:
    return parsed_test_syntax(GeneratedCode(prompt, continuation, "python"))


def shown(findings: tuple[Finding, ...], text: str) -> list[tuple[str, str]]:
    return [(found.kind, text[found.start : found.end]) for found in findings]


class TestDoctests:
    PROMPT = 'def add(a, b):\n    """Add.\n\n'

    def test_examples_by_hand(self) -> None:
        text = (
            "    >>> add(1, 2)\n    3\n    >>> add(2,\n    ...     3)\n    5\n    6\n\n    End.\n"
        )
        found = detect(text + '    """\n    return a + b\n', self.PROMPT)
        assert shown(found.findings, text) == [
            ("doctest", ">>> add(1, 2)\n    3"),
            ("doctest", ">>> add(2,\n    ...     3)\n    5\n    6"),
        ]
        assert [(each.start, each.end) for each in found.findings] == [(4, 23), (28, 65)]
        assert found.turned_down == ()
        assert found.parses
        assert found.count("doctest") == 2

    def test_a_docstring_that_was_cut_off_still_has_its_examples(self) -> None:
        found = detect("    >>> add(1, 2)\n    3\n    >>> add(2, 3", self.PROMPT)
        assert [(each.start, each.end, each.complete) for each in found.findings] == [
            (4, 23, True),
            (28, 40, False),
        ]
        assert not found.parses

    def test_an_example_that_begins_in_the_prompt_does_not_count(self) -> None:
        found = detect(" add(1, 2)\n    3\n", self.PROMPT + "    >>>")
        assert not found.found
        assert found.turned_down == ()

    def test_a_prompt_without_code_is_none(self) -> None:
        found = detect("    >>>\n    >>> # nothing\n    a >>> b\n", self.PROMPT)
        assert not found.found
        assert [each.reason for each in found.turned_down] == ["in a docstring, but no doctest"] * 3

    def test_a_docstring_that_doctest_refuses_has_none(self) -> None:
        text = '    >>>add(1, 2)\n    3\n    >>> add(1, 3)\n    4\n    """\n'
        found = detect(text, self.PROMPT)
        assert found.findings == ()
        reasons = [(each.start, each.reason) for each in found.turned_down]
        assert reasons == [(start, "in a docstring that doctest refuses") for start in (4, 27)]

    def test_a_refused_docstring_spoils_no_other(self) -> None:
        found = detect('def f():\n    """\n    >>>x\n    """\n\ndef g():\n    """>>> g()"""\n')
        assert [each.start for each in found.findings] == [51]
        assert found.findings[0].end == 58

    @pytest.mark.parametrize("quotes", ['"""', "'''", 'r"""', 'u"""', 'R"""'])
    def test_kinds_of_docstring(self, quotes: str) -> None:
        text = f"def f():\n    {quotes}\n    >>> f()\n    {quotes[-3:]}\n"
        assert detect(text).count("doctest") == 1

    @pytest.mark.parametrize(
        "text",
        [
            'x = """\n>>> f()\n"""\n',
            'print("""\n>>> f()\n""")\n',
            'f"""\n>>> f()\n"""\n',
            'b"""\n>>> f()\n"""\n',
            '"""\n>>> f()\n""".strip()\n',
            '"""\n>>> f()\n""", x\n',
        ],
    )
    def test_other_strings_are_no_docstrings(self, text: str) -> None:
        found = detect(text)
        assert not found.found
        assert [each.reason for each in found.turned_down] == ["in a string"]

    def test_outside_of_strings_it_is_an_error(self) -> None:
        found = detect(">>> add(1, 2)\n3\n")
        assert not found.found
        assert [each.reason for each in found.turned_down] == ["in code, where >>> is no doctest"]
        assert not found.parses

    def test_code_behind_a_comment_is_code(self) -> None:
        (found,) = detect("# a\nx = a >>> b\n").turned_down
        assert (found.start, found.reason) == (10, "in code, where >>> is no doctest")

    def test_tabs_and_wide_characters_leave_positions_right(self) -> None:
        text = 'def f():\n\t"""漢字 😀\n\n\t>>> f("é")\n\t"é"\n\t"""\n'
        (found,) = detect(text).findings
        assert text[found.start : found.end] == '>>> f("é")\n\t"é"'

    @pytest.mark.parametrize("module", [statistics, random, doctest], ids=lambda m: m.__name__)
    def test_as_many_as_doctest_finds_in_a_module(self, module: ModuleType) -> None:
        source = inspect.getsource(module)
        parser = doctest.DocTestParser()
        expected = 0
        for node in ast.walk(ast.parse(source)):
            # Every string that is a statement; doctest takes the first of a body.
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                expected += len(parser.get_examples(str(node.value.value)))
        assert detect(source).count("doctest") == expected


class TestFunctionsAndAssertions:
    def test_statements_by_hand(self) -> None:
        text = (
            "def check():\n    assert f(1) == (\n        2\n    ), 'm'\n    assert(g); assert h\n"
        )
        found = detect(text)
        assert shown(found.findings, text) == [
            ("assertion", "assert f(1) == (\n        2\n    ), 'm'"),
            ("assertion", "assert(g)"),
            ("assertion", "assert h"),
        ]
        assert all(each.complete for each in found.findings)

    @pytest.mark.parametrize(
        ("text", "kinds"),
        [
            ("def test_a():\n    pass\n", ["test function"]),
            ("async def test_a():\n    pass\n", ["test function"]),
            ("def testing():\n    pass\n", []),
            ("def a_test():\n    pass\n", []),
            ("class A:\n    def testIt(self): pass\n", []),
            ("class A(unittest.TestCase):\n    def testIt(self): pass\n", ["test function"]),
            (
                "class A(TestCase):\n    def testIt(self): pass\ndef testOut(): pass\n",
                ["test function"],
            ),
            ("class A(TestCase):\n    def help(self): pass\n", []),
            ("class A(IsolatedAsyncioTestCase):\n  async def testIt(self): 1\n", ["test function"]),
            ("if x: assert y\n", ["assertion"]),
            ("self.assertEqual(a, b)\n", ["assertion"]),
            ("self.assertion = 1\n", []),
            ("self.asserted(x)\n", []),
            ("self.assertEqual\n", []),
            ("self.assertTrue = f\n", []),
            ("assertion = 1\nasserted(x)\n", []),
            ("x.assert_called_once()\n", []),
            ("We assert that\n", []),
        ],
    )
    def test_what_is_what(self, text: str, kinds: list[str]) -> None:
        assert [found.kind for found in detect(text).findings] == kinds

    def test_a_method_with_its_body(self) -> None:
        text = (
            "class T(unittest.TestCase):\n    def test_x(self):\n"
            "        self.assertEqual(f(1), [2])\n\n    # more\n    def help(self): pass\n"
        )
        found = detect(text)
        assert shown(found.findings, text) == [
            ("test function", "def test_x(self):\n        self.assertEqual(f(1), [2])"),
            ("assertion", "self.assertEqual(f(1), [2])"),
        ]
        assert found.findings[0].complete

    def test_a_backslash_continues_a_line_to_the_left_of_its_block(self) -> None:
        text = "def test_a():\n    b = c + \\\nd\n    e()\nf()\n"
        (found,) = detect(text).findings
        assert text[found.start : found.end].endswith("e()")

    def test_a_tab_goes_to_the_next_multiple_of_8(self) -> None:
        text = "if a:\n        def test_a():\n\t\tb()\n\tc()\n"
        assert shown(detect(text).findings, text) == [("test function", "def test_a():\n\t\tb()")]

    def test_what_stands_in_comments_and_strings_is_turned_down(self) -> None:
        text = '# assert a\n#def test_a\nx = "assert b"\n"""\nassert c\nself.assertIn(d)\n"""\n'
        found = detect(text)
        assert not found.found
        assert [(each.head, each.reason) for each in found.turned_down] == [
            ("assert", "in a comment"),
            ("def test_a", "in a comment"),
            ("assert", "in a string"),
            ("assert", "in a string"),
            ("self.assertIn", "in a string"),
        ]
        assert all(text[each.start : each.end] == each.head for each in found.turned_down)

    def test_an_assert_within_an_example_is_part_of_it(self) -> None:
        found = detect('"""\n>>> assert x\n"""\n')
        assert [each.kind for each in found.findings] == ["doctest"]
        assert found.turned_down == ()

    @pytest.mark.parametrize(
        ("text", "ends"),
        [
            ("assert add(1, 2) ==", [False]),
            ("assert", [False]),
            ("assert x", [False]),
            ("assert x\n", [True]),
            ("assert f(\n", [False]),
            ("assert f(x)\n", [True]),
            ("assert f(x\ny = 1\nassert y\n", [True, True]),
            ("def test_a(", [False]),
            ("def test_a():\n    x = 1\n", [False]),
            ("def test_a():\n    x = 1\ny = 1", [True]),
            ("assert a + \\\n  b\nc", [True]),
            ("self.assertTrue(x", [False]),
        ],
    )
    def test_a_text_that_was_cut_off(self, text: str, ends: list[bool]) -> None:
        assert [found.complete for found in detect(text).findings] == ends

    def test_a_continuation_may_begin_within_a_statement(self) -> None:
        text = "ert x\n    assert y\n"
        assert shown(detect(text, "def f():\n    ass").findings, text) == [
            ("assertion", "assert y")
        ]

    def test_a_string_of_the_prompt_may_go_on(self) -> None:
        found = detect("assert x'\nassert y\n", "s = '")
        assert [each.start for each in found.findings] == [10]

    def test_broken_code_before_it_hides_nothing(self) -> None:
        text = "print((1\n\ndef test_a():\n    assert (x\n\ndef test_b():\n    assert y\n"
        assert detect(text).counts == {
            "doctest": 0,
            "test function": 2,
            "assertion": 2,
            "test attribute": 0,
            "test module": 0,
            "should_panic": 0,
        }

    def test_prose_and_fences_around_it_hide_nothing(self) -> None:
        text = (
            "Here's the code:\n```python\ndef test_a():\n    assert a() == 'b'\n```\nThat's all.\n"
        )
        found = detect(text)
        assert [each.kind for each in found.findings] == ["test function", "assertion"]
        assert not found.parses

    @pytest.mark.parametrize(
        "path",
        [
            *sorted((ROOT / "tests" / "unit" / "plan").glob("*.py")),
            Path(__file__),
            Path(unittest.case.__file__),
            Path(unittest.util.__file__),
        ],
        ids=lambda path: path.name,
    )
    def test_what_ast_finds_in_a_complete_text(self, path: Path) -> None:
        source = path.read_text(encoding="utf-8")
        lines = source.split("\n")

        def place(line: int, column: int) -> int:
            before = sum(len(each) + 1 for each in lines[: line - 1])
            return before + len(lines[line - 1].encode()[:column].decode())

        expected = set()
        for node in ast.walk(ast.parse(source)):
            function = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if function or isinstance(node, ast.Assert):
                assert isinstance(node, ast.stmt)
                assert node.end_lineno is not None
                assert node.end_col_offset is not None
                start = place(node.lineno, node.col_offset)
                expected.add((start, place(node.end_lineno, node.end_col_offset)))
        found = {
            (each.start, each.end)
            for each in detect(source).findings
            if each.kind != "doctest" and not each.head.startswith("self.")
        }
        assert found == expected
