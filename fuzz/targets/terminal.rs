//! Anything that a stranger sends: what is shown of it holds no control character but tabs and nothing that nobody sees
//! (P-44), joiners and variation selectors apart, and plain text is shown as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::escape;

fuzz_target!(|bytes: &[u8]| {
    let shown = escape(bytes);
    assert!(!shown.contains(is_harmful), "{shown:?}");
    match str::from_utf8(bytes) {
        // Beyond are marks, of which only some stay, and joiners.
        Ok(text) if text.chars().all(|it| it < '\u{300}' && !is_harmful(it)) => assert_eq!(shown, text),
        _ => assert!(shown.len() >= bytes.len()),
    }
    // What is shown is harmless.
    assert_eq!(escape(shown.as_bytes()), shown);
});

fn is_harmful(character: char) -> bool {
    matches!(character as u32,
        0x00..=0x08 | 0x0a..=0x1f | 0x7f..=0x9f | 0xad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5
        | 0x180b..=0x180f | 0x200b | 0x200e..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe00ff | 0xe01f0..=0xe0fff)
}
