//! How a program writes text: as the rest of the datagram, with a NUL behind it, or padded with NULs.

use super::words::Words;

/// How a program writes keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Framing {
    /// The text and nothing else.
    #[default]
    Raw,
    /// One NUL behind it.
    Nul,
    /// NULs behind it up to so many bytes.
    Padded(usize),
}

/// The lengths of padded fields that are tried on a program that answers neither raw nor NUL-terminated text.
pub const PADDED_TO: [usize; 12] = [40, 41, 50, 64, 100, 128, 160, 200, 255, 256, 512, 1024];

impl Framing {
    /// A field that holds `text`. A longer text than a padded field takes stands there without an end.
    #[must_use]
    pub fn field(self, text: &[u8]) -> Vec<u8> {
        let mut field = text.to_vec();
        match self {
            Self::Raw => {}
            Self::Nul => field.push(0),
            Self::Padded(len) => field.resize(len.max(text.len()), 0),
        }
        field
    }

    /// What a field tells that holds `text_len` bytes of text and then these.
    #[must_use]
    pub fn of_rest(text_len: usize, rest: &[u8]) -> Self {
        match rest.iter().take_while(|&&byte| byte == 0).count() {
            0 => Self::Raw,
            1 => Self::Nul,
            _ => Self::Padded(text_len + rest.len()),
        }
    }

    /// How it is called.
    #[must_use]
    pub fn name(self) -> Words {
        match self {
            Self::Raw => Words::new("raw: nothing behind a text", "puro: nada depois do texto"),
            Self::Nul => Words::new("one NUL behind a text", "um NUL depois do texto"),
            Self::Padded(len) => {
                Words::made(format!("padded with NULs to {len} bytes"), format!("completado com NULs até {len} bytes"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_tells_how_it_was_framed() {
        for framing in [Framing::Raw, Framing::Nul, Framing::Padded(40)] {
            let field = framing.field(b"key");
            assert_eq!(Framing::of_rest(3, &field[3..]), framing);
        }
        assert_eq!(Framing::Padded(2).field(b"key"), b"key");
    }
}
