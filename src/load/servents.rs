//! Who answers, by number.

use std::collections::HashMap;
use std::net::SocketAddrV4;

/// Servents that are told apart. A stranger can send from as many addresses as it likes; those beyond are one.
pub const SERVENTS_MAX: u32 = 1024;

/// The number of all servents beyond [`SERVENTS_MAX`].
pub const OTHERS: u32 = SERVENTS_MAX;

/// The servents that answered, in the order of their first answers.
#[derive(Debug, Default)]
pub struct Roster {
    addresses: Vec<SocketAddrV4>,
    numbers: HashMap<SocketAddrV4, u32>,
    /// Most answers come from whom the last one came from.
    last: Option<(SocketAddrV4, u32)>,
}

impl Roster {
    /// The number of a servent, which gets one with its first answer.
    pub fn number(&mut self, servent: SocketAddrV4) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == servent) {
            return number;
        }
        let next = self.addresses.len() as u32;
        let number = match self.numbers.get(&servent) {
            Some(&number) => number,
            None if next == SERVENTS_MAX => OTHERS,
            None => {
                self.addresses.push(servent);
                self.numbers.insert(servent, next);
                next
            }
        };
        self.last = Some((servent, number));
        number
    }

    /// The address of servent `number`; `None` for [`OTHERS`].
    #[must_use]
    pub fn address(&self, number: u32) -> Option<SocketAddrV4> {
        self.addresses.get(number as usize).copied()
    }
}

/// A set of servents, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servents {
    /// The first 128, which nearly always are all.
    first: u128,
    /// Those behind them, 64 a word.
    more: Vec<u64>,
}

const FIRST: u32 = u128::BITS;

impl Servents {
    /// Takes a servent in; says whether it was not in yet.
    pub fn insert(&mut self, servent: u32) -> bool {
        if servent < FIRST {
            let is_new = self.first & 1 << servent == 0;
            self.first |= 1 << servent;
            return is_new;
        }
        let (word, bit) = place(servent);
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        let is_new = self.more[word] & bit == 0;
        self.more[word] |= bit;
        is_new
    }

    /// Whether a servent is in it.
    #[must_use]
    pub fn contains(&self, servent: u32) -> bool {
        if servent < FIRST {
            return self.first & 1 << servent != 0;
        }
        let (word, bit) = place(servent);
        self.more.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&bits| bits == 0)
    }

    /// Whether all of `others` are in it.
    #[must_use]
    pub fn contains_all(&self, others: &Self) -> bool {
        let more = |word: usize| self.more.get(word).copied().unwrap_or(0);
        others.first & !self.first == 0 && others.more.iter().enumerate().all(|(word, bits)| bits & !more(word) == 0)
    }

    /// Takes out whoever is not in `others`.
    pub fn keep(&mut self, others: &Self) {
        self.first &= others.first;
        for (word, bits) in self.more.iter_mut().enumerate() {
            *bits &= others.more.get(word).copied().unwrap_or(0);
        }
    }
}

fn place(servent: u32) -> (usize, u64) {
    let behind = servent - FIRST;
    ((behind / u64::BITS) as usize, 1 << (behind % u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    fn set(servents: &[u32]) -> Servents {
        let mut set = Servents::default();
        servents.iter().for_each(|&servent| assert!(set.insert(servent)));
        set
    }

    #[test]
    fn a_set_is_what_an_ordered_set_is() {
        for (one, other) in [
            (&[][..], &[][..]),
            (&[0, 127], &[0, 127, 128]),
            (&[128, 1_000], &[128]),
            (&[5, OTHERS], &[5, OTHERS]),
            (&[3], &[700]),
        ] {
            let (mut set_one, set_other) = (set(one), set(other));
            let (ordered_one, ordered_other): (BTreeSet<_>, BTreeSet<_>) =
                (one.iter().collect(), other.iter().collect());
            assert_eq!(set_one.contains_all(&set_other), ordered_one.is_superset(&ordered_other), "{one:?} {other:?}");
            assert_eq!(set_one.is_empty(), one.is_empty());
            set_one.keep(&set_other);
            for servent in 0..=OTHERS {
                let kept = ordered_one.contains(&servent) && ordered_other.contains(&servent);
                assert_eq!(set_one.contains(servent), kept, "{servent} of {one:?} and {other:?}");
            }
        }
        assert!(!set(&[128]).insert(128) && !set(&[7]).insert(7));
    }

    #[test]
    fn a_stranger_with_many_addresses_is_one_beyond_the_limit() {
        let mut roster = Roster::default();
        let at = |number: u32| SocketAddrV4::new(Ipv4Addr::from(0x0a00_0000 + number), 6001);
        for number in 0..SERVENTS_MAX {
            assert_eq!(roster.number(at(number)), number);
        }
        assert_eq!((roster.number(at(5_000)), roster.number(at(5_001)), roster.number(at(3))), (OTHERS, OTHERS, 3));
        assert_eq!((roster.address(3), roster.address(OTHERS)), (Some(at(3)), None));
    }
}
