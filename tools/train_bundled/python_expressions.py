"""Random Python expressions over the parameters of a function."""

from __future__ import annotations

from collections.abc import Callable

from tools.train_bundled.names import Namer


def literal(kind: str, namer: Namer) -> str:
    """Source of a value of a kind."""
    rng = namer.rng
    if kind == "int":
        return str(rng.choice((rng.randint(0, 12), rng.randint(0, 200), rng.randint(-20, 20))))
    if kind == "str":
        words = [rng.choice(namer.pool) for _ in range(rng.choice((1, 1, 1, 2)))]
        return repr(rng.choice((" ", " ", "-", ",")).join(words))
    if kind == "ints":
        return repr([rng.randint(-3, 20) for _ in range(rng.randint(1, 5))])
    return repr([rng.choice(namer.pool) for _ in range(rng.randint(1, 4))])


class Expressions:
    """Random expressions over the parameters of a function."""

    def __init__(self, env: dict[str, str], namer: Namer) -> None:
        self.env = env
        self.namer = namer
        self.rng = namer.rng

    def of(self, kind: str, depth: int = 2) -> str:
        """An expression of a kind."""
        variables = [name for name, held in self.env.items() if held == kind]
        if variables and (depth <= 0 or self.rng.random() < 0.3):
            return self.rng.choice(variables)
        if depth <= 0:
            if kind in ("int", "str", "ints", "strs"):
                return literal(kind, self.namer) if kind != "int" else str(self.rng.randint(1, 10))
            depth = 1
        makers: dict[str, Callable[[int], str]] = {
            "int": self._int,
            "str": self._str,
            "ints": self._ints,
            "strs": self._strs,
            "bool": self._bool,
            "float": self._float,
            "pair": lambda d: f"({self.of('int', d)}, {self.of('int', d)})",
            "dict": self._dict,
        }
        return makers[kind](depth - 1)

    def _k(self, low: int = 2, high: int = 10) -> str:
        return str(self.rng.randint(low, high))

    def _int(self, d: int) -> str:
        a = self.of("int", d)
        options = [
            lambda: f"{a} + {self.of('int', d)}",
            lambda: f"{a} - {self.of('int', d)}",
            lambda: f"{a} * {self._k()}",
            lambda: f"{a} * {self.of('int', 0)} + {self._k()}",
            lambda: f"({a}) // {self._k()}",
            lambda: f"({a}) % {self._k()}",
            lambda: f"max({a}, {self.of('int', d)})",
            lambda: f"min({a}, {self.of('int', d)})",
            lambda: f"abs({a})",
            lambda: f"({a}) ** 2",
            lambda: f"len({self.of('str', d)})",
            lambda: f"len({self.of('ints', d)})",
            lambda: f"sum({self.of('ints', d)})",
            lambda: f"max({self.of('ints', d)})",
            lambda: f"{self.of('str', d)}.count({self._letter()})",
            lambda: f"{a} if {self.of('bool', d)} else {self.of('int', d)}",
            lambda: f"sum(1 for ch in {self.of('str', d)} if ch in {self._letters()})",
            lambda: f"{self.of('ints', d)}[0]",
            lambda: f"{self.of('ints', d)}[-1]",
        ]
        return self.rng.choice(options)()

    def _letter(self) -> str:
        return repr(self.rng.choice("abcdefghijklmnoprstuvwy"))

    def _letters(self) -> str:
        return repr(self.rng.choice(("aeiou", "abc", "xyz", "lmn", "rst")))

    def _str(self, d: int) -> str:
        s = self.of("str", d)
        options = [
            lambda: f"{s}.upper()",
            lambda: f"{s}.lower()",
            lambda: f"{s}.title()",
            lambda: f"{s}.strip()",
            lambda: f"{s}.capitalize()",
            lambda: f"{s}[::-1]",
            lambda: f"{s}[:{self._k(1, 5)}]",
            lambda: f"{s}[{self._k(1, 3)}:]",
            lambda: f"{s} + {self.of('str', d)}",
            lambda: f"{s} * {self._k(2, 3)}",
            lambda: f"{s}.replace({self._letter()}, {self._letter()})",
            lambda: f"{self._separator()}.join({self.of('strs', d)})",
            lambda: f"str({self.of('int', d)})",
            lambda: f"{s}.zfill({self._k(4, 9)})",
            lambda: f"{s}.rjust({self._k(4, 9)}, '*')",
            lambda: f"f'{self.rng.choice(self.namer.pool)}: {{{self._variable()}}}'",
            lambda: f"f'{{{self._variable()}}}-{{{self._variable()}}}'",
            lambda: f"''.join(sorted({s}))",
            lambda: f"''.join(ch for ch in {s} if ch not in {self._letters()})",
        ]
        return self.rng.choice(options)()

    def _separator(self) -> str:
        return repr(self.rng.choice((" ", ", ", "-", "_", "/", "", "+")))

    def _variable(self) -> str:
        return self.rng.choice(list(self.env))

    def _ints(self, d: int) -> str:
        v = self.of("ints", d)
        item = self.rng.choice(("x", "n", "v", "i"))
        options = [
            lambda: f"sorted({v})",
            lambda: f"{v}[::-1]",
            lambda: f"{v}[{self._k(1, 2)}:]",
            lambda: f"{v} + {self.of('ints', d)}",
            lambda: f"[{item} * {self._k()} for {item} in {v}]",
            lambda: f"[{item} + {self.of('int', 0)} for {item} in {v}]",
            lambda: f"[{item} for {item} in {v} if {item} > {self._k(0, 6)}]",
            lambda: f"[{item} for {item} in {v} if {item} % {self._k(2, 4)} == 0]",
            lambda: f"list(range({self._k(3, 6)}))",
            lambda: f"[len({item}) for {item} in {self.of('strs', d)}]",
            lambda: f"sorted(set({v}))",
            lambda: f"[{self.of('int', d)}, {self.of('int', d)}]",
            lambda: f"list(reversed({v}))",
        ]
        return self.rng.choice(options)()

    def _strs(self, d: int) -> str:
        v = self.of("strs", d)
        options = [
            lambda: f"{self.of('str', d)}.split()",
            lambda: f"{self.of('str', d)}.split({self._letter()})",
            lambda: f"sorted({v})",
            lambda: f"[w.upper() for w in {v}]",
            lambda: f"[w[0] for w in {v}]",
            lambda: f"[w for w in {v} if len(w) > {self._k(2, 5)}]",
            lambda: f"list({self.of('str', d)})",
            lambda: f"[{self.of('str', d)}, {self.of('str', d)}]",
            lambda: f"{v}[::-1]",
        ]
        return self.rng.choice(options)()

    def _bool(self, d: int) -> str:
        a = self.of("int", d)
        operator = self.rng.choice(("<", ">", "<=", ">=", "==", "!="))
        options = [
            lambda: f"{a} {operator} {self.of('int', d)}",
            lambda: f"({a}) % {self._k(2, 5)} == 0",
            lambda: f"{self.of('str', d)}.startswith({self._letter()})",
            lambda: f"{self._letter()} in {self.of('str', d)}",
            lambda: f"{self.of('int', 0)} in {self.of('ints', d)}",
            lambda: f"{self.of('str', d)}.isalpha()",
            lambda: f"not {self.of('ints', d)}",
            lambda: f"len({self.of('ints', d)}) > {self._k(1, 4)}",
        ]
        return self.rng.choice(options)()

    def _float(self, d: int) -> str:
        options = [
            lambda: f"({self.of('int', d)}) / {self._k()}",
            lambda: f"round(({self.of('int', d)}) / {self._k(3, 9)}, 2)",
            lambda: f"({self.of('int', d)}) * 0.5",
            lambda: f"sum({self.of('ints', d)}) / 2",
        ]
        return self.rng.choice(options)()

    def _dict(self, d: int) -> str:
        options = [
            lambda: f"{{x: x * {self._k()} for x in {self.of('ints', d)}}}",
            lambda: f"{{w: len(w) for w in {self.of('strs', d)}}}",
            lambda: f"dict(enumerate({self.of('strs', d)}))",
            lambda: f"{{i: x for i, x in enumerate({self.of('ints', d)})}}",
        ]
        return self.rng.choice(options)()
