//! Parameters from observations: noise of discounts from prices, pools from quotes, loans from
//! positions, rates from counts; each with its standard error and what the data cannot say.
//!
//! Data walks one way: a CSV file is read (every problem of it at once), a law of the engine is
//! fitted to it, and what was found is told as text that a run file or a network folder takes. There
//! is no randomness here, no clock and no printing.

mod least_squares;
pub mod loans;
pub mod noise;
mod plot;
pub mod pools;
pub mod rates;
mod series;
mod text;
