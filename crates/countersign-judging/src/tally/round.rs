//! From doubles back to integers.

/// To the nearest integer, halves away from zero; what does not fit becomes the nearest that does.
pub(super) fn nearest(value: f64) -> i32 {
    let away = if value < 0.0 { value - 0.5 } else { value + 0.5 };
    away as i32
}

/// The root of a variance, cut to an integer. An integer root, because the square root of doubles is not in `core`.
pub(super) fn root(variance: f64) -> u32 {
    (variance as u64).isqrt().min(u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero_and_nothing_overflows() {
        assert_eq!([0.4, 0.5, 1.5, -0.5, -0.4, -1.5].map(nearest), [0, 1, 2, -1, 0, -2]);
        assert_eq!((nearest(1e30), nearest(-1e30)), (i32::MAX, i32::MIN));
        assert_eq!([0.0, 3.99, 4.0, 1e12, -1.0].map(root), [0, 1, 2, 1_000_000, 0]);
    }
}
