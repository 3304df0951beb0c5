//! Files against P-30 to P-33.

use super::*;
use crate::wire::response_len;

fn load(text: &[u8]) -> Loaded {
    parse_kv_file(text, [1, 2]).unwrap()
}

fn value<'a>(loaded: &'a Loaded, key: &str) -> Option<&'a [u8]> {
    loaded.store.response(key.as_bytes()).map(|response| &response[2 + key.len() + 1..])
}

#[test]
fn p31_the_assignments_excerpt_yields_exactly_four_keys() {
    let loaded = load(include_bytes!("../../../data/kv/assignment.txt"));
    assert_eq!(loaded.store.len(), 4);
    assert_eq!(loaded.skipped_count, 0);
    for (key, expected) in [
        ("rtmp", "1/ddp      #Routing Table Maintenance Protocol"),
        ("tcpmux", "1/tcp      # TCP Port Service Multiplexer"),
        ("nbp", "2/ddp      #Name Binding Protocol"),
        ("compressnet", "2/tcp      # Management Utility"),
    ] {
        assert_eq!(value(&loaded, key), Some(expected.as_bytes()), "{key}");
    }
}

#[test]
fn p30_to_p32_what_is_key_what_is_value_and_what_is_neither() {
    let cases = [
        ("one tab", &b"k\tv\n"[..], Some(&b"v"[..])),
        ("several tabs", b"k\t\t\tv\n", Some(b"v")),
        ("spaces", b"k   v\n", Some(b"v")),
        ("tabs and spaces", b"k \t v\n", Some(b"v")),
        ("further tabs belong to the value", b"k\ta\t\tb c\n", Some(b"a\t\tb c")),
        ("a hash in the value is part of it", b"k\tv # c\n", Some(b"v # c")),
        ("leading and trailing white space go", b" \tk\tv \t\n", Some(b"v")),
        ("CRLF", b"k\tv\r\n", Some(b"v")),
        ("CR alone, without any LF", b"# c\rk\tv\r", Some(b"v")),
        ("CR in a file with an LF", b"k\ta\rb\n", Some(b"a\rb")),
        ("no end of line", b"k\tv", Some(b"v")),
        ("byte order mark", b"\xef\xbb\xbfk\tv\n", Some(b"v")),
        ("the last one counts", b"k\tv\nk\tw\n", Some(b"w")),
        ("Latin-1", b"k\t\xe9\n", Some(b"\xe9")),
        ("comment", b"#k\tv\n", None),
        ("indented comment", b"  # k\tv\n", None),
    ];
    for (name, text, expected) in cases {
        let loaded = load(text);
        assert_eq!(value(&loaded, "k"), expected, "{name}");
        assert_eq!((loaded.store.len(), loaded.skipped_count), (usize::from(expected.is_some()), 0), "{name}");
    }
    assert!(load(b"\n \t \r\n\n").store.is_empty());
}

#[test]
fn p32_cr_alone_ends_lines_where_there_is_no_lf() {
    let loaded = load(b"a\t1\r# c\rlonely\r\rb\t2 \r");
    assert_eq!((value(&loaded, "a"), value(&loaded, "b")), (Some(&b"1"[..]), Some(&b"2"[..])));
    assert_eq!((loaded.store.len(), loaded.lines), (2, 5));
    assert_eq!(loaded.skipped, [Skipped { line: 3, cause: SkipCause::NoValue }]);
}

