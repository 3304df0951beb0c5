//! A datagram as rows: offset, field, bytes, and what they mean.

use crate::conformance::bytes::{Field, Kind, fields};
use crate::conformance::words::Words;
use crate::text::escape;
use std::net::Ipv4Addr;

/// A field of more rows than these is shown in part.
const ROWS_MAX: usize = 6;

/// What is shown of a datagram, from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Bytes of a field.
    Bytes(Row<'a>),
    /// So many bytes that are left out.
    LeftOut(usize),
}

/// Bytes that stand on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// Where the first of them stands in the datagram.
    pub(super) offset: usize,
    /// What they are called, on the first row of a field.
    pub(super) name: Option<Words>,
    pub(super) bytes: &'a [u8],
    /// What they mean: a number, an address, text.
    pub(super) meaning: String,
    /// The first wrong byte, as its place in this row. It is one behind the last one where bytes are missing.
    pub(super) wrong: Option<usize>,
}

/// The rows of a datagram, `per_row` bytes on each. `wrong` is its first wrong byte, which is never left out.
pub(super) fn dump(kind: Kind, bytes: &[u8], per_row: usize, wrong: Option<usize>) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let all = fields(kind, bytes);
    let count = all.len();
    if all.is_empty() {
        let row = Row { offset: 0, name: None, bytes, meaning: String::new(), wrong };
        return vec![Line::Bytes(row)];
    }
    for (number, field) in all.into_iter().enumerate() {
        let is_last = number + 1 == count;
        of_field(&mut lines, kind, bytes, &field, per_row.max(1), |place: &std::ops::Range<usize>| {
            let at = wrong?;
            (place.contains(&at) || (is_last && at == bytes.len() && place.end == at)).then(|| at - place.start)
        });
    }
    lines
}

fn of_field<'a>(
    lines: &mut Vec<Line<'a>>,
    kind: Kind,
    bytes: &'a [u8],
    field: &Field,
    per_row: usize,
    wrong: impl Fn(&std::ops::Range<usize>) -> Option<usize>,
) {
    let starts = field.range.clone().step_by(per_row);
    let mut rows: Vec<_> = starts.map(|start| start..(start + per_row).min(field.range.end)).collect();
    let count = rows.len();
    let wrong_row = rows.iter().position(|place| wrong(place).is_some());
    let is_shown = |row: usize| {
        count <= ROWS_MAX || row < 2 || row + 1 == count || wrong_row.is_some_and(|wrong| row.abs_diff(wrong) <= 1)
    };
    let mut left_out = 0;
    for (number, place) in rows.drain(..).enumerate() {
        if !is_shown(number) {
            left_out += place.len();
            continue;
        }
        if left_out > 0 {
            lines.push(Line::LeftOut(std::mem::take(&mut left_out)));
        }
        lines.push(Line::Bytes(Row {
            offset: place.start,
            name: (number == 0).then(|| field.name.clone()),
            meaning: meaning(kind, field.range.start, &bytes[place.clone()]),
            wrong: wrong(&place),
            bytes: &bytes[place],
        }));
    }
}

/// What bytes of the field that begins there mean.
fn meaning(kind: Kind, start: usize, bytes: &[u8]) -> String {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte)).to_string();
    match (kind, start, bytes) {
        (Kind::Other, ..) => quoted(bytes),
        (_, 0, [_, _]) => number(bytes),
        (Kind::Query, 4, &[a, b, c, d]) => Ipv4Addr::new(a, b, c, d).to_string(),
        (Kind::Query, 2 | 8, [_, _]) | (Kind::Query, 10, [_, _, _, _]) => number(bytes),
        (Kind::Query, 0..14, _) | (_, 0, _) => String::new(),
        _ => quoted(bytes),
    }
}

/// Text in quotation marks, made safe to show.
fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", escape(bytes).replace('\t', "\\t"))
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[Line<'_>]) -> Vec<(usize, Vec<u8>, Option<usize>)> {
        let row = |line: &Line<'_>| match line {
            Line::Bytes(row) => (row.offset, row.bytes.to_vec(), row.wrong),
            Line::LeftOut(count) => (*count, Vec::new(), None),
        };
        lines.iter().map(row).collect()
    }

    #[test]
    fn p1_a_row_a_field_with_what_it_means() {
        let query = crate::conformance::bytes::query(3, "10.0.0.1:5000".parse().unwrap(), 7, b"k\x1b");
        let meanings: Vec<_> = dump(Kind::Query, &query, 16, None)
            .into_iter()
            .map(|line| match line {
                Line::Bytes(row) => (row.name.map(|name| name.en.into_owned()).unwrap_or_default(), row.meaning),
                Line::LeftOut(_) => panic!("nothing is left out"),
            })
            .collect();
        let expected = [
            ("type", "2"),
            ("time-to-live", "3"),
            ("client address", "10.0.0.1"),
            ("client port", "5000"),
            ("sequence number", "7"),
            ("key", "\"k\\x1b\""),
        ];
        assert_eq!(meanings, expected.map(|(name, meaning)| (name.to_owned(), meaning.to_owned())));
    }

    #[test]
    fn the_first_wrong_byte_is_marked_also_behind_the_end() {
        let at = |bytes: &[u8], wrong| rows(&dump(Kind::Clireq, bytes, 4, Some(wrong)));
        assert_eq!(at(b"\0\x01abc", 1), [(0, vec![0, 1], Some(1)), (2, b"abc".to_vec(), None)]);
        assert_eq!(at(b"\0\x01abc", 2), [(0, vec![0, 1], None), (2, b"abc".to_vec(), Some(0))]);
        assert_eq!(at(b"\0\x01abc", 5), [(0, vec![0, 1], None), (2, b"abc".to_vec(), Some(3))]);
        assert_eq!(at(b"", 0), [(0, Vec::new(), Some(0))]);
    }

    #[test]
    fn a_long_field_is_cut_but_not_where_it_is_wrong() {
        let bytes = [b"\0\x01".to_vec(), vec![b'a'; 80]].concat();
        let offsets =
            |wrong| rows(&dump(Kind::Clireq, &bytes, 8, wrong)).into_iter().map(|row| row.0).collect::<Vec<_>>();
        assert_eq!(offsets(None), [0, 2, 10, 7 * 8, 74]);
        assert_eq!(offsets(Some(50)), [0, 2, 10, 3 * 8, 42, 50, 58, 8, 74]);
    }
}
