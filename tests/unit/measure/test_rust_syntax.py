"""Test syntax in Rust, as a parser sees it."""

from __future__ import annotations

import pytest

from plip.measure import GeneratedCode, ParsedDetection, parsed_test_syntax

pytestmark = pytest.mark.fast


BOTH = {"test attribute": 1, "test function": 1}
ALL_THREE = {**BOTH, "assertion": 1}


def detect(continuation: str, prompt: str = "") -> ParsedDetection:
    return parsed_test_syntax(GeneratedCode(prompt, continuation, "rust"))


def counted(continuation: str, prompt: str = "") -> dict[str, int]:
    return {kind: count for kind, count in detect(continuation, prompt).counts.items() if count}


def test_a_module_by_hand() -> None:
    text = (
        "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    #[should_panic]\n"
        '    fn adds() {\n        assert_eq!(add(1, 2), 3, "{}", 1);\n        std::assert!(x[0]);\n'
        "    }\n}\n"
    )
    found = detect(text)
    assert [(each.kind, text[each.start : each.end]) for each in found.findings] == [
        ("test module", "#[cfg(test)]"),
        ("test attribute", "#[test]"),
        ("should_panic", "#[should_panic]"),
        ("test function", text[text.index("fn adds") : -3]),
        ("assertion", 'assert_eq!(add(1, 2), 3, "{}", 1)'),
        ("assertion", "assert!(x[0])"),
    ]
    assert [each.start for each in found.findings] == [0, 48, 60, 80, 100, 148]
    assert all(each.complete for each in found.findings)
    assert found.turned_down == ()
    assert found.parses
    assert found.language == "rust"


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("#[test]\nfn a() {}", BOTH),
        ("#[tokio::test]\nasync fn a() {}", BOTH),
        ('#[tokio::test(flavor = "x")]\nasync fn a() {}', BOTH),
        ("#[test]\n#[ignore]\npub(crate) fn a() {}", BOTH),
        ('#[test]\nextern "C" fn a() {}', BOTH),
        ("#[test]\n/// Doc.\nfn a() {}", BOTH),
        ("#[test]\nstruct A;\nfn a() {}", {"test attribute": 1}),
        ("#[test]\nfn a() {}\nfn b() {}", BOTH),
        ("#[test]\nfn a();\n{ }", BOTH),
        ("#[testing]\nfn a() {}", {}),
        ("#[my_test]\nfn a() {}", {}),
        ("#[rstest]\nfn a() {}", {}),
        ("#[cfg(test)]\nfn a() {}", {"test module": 1}),
        ("#![cfg(test)]", {"test module": 1}),
        ("#[cfg(all(test, unix))]\nmod a {}", {"test module": 1}),
        ("#[cfg(not(test))]\nmod a {}", {}),
        ('#[cfg(feature = "test")]\nmod a {}', {}),
        ("#[derive(Debug)]\nstruct A;", {}),
        ('#[should_panic(expected = "x")]\nfn a() {}', {"should_panic": 1}),
        ("fn a() { assert!(x) }", {"assertion": 1}),
        ("fn a() { assert!{x} assert_ne![a, b]; debug_assert_eq!(a, b) }", {"assertion": 3}),
        (
            "fn a() { debug_assert!(x); debug_assert_ne!(a, b); assert_matches!(a, b); }",
            {"assertion": 3},
        ),
        ("fn a() { vec![{ assert!(x); 1 }]; }", {"assertion": 1}),
        ("proptest! { #[test] fn a(x in 0..9) { assert!(x < 9); } }", ALL_THREE),
        ("fn a() { if assert != b { assert(c) } }", {}),
        ("use std::assert_eq;", {}),
        ("fn a() { my_assert!(x); assertion!(x); }", {}),
        ("fn a(x: Option<Option<Box<T>>>) {}", {}),
        ("let f: fn(i32) = test_a;", {}),
    ],
)
def test_what_is_what(text: str, counts: dict[str, int]) -> None:
    assert counted(text) == counts


def test_a_function_named_so_without_the_attribute_is_no_test() -> None:
    found = detect("fn test_a() { f(); }")
    assert not found.found
    assert [(each.kind, each.reason) for each in found.turned_down] == [
        ("test function", "without #[test]")
    ]
    assert detect("fn testing() { f(); }").turned_down == ()


