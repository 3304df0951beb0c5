//! Key-value files beside a reader written plainly from P-30 to P-33, with strings, splits and a map.

use crate::support::{check, one_of};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use servent::protocol::{
    FRAGMENTED_LEN_MIN, Foreign, KvFileError, Repeated, SKIPPED_SHOWN_MAX, SkipCause, parse_kv_file,
};
use std::collections::BTreeMap;

/// What a file holds, a byte a character: Latin-1 holds every byte.
#[derive(Debug, Default)]
struct Expected {
    pairs: BTreeMap<String, String>,
    /// On which lines each key is.
    lines_of: BTreeMap<String, Vec<usize>>,
    lines: usize,
    skipped: Vec<(usize, SkipCause)>,
}

fn read_plainly(bytes: &[u8]) -> Expected {
    let mut expected = Expected::default();
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let text = text.strip_prefix("\u{ef}\u{bb}\u{bf}").unwrap_or(&text);
    let end = if text.contains('\n') { '\n' } else { '\r' };
    expected.lines = text.split(end).count() - usize::from(text.is_empty() || text.ends_with(end));
    for (index, line) in text.split(end).enumerate() {
        let line = line.trim_end_matches(['\t', ' ', '\r']).trim_start_matches(['\t', ' ']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let cause = match line.split_once(['\t', ' ']) {
            _ if line.contains('\0') => SkipCause::Nul,
            None => SkipCause::NoValue,
            Some((key, rest)) => {
                let value = rest.trim_start_matches(['\t', ' ']);
                let response_len = format!("13{key}\t{value}").chars().count();
                if response_len <= 65_507 {
                    expected.pairs.insert(key.to_owned(), value.to_owned());
                    expected.lines_of.entry(key.to_owned()).or_default().push(index + 1);
                    continue;
                }
                SkipCause::TooLarge(response_len)
            }
        };
        expected.skipped.push((index + 1, cause));
    }
    expected
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| character as u8).collect()
}

/// What files of other kinds begin with (P-32).
const FOREIGN: [(&[u8], Foreign); 11] = [
    (b"\xff\xfe", Foreign::Utf16),
    (b"\xfe\xff", Foreign::Utf16),
    (b"\x1f\x8b", Foreign::Gzip),
    (b"PK\x03\x04", Foreign::Zip),
    (b"PK\x05\x06", Foreign::Zip),
    (b"PK\x07\x08", Foreign::Zip),
    (b"\xfd7zXZ\0", Foreign::Xz),
    (b"\x28\xb5\x2f\xfd", Foreign::Zstd),
    (b"BZh91AY&SY", Foreign::Bzip2),
    (b"BZh1\x17rE8P\x90", Foreign::Bzip2),
    (b"7z\xbc\xaf\x27\x1c", Foreign::SevenZip),
];

fn agrees(file: &[u8], secret: [u64; 2]) -> TestCaseResult {
    if let Some((_, kind)) = FOREIGN.iter().find(|(begins, _)| file.starts_with(begins)) {
        prop_assert_eq!(parse_kv_file(file, secret).unwrap_err(), KvFileError::Foreign(*kind));
        return Ok(());
    }
    let expected = read_plainly(file);
    let loaded = parse_kv_file(file, secret).unwrap();
    prop_assert_eq!(loaded.store.len(), expected.pairs.len());
    prop_assert_eq!(loaded.store.is_empty(), expected.pairs.is_empty());
    let mut fragmented = 0;
    for (key, value) in &expected.pairs {
        let (key, response) = (latin1(key), latin1(&format!("\0\u{3}{key}\t{value}")));
        prop_assert_eq!(loaded.store.response(&key), Some(&response[..]), "{}", key.escape_ascii());
        fragmented += usize::from(response.len() >= FRAGMENTED_LEN_MIN);
        for absent in [&key[..key.len() - 1], &[&key[..], b"x"].concat()] {
            let held = expected.pairs.keys().any(|other| latin1(other) == absent);
            prop_assert_eq!(loaded.store.response(absent).is_some(), held, "{}", absent.escape_ascii());
        }
    }
    prop_assert_eq!(loaded.store.fragmented(), fragmented);
    let skipped: Vec<_> = loaded.skipped.iter().map(|skipped| (skipped.line, skipped.cause)).collect();
    prop_assert_eq!(loaded.skipped_count, expected.skipped.len());
    prop_assert_eq!(&skipped[..], &expected.skipped[..expected.skipped.len().min(SKIPPED_SHOWN_MAX)]);
    prop_assert_eq!(loaded.lines, expected.lines);
    let repeated: Vec<_> = expected.lines_of.iter().filter(|(_, lines)| lines.len() > 1).collect();
    let first = repeated.iter().min_by_key(|(_, lines)| lines[1]);
    let first =
        first.map(|(key, lines)| Repeated { keys: repeated.len(), key: latin1(key), lines: [lines[0], lines[1]] });
    prop_assert_eq!(loaded.repeated, first);
    Ok(())
}

