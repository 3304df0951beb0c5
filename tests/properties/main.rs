//! What holds for any input: the library against naive models, over inputs that proptest makes and, where one fails,
//! makes small.
//!
//! A failure says its smallest input and leaves the seed of it in `tests/properties/SUBJECT.proptest-regressions`,
//! which belongs into the repository: it is tried first from then on. `PROPTEST_CASES` asks for more cases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers outside the test functions are tests as well: a surprise in them fails the test"
)]

mod flood;
mod groups;
mod kv_file;
mod limit;
mod seen;
mod store;
mod support;
mod terminal;
mod wire;
