"""The bundled prompts of the paper's two generation experiments."""

from __future__ import annotations

__all__ = ["CLOSE_TO_FAR", "PYTHON_PROMPTS", "RUST_PROMPTS"]

# Each ends in the first line of a function, whose docstring and body are the model's.
PYTHON_PROMPTS = {
    "py_double_letters": '''
def double_letters(word):
    """Write every letter twice.

    >>> double_letters('tea')
    'tteeaa'
    """
    return ''.join(letter * 2 for letter in word)


def swap_ends(word):
''',
    "py_share_evenly": '''
def share_evenly(coins, people):
    """Say what everybody gets, and what is left over.

    >>> share_evenly(17, 5)
    (3, 2)
    """
    return divmod(coins, people)


def smallest_coin(coins):
''',
    "py_count_vowels": '''
def count_vowels(line):
    """Count the vowels of a line.

    >>> count_vowels('a quiet morning')
    6
    """
    return sum(letter in 'aeiou' for letter in line)


def longest_word(line):
''',
}

# Each ends in the first line of a function; the one before it has no test yet.
RUST_PROMPTS = {
    "rs_hours_to_minutes": """
fn hours_to_minutes(hours: u32) -> u32 {
    hours * 60
}

#[test]
fn test_hours_to_minutes() {
    assert_eq!(hours_to_minutes(3), 180);
}

fn days_to_hours(days: u32) -> u32 {
    days * 24
}

fn weeks_to_hours(weeks: u32) -> u32 {
""",
    "rs_is_square": """
fn is_square(width: u32, height: u32) -> bool {
    width == height
}

#[test]
fn test_is_square() {
    assert!(is_square(7, 7));
    assert!(!is_square(7, 8));
}

fn is_flat(height: u32) -> bool {
    height == 0
}

fn is_tall(width: u32, height: u32) -> bool {
""",
}

# The marker stands ever farther from the end; everything else differs too, as in the paper.
CLOSE_TO_FAR = {
    "close": """
fn fahrenheit(celsius: f64) -> f64 {
    celsius * 9.0 / 5.0 + 32.0
}

#[test]
fn test_fahrenheit() {
    assert_eq!(fahrenheit(100.0), 212.0);
}

fn kelvin(celsius: f64) -> f64 {
    celsius + 273.15
}

fn is_fever(celsius: f64) -> bool {
""",
    "medium": """
struct Basket {
    prices: Vec<u32>,
}

impl Basket {
    fn total(&self) -> u32 {
        self.prices.iter().sum()
    }
}

#[test]
fn test_total() {
    let basket = Basket { prices: vec![250, 120] };
    assert_eq!(basket.total(), 370);
}

fn cheapest(basket: &Basket) -> Option<u32> {
    basket.prices.iter().copied().min()
}

fn add_to(basket: &mut Basket, price: u32) {
    basket.prices.push(price);
}

fn remove_cheapest(basket: &mut Basket) {
""",
    "far": """
#[derive(Clone, Copy, PartialEq, Debug)]
enum Turn {
    Left,
    Right,
}

fn opposite(turn: Turn) -> Turn {
    match turn {
        Turn::Left => Turn::Right,
        Turn::Right => Turn::Left,
    }
}

#[test]
fn test_opposite() {
    assert_eq!(opposite(Turn::Left), Turn::Right);
}

fn heading(start: i32, turns: &[Turn]) -> i32 {
    let mut degrees = start;
    for turn in turns {
        degrees += match turn {
            Turn::Left => -90,
            Turn::Right => 90,
        };
    }
    degrees.rem_euclid(360)
}

fn way_back(turns: &[Turn]) -> Vec<Turn> {
    let mut way = Vec::with_capacity(turns.len());
    for turn in turns.iter().rev() {
        way.push(opposite(*turn));
    }
    way
}

fn left_turns(turns: &[Turn]) -> usize {
    turns.iter().filter(|turn| **turn == Turn::Left).count()
}

fn turns_on_the_way(there: &[Turn], back: &[Turn]) -> usize {
""",
}
