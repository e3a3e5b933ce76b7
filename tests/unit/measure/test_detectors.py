"""Both detectors side by side, and the parse rate."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from plip.errors import ConfigError, TextError
from plip.measure import GeneratedCode, Language, compare_detectors, parse_rate

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("language", "text", "outcome", "reasons"),
    [
        (
            "rust",
            "fn f(x: Option<Option<Box<T>>>) {}",
            "only paper",
            ("'>>>' at character 27 is no test syntax of Rust",),
        ),
        (
            "python",
            "def f():\n    assert x\n",
            "only parsed",
            ("'assert' at character 13 is test syntax (assertion) that no pattern meets",),
        ),
        ("rust", "#[test]\nfn test_a() { assert_eq!(a, b); assert!(c) }", "both", ()),
        ("rust", "fn f() { debug_assert!(x) }", "both", ()),
        ("python", "x = 1\n", "neither", ()),
        (
            "rust",
            "// assert!(x)\n",
            "only paper",
            ("'assert!' at character 3 is no test: in a comment",),
        ),
        (
            "rust",
            "#[test]\nfn t() { assert_ne!(a, b) } // doctest",
            "both",
            (
                "'fn t' at character 8 is test syntax (test function) that no pattern meets",
                "'assert_ne!' at character 17 is test syntax (assertion) that no pattern meets",
                "'doctest' at character 39 is no test syntax of Rust",
            ),
        ),
        (
            "rust",
            "fn test_a() { x >>> y }",
            "only paper",
            (
                "'fn test_' at character 0 is no test: without #[test]",
                "'>>>' at character 16 is no test syntax of Rust",
            ),
        ),
        (
            "python",
            "# >>> f()\n",
            "only paper",
            ("'>>>' at character 2 is no test: in a comment",),
        ),
        (
            "python",
            "x = a >>> b\n",
            "only paper",
            ("'>>>' at character 6 is no test: in code, where >>> is no doctest",),
        ),
        ("python", '"""\n>>> f()\n"""\n', "both", ()),
    ],
)
def test_where_they_differ(
    language: Language, text: str, outcome: str, reasons: tuple[str, ...]
) -> None:
    found = compare_detectors(GeneratedCode("", text, language))
    assert found.outcome == outcome
    assert found.agree == (outcome in ("both", "neither"))
    assert found.reasons == reasons


def test_the_paper_looks_at_the_continuation_alone() -> None:
    code = GeneratedCode("#[test]\nfn test_a() { assert!(x", "); }", "rust")
    found = compare_detectors(code)
    assert found.outcome == "neither"
    assert (code.text, code.start) == ("#[test]\nfn test_a() { assert!(x); }", 31)


def test_positions_are_in_code_points() -> None:
    code = GeneratedCode("# 漢字 😀\n", "é; assert é\n", "python")
    (found,) = compare_detectors(code).parsed.findings
    assert (code.start, found.start, found.end) == (7, 3, 11)


@pytest.mark.parametrize(
    ("language", "prompt", "continuation", "parses"),
    [
        ("python", "def f():\n", "    return 1\n", True),
        ("python", "def f():\n", "    return (1\n", False),
        ("python", "", "", True),
        ("python", "", "x = 1\0", False),
        ("python", "", "x = '\\d'\n", True),
        ("python", "", "if x:\nreturn", False),
        ("python", "", "-" * 10_000 + "1", False),
        ("python", "", "(" * 1000 + ")" * 1000, False),
        ("rust", "fn f() {", " 1 }", True),
        ("rust", "fn f() {", " 1 ", False),
        ("rust", "fn f() {", " /* 1 }", False),
        ("rust", "", "", True),
        ("rust", "", "Here's the code", False),
    ],
)
def test_what_parses(language: Language, prompt: str, continuation: str, parses: bool) -> None:
    code = GeneratedCode(prompt, continuation, language)
    assert parse_rate([code]) == parses
    assert compare_detectors(code).parsed.parses is parses


@pytest.mark.parametrize("refusal", [SyntaxError, ValueError, RecursionError, MemoryError])
def test_whatever_python_refuses_does_not_parse(
    monkeypatch: pytest.MonkeyPatch, refusal: type[Exception]
) -> None:
    # Which of them it is, for null bytes and for depth, differs between versions.
    def refuse(text: str) -> None:
        raise refusal

    # Not in the module itself, which pytest uses as well.
    monkeypatch.setattr("plip.measure.detectors.ast", SimpleNamespace(parse=refuse))
    assert parse_rate([GeneratedCode("", "x", "python")]) == 0


def test_the_rate_is_a_fraction_and_nan_for_nothing() -> None:
    codes = [GeneratedCode("", text, "python") for text in ("x", "x y", "(", "1")]
    assert parse_rate(codes) == 0.5
    assert parse_rate(iter(codes[:3])) == pytest.approx(1 / 3)
    assert math.isnan(parse_rate([]))


def test_a_language_must_be_one_that_is_read() -> None:
    with pytest.raises(ConfigError) as caught:
        GeneratedCode("", "", "go")  # type: ignore[arg-type]  # that is what is tested
    assert str(caught.value) == (
        "language: wanted 'python' or 'rust', found 'go'; "
        "name the language that the code is to be read in"
    )


@pytest.mark.parametrize(("prompt", "continuation"), [("\udfff", ""), ("", "a\udfff")])
def test_a_lone_surrogate_is_refused(prompt: str, continuation: str) -> None:
    who = "prompt" if prompt else "continuation"
    with pytest.raises(TextError, match=f"{who}: wanted Unicode text, found a lone surrogate at"):
        GeneratedCode(prompt, continuation, "rust")


def test_no_text_is_refused() -> None:
    with pytest.raises(TextError, match="continuation: wanted Unicode text, found NoneType"):
        GeneratedCode("", None, "rust")  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.parametrize("language", ["python", "rust"])
@pytest.mark.parametrize(
    "text",
    [
        "([{" * 5000,
        "-" * 20000,
        "x." * 9000,
        "if x:\n " * 2000,
        "/*" * 9000,
        '"""' * 5001,
        "(assert!" * 500,
        "#[test] fn f(" * 1000,
        ")" * 9000 + "(" * 9000 + "}" * 9000,
        "\0\0 assert!(x)",
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_depth_is_too_much(language: Language, text: str) -> None:
    found = compare_detectors(GeneratedCode("", text, language))
    assert found.parsed.count("assertion") == (language == "rust") * text.count("assert!")
