//! Direction numbers of Sobol's sequence: what each binary digit of an index does to a point.
//!
//! Sobol 1967, "On the distribution of points in a cube"; the primitive polynomials and initial
//! numbers are those of Joe and Kuo 2008, "Constructing Sobol sequences with better two-dimensional
//! projections" (their file `new-joe-kuo-6.21201`, dimensions 2 to 64).

/// Binary digits of an index, and of a point before it is scrambled.
pub(super) const INDEX_BITS: usize = 30;
/// Dimensions that there are numbers for.
#[cfg(test)]
pub(super) const MAX_DIMENSIONS: usize = POLYNOMIALS.len() + 1;

/// What each digit of an index, the lowest first, does to the `INDEX_BITS` digits of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directions([u32; INDEX_BITS]);

impl Directions {
    /// Those of a dimension, counted from 0; none where there are no numbers for it.
    ///
    /// `m_k = 2 a_1 m_(k-1) + ... + 2^(s-1) a_(s-1) m_(k-s+1) + 2^s m_(k-s) + m_(k-s)`, sums without
    /// carry, `s` the degree of the polynomial and `a_i` its coefficients within.
    pub(super) fn of(dimension: usize) -> Option<Self> {
        let mut m = [1; INDEX_BITS];
        if let Some(number) = dimension.checked_sub(1) {
            let &(within, first) = POLYNOMIALS.get(number)?;
            let degree = first.len();
            m[..degree].copy_from_slice(first);
            for k in degree..INDEX_BITS {
                m[k] = m[k - degree] ^ (m[k - degree] << degree);
                for i in 1..degree {
                    if within >> (degree - 1 - i) & 1 == 1 {
                        m[k] ^= m[k - i] << i;
                    }
                }
            }
        }
        let mut place = INDEX_BITS;
        Some(Self(m.map(|m| {
            place -= 1;
            m << place
        })))
    }

    /// The point of an index, as an integer in units of `2^-INDEX_BITS`; digits of the index above
    /// those are not looked at. The first 2^m indices, and every aligned 2^m after them, give a net.
    #[inline(always)]
    pub(super) fn point(&self, index: u64) -> u32 {
        let mut left = index & ((1 << INDEX_BITS) - 1);
        let mut point = 0;
        while left != 0 {
            point ^= self.0[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        point
    }
}

/// Of dimensions 2 to 64: the coefficients of the primitive polynomial within its first and last,
/// as the digits of a number, and the first `m`, as many as its degree.
const POLYNOMIALS: [(u32, &[u32]); 63] = [
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, &[1, 1, 3, 13, 7, 35, 63]),
    (8, &[1, 3, 5, 9, 1, 25, 53]),
    (14, &[1, 3, 1, 13, 9, 35, 107]),
    (19, &[1, 3, 1, 5, 27, 61, 31]),
    (21, &[1, 1, 5, 11, 19, 41, 61]),
    (28, &[1, 3, 5, 3, 3, 13, 69]),
    (31, &[1, 1, 7, 13, 1, 19, 1]),
    (32, &[1, 3, 7, 5, 13, 19, 59]),
    (37, &[1, 1, 3, 9, 25, 29, 41]),
    (41, &[1, 3, 5, 13, 23, 1, 55]),
    (42, &[1, 3, 7, 3, 13, 59, 17]),
    (50, &[1, 3, 1, 3, 5, 53, 69]),
    (55, &[1, 1, 5, 5, 23, 33, 13]),
    (56, &[1, 1, 7, 7, 1, 61, 123]),
    (59, &[1, 1, 7, 9, 13, 61, 49]),
    (62, &[1, 3, 3, 5, 3, 55, 33]),
    (14, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (21, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (22, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (38, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (47, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (49, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (50, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (52, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (56, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (67, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (70, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (84, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (97, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (103, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (115, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (122, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (8, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (13, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (16, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (22, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (25, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (44, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (47, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (52, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (55, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (59, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (62, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: dimension 1 is van der Corput's sequence, dimension 2 has the polynomial x + 1, and
    /// dimension 3 has x^2 + x + 1 with m = 1, 3, 3.
    #[test]
    fn first_points() {
        let eighths = |dimension: usize| -> Vec<u32> {
            let directions = Directions::of(dimension).unwrap();
            (0..8).map(|index| directions.point(index) >> (INDEX_BITS - 3)).collect()
        };
        assert_eq!(eighths(0), [0, 4, 2, 6, 1, 5, 3, 7]);
        assert_eq!(eighths(1), [0, 4, 6, 2, 5, 1, 3, 7]);
        assert_eq!(eighths(2), [0, 4, 6, 2, 3, 7, 5, 1]);
    }

    #[test]
    fn there_are_as_many_as_said() {
        assert_eq!(MAX_DIMENSIONS, 64);
        assert!(Directions::of(MAX_DIMENSIONS - 1).is_some());
        assert_eq!(Directions::of(MAX_DIMENSIONS), None);
    }

    /// Every dimension by itself: the first 2^m points, and the next 2^m, lie one in each interval of
    /// length 2^-m.
    #[test]
    fn every_dimension_is_a_net() {
        for dimension in 0..MAX_DIMENSIONS {
            let directions = Directions::of(dimension).unwrap();
            for m in [1, 5, 10] {
                for start in [0, 1 << m, 6 << m] {
                    let cells = (start..start + (1 << m))
                        .map(|index| directions.point(index) >> (INDEX_BITS - m));
                    let mut cells: Vec<u32> = cells.collect();
                    cells.sort_unstable();
                    assert!(cells.into_iter().eq(0..1 << m), "dimension {dimension}, 2^{m} points");
                }
            }
        }
    }

    /// The highest digits of an index reach the lowest digits of a point.
    #[test]
    fn points_of_high_indices_differ() {
        for dimension in [0, 1, 20, 63] {
            let directions = Directions::of(dimension).unwrap();
            let start = (1 << INDEX_BITS) - 4_096;
            let mut points: Vec<u32> =
                (start..1 << INDEX_BITS).map(|index| directions.point(index)).collect();
            points.sort_unstable();
            points.dedup();
            assert_eq!(points.len(), 4_096);
        }
    }
}
