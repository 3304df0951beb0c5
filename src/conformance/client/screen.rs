//! What can be read of what a program wrote to a terminal.

use crate::conformance::bytes::{contains, find};
use std::net::SocketAddrV4;

/// The text without what moves the cursor, colours or clears, and without carriage returns.
#[must_use]
pub(in super::super) fn visible(written: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = written;
    while let [first, tail @ ..] = rest {
        rest = match first {
            b'\x1b' => behind_escape(tail),
            b'\r' | 0 | 7 => tail,
            _ => {
                text.push(*first);
                tail
            }
        };
    }
    text
}

/// Whether a text can be read there, however lines are broken and white space is laid out.
#[must_use]
pub(super) fn shows(screen: &[u8], text: &[u8]) -> bool {
    contains(&without_space(screen), &without_space(text))
}

/// How many bytes of a text can be read there at least, from its beginning.
#[must_use]
pub(super) fn shown_len(screen: &[u8], text: &[u8]) -> usize {
    let (screen, text) = (without_space(screen), without_space(text));
    (0..=text.len()).rev().find(|&len| contains(&screen, &text[..len])).unwrap_or_default()
}

fn without_space(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

/// Whether an IP address and a port can be read there, together or apart: `127.0.0.1:5000`, `('127.0.0.1', 5000)`.
#[must_use]
pub(super) fn names(screen: &[u8], address: SocketAddrV4) -> bool {
    has_number(screen, address.ip().to_string().as_bytes()) && has_number(screen, address.port().to_string().as_bytes())
}

/// Whether a number stands there that is not part of a longer one.
fn has_number(text: &[u8], number: &[u8]) -> bool {
    let mut rest = text;
    let mut before = None;
    while let Some(at) = find(rest, number) {
        let previous = if at == 0 { before } else { Some(rest[at - 1]) };
        let next = rest.get(at + number.len());
        if ![previous, next.copied()].into_iter().flatten().any(|byte| byte.is_ascii_digit()) {
            return true;
        }
        before = Some(rest[at]);
        rest = &rest[at + 1..];
    }
    false
}

/// What is behind an escape sequence, whose first byte is gone already.
fn behind_escape(rest: &[u8]) -> &[u8] {
    let behind = |rest: &[u8], is_end: fn(u8) -> bool| {
        rest.iter().position(|&byte| is_end(byte)).map_or(rest.len(), |at| at + 1)
    };
    match rest {
        // CSI: parameters, then a letter.
        [b'[', parameters @ ..] => &parameters[behind(parameters, |byte| (0x40..=0x7e).contains(&byte))..],
        // OSC and its like: up to BEL or ESC \.
        [b']' | b'P' | b'_' | b'^', text @ ..] => {
            let end = behind(text, |byte| byte == 7 || byte == 0x1b);
            let text_rest = &text[end..];
            text_rest.strip_prefix(b"\\").unwrap_or(text_rest)
        }
        [b'(' | b')' | b'#', _, tail @ ..] => tail,
        [_, tail @ ..] => tail,
        [] => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_however_it_is_laid_out() {
        assert!(shows(b"> a  long\n value", b"a long value"));
        assert!(!shows(b"a long valu", b"a long value"));
        assert_eq!(shown_len(b"answer: a lo", b"a long value"), 3);
        assert_eq!(shown_len(b"", b"a"), 0);
    }

    #[test]
    fn p41_a_servent_is_named_by_ip_and_port() {
        let address = "127.0.0.1:5000".parse().unwrap();
        for screen in
            ["127.0.0.1:5000\tv", "('127.0.0.1', 5000)", "Resposta de 127.0.0.1 na porta 5000:", "5000 127.0.0.1"]
        {
            assert!(names(screen.as_bytes(), address), "{screen}");
        }
        for screen in ["127.0.0.1:50001", "127.0.0.1", "5000", "127.0.0.11:5000", "127.0.0.1:15000", ""] {
            assert!(!names(screen.as_bytes(), address), "{screen}");
        }
        assert!(names(b"15000 5000 127.0.0.1", address));
    }

    #[test]
    fn what_moves_and_colours_is_not_text() {
        for (written, text) in [
            ("plain\r\n", "plain\n"),
            ("\x1b[1;32mgreen\x1b[0m", "green"),
            ("\x1b[H\x1b[2Jcleared", "cleared"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]0;title\x1b\\text", "text"),
            ("\x1b(Btext\x1b=", "text"),
            ("cut\x1b[3", "cut"),
        ] {
            assert_eq!(String::from_utf8(visible(written.as_bytes())).unwrap(), text);
        }
    }
}
