"""Prompts that a Rust program holds as constants."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from plip.errors import CorpusError
from plip.text.json_files import load_bytes
from plip.text.marks import corpus_error
from plip.text.prompts import Prompt, Prompts

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["read_rust_prompts"]

_FIELDS = ("name", "category", "distance", "marker", "text")
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-7][0-9a-fA-F])|u\{(?P<u>[0-9a-fA-F_]+)\}|(?P<one>[nrt0\\'\"])|\n\s*)"
)
_ONE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"'}


def read_rust_prompts(path: str | os.PathLike[str], *, category: str) -> Prompts:
    """Read the prompts of one category from a Rust source file, which is parsed, never run.

    A prompt is a struct expression with the string fields `name`, `category`, `distance`, `marker`
    and `text`; its marker is where `marker` first stands in `text`. Each is a family of its own, as
    each stands at one distance.

    Args:
        path: the file.
        category: such as "rust_test"; prompts of another are passed over.

    Raises:
        CorpusError: the file cannot be read, has no such prompts, or one without its marker.

    Source: the paper's prompts for STEERING_RESULTS.md §8.4 stand so in its repository's
        `examples/state_steering_persistence.rs`.
    """
    who = f"prompts {os.fspath(path)!r}"
    source = load_bytes(path, who, what="a Rust source file")
    found = [fields for fields in _structs(source) if fields["category"] == category]
    faults: list[str] = []
    prompts: list[Prompt] = []
    for fields in found:
        try:
            prompts.append(_prompt(fields))
        except CorpusError as error:
            faults += error.details["faults"]
    if not found:
        faults.append(f"wanted structs of strings {', '.join(_FIELDS)} of {category}, found none")
    if faults:
        raise corpus_error(
            who,
            faults,
            wanted="prompts with their markers",
            advice="give the file of the revision that the ledger was made from",
        )
    return Prompts(tuple(prompts))


def _prompt(fields: dict[str, str]) -> Prompt:
    return Prompt(
        id=fields["name"],
        language="python" if fields["category"].startswith("python") else "rust",
        category=fields["category"],
        text=fields["text"],
        marker=fields["text"].find(fields["marker"]),
        pattern=fields["marker"],
        family=fields["name"],
        distance=fields["distance"],
    )


def _structs(source: bytes) -> Iterator[dict[str, str]]:
    """Yield the string fields of every struct expression that has all that a prompt needs."""
    # Only whoever reads a Rust file pays for its parser.
    import tree_sitter_rust
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_rust.language())).parse(source)
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.children)
        if node.type == "field_initializer_list":
            fields = dict(_strings(node))
            if all(field in fields for field in _FIELDS):
                yield fields


def _strings(node: Node) -> Iterator[tuple[str, str]]:
    for child in node.named_children:
        name: Any = child.child_by_field_name("field")
        value: Any = child.child_by_field_name("value")
        if name is None or value is None:
            continue
        if value.type == "string_literal":
            yield name.text.decode(), _plain(value.text.decode()[1:-1])
        elif value.type == "raw_string_literal":
            text = value.text.decode()
            hashes = text.index('"') - 1
            yield name.text.decode(), text[hashes + 2 : len(text) - hashes - 1]


def _plain(literal: str) -> str:
    """Resolve the escapes of a string literal; a backslash at a line's end joins the next."""

    def resolve(found: re.Match[str]) -> str:
        if found["one"]:
            return _ONE[found["one"]]
        code = found["x"] or (found["u"] or "").replace("_", "")
        return chr(int(code, 16)) if code else ""

    return _ESCAPE.sub(resolve, literal)
