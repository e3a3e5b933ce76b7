"""Generated functions over Rust structs, enums and numbers with a fraction, with their tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeAlias

from tools.train_bundled.names import Namer
from tools.train_bundled.rust_functions import (
    argument,
    block,
    expected,
    in_range,
    random_body,
    random_value,
)
from tools.train_bundled.rust_terms import SIGNED, UNSIGNED, Terms

Tested: TypeAlias = tuple[list[str], list[str]]
"""Lines of an item, and of its test."""

LONGEST_SHOWN = 40

_GIVEN = ("value", "amount", "item", "step", "extra")


def _test(name: str, body: list[str], namer: Namer) -> list[str]:
    stem = name.strip("_")
    shown = namer.rng.choice((f"test_{stem}", f"test_{stem}", f"{stem}_works", f"{stem}_ok"))
    return ["#[test]", *block(f"fn {shown}() {{", body)]


def _type_name(namer: Namer) -> str:
    return "".join(namer.word().capitalize() for _ in range(namer.rng.choice((1, 1, 2))))


def _shown(holds: bool) -> str:
    return expected("bool", holds)


def _owned(kind: str) -> str:
    """The type of a field that holds what a parameter borrows."""
    if kind == "&str":
        return "String"
    return f"Vec<{kind[2:-1]}>" if kind.startswith("&[") else kind


def _held(kind: str, value: object) -> str:
    """Source of a field's value."""
    if kind == "&str":
        return f"{json.dumps(value)}.to_string()"
    shown = argument(kind, value)
    return f"vec!{shown[1:]}" if kind.startswith("&[") else shown


@dataclass(frozen=True)
class Struct:
    """A type with fields, and what a value of it is called."""

    name: str
    local: str
    number: str
    fields: tuple[tuple[str, str], ...]

    def definition(self) -> list[str]:
        """Lines of the definition."""
        return block(
            f"struct {self.name} {{", [f"{field}: {_owned(kind)}," for field, kind in self.fields]
        )

    def values(self, namer: Namer) -> dict[str, object]:
        """Random values of the fields."""
        return {field: random_value(kind, namer) for field, kind in self.fields}

    def literal(self, values: dict[str, object]) -> str:
        """Source of a value."""
        shown = ", ".join(f"{field}: {_held(kind, values[field])}" for field, kind in self.fields)
        return f"{self.name} {{ {shown} }}"


def _struct(namer: Namer) -> Struct:
    rng = namer.rng
    number = rng.choice(SIGNED + UNSIGNED)
    names = [name.lower() for name in namer.variables(rng.choices((1, 2, 3), (4, 4, 1))[0])]
    kinds = rng.choices((number, f"&[{number}]", "&str"), (4, 4, 1), k=len(names))
    name = _type_name(namer)
    local = rng.choice((name.lower(), name.lower(), name[0].lower(), "held"))
    return Struct(name, local, number, tuple(zip(names, kinds, strict=True)))


def _reading(struct: Struct, namer: Namer) -> Tested:
    """A method or function that computes something of a struct."""
    rng = namer.rng
    method = rng.random() < 0.5
    receiver = "self" if method else struct.local
    param = [name for name in namer.variables(1) if name.lower() != struct.local]
    extra = {param[0].lower(): struct.number} if param and rng.random() < 0.3 else {}
    while True:
        env = {f"{receiver}.{field}": kind for field, kind in struct.fields} | extra
        result, body, python = random_body(Terms(env, struct.number, namer))
        values = struct.values(namer)
        given = {name: random_value(kind, namer) for name, kind in extra.items()}
        value = eval(python, {receiver: SimpleNamespace(**values), **given})
        shown = expected(result, value)
        used = all(name in " ".join(body) for name in (f"{receiver}.", *extra))
        if used and in_range(result, value) and len(shown) <= LONGEST_SHOWN:
            break
    name = namer.function()
    params = [f"{name}: {kind}" for name, kind in extra.items()]
    arguments = [str(each) for each in given.values()]
    if method:
        source = block(f"fn {name}({', '.join(['&self', *params])}) -> {result} {{", body)
        source = block(f"impl {struct.name} {{", source)
        call = f"{struct.local}.{name}({', '.join(arguments)})"
    else:
        first = f"{struct.local}: &{struct.name}"
        source = block(f"fn {name}({', '.join([first, *params])}) -> {result} {{", body)
        call = f"{name}({', '.join([f'&{struct.local}', *arguments])})"
    checks = [f"let {struct.local} = {struct.literal(values)};", f"assert_eq!({call}, {shown});"]
    return source, _test(name, checks, namer)


