//! Any datagram: decoding never panics, and what is decoded encodes to the bytes that came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::wire::{Header, Message, Text, decode, encode_clireq, encode_query, encode_response};

fuzz_target!(|datagram: &[u8]| {
    let Ok(Message { header, text }) = decode(datagram) else {
        return;
    };
    let mut encoded = Vec::new();
    match header {
        Header::Clireq => encode_clireq(&mut encoded, text.field()),
        Header::Query(header) => encode_query(&mut encoded, header, text.field()),
        Header::Response => {
            let (key, value) = text.key_and_value().expect("a RESPONSE has a tab");
            assert!(!key.is_empty());
            encode_response(&mut encoded, key, value);
            encoded.extend_from_slice(&text.field()[text.before_nul().len()..]);
        }
    }
    assert_eq!(encoded, datagram);
    assert!(!text.before_nul().is_empty() && !text.before_nul().contains(&0));
    assert!(text.field().starts_with(text.field_to_forward()));
    assert!(text.field_to_forward().starts_with(text.before_nul()));
    assert_eq!(Text::new(text.field_to_forward()).is_nul_terminated(), text.is_nul_terminated());
});
