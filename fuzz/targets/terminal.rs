//! Anything that a stranger sends: what is shown of it holds no control character but tabs, no line or paragraph
//! separator and nothing that reorders text (P-44), and text without these is shown as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::escape;

fuzz_target!(|bytes: &[u8]| {
    let shown = escape(bytes);
    assert!(!shown.contains(is_harmful), "{shown:?}");
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_harmful) => assert_eq!(shown, text),
        _ => assert!(shown.len() > bytes.len()),
    }
    // What is shown is harmless.
    assert_eq!(escape(shown.as_bytes()), shown);
});

fn is_harmful(character: char) -> bool {
    matches!(character as u32,
        0x00..=0x08 | 0x0a..=0x1f | 0x7f..=0x9f
        | 0x2028 | 0x2029
        | 0x061c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069)
}
