//! Comparison of figures in the tests of facts.

/// Asserts that two figures agree to 1e-12 of the larger.
#[track_caller]
pub(super) fn close(found: f64, expected: f64) {
    let tolerance = 1e-12 * expected.abs().max(1.0);
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}
