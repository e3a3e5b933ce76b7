"""Random Rust expressions, each beside the Python that gives its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.train_bundled.names import Namer

SIGNED = ("i32", "i32", "i64")
UNSIGNED = ("u32", "u64", "usize")


@dataclass(frozen=True)
class Term:
    """The same expression twice: as Rust source and as the Python that gives its value."""

    rust: str
    python: str


class Terms:
    """Random terms over the parameters of a function whose numbers have type ``number``."""

    def __init__(self, env: dict[str, str], number: str, namer: Namer) -> None:
        self.env = env
        self.number = number
        self.signed = number in SIGNED
        self.namer = namer
        self.rng = namer.rng

    def _named(self, kind: str) -> Term:
        name = self.rng.choice([name for name, held in self.env.items() if held == kind])
        return Term(name, name)

    def _k(self, low: int = 2, high: int = 10) -> Term:
        shown = str(self.rng.randint(low, high))
        return Term(shown, shown)

    def integer(self, depth: int) -> Term:
        """A number of the function's type."""
        held = set(self.env.values())
        if depth <= 0:
            return self._named(self.number) if self.number in held else self._k(1, 9)
        a, b, k = self.integer(depth - 1), self.integer(depth - 1), self._k()
        options: list[Callable[[], Term]] = []
        if self.number in held:
            options += [
                lambda: Term(f"{a.rust} + {b.rust}", f"{a.python} + {b.python}"),
                lambda: Term(f"({a.rust}) * {k.rust}", f"({a.python}) * {k.python}"),
                lambda: Term(f"({a.rust}) * ({a.rust})", f"({a.python}) * ({a.python})"),
                lambda: Term(f"({a.rust}).max({b.rust})", f"max({a.python}, {b.python})"),
                lambda: Term(f"({a.rust}).min({k.rust})", f"min({a.python}, {k.python})"),
                lambda: Term(f"{a.rust} + {k.rust}", f"{a.python} + {k.python}"),
                lambda: self._divided(a, k),
                lambda: self._remainder(a, k),
            ]
            if self.signed:
                options += [
                    lambda: Term(f"{a.rust} - ({b.rust})", f"{a.python} - ({b.python})"),
                    lambda: Term(f"{a.rust} - {k.rust}", f"{a.python} - {k.python}"),
                    lambda: Term(f"({a.rust}).abs()", f"abs({a.python})"),
                    lambda: Term(f"-({a.rust})", f"-({a.python})"),
                ]
            else:
                options.append(
                    lambda: Term(
                        f"({a.rust}).saturating_sub({k.rust})", f"max(({a.python}) - {k.python}, 0)"
                    )
                )
        slice_kind = f"&[{self.number}]"
        if slice_kind in held:
            v = self._named(slice_kind)
            name = v.rust
            options += [
                lambda: Term(f"{name}.iter().sum::<{self.number}>()", f"sum({name})"),
                lambda: Term(f"{name}.len() as {self.number}", f"len({name})"),
                lambda: Term(
                    f"{name}.iter().copied().max().unwrap_or(0)", f"max({name}, default=0)"
                ),
                lambda: Term(
                    f"{name}.iter().copied().min().unwrap_or({k.rust})",
                    f"min({name}, default={k.python})",
                ),
                lambda: Term(
                    f"{name}.iter().filter(|&&x| x > {k.rust}).count() as {self.number}",
                    f"sum(1 for x in {name} if x > {k.python})",
                ),
                lambda: Term(
                    f"{name}.iter().map(|x| x * {k.rust}).sum::<{self.number}>()",
                    f"sum(x * {k.python} for x in {name})",
                ),
            ]
        if "&str" in held:
            s = self._named("&str").rust
            letter = self.rng.choice("aeioustrnlm")
            options += [
                lambda: Term(f"{s}.len() as {self.number}", f"len({s})"),
                lambda: Term(
                    f"{s}.matches('{letter}').count() as {self.number}", f"{s}.count('{letter}')"
                ),
                lambda: Term(
                    f"{s}.split_whitespace().count() as {self.number}", f"len({s}.split())"
                ),
            ]
        return self.rng.choice(options)() if options else k

    def _divided(self, a: Term, k: Term) -> Term:
        rust = f"({a.rust}).div_euclid({k.rust})" if self.signed else f"({a.rust}) / {k.rust}"
        return Term(rust, f"({a.python}) // {k.python}")

    def _remainder(self, a: Term, k: Term) -> Term:
        rust = f"({a.rust}).rem_euclid({k.rust})" if self.signed else f"({a.rust}) % {k.rust}"
        return Term(rust, f"({a.python}) % {k.python}")

    def boolean(self, depth: int) -> Term:
        """A condition."""
        operator = self.rng.choice(("<", ">", "<=", ">=", "==", "!="))
        a, k = self.integer(depth), self._k(0, 12)
        if "&str" in self.env.values() and self.rng.random() < 0.5:
            s = self._named("&str").rust
            letter = self.rng.choice("abcdefghilmnoprst")
            return self.rng.choice(
                (
                    Term(f"{s}.contains('{letter}')", f"'{letter}' in {s}"),
                    Term(f"{s}.starts_with('{letter}')", f"{s}.startswith('{letter}')"),
                    Term(f"{s}.is_empty()", f"{s} == ''"),
                    Term(f"{s}.ends_with('{letter}')", f"{s}.endswith('{letter}')"),
                )
            )
        if self.rng.random() < 0.3:
            return Term(f"({a.rust}) % 2 == 0", f"({a.python}) % 2 == 0")
        return Term(f"({a.rust}) {operator} {k.rust}", f"({a.python}) {operator} {k.python}")

    def text(self, depth: int) -> Term:
        """An owned string."""
        a = self.integer(depth)
        word = self.rng.choice(self.namer.pool)
        options = [
            Term(f'format!("{word}{{}}", {a.rust})', f"'{word}' + str({a.python})"),
            Term(f'format!("{{}}-{word}", {a.rust})', f"str({a.python}) + '-{word}'"),
            Term(f"({a.rust}).to_string()", f"str({a.python})"),
        ]
        if "&str" in self.env.values():
            s = self._named("&str").rust
            one, other = self.rng.choice("aeiou"), self.rng.choice("xyzaeo")
            k = self._k(2, 3)
            options = [
                Term(f"{s}.to_uppercase()", f"{s}.upper()"),
                Term(f"{s}.to_lowercase()", f"{s}.lower()"),
                Term(f"{s}.chars().rev().collect()", f"{s}[::-1]"),
                Term(f"{s}.trim().to_string()", f"{s}.strip()"),
                Term(f"{s}.repeat({k.rust})", f"{s} * {k.python}"),
                Term(f"{s}.replace('{one}', \"{other}\")", f"{s}.replace('{one}', '{other}')"),
                Term(f"{s}.chars().take({k.rust}).collect()", f"{s}[:{k.python}]"),
                Term(f"{s}.chars().skip({k.rust}).collect()", f"{s}[{k.python}:]"),
                Term(f'format!("{{}} {word}", {s})', f"{s} + ' {word}'"),
                Term(f'format!("{word}: {{}}", {s})', f"'{word}: ' + {s}"),
                Term(f'{s}.to_owned() + "{word}"', f"{s} + '{word}'"),
            ]
        return self.rng.choice(options)

    def vector(self, depth: int) -> Term:
        """A vector of numbers."""
        k = self._k(2, 6)
        slice_kind = f"&[{self.number}]"
        if slice_kind not in self.env.values():
            a, b = self.integer(depth), self.integer(depth)
            return Term(f"vec![{a.rust}, {b.rust}]", f"[{a.python}, {b.python}]")
        v = self._named(slice_kind).rust
        return self.rng.choice(
            (
                Term(
                    f"{v}.iter().map(|x| x * {k.rust}).collect()", f"[x * {k.python} for x in {v}]"
                ),
                Term(
                    f"{v}.iter().map(|x| x + {k.rust}).collect()", f"[x + {k.python} for x in {v}]"
                ),
                Term(f"{v}.iter().rev().copied().collect()", f"{v}[::-1]"),
                Term(
                    f"{v}.iter().copied().filter(|x| x % 2 == 0).collect()",
                    f"[x for x in {v} if x % 2 == 0]",
                ),
                Term(
                    f"{v}.iter().copied().filter(|&x| x > {k.rust}).collect()",
                    f"[x for x in {v} if x > {k.python}]",
                ),
                Term(f"{v}.iter().copied().take({k.rust}).collect()", f"{v}[:{k.python}]"),
                Term(f"{v}.to_vec()", f"{v}"),
            )
        )

    def option(self, depth: int) -> Term:
        """A number that may be missing."""
        slice_kind = f"&[{self.number}]"
        if slice_kind in self.env.values():
            v = self._named(slice_kind).rust
            k = self._k(0, 6)
            return self.rng.choice(
                (
                    Term(f"{v}.first().copied()", f"{v}[0] if {v} else None"),
                    Term(f"{v}.last().copied()", f"{v}[-1] if {v} else None"),
                    Term(f"{v}.iter().copied().max()", f"max({v}, default=None)"),
                    Term(f"{v}.iter().copied().min()", f"min({v}, default=None)"),
                    Term(
                        f"{v}.iter().copied().find(|&x| x > {k.rust})",
                        f"next((x for x in {v} if x > {k.python}), None)",
                    ),
                )
            )
        test, a = self.boolean(depth), self.integer(depth)
        return Term(
            f"if {test.rust} {{ Some({a.rust}) }} else {{ None }}",
            f"({a.python}) if {test.python} else None",
        )

    def pair(self, depth: int) -> Term:
        """Two numbers."""
        a, b = self.integer(depth), self.integer(depth)
        return Term(f"({a.rust}, {b.rust})", f"({a.python}, {b.python})")


def random_result(terms: Terms) -> tuple[str, Callable[[int], Term]]:
    """A type of result, and what makes terms of it."""
    number = terms.number
    choices: list[tuple[str, Callable[[int], Term]]] = [
        (number, terms.integer),
        ("bool", terms.boolean),
        ("String", terms.text),
        (f"Vec<{number}>", terms.vector),
        (f"Option<{number}>", terms.option),
        (f"({number}, {number})", terms.pair),
    ]
    return terms.rng.choices(choices, (8, 3, 4, 3, 2, 1))[0]
