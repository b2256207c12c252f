//! stub

pub mod measures;
