//! Inputs of just under 10 MB, made to cost as much as they can.

mod csv;
mod parquet;
mod result;
mod toml;

/// Bytes of most of them.
const BYTES: usize = 9_900_000;

/// An input, and what takes it.
pub struct Case {
    /// Kind of file.
    pub kind: &'static str,
    /// What is hostile about it.
    pub name: &'static str,
    /// Makes it.
    pub make: Box<dyn Fn() -> Vec<u8>>,
    /// Takes it.
    pub take: fn(&[u8]),
}

/// All of them.
#[must_use]
pub fn cases() -> Vec<Case> {
    [csv::cases(), parquet::cases(), toml::cases(), result::cases()].into_iter().flatten().collect()
}

fn case(
    kind: &'static str,
    name: &'static str,
    take: fn(&[u8]),
    make: impl Fn() -> Vec<u8> + 'static,
) -> Case {
    Case { kind, name, make: Box::new(make), take }
}

/// A head and lines by number after it, up to the size.
fn lines(head: &str, line: impl Fn(usize) -> String) -> Vec<u8> {
    lines_up_to(BYTES, head, line)
}

fn lines_up_to(n_bytes: usize, head: &str, line: impl Fn(usize) -> String) -> Vec<u8> {
    let mut text = head.to_owned();
    for number in 0.. {
        let line = line(number);
        if text.len() + line.len() >= n_bytes {
            break;
        }
        text.push_str(&line);
    }
    text.into_bytes()
}