def _changing(struct: Struct, namer: Namer) -> Tested:
    """A function that changes a struct's field, and a test of the change."""
    rng = namer.rng
    field, kind = rng.choice(struct.fields)
    name, place, values = namer.function(), f"{struct.local}.{field}", struct.values(namer)
    before = values[field]
    given = rng.randint(1, 40)
    param = rng.choice([name for name in _GIVEN if name != struct.local])
    line, check, takes = f"{place}.clear();", f"assert!({place}.is_empty());", False
    if isinstance(before, int):
        line, takes = f"{place} += {param};", True
        check = f"assert_eq!({place}, {before + given});"
    elif isinstance(before, list) and rng.random() < 0.6:
        line, takes = f"{place}.push({param});", True
        shown = rng.random() < 0.5
        check = (
            f"assert_eq!({place}, {expected(kind, [*before, given])});"
            if shown
            else f"assert_eq!({place}.len(), {len(before) + 1});"
        )
    elif isinstance(before, list) and rng.random() < 0.5:
        line, check = f"{place}.sort();", f"assert_eq!({place}, {expected(kind, sorted(before))});"
    params = f"{struct.local}: &mut {struct.name}" + (f", {param}: {struct.number}" * takes)
    checks = [
        f"let mut {struct.local} = {struct.literal(values)};",
        f"{name}(&mut {struct.local}{f', {given}' * takes});",
        check,
    ]
    return block(f"fn {name}({params}) {{", [line]), _test(name, checks, namer)


@dataclass(frozen=True)
class Enum:
    """A type of named cases, and what a value of it is called."""

    name: str
    local: str
    cases: tuple[str, ...]

    def definition(self) -> list[str]:
        """Lines of the definition."""
        return [
            "#[derive(Clone, Copy, PartialEq, Debug)]",
            *block(f"enum {self.name} {{", [f"{case}," for case in self.cases]),
        ]


def _enum(namer: Namer) -> Enum:
    rng = namer.rng
    name, count = _type_name(namer), rng.randint(2, 4)
    cases: list[str] = []
    while len(cases) < count:
        case = namer.word().capitalize()
        if case not in (*cases, name, "Self"):
            cases.append(case)
    return Enum(name, rng.choice((name.lower(), name[0].lower(), "kind", "case")), tuple(cases))


def _of_one(enum: Enum, namer: Namer) -> Tested:
    """A function of one case, and a test of some cases."""
    rng = namer.rng
    name = namer.function()
    cases = [f"{enum.name}::{case}" for case in enum.cases]
    result = rng.choice((enum.name, enum.name, "bool", "u32", "i32", "&'static str"))
    if result == "bool":
        chosen = rng.choice(cases)
        given = {case: _shown(case == chosen) for case in cases}
        body = rng.choice(([f"{enum.local} == {chosen}"], [f"matches!({enum.local}, {chosen})"]))
    else:
        if result == enum.name:
            given = dict(zip(cases, rng.sample(cases, len(cases)), strict=True))
        elif result == "&'static str":
            given = {case: json.dumps(rng.choice(namer.pool)) for case in cases}
        else:
            given = {case: str(rng.randint(-90 * (result == "i32"), 90)) for case in cases}
        body = block(
            f"match {enum.local} {{", [f"{case} => {shown}," for case, shown in given.items()]
        )
    checks = [
        f"assert_eq!({name}({case}), {given[case]});"
        if result != "bool"
        else f"assert!({'' if given[case] == 'true' else '!'}{name}({case}));"
        for case in rng.sample(cases, rng.randint(1, 2))
    ]
    source = block(f"fn {name}({enum.local}: {enum.name}) -> {result} {{", body)
    return source, _test(name, checks, namer)


