//! Any key-value file: what is stored is found again, decodes, and fits a datagram; what is not is accounted for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::protocol::{KvFileError, SKIPPED_SHOWN_MAX, parse_kv_file};
use servent::wire::{Header, PAYLOAD_LEN_MAX, decode};
use std::collections::BTreeSet;

fuzz_target!(|file: &[u8]| {
    let loaded = match parse_kv_file(file, [1, 2]) {
        Ok(loaded) => loaded,
        // Each of them begins with a byte that no key in ASCII does, or with these.
        Err(KvFileError::Foreign(_)) => {
            let first = file[0];
            assert!(
                !first.is_ascii_graphic()
                    || [&b"PK"[..], b"BZh", b"7z", b"("].iter().any(|text| file.starts_with(text))
            );
            return;
        }
        Err(error) => panic!("a store holds 4 GiB: {error}"),
    };
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let end = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    // Every key is one of the words between white space. Where LF ends lines, a CR is white space at their end alone.
    let words: BTreeSet<&[u8]> = text.split(|&byte| byte == end || b"\t ".contains(&byte)).collect();
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
        assert!(!value.contains(&end));
    }
    assert_eq!(held, loaded.store.len());
    assert!(loaded.store.fragmented() <= held);
    assert_eq!(loaded.skipped.len(), loaded.skipped_count.min(SKIPPED_SHOWN_MAX));
    let lines = loaded.lines;
    assert!(text.split(|&byte| byte == end).count() - lines <= 1);
    let again = loaded.repeated.as_ref().map_or(0, |repeated| repeated.keys);
    assert!(held + again + loaded.skipped_count <= lines);
    assert_eq!(loaded.store.repeated(), again);
    if let Some(repeated) = &loaded.repeated {
        assert!(loaded.store.response(&repeated.key).is_some());
        let [earlier, later] =
            repeated.lines.map(|line| text.split(|&byte| byte == end).nth(line - 1).expect("a line"));
        for line in [earlier, later] {
            let start = line.iter().position(|byte| !b"\t ".contains(byte)).expect("no blank line");
            assert!(line[start..].starts_with(&repeated.key));
        }
        assert!(repeated.lines[0] < repeated.lines[1]);
    }
    assert!(loaded.skipped.iter().all(|skipped| (1..=lines).contains(&skipped.line)));
    assert!(loaded.skipped.is_sorted_by(|a, b| a.line < b.line));
});
