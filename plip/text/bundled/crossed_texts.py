"""The bundled prompts that stand at several distances: a beginning with a test, filler, an end."""

from __future__ import annotations

__all__ = ["CROSSED", "FILLER", "LEVELS"]

# How many pieces of filler stand between a head and its end.
LEVELS = {"close": 0, "medium": 1, "far": 3}

# Constants and functions that test nothing. Every prompt gets the same ones.
FILLER = (
    """
const ROWS: usize = 12;
const COLUMNS: usize = 40;

fn cell(row: usize, column: usize) -> usize {
    row * COLUMNS + column
}
""",
    """
const NAMES: [&str; 3] = ["north", "middle", "south"];

fn name(part: usize) -> &'static str {
    NAMES[part % NAMES.len()]
}
""",
    """
fn rows_between(top: usize, bottom: usize) -> usize {
    let first = top.min(ROWS);
    let last = bottom.min(ROWS);
    last.saturating_sub(first)
}
""",
)

# Each: up to the end of the test, and the last lines, which end in a function to be written.
CROSSED = {
    "rs_toll": (
        """
fn toll(axles: u32) -> u32 {
    200 + 150 * axles
}

#[test]
fn test_toll() {
    assert_eq!(toll(2), 500);
}
""",
        """
fn ferry(people: u32) -> u32 {
    80 * people
}

fn season_pass(weeks: u32, child: bool) -> u32 {
""",
    ),
    "rs_is_weekend": (
        """
fn is_weekend(day: u8) -> bool {
    day % 7 > 4
}

#[test]
fn test_is_weekend() {
    assert!(is_weekend(6));
}
""",
        """
fn is_monday(day: u8) -> bool {
    day % 7 == 0
}

fn days_left(day: u8) -> u8 {
""",
    ),
    "rs_initial": (
        """
fn initial(name: &str) -> Option<char> {
    name.chars().next()
}

#[test]
fn test_initial() {
    assert_eq!(initial("Vera"), Some('V'));
}
""",
        """
fn ending(name: &str) -> Option<char> {
    name.chars().last()
}

fn abbreviated(name: &str, letters: usize) -> String {
""",
    ),
    "rs_widest": (
        """
fn widest(widths: &[u32]) -> u32 {
    widths.iter().copied().max().unwrap_or(0)
}

#[test]
fn test_widest() {
    assert_eq!(widest(&[3, 9, 4]), 9);
}
""",
        """
fn narrowest(widths: &[u32]) -> u32 {
    widths.iter().copied().min().unwrap_or(0)
}

fn fits(widths: &[u32], limit: u32) -> bool {
""",
    ),
    "rs_refund": (
        """
fn refund(paid: u32, price: u32) -> Option<u32> {
    paid.checked_sub(price)
}

#[test]
fn test_refund() {
    assert_eq!(refund(5, 8), None);
}
""",
        """
fn discount(price: u32, percent: u32) -> u32 {
    price - price * percent / 100
}

fn instalments(price: u32, months: u32) -> Vec<u32> {
""",
    ),
    "rs_mirrored": (
        """
fn mirrored(point: (i32, i32)) -> (i32, i32) {
    (-point.0, point.1)
}

#[test]
fn test_mirrored() {
    assert_eq!(mirrored((4, 1)), (-4, 1));
}
""",
        """
fn shifted(point: (i32, i32), by: i32) -> (i32, i32) {
    (point.0 + by, point.1)
}

fn steps_between(from: (i32, i32), to: (i32, i32)) -> i32 {
""",
    ),
}