def _of_many(enum: Enum, namer: Namer) -> Tested:
    """A function of a slice of cases, and a test of it."""
    rng = namer.rng
    name = namer.function()
    many = f"{enum.local}s" if len(enum.local) > 1 else f"{enum.local}_all"
    chosen = rng.choice(enum.cases)
    given = [rng.choice(enum.cases) for _ in range(rng.randint(1, 4))]
    count = given.count(chosen)
    is_chosen = f"*{enum.local} == {enum.name}::{chosen}"
    if rng.random() < 0.5:
        step = rng.randint(1, 9)
        inner = block(f"if {is_chosen} {{", [f"found += {step};"])
        loop = block(f"for {enum.local} in {many} {{", inner)
        result, body, shown = "u32", ["let mut found = 0;", *loop, "found"], str(step * count)
    else:
        each = f"{many}.iter()"
        result, line, shown = rng.choice(
            (
                ("usize", f"{each}.filter(|{enum.local}| *{is_chosen}).count()", str(count)),
                ("bool", f"{each}.any(|{enum.local}| {is_chosen})", _shown(count > 0)),
                ("bool", f"{each}.all(|{enum.local}| {is_chosen})", _shown(count == len(given))),
            )
        )
        body = [line]
    source = block(f"fn {name}({many}: &[{enum.name}]) -> {result} {{", body)
    held = ", ".join(f"{enum.name}::{case}" for case in given)
    return source, _test(name, [f"assert_eq!({name}(&[{held}]), {shown});"], namer)


def fraction_part(namer: Namer) -> Tested:
    """A function of numbers with a fraction, and a test of it."""
    rng = namer.rng
    while True:
        names = [name.lower() for name in namer.variables(rng.choice((1, 1, 2)))]
        a, b = names[0], names[-1]
        k, m = rng.choice((0.5, 1.5, 2.0, 2.5, 4.0, 9.0)), rng.choice((1.0, 0.25, 3.5, 32.0, 10.0))
        result, body = rng.choice(
            (
                ("f64", f"{a} * {k} + {m}"),
                ("f64", f"({a} + {b}) / {rng.choice((2.0, 4.0))}"),
                ("f64", f"{a} * {b} - {m}"),
                ("f64", f"{a} - {m} * {b}"),
                ("bool", f"{a} {rng.choice(('>', '<', '>=', '<='))} {k * m}"),
            )
        )
        given = {name: rng.randint(-20, 200) / rng.choice((1, 2, 4)) for name in names}
        shown = expected(result, eval(body, dict(given)))
        if all(name in body for name in names) and len(shown) < 9:
            break
    name = namer.function()
    params = ", ".join(f"{name}: f64" for name in names)
    call = f"{name}({', '.join(str(value) for value in given.values())})"
    source = block(f"fn {name}({params}) -> {result} {{", [body])
    return source, _test(name, [f"assert_eq!({call}, {shown});"], namer)


def typed_parts(namer: Namer, count: int) -> tuple[list[str], list[Tested]]:
    """Lines of a type's definition, if it needs one, and functions over it with their tests."""
    rng = namer.rng
    share = rng.random()
    if share < 0.25:
        return [], [fraction_part(namer) for _ in range(count)]
    if share < 0.65:
        struct = _struct(namer)
        makers = rng.choices((_reading, _changing), (3, 1), k=count)
        return struct.definition(), [make(struct, namer) for make in makers]
    enum = _enum(namer)
    chosen = rng.choices((_of_one, _of_many), (3, 2), k=count)
    return enum.definition(), [make(enum, namer) for make in chosen]
