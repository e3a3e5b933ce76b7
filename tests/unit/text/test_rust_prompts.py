"""Prompts that stand in a Rust program."""

from __future__ import annotations

from pathlib import Path

import pytest

from plip.errors import CorpusError
from plip.text import read_rust_prompts

pytestmark = pytest.mark.fast

PROGRAM = r"""
struct Prompt { name: &'static str, text: &'static str }
// Prompt { name: "in_a_comment", category: "rust_test", distance: "d", marker: "#", text: "#" }
const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "rs_close",
        category: "rust_test",
        distance: "close",
        marker: "#[test]",
        text: "fn f() -> &str {\n\t\"caf\u{e9}\" \\ \x41 \
               }\n#[test]\n'",
    },
    Prompt {
        name: "py", category: "python_doctest", distance: "far", marker: ">>>", text: ">>> f",
    },
    Prompt {
        text: r#"raw "text" \n #[test]"#,
        name: "rs_raw",
        distance: "far",
        category: "rust_test",
        marker: "#[test]",
        scale: 3.0,
    },
    Prompt { name: "no_text", category: "rust_test", distance: "far", marker: "#[test]" },
];
fn main() { panic!("never run") }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "prompts.rs"
    path.write_text(text, encoding="utf-8")
    return path


def test_strings_are_read_as_rust_reads_them(tmp_path: Path) -> None:
    prompts = read_rust_prompts(written(tmp_path, PROGRAM), category="rust_test")
    close, raw = prompts
    assert close.text == 'fn f() -> &str {\n\t"café" \\ A }\n#[test]\n\''
    assert close.text[close.marker :].startswith("#[test]")
    assert (close.id, close.family, close.distance) == ("rs_close", "rs_close", "close")
    assert (close.language, close.category, close.pattern) == ("rust", "rust_test", "#[test]")
    assert raw.text == 'raw "text" \\n #[test]'
    assert raw.marker == 14


def test_another_category(tmp_path: Path) -> None:
    (prompt,) = read_rust_prompts(written(tmp_path, PROGRAM), category="python_doctest")
    assert (prompt.id, prompt.language, prompt.marker) == ("py", "python", 0)


def test_a_file_without_such_prompts(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError,
        match="wanted structs of strings name, category, distance, marker, text of rust_test, "
        "found none",
    ):
        read_rust_prompts(written(tmp_path, "fn main() {}"), category="rust_test")


def test_a_prompt_without_its_marker(tmp_path: Path) -> None:
    text = PROGRAM.replace(r"}\n#[test]\n'", "}")
    with pytest.raises(CorpusError, match=r"prompt 'rs_close'.*wanted the marker"):
        read_rust_prompts(written(tmp_path, text), category="rust_test")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="wanted a file that can be read"):
        read_rust_prompts(tmp_path / "none.rs", category="rust_test")
