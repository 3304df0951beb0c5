//! A cell of a table for spreadsheets.

/// Text as it stands between two commas.
pub(crate) fn csv_cell(text: &str) -> String {
    // What a spreadsheet would take for a formula is text to it behind an apostrophe.
    let text = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
