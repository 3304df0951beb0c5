//! What can be read of what a program wrote to a terminal.

/// The text without what moves the cursor, colours or clears, and without carriage returns.
#[must_use]
pub fn visible(written: &[u8]) -> Vec<u8> {
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
