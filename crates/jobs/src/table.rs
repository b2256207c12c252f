//! How tables of text look, wherever they are shown.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, presets};

/// A table without a frame, its first column to the left and the rest to the right.
#[must_use]
pub fn plain_table(header: &[String]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
