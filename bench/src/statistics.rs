//! Numbers of several rounds as one.

use serde::Serialize;

/// What several rounds measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The smallest.
    pub(crate) minimum: f64,
    /// The middle one, or the mean of the two in the middle.
    pub(crate) median: f64,
    /// The largest.
    pub(crate) maximum: f64,
}

impl Spread {
    /// Of these values; none where there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (minimum, maximum) = (*values.first()?, *values.last()?);
        let median = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Some(Self { minimum, median, maximum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_values() {
        let spread = |values: &[f64]| {
            Spread::of(values.iter().copied()).map(|Spread { minimum, median, maximum }| (minimum, median, maximum))
        };
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(spread(&[9.0, 1.0, 5.0]), Some((1.0, 5.0, 9.0)));
        assert_eq!(spread(&[100.0, 1.0, 3.0, 2.0]), Some((1.0, 2.5, 100.0)));
    }
}
