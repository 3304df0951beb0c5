//! Values with a meaning of their own: each is checked once, where it is made, and trusted afterwards.

use std::fmt;
use std::net::SocketAddrV4;
use std::ops::Add;
use std::time::Duration;

/// A point on the program's own time line: nanoseconds since a moment that the clock's owner chose.
///
/// The machines of [`protocol`](crate::protocol) take it as an argument, so a test or a simulator can hand them any
/// time it likes. It never goes backwards within one run; it says nothing about the time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The start of the time line.
    pub const ZERO: Self = Self(0);

    /// The point `since_start` after [`Timestamp::ZERO`]; 584 years after it the line ends and stays at its end.
    #[must_use]
    pub fn from_start(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The point `nanos` nanoseconds after the start of the time line.
    #[must_use]
    pub fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// How long after `earlier` this is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Nanoseconds since the start of the time line.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// The time-to-live of a QUERY: how many more servents may receive it, this one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(pub u16);

impl Ttl {
    /// What the origin of a QUERY writes (P-11), and the most that any conforming servent ever sends (P-17).
    pub const INITIAL: Self = Self(3);

    /// The time-to-live to forward with, or `None` where the flood ends (P-14).
    #[must_use]
    pub fn decremented(self) -> Option<Self> {
        match self.0 {
            0 | 1 => None,
            hops => Some(Self(hops - 1)),
        }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The sequence number that an origin gives to each CLIREQ (P-12). It wraps after `u32::MAX` (P-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeqNo(pub u32);

impl SeqNo {
    /// The number of the next CLIREQ.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for SeqNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What makes two QUERYs the same query (P-14): everything that its origin wrote but the time-to-live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueryId<'a> {
    /// Whom the answers go to.
    pub client: SocketAddrV4,
    /// The origin's number for it.
    pub seq: SeqNo,
    /// The key before its first NUL (P-2).
    pub key: &'a [u8],
}

/// The servents that a servent forwards to: at most [`Neighbours::COUNT_MAX`], each once, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours(Vec<SocketAddrV4>);

impl Neighbours {
    /// The assignment's limit (P-10).
    pub const COUNT_MAX: usize = 10;

    /// Takes the list as it is, less the repetitions.
    ///
    /// # Errors
    /// [`TooManyNeighbours`] if more than [`Neighbours::COUNT_MAX`] different ones remain.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddrV4>) -> Result<Self, TooManyNeighbours> {
        let mut distinct = Vec::new();
        for address in addresses {
            if !distinct.contains(&address) {
                distinct.push(address);
            }
        }
        if distinct.len() > Self::COUNT_MAX { Err(TooManyNeighbours(distinct.len())) } else { Ok(Self(distinct)) }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: SocketAddrV4) -> bool {
        self.0.contains(&address)
    }

    /// All of them, in the order given.
    #[must_use]
    pub fn as_slice(&self) -> &[SocketAddrV4] {
        &self.0
    }
}

/// More neighbours than [`Neighbours::COUNT_MAX`]: this many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyNeighbours(pub usize);

impl fmt::Display for TooManyNeighbours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} neighbours given, but a servent knows at most {}", self.0, Neighbours::COUNT_MAX)
    }
}

impl std::error::Error for TooManyNeighbours {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn at(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    #[test]
    fn p14_ttl_reaches_zero_and_is_not_sent() {
        assert_eq!(Ttl(3).decremented(), Some(Ttl(2)));
        assert_eq!(Ttl(2).decremented(), Some(Ttl(1)));
        assert_eq!(Ttl(1).decremented(), None);
        assert_eq!(Ttl(0).decremented(), None);
    }

    #[test]
    fn p13_sequence_numbers_wrap() {
        assert_eq!(SeqNo(7).next(), SeqNo(8));
        assert_eq!(SeqNo(u32::MAX).next(), SeqNo(0));
    }

    #[test]
    fn p10_ten_neighbours_and_not_eleven() {
        assert!(Neighbours::new((1..=10).map(at)).is_ok());
        assert_eq!(Neighbours::new((1..=11).map(at)), Err(TooManyNeighbours(11)));
        let repeated = Neighbours::new([at(1), at(2), at(1)]).unwrap();
        assert_eq!(repeated.as_slice(), [at(1), at(2)]);
    }

    #[test]
    fn time_saturates_instead_of_wrapping() {
        let late = Timestamp::from_start(Duration::MAX);
        assert_eq!(late + Duration::from_secs(1), late);
        assert_eq!(Timestamp::ZERO.since(late), Duration::ZERO);
        assert_eq!((Timestamp::ZERO + Duration::from_secs(2)).since(Timestamp::ZERO), Duration::from_secs(2));
    }
}
