"""Build the bundled prompts from their texts: `python -m plip.text.bundled.prompt_builder`.

Four designs, each a file:

- `generate-paper`: three Python doctests and two Rust tests (STEERING_RESULTS.md §8.3). Each prompt
  has a function with its test, and ends in the first line of another.
- `generate-fifty`: fifty Rust functions to be written, each behind its test. Ids and categories
  are those of the paper's prompt file: ten of each of four categories, five of each of two. The
  test stands before the function as code; in the paper it stands in a comment.
- `persistence-paper`: three Rust prompts whose marker is ever farther from the end (§8.4). Distance
  and prompt are one thing there.
- `persistence-crossed`: six Rust prompts, each at each of three distances. What is put between the
  test and the end is the same filler in all of them.

No mark is typed by hand: the marker is where its pattern first stands.
"""

from __future__ import annotations

from plip.text.bundled import prompt_file
from plip.text.bundled.crossed_texts import CROSSED, FILLER, LEVELS
from plip.text.bundled.fifty_texts import FIFTY, Task
from plip.text.bundled.prompt_texts import CLOSE_TO_FAR, PYTHON_PROMPTS, RUST_PROMPTS
from plip.text.prompts import CodeLanguage, Prompt, Prompts

__all__ = ["build_prompts", "test_first"]

_PATTERNS: dict[CodeLanguage, str] = {"python": ">>>", "rust": "#[test]"}
_CATEGORIES: dict[CodeLanguage, str] = {"python": "python_doctest", "rust": "rust_test"}


def build_prompts() -> dict[str, Prompts]:
    """Build every design, marks computed from the texts.

    Raises:
        ValueError: a text without its pattern.
    """
    return {
        "generate-paper": Prompts(
            tuple(_whole(id_, "python", text) for id_, text in PYTHON_PROMPTS.items())
            + tuple(_whole(id_, "rust", text) for id_, text in RUST_PROMPTS.items())
        ),
        "generate-fifty": Prompts(
            tuple(
                _prompt(id_, "rust", category, test_first(id_, task))
                for category, tasks in FIFTY.items()
                for id_, task in tasks.items()
            )
        ),
        "persistence-paper": Prompts(
            tuple(
                _whole(f"rs_{level}", "rust", text, family=f"rs_{level}", distance=level)
                for level, text in CLOSE_TO_FAR.items()
            )
        ),
        "persistence-crossed": Prompts(
            tuple(
                _whole(
                    f"{family}_{level}",
                    "rust",
                    head + "".join(FILLER[:pieces]) + end,
                    family=family,
                    distance=level,
                )
                for family, (head, end) in CROSSED.items()
                for level, pieces in LEVELS.items()
            )
        ),
    }


def test_first(id_: str, task: Task) -> str:
    """Write a test and the first line of what it tests.

    A comment stands first: in many models the first token draws attention whatever it is, so that
    the marker must not be it.
    """
    _, number, words = id_.split("_", 2)
    title = f"// Exercise {int(number)}: {words.replace('_', ' ')}.\n"
    name = task.head.removeprefix("fn ").split("(")[0].split("<")[0]
    panic = "#[should_panic]\n" if task.panics else ""
    checks = "".join(f"    {check}\n" for check in task.checks)
    return f"{title}#[test]\n{panic}fn test_{name}() {{\n{checks}}}\n\n{task.head}\n"


def _whole(
    id_: str,
    language: CodeLanguage,
    text: str,
    *,
    family: str | None = None,
    distance: str | None = None,
) -> Prompt:
    return _prompt(
        id_, language, _CATEGORIES[language], text.lstrip("\n"), family=family, distance=distance
    )


def _prompt(
    id_: str,
    language: CodeLanguage,
    category: str,
    text: str,
    *,
    family: str | None = None,
    distance: str | None = None,
) -> Prompt:
    pattern = _PATTERNS[language]
    return Prompt(id_, language, category, text, text.index(pattern), pattern, family, distance)


if __name__ == "__main__":
    for name, prompts in build_prompts().items():
        prompts.write(prompt_file(name))
