//! Text in CSV that a spreadsheet would run: names come from strangers, and a treasury opens tables
//! in a spreadsheet. On the way out such text gets an apostrophe in front, which spreadsheets take
//! as "this is text"; on the way in it is taken off again, so that a name is the same everywhere.

/// A cell as it is written: trimmed, as it will be when it is read.
pub(crate) fn guarded(cell: &str) -> String {
    let cell = cell.trim();
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// A cell as it was before it was written.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Whether a spreadsheet would run a cell, whatever apostrophes are in front of it. Numbers stay numbers.
fn is_formula(cell: &str) -> bool {
    let cell = cell.trim_start_matches('\'');
    // The wide ones count as the others where such are typed.
    cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) && cell.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_is_text_and_numbers_are_numbers() {
        let cases = [
            ("=HYPERLINK(\"//e.com\")", "'=HYPERLINK(\"//e.com\")"),
            ("+1-2", "'+1-2"),
            ("-Staked", "'-Staked"),
            ("@kiln", "'@kiln"),
            ("＝1", "'＝1"),
            ("\t=1", "'=1"),
            ("'=1", "''=1"),
            ("-0.5", "-0.5"),
            ("+1e-7", "+1e-7"),
            ("ezETH", "ezETH"),
            ("'ezETH", "'ezETH"),
            ("a=b", "a=b"),
            ("", ""),
        ];
        for (cell, written) in cases {
            assert_eq!(guarded(cell), written);
            assert_eq!(unguarded(written), cell.trim());
        }
    }

    /// No two cells are written alike, and none is read as another.
    #[test]
    fn every_cell_comes_back() {
        let parts = ["'", "=", "-", "1", "a"];
        let two = parts.iter().flat_map(|a| parts.map(|b| format!("{a}{b}")));
        for cell in two.flat_map(|a| parts.map(|b| format!("{a}{b}"))) {
            assert_eq!(unguarded(&guarded(&cell)), cell);
        }
    }
}
