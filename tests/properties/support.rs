//! How a property is tried, and inputs that several of them need.

use proptest::prelude::*;
use proptest::sample::{Index, Select};
use proptest::test_runner::{FileFailurePersistence, TestCaseResult, TestRunner};
use servent::wire::QueryHeader;
use servent::{SeqNo, Timestamp, Ttl};
use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Tries `property` on `cases` inputs, or on `PROPTEST_CASES` if that is set. `file` is the caller's `file!()`: the
/// seeds of inputs that failed are kept beside it and tried first.
pub(crate) fn check<T: Debug>(
    file: &'static str,
    cases: u32,
    inputs: &impl Strategy<Value = T>,
    property: impl Fn(T) -> TestCaseResult,
) {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { cases };
    let mut runner = TestRunner::new(ProptestConfig {
        cases,
        source_file: Some(file),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..usual
    });
    if let Err(failure) = runner.run(inputs, property) {
        panic!("{failure}");
    }
}

/// One of `values`, each as likely as the others.
pub(crate) fn one_of<T: Clone + Debug + 'static, const N: usize>(values: &[T; N]) -> Select<T> {
    prop::sample::select(values.to_vec())
}

/// `127.0.0.1:port`.
pub(crate) fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// The bytes of a key, a value or a whole field: some of those that mean something, often, and any others.
pub(crate) fn text(len_max: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 2 => b'a'..=b'c', 1 => Just(0), 1 => Just(b'\t')];
    prop::collection::vec(byte, 0..=len_max)
}

/// Any header of a QUERY, with a time-to-live that is mostly one of those that matter.
pub(crate) fn query_header() -> impl Strategy<Value = QueryHeader> {
    let ttl = prop_oneof![8 => 0_u16..=5, 1 => any::<u16>()];
    (ttl, any::<[u8; 4]>(), any::<u16>(), any::<u32>()).prop_map(|(ttl, ip, port, seq)| QueryHeader {
        ttl: Ttl(ttl),
        client: SocketAddrV4::new(Ipv4Addr::from(ip), port),
        seq: SeqNo(seq),
    })
}

/// How time moves on before an event.
#[derive(Clone, Debug)]
pub(crate) enum Pace {
    /// Not at all.
    None,
    /// By some part of the span that matters.
    Within(Index),
    /// To the edge of that span, and so many nanoseconds before or behind it.
    Edge(i64),
    /// By so many of those spans.
    Spans(u32),
    /// For years.
    Years(u8),
}

/// Mostly short steps.
pub(crate) fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![
        8 => Just(Pace::None),
        8 => any::<Index>().prop_map(Pace::Within),
        2 => (-1_i64..=1).prop_map(Pace::Edge),
        1 => (1_u32..=5).prop_map(Pace::Spans),
        1 => Just(Pace::Years(1)),
    ]
}

impl Pace {
    /// The time after this step from `now`, where `span` is the time that matters.
    pub(crate) fn after(&self, now: Timestamp, span: Duration) -> Timestamp {
        let nanos = span.as_nanos() as u64;
        now + Duration::from_nanos(match self {
            Self::None => 0,
            Self::Within(index) => index.index(1 + nanos as usize / 8) as u64,
            Self::Edge(beyond) => nanos.saturating_add_signed(*beyond),
            Self::Spans(count) => nanos * u64::from(*count),
            Self::Years(count) => 31_557_600_000_000_000 * u64::from(*count),
        })
    }
}
