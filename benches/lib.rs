//! Criterion benches of the stages of a run; each measures one stage alone.
