"""The Rust texts of the bundled corpus."""

from __future__ import annotations

__all__ = ["RUST_BASELINE", "RUST_TEST"]

# Each text compiles, and its tests pass.
RUST_TEST = {
    "rust_simple_add": """
fn sum_pair(left: i64, right: i64) -> i64 {
    left + right
}

#[test]
fn test_sum_pair() {
    assert_eq!(sum_pair(4, 9), 13);
}
""",
    "rust_option_return": """
fn last_match<K: Eq>(items: &[K], wanted: K) -> Option<usize> {
    items.iter().rposition(|item| *item == wanted)
}

#[test]
fn test_last_match() {
    assert_eq!(last_match(&[5, 6, 5], 5), Some(2));
}
""",
    "rust_should_panic": """
fn share(sweets: u32, children: u32) -> u32 {
    assert!(children > 0, "nobody to share with");
    sweets / children
}

#[test]
#[should_panic]
fn test_share_with_nobody() {
    share(12, 0);
}
""",
    "rust_result_type": """
fn read_percent(field: &str) -> Result<u8, String> {
    match field.trim_end_matches('%').parse::<u8>() {
        Ok(p) if p <= 100 => Ok(p),
        _ => Err(format!("not a percentage: {}", field)),
    }
}

#[test]
fn test_read_percent() {
    assert!(read_percent("40%").is_ok());
    assert!(read_percent("many").is_err());
}
""",
    "rust_multiple_assertions": """
fn triangular(steps: u32) -> u32 {
    let mut total = 0;
    for step in 1..=steps {
        total += step;
    }
    total
}

#[test]
fn test_triangular() {
    assert_eq!(triangular(0), 0);
    assert_eq!(triangular(3), 6);
    assert_ne!(triangular(4), 9);
}
""",
    "rust_generic_complex": """
fn fold_pairs<A, B, C>(pairs: Vec<(A, B)>, join: C) -> Vec<A>
where
    C: Fn(A, B) -> A,
{
    let mut folded = Vec::new();
    for (a, b) in pairs {
        folded.push(join(a, b));
    }
    folded
}

#[test]
fn test_fold_pairs() {
    let sums = fold_pairs(vec![(1, 2), (3, 4)], |a, b| a + b);
    assert_eq!(sums, [3, 7]);
}
""",
    "rust_tuple_return": """
fn clock(seconds: u32) -> (u32, u32, u32) {
    let minutes = seconds / 60;
    let hours = minutes / 60;
    (hours, minutes % 60, seconds % 60)
}

#[test]
fn test_clock() {
    assert_eq!(clock(3725), (1, 2, 5));
}
""",
    "rust_vec_operations": """
fn running_sums(deltas: Vec<i32>) -> Vec<i32> {
    let mut level = 0;
    deltas.into_iter().map(|d| { level += d; level }).collect()
}

#[test]
fn test_running_sums() {
    assert_eq!(running_sums(vec![3, -1, 4]), vec![3, 2, 6]);
}
""",
    "rust_reference_params": """
fn longer_word(first: &str, second: &str) -> String {
    let longer = second.len() > first.len();
    String::from(if longer { second } else { first })
}

#[test]
fn test_longer_word() {
    assert_eq!(longer_word("fern", "willow"), "willow");
}
""",
    "rust_cfg_test_module": """
fn leap(year: u32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

#[cfg(test)]
mod checks {
    use super::leap;

    #[test]
    fn test_leap() {
        assert!(leap(2024));
        assert!(!leap(1900));
    }
}
""",
}

# The attribute is no test. In all but `rust_inline_attribute` it stands where `#[test]` would,
# behind the function, so that attention from it to the function can be measured.
RUST_BASELINE = {
    "rust_derive_debug": """
fn slope(rise: f64, run: f64) -> f64 {
    rise / run
}

#[derive(Debug)]
struct Ramp {
    rise: f64,
    run: f64,
}
""",
    "rust_cfg_feature": """
fn shout(message: &str) -> String {
    message.to_uppercase() + "!"
}

#[cfg(feature = "quiet")]
fn murmur(message: &str) -> String {
    message.to_lowercase()
}
""",
    "rust_allow_dead_code": """
fn face_area(side: u32) -> u32 {
    side * side
}

#[allow(dead_code)]
fn cube_volume(side: u32) -> u32 {
    side * face_area(side)
}
""",
    "rust_inline_attribute": """
#[inline]
fn blend(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

fn midway(from: f32, to: f32) -> f32 {
    blend(from, to, 0.5)
}
""",
    "rust_repr_c": """
fn grey_level(red: u8, green: u8, blue: u8) -> u8 {
    let sum = u16::from(red) + u16::from(green) + u16::from(blue);
    (sum / 3) as u8
}

#[repr(C)]
struct Pixel {
    red: u8,
    green: u8,
    blue: u8,
}
""",
}
