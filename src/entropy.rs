//! Random bits, for secrets that strangers must not guess and numbers that must not repeat.

use std::hash::{BuildHasher, RandomState};

/// 128 random bits from the standard library's source of them: the keys of its hash tables, which it draws from the
/// system.
#[must_use]
pub(crate) fn secret() -> [u64; 2] {
    [0, 1].map(|half: u64| RandomState::new().hash_one(half))
}
