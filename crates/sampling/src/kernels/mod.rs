//! Kernels: random words, normals and their tails over slices, in vector registers where the machine
//! has them.
//!
//! Each kernel is a loop over a scalar function that is plain arithmetic: sums, products, quotients
//! and roots of IEEE 754, compared and chosen, never contracted. Every instruction set gives the same
//! bits, and the scalar function is the twin that tests hold the loop to.

mod elementary;
mod normal;
mod philox;

pub(crate) use elementary::{TWO_52, exp, ln, ln_1m};
pub(crate) use normal::{quantile, quantiles, survival};
pub(crate) use philox::Philox;

/// Runs a loop with the widest vector registers that this machine has. What it calls must be inlined
/// into it.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