def test_the_attribute_may_stand_in_the_prompt() -> None:
    found = detect("fn add_works() {\n    f();\n}\n", "#[test]\n")
    assert [(each.kind, each.start, each.end) for each in found.findings] == [
        ("test function", 0, 27)
    ]


def test_what_begins_in_the_prompt_does_not_count() -> None:
    assert counted("_eq!(a, b); assert!(c); }", "#[test]\nfn t() { assert") == {"assertion": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("// @\n", "in a comment"),
        ("/* @ */", "in a comment"),
        ("/* /* */ @ */", "in a comment"),
        ("/* @", "in a comment"),
        ("/* /* */ @", "in a comment"),
        ("/// @\nfn a() {}", "in a doc comment"),
        ("//! @\n", "in a doc comment"),
        ("/** @ */ fn a() {}", "in a doc comment"),
        ('fn a() { let s = "@"; }', "in a string"),
        ('fn a() { let s = "@', "in a string"),
        ('fn a() { let s = r#"@"#; }', "in a string"),
        ('fn a() { let s = r##"" @"#', "in a string"),
        ('fn a() { let s = b"\\" @"; }', "in a string"),
    ],
)
@pytest.mark.parametrize(
    "syntax",
    ["#[test]", "fn test_a", "assert!", "debug_assert_eq!", "#[cfg(test)]", "#[tokio::test]"],
)
def test_comments_and_strings_are_turned_down(text: str, reason: str, syntax: str) -> None:
    found = detect(text.replace("@", syntax))
    assert not found.found
    assert [(each.head, each.reason) for each in found.turned_down] == [(syntax, reason)]


@pytest.mark.parametrize(
    ("text", "counts", "ends"),
    [
        ("#[test]\nfn t() {\n    assert_eq!(f(1", ALL_THREE, [True, False, False]),
        ("#[test]\nfn t() {\n    assert_eq!", ALL_THREE, [True, False, False]),
        ('#[test]\nfn t() {\n    assert!(f("ab', ALL_THREE, [True, False, False]),
        ("#[test]\nfn t(", BOTH, [True, False]),
        ("#[test]\nfn t", BOTH, [True, False]),
        ("#[test]\nfn", {"test attribute": 1}, [True]),
        ("#[test", {"test attribute": 1}, [False]),
        ("#[tes", {}, []),
        ("assert", {}, []),
        ("fn a() { assert!(x; }\nfn b() { assert!(y); }", {"assertion": 2}, [False, True]),
    ],
)
def test_a_text_that_was_cut_off(text: str, counts: dict[str, int], ends: list[bool]) -> None:
    found = detect(text)
    assert counted(text) == counts
    assert [each.complete for each in found.findings] == ends
    assert not found.parses


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("#[test]\nfn t() { assert!(x; }\nfn b() {}", "fn t() { assert!(x; }"),
        ("#[test]\nfn t(a: [i32; 2]);\nfn b() { c }", "fn t(a: [i32; 2]);"),
        ("#[test]\nfn t() -> [u8; 1] { f({ 1 }) } // end", "fn t() -> [u8; 1] { f({ 1 }) }"),
    ],
)
def test_where_a_function_ends(text: str, function: str) -> None:
    (found,) = [each for each in detect(text).findings if each.kind == "test function"]
    assert text[found.start : found.end] == function
    assert found.complete


def test_lifetimes_and_quotes_in_characters_open_no_string() -> None:
    text = "fn a<'a>(x: &'a str) { let c = '\"'; let d = '\\''; assert!(x == \"'\"); }"
    found = detect(text)
    assert [text[each.start : each.end] for each in found.findings] == ['assert!(x == "\'")']
    assert found.turned_down == ()
    assert found.parses


def test_wide_characters_leave_positions_right() -> None:
    text = '// 漢字 😀\nfn a() { f("é"); assert!(x); /* 漢 assert!(y) */ }'
    found = detect(text)
    assert [text[each.start : each.end] for each in found.findings] == ["assert!(x)"]
    assert [text[each.start : each.end] for each in found.turned_down] == ["assert!"]


def test_prose_and_fences_around_it_hide_nothing() -> None:
    text = "Here's it:\n```rust\n#[test]\nfn t() { assert!(f()); }\n```\nLet's see.\n"
    assert counted(text) == ALL_THREE