fn bytes(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> + Clone {
    Just(text.to_vec())
}

/// Few different keys, so that they come again, and now and then a byte that is none of a key's.
fn word() -> impl Strategy<Value = Vec<u8>> + Clone {
    let often = one_of(&[&b"http"[..], b"https", b"a", b"b", b"k#", b"\xe9t\xe9", b"\xef\xbb\xbf"]);
    let any = prop::collection::vec(prop_oneof![6 => b'!'..=b'~', 2 => any::<u8>()], 1..6);
    prop_oneof![6 => often.prop_map(<[u8]>::to_vec), 2 => any]
}

fn blank() -> impl Strategy<Value = Vec<u8>> + Clone {
    let often = one_of(&[&b"\t"[..], b" ", b"\t\t", b" \t ", b"\r", b"\r\r \t"]);
    often.prop_map(<[u8]>::to_vec)
}

/// A value that is too long for a packet, or for a datagram, or nearly is.
fn long() -> impl Strategy<Value = Vec<u8>> + Clone {
    let near = prop_oneof![4 => 1_455_usize..1_480, 1 => 65_485_usize..65_515];
    near.prop_map(|len| vec![b'v'; len])
}

fn line(end: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let or_nothing = |often: BoxedStrategy<Vec<u8>>| prop_oneof![3 => bytes(b""), 1 => often];
    let value = prop_oneof![12 => word(), 4 => blank(), 2 => bytes(b"# "), 1 => bytes(b"\0"), 1 => bytes(b"\xe9")];
    let value = prop::collection::vec(value, 0..6).prop_map(|parts| parts.concat());
    let value = prop_oneof![40 => value, 1 => long()];
    let comment = or_nothing(bytes(b"#").boxed());
    let nul = prop_oneof![30 => bytes(b""), 1 => bytes(b"\0")];
    let key = prop_oneof![8 => word(), 1 => bytes(b"")];
    let separator = prop_oneof![8 => blank(), 1 => bytes(b"")];
    (or_nothing(blank().boxed()), comment, key, nul, separator, value, or_nothing(blank().boxed()), end).prop_map(
        |(before, comment, key, nul, separator, value, behind, end)| {
            [before, comment, key, nul, separator, value, behind, end].concat()
        },
    )
}

#[test]
fn p30_to_p33_files_of_lines_are_read_as_a_plain_reader_does() {
    let foreign = (0..FOREIGN.len()).prop_map(|kind| FOREIGN[kind].0.to_vec());
    let mark = prop_oneof![8 => bytes(b""), 2 => bytes(b"\xef\xbb\xbf"), 2 => bytes(b"\xef\xbb"), 1 => foreign];
    let end = prop_oneof![bytes(b""), word(), (word(), blank(), word()).prop_map(|(a, b, c)| [a, b, c].concat())];
    let ends = prop_oneof![6 => bytes(b"\n"), 3 => bytes(b"\r\n"), 1 => bytes(b"\r"), 1 => bytes(b"\n\n")];
    let of_old_macs = prop_oneof![9 => bytes(b"\r"), 1 => bytes(b"\r\r")];
    let lines = prop_oneof![
        4 => prop::collection::vec(line(ends), 0..30),
        1 => prop::collection::vec(line(of_old_macs), 0..30),
    ];
    let file = (mark, lines, end).prop_map(|(mark, lines, end)| [mark, lines.concat(), end].concat());
    check(file!(), 4_000, &(file, any::<[u64; 2]>()), |(file, secret)| agrees(&file, secret));
}

#[test]
fn p30_to_p33_any_bytes_are_read_as_a_plain_reader_does() {
    let often = one_of(b"\t\t  \r\n\n\n\0##ab\xef\xbb\xbf\xe9");
    let file = prop::collection::vec(prop_oneof![3 => often, 1 => any::<u8>()], 0..200);
    check(file!(), 10_000, &(file, any::<[u64; 2]>()), |(file, secret)| agrees(&file, secret));
}
