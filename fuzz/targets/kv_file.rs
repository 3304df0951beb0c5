//! Any key-value file: what is stored is found again, decodes, and fits a datagram; what is not is accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::protocol::{SKIPPED_SHOWN_MAX, parse_kv_file};
use servent::wire::{Header, PAYLOAD_LEN_MAX, decode};
use std::collections::BTreeSet;

fuzz_target!(|file: &[u8]| {
    let loaded = parse_kv_file(file, [1, 2]).expect("a store holds 4 GiB");
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    // Every key is one of the words between white space. A CR is white space at the end of a line alone.
    let words: BTreeSet<&[u8]> = text.split(|byte| b"\t \n".contains(byte)).collect();
    let mut held = 0;
    for word in words {
        let Some(response) = loaded.store.response(word) else {
            continue;
        };
        held += 1;
        assert!(response.len() <= PAYLOAD_LEN_MAX);
        let message = decode(response).expect("it is well-formed");
        assert_eq!(message.header, Header::Response);
        assert!(!message.text.is_nul_terminated());
        let (key, value) = message.text.key_and_value().expect("a RESPONSE has a tab");
        assert_eq!(key, word);
        assert!(!key.starts_with(b"#"));
        assert!(value.first().is_some_and(|first| !b"\t ".contains(first)));
        assert!(value.last().is_some_and(|last| !b"\t \r".contains(last)));
        assert!(!value.contains(&b'\n'));
    }
    assert_eq!(held, loaded.store.len());
    assert!(loaded.store.fragmented() <= held);
    assert_eq!(loaded.skipped.len(), loaded.skipped_count.min(SKIPPED_SHOWN_MAX));
    let lines = text.split(|&byte| byte == b'\n').count();
    assert!(held + loaded.skipped_count <= lines);
    assert!(loaded.skipped.iter().all(|skipped| (1..=lines).contains(&skipped.line)));
    assert!(loaded.skipped.is_sorted_by(|a, b| a.line < b.line));
});
