//! What a terminal may be shown (P-44).

use crate::support::{check, one_of};
use proptest::prelude::*;
use servent::escape;
use unicode_width::UnicodeWidthChar;

/// What moves the cursor, ends the line, starts a command, shows text in another order than it is stored in, or is not
/// seen.
fn is_harmful(character: char) -> bool {
    matches!(character as u32,
        0x00..=0x08 | 0x0a..=0x1f | 0x7f..=0x9f | 0xad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5
        | 0x180b..=0x180f | 0x200b | 0x200e..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe00ff | 0xe01f0..=0xe0fff)
}

/// What is judged by what stands beside it: joiners, variation selectors and marks.
fn is_contextual(character: char) -> bool {
    matches!(character as u32, 0x200c..=0x200d | 0xfe00..=0xfe0f | 0xe0100..=0xe01ef) || character.width() == Some(0)
}

fn harmless() -> impl Strategy<Value = char> {
    let often = ['\t', ' ', '\\', 'x', '~', '\u{a0}', 'é', '\u{2027}', '\u{202f}', '\u{2070}', '\u{fffc}', '😀'];
    prop_oneof![one_of(&often), any::<char>()].prop_filter("harmless", |&it| !is_harmful(it) && !is_contextual(it))
}

fn harmful() -> impl Strategy<Value = char> {
    let code = prop_oneof![
        Just(0x061c_u32),
        0x00..=0x1f_u32,
        0x7f..=0x9f_u32,
        0x200e..=0x200f_u32,
        0x2028..=0x202e_u32,
        0x2060..=0x206f_u32,
        0xe0000..=0xe007f_u32,
    ];
    code.prop_map(|code| char::from_u32(code).unwrap()).prop_filter("harmful", |&it| is_harmful(it))
}

/// A part of a text and how it is shown.
fn part() -> impl Strategy<Value = (Vec<u8>, String)> {
    // None of these is the start or the end of what is behind or before it.
    let invalid: [&[u8]; 8] =
        [b"\xff", b"\xfe", b"\xc0", b"\xf8", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xff\xff"];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    prop_oneof![
        4 => harmless().prop_map(|character| (character.to_string().into_bytes(), character.to_string())),
        2 => harmful().prop_map(|character| {
            let code = character as u32;
            let shown = if code < 0x80 { format!("\\x{code:02x}") } else { format!("\\u{{{code:x}}}") };
            (character.to_string().into_bytes(), shown)
        }),
        1 => one_of(&invalid).prop_map(move |bytes| (bytes.to_vec(), hex(bytes))),
    ]
}

#[test]
fn p44_nothing_that_is_shown_harms_a_terminal() {
    check(file!(), 20_000, &prop::collection::vec(any::<u8>(), 0..64), |bytes| {
        let shown = escape(&bytes);
        prop_assert!(!shown.contains(is_harmful), "{:?}", shown);
        prop_assert_eq!(escape(shown.as_bytes()), shown);
        Ok(())
    });
}

#[test]
fn p44_harmless_text_is_shown_as_it_is_and_each_harmful_part_by_its_code() {
    check(file!(), 10_000, &prop::collection::vec(part(), 0..24), |parts| {
        let (bytes, shown): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        prop_assert_eq!(escape(&bytes.concat()), shown.concat());
        Ok(())
    });
}