#[test]
fn p32_files_of_another_kind_are_refused_with_what_they_are_and_how_to_convert_them() {
    for (begins, kind) in [
        (&b"\xff\xfek\0\t\0v\0\n\0"[..], Foreign::Utf16),
        (b"\xfe\xff\0k\0\t\0v\0\n", Foreign::Utf16),
        (b"\x1f\x8b\x08\0", Foreign::Gzip),
        (b"PK\x03\x04\x14\0", Foreign::Zip),
        (b"PK\x05\x06", Foreign::Zip),
        (b"\xfd7zXZ\0", Foreign::Xz),
        (b"\x28\xb5\x2f\xfd", Foreign::Zstd),
        (b"BZh91AY&SY", Foreign::Bzip2),
        (b"BZh9\x17\x72\x45\x38\x50\x90", Foreign::Bzip2),
        (b"7z\xbc\xaf\x27\x1c", Foreign::SevenZip),
    ] {
        let error = parse_kv_file(begins, [1, 2]).unwrap_err();
        assert_eq!(error, KvFileError::Foreign(kind));
        let said = error.to_string();
        assert!(said.contains(&kind.to_string()) && said.contains(kind.converter()), "{said}");
    }
    // What only looks a little like one.
    for text in [&b"PK value\n"[..], b"BZh9 value\n", b"7z value\n", b"\xef\xbb\xbfk v\n", b"\xff v\n", b"\x1f v\n"] {
        assert_eq!(load(text).store.len(), 1, "{}", text.escape_ascii());
    }
}

#[test]
fn p31_repeated_keys_are_told_with_the_first_that_came_again() {
    let text = b"# cities\nlonely\nNew York\nBoston x\nbig\t\0\nNew Jersey\nBoston y\nNew Orleans\n";
    let repeated = Repeated { keys: 2, key: b"New".to_vec(), lines: [3, 6] };
    let loaded = load(text);
    assert_eq!((loaded.lines, loaded.store.len(), loaded.repeated), (8, 2, Some(repeated)));
    assert_eq!(load(b"a 1\nb 2\n").repeated, None);
}

#[test]
fn what_is_reserved_holds_the_pairs_of_lines_of_8_bytes_and_not_twice_the_file() {
    let line = b"ab\t1234\n";
    let (key, value) = pair(&line[..line.len() - 1]).unwrap().unwrap();
    // A short pair has one byte of length in the store.
    let pair_len = 1 + response_len(key.len(), value.len());
    assert!((1_000 * pair_len..2_000 * line.len()).contains(&arena_len(1_000 * line.len())));
}

#[test]
fn p33_bad_lines_are_skipped_with_their_number_and_the_rest_is_kept() {
    let mut text = b"a\t1\nlonely\n# fine\nb\t2\0\nlonely \t\r\n".to_vec();
    text.extend_from_slice(b"big\t");
    text.resize(text.len() + PAYLOAD_LEN_MAX, b'x');
    text.extend_from_slice(b"\nc\t3\n");
    let loaded = load(&text);
    let shown: Vec<_> = loaded.skipped.iter().map(|skipped| (skipped.line, skipped.cause)).collect();
    let too_large = SkipCause::TooLarge(response_len(3, PAYLOAD_LEN_MAX));
    assert_eq!(shown, [(2, SkipCause::NoValue), (4, SkipCause::Nul), (5, SkipCause::NoValue), (6, too_large)]);
    assert_eq!(loaded.store.len(), 2);
    assert_eq!(value(&loaded, "c"), Some(&b"3"[..]));
}

#[test]
fn p33_a_pair_fits_to_the_byte() {
    let value_len = PAYLOAD_LEN_MAX - response_len(1, 0);
    for (extra, skipped) in [(0, 0), (1, 1)] {
        let mut text = b"k\t".to_vec();
        text.resize(text.len() + value_len + extra, b'x');
        assert_eq!(load(&text).skipped_count, skipped);
    }
}

#[test]
fn p33_only_the_first_ten_are_shown_and_all_are_counted() {
    let loaded = load("lonely\n".repeat(25).as_bytes());
    assert_eq!((loaded.skipped.len(), loaded.skipped_count), (SKIPPED_SHOWN_MAX, 25));
}

#[test]
fn p33_a_skipped_line_is_said_with_its_number_and_its_cause() {
    for (cause, said) in [
        (SkipCause::NoValue, "7: a key without a value, skipped"),
        (SkipCause::Nul, "7: a NUL byte, which the protocol cannot carry, line skipped"),
        (SkipCause::TooLarge(70_000), "7: its RESPONSE would have 70000 bytes, and a datagram holds 65507, skipped"),
    ] {
        assert_eq!(Skipped { line: 7, cause }.to_string(), said);
    }
}
