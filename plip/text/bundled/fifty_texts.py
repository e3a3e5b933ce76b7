"""The fifty-prompt design: Rust functions to be written, each behind its test."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FIFTY", "Task"]


class Task(NamedTuple):
    """A function to be written.

    Args:
        head: the first line of the function.
        body: what it does, for checking that its test would pass; no part of the prompt.
        checks: the lines of its test.
        panics: whether the test wants a panic.
    """

    head: str
    body: str
    checks: tuple[str, ...]
    panics: bool = False


FIFTY: dict[str, dict[str, Task]] = {
    "arithmetic": {
        "arith_01_add": Task(
            "fn pooled(mine: i64, yours: i64) -> i64 {",
            "mine + yours",
            ("assert_eq!(pooled(40, 2), 42);", "assert_eq!(pooled(-6, 6), 0);"),
        ),
        "arith_02_subtract": Task(
            "fn remaining(stock: i64, sold: i64) -> i64 {",
            "stock - sold",
            ("assert_eq!(remaining(90, 25), 65);", "assert_eq!(remaining(3, 4), -1);"),
        ),
        "arith_03_multiply": Task(
            "fn seats(rows: u32, per_row: u32) -> u32 {",
            "rows * per_row",
            ("assert_eq!(seats(12, 8), 96);", "assert_eq!(seats(0, 8), 0);"),
        ),
        "arith_04_divide": Task(
            "fn full_boxes(eggs: u32, per_box: u32) -> u32 {",
            "eggs / per_box",
            ("assert_eq!(full_boxes(45, 6), 7);", "assert_eq!(full_boxes(5, 6), 0);"),
        ),
        "arith_05_modulo": Task(
            "fn loose_eggs(eggs: u32, per_box: u32) -> u32 {",
            "eggs % per_box",
            ("assert_eq!(loose_eggs(45, 6), 3);", "assert_eq!(loose_eggs(48, 6), 0);"),
        ),
        "arith_06_power": Task(
            "fn grains(square: u32) -> u64 {",
            "2u64.pow(square)",
            ("assert_eq!(grains(0), 1);", "assert_eq!(grains(11), 2048);"),
        ),
        "arith_07_abs": Task(
            "fn error_size(error: i32) -> i32 {",
            "error.abs()",
            ("assert_eq!(error_size(-31), 31);", "assert_eq!(error_size(8), 8);"),
        ),
        "arith_08_min": Task(
            "fn cheaper(here: u32, there: u32) -> u32 {",
            "here.min(there)",
            ("assert_eq!(cheaper(299, 310), 299);", "assert_eq!(cheaper(12, 12), 12);"),
        ),
        "arith_09_max": Task(
            "fn taller(one: u32, other: u32) -> u32 {",
            "one.max(other)",
            ("assert_eq!(taller(172, 181), 181);", "assert_eq!(taller(90, 60), 90);"),
        ),
        "arith_10_clamp": Task(
            "fn volume(wanted: i32) -> i32 {",
            "wanted.clamp(0, 11)",
            (
                "assert_eq!(volume(5), 5);",
                "assert_eq!(volume(60), 11);",
                "assert_eq!(volume(-2), 0);",
            ),
        ),
    },
    "string": {
        "string_01_len": Task(
            "fn letters(word: &str) -> usize {",
            "word.chars().count()",
            ('assert_eq!(letters("käse"), 4);', 'assert_eq!(letters(""), 0);'),
        ),
        "string_02_reverse": Task(
            "fn backwards(word: &str) -> String {",
            "word.chars().rev().collect()",
            ('assert_eq!(backwards("drawer"), "reward");',),
        ),
        "string_03_uppercase": Task(
            "fn headline(line: &str) -> String {",
            "line.to_uppercase()",
            ('assert_eq!(headline("rain again"), "RAIN AGAIN");',),
        ),
        "string_04_lowercase": Task(
            "fn user_name(typed: &str) -> String {",
            "typed.to_lowercase()",
            ('assert_eq!(user_name("ElenaK"), "elenak");',),
        ),
        "string_05_concat": Task(
            "fn greeting(name: &str) -> String {",
            'format!("Dear {}", name)',
            ('assert_eq!(greeting("Noor"), "Dear Noor");',),
        ),
        "string_06_contains": Task(
            "fn mentions(letter: &str, name: &str) -> bool {",
            "letter.contains(name)",
            (
                'assert!(mentions("Yours, Ida", "Ida"));',
                'assert!(!mentions("Yours, Ida", "Tom"));',
            ),
        ),
        "string_07_starts_with": Task(
            "fn is_remark(line: &str) -> bool {",
            "line.starts_with('#')",
            ('assert!(is_remark("# later"));', 'assert!(!is_remark("now"));'),
        ),
        "string_08_ends_with": Task(
            "fn is_picture(file: &str) -> bool {",
            'file.ends_with(".png")',
            ('assert!(is_picture("map.png"));', 'assert!(!is_picture("map.txt"));'),
        ),
        "string_09_repeat": Task(
            "fn rule(width: usize) -> String {",
            '"-".repeat(width)',
            ('assert_eq!(rule(4), "----");', 'assert_eq!(rule(0), "");'),
        ),
        "string_10_trim": Task(
            "fn cleaned(field: &str) -> &str {",
            "field.trim()",
            ('assert_eq!(cleaned("  oak \\n"), "oak");',),
        ),
    },
    "collection": {
        "coll_01_sum": Task(
            "fn distance(legs: &[u32]) -> u32 {",
            "legs.iter().sum()",
            ("assert_eq!(distance(&[12, 7, 30]), 49);", "assert_eq!(distance(&[]), 0);"),
        ),
        "coll_02_product": Task(
            "fn outcomes(choices: &[u32]) -> u32 {",
            "choices.iter().product()",
            ("assert_eq!(outcomes(&[2, 6, 3]), 36);", "assert_eq!(outcomes(&[]), 1);"),
        ),
        "coll_03_average": Task(
            "fn mean_depth(soundings: &[f64]) -> f64 {",
            "soundings.iter().sum::<f64>() / soundings.len() as f64",
            ("assert_eq!(mean_depth(&[4.0, 5.0, 9.0]), 6.0);",),
        ),
        "coll_04_find_min": Task(
            "fn coldest(readings: &[i32]) -> Option<i32> {",
            "readings.iter().copied().min()",
            ("assert_eq!(coldest(&[3, -8, 0]), Some(-8));", "assert_eq!(coldest(&[]), None);"),
        ),
        "coll_05_find_max": Task(
            "fn warmest(readings: &[i32]) -> Option<i32> {",
            "readings.iter().copied().max()",
            ("assert_eq!(warmest(&[3, -8, 0]), Some(3));", "assert_eq!(warmest(&[]), None);"),
        ),
        "coll_06_count": Task(
            "fn votes_for(ballots: &[u8], party: u8) -> usize {",
            "ballots.iter().filter(|ballot| **ballot == party).count()",
            ("assert_eq!(votes_for(&[1, 2, 1, 3, 1], 1), 3);",),
        ),
        "coll_07_filter_even": Task(
            "fn even_houses(houses: &[u32]) -> Vec<u32> {",
            "houses.iter().copied().filter(|house| house % 2 == 0).collect()",
            ("assert_eq!(even_houses(&[11, 12, 13, 14]), vec![12, 14]);",),
        ),
        "coll_08_double_all": Task(
            "fn for_two(grams: &[u32]) -> Vec<u32> {",
            "grams.iter().map(|amount| amount * 2).collect()",
            ("assert_eq!(for_two(&[50, 125]), vec![100, 250]);",),
        ),
        "coll_09_first": Task(
            "fn next_train(minutes: &[u32]) -> Option<u32> {",
            "minutes.first().copied()",
            (
                "assert_eq!(next_train(&[4, 19]), Some(4));",
                "assert_eq!(next_train(&[]), None);",
            ),
        ),
        "coll_10_last": Task(
            "fn last_train(minutes: &[u32]) -> Option<u32> {",
            "minutes.last().copied()",
            (
                "assert_eq!(last_train(&[4, 19]), Some(19));",
                "assert_eq!(last_train(&[]), None);",
            ),
        ),
    },
    "option": {
        "opt_01_unwrap_or": Task(
            "fn font_size(chosen: Option<u32>) -> u32 {",
            "chosen.unwrap_or(11)",
            ("assert_eq!(font_size(Some(14)), 14);", "assert_eq!(font_size(None), 11);"),
        ),
        "opt_02_is_some": Task(
            "fn has_guide(guide: Option<&str>) -> bool {",
            "guide.is_some()",
            ('assert!(has_guide(Some("Lu")));', "assert!(!has_guide(None));"),
        ),
        "opt_03_map": Task(
            "fn in_cents(euros: Option<u32>) -> Option<u32> {",
            "euros.map(|amount| amount * 100)",
            ("assert_eq!(in_cents(Some(7)), Some(700));", "assert_eq!(in_cents(None), None);"),
        ),
        "opt_04_and_then": Task(
            "fn digit(sign: Option<char>) -> Option<u32> {",
            "sign.and_then(|found| found.to_digit(10))",
            ("assert_eq!(digit(Some('8')), Some(8));", "assert_eq!(digit(Some('x')), None);"),
        ),
        "opt_05_filter": Task(
            "fn grown_up(age: Option<u32>) -> Option<u32> {",
            "age.filter(|years| *years >= 18)",
            ("assert_eq!(grown_up(Some(30)), Some(30));", "assert_eq!(grown_up(Some(9)), None);"),
        ),
        "opt_06_zip": Task(
            "fn place(north: Option<i32>, east: Option<i32>) -> Option<(i32, i32)> {",
            "north.zip(east)",
            (
                "assert_eq!(place(Some(52), Some(13)), Some((52, 13)));",
                "assert_eq!(place(Some(52), None), None);",
            ),
        ),
        "opt_07_flatten": Task(
            "fn answer(reply: Option<Option<u8>>) -> Option<u8> {",
            "reply.flatten()",
            (
                "assert_eq!(answer(Some(Some(5))), Some(5));",
                "assert_eq!(answer(Some(None)), None);",
            ),
        ),
        "opt_08_take": Task(
            "fn collect_parcel(locker: &mut Option<u32>) -> Option<u32> {",
            "locker.take()",
            (
                "let mut locker = Some(77);",
                "assert_eq!(collect_parcel(&mut locker), Some(77));",
                "assert_eq!(locker, None);",
            ),
        ),
        "opt_09_replace": Task(
            "fn swap_tenant(flat: &mut Option<u32>, next: u32) -> Option<u32> {",
            "flat.replace(next)",
            (
                "let mut flat = Some(3);",
                "assert_eq!(swap_tenant(&mut flat, 8), Some(3));",
                "assert_eq!(flat, Some(8));",
            ),
        ),
        "opt_10_xor": Task(
            "fn only_offer(first: Option<u32>, second: Option<u32>) -> Option<u32> {",
            "first.xor(second)",
            (
                "assert_eq!(only_offer(Some(9), None), Some(9));",
                "assert_eq!(only_offer(Some(9), Some(4)), None);",
            ),
        ),
    },
    "generic": {
        "gen_01_identity": Task(
            "fn unchanged<V>(value: V) -> V {",
            "value",
            ("assert_eq!(unchanged(31), 31);", 'assert_eq!(unchanged("ash"), "ash");'),
        ),
        "gen_02_swap": Task(
            "fn crossed<L, R>(pair: (L, R)) -> (R, L) {",
            "(pair.1, pair.0)",
            ("assert_eq!(crossed((6, 'k')), ('k', 6));",),
        ),
        "gen_03_pair": Task(
            "fn labelled<V>(label: &'static str, value: V) -> (&'static str, V) {",
            "(label, value)",
            ('assert_eq!(labelled("depth", 40), ("depth", 40));',),
        ),
        "gen_04_default": Task(
            "fn blank<V: Default>() -> V {",
            "V::default()",
            ("assert_eq!(blank::<u8>(), 0);", "assert_eq!(blank::<String>(), String::new());"),
        ),
        "gen_05_clone_val": Task(
            "fn duplicate<V: Clone>(original: &V) -> V {",
            "original.clone()",
            ("assert_eq!(duplicate(&vec![2, 4]), vec![2, 4]);",),
        ),
    },
    "edge_case": {
        "edge_01_divide_zero": Task(
            "fn per_head(bill: u32, guests: u32) -> u32 {",
            "bill / guests",
            ("per_head(120, 0);",),
            panics=True,
        ),
        "edge_02_index_panic": Task(
            "fn page(book: &[u32], number: usize) -> u32 {",
            "book[number]",
            ("page(&[10, 20], 2);",),
            panics=True,
        ),
        "edge_03_unwrap_panic": Task(
            "fn must_have(key: Option<u32>) -> u32 {",
            "key.unwrap()",
            ("must_have(None);",),
            panics=True,
        ),
        "edge_04_empty_vec": Task(
            "fn winner(scores: &[u32]) -> u32 {",
            '*scores.iter().max().expect("nobody played")',
            ("winner(&[]);",),
            panics=True,
        ),
        "edge_05_negative_sqrt": Task(
            "fn side_of(area: f64) -> f64 {",
            "assert!(area >= 0.0);\n    area.sqrt()",
            ("side_of(-4.0);",),
            panics=True,
        ),
    },
}
