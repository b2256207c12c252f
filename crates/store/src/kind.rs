//! Kinds of folders that are written whole: what they are known by, and whether two may write one.

/// A kind of folder.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The file that comes last: without it the folder is not there.
    pub marker: &'static str,
    /// Where whoever writes the folder writes the same: which names it may have. Its writers need no lock, and
    /// what another has left unfinished is gone on with. Without it one writes at a time.
    pub alike: Option<fn(&str) -> bool>,
}
