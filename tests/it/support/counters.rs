//! The table of counters that a servent prints at its end: those that are not 0.

use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Counters(BTreeMap<String, u64>);

impl Counters {
    /// The last table in what a servent wrote: the heading `counters`, then rows of two spaces, a name and a number.
    pub(crate) fn parse(stderr: &str) -> Self {
        let (_, table) =
            stderr.rsplit_once("\ncounters").or_else(|| stderr.rsplit_once("counters")).unwrap_or_else(|| {
                panic!("no counters in: {stderr}");
            });
        let rows = table.lines().skip(1).map_while(Self::row);
        let mut counters: BTreeMap<_, _> =
            servent::Counters::default().rows().into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        for (name, count) in rows {
            assert!(counters.insert(name, count).is_some(), "a counter that there is not: {stderr}");
        }
        Self(counters)
    }

    /// One row of the table, if it is one.
    pub(crate) fn row(line: &str) -> Option<(String, u64)> {
        let (name, number) = line.strip_prefix("  ")?.split_once("  ")?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    }

    pub(crate) fn get(&self, name: &str) -> u64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no counter {name}: {:?}", self.0))
    }

    /// Every counter's name.
    #[cfg(target_os = "linux")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Subtracts what a test did not ask for.
    pub(crate) fn take_off(&mut self, name: &str, count: u64) {
        let left = self.get(name).checked_sub(count);
        let left = left.unwrap_or_else(|| panic!("counter {name} below {count}: {:#?}", self.0));
        self.0.insert(name.to_owned(), left);
    }

    /// Each of these counters must have this value.
    pub(crate) fn expect(&self, expected: &[(&str, u64)]) {
        for &(name, value) in expected {
            assert_eq!(self.get(name), value, "counter {name} of {:#?}", self.0);
        }
    }

    /// What holds of every run: each datagram received is counted once, each QUERY, each lookup. So each datagram
    /// received was answered, or dropped by a cause that has a name, or looked up and not found.
    pub(crate) fn check_identities(&self) {
        let malformed = self.sum_of_all("malformed_");
        let read = malformed + self.sum(&["unexpected_response", "clireq", "query"]);
        assert_eq!(self.get("received"), read, "datagrams: {:#?}", self.0);
        let queries = self.sum(&["stranger_refused", "ttl_zero", "duplicate", "first_sighting"]);
        assert_eq!(self.get("query"), queries, "QUERYs: {:#?}", self.0);
        let lookups = self.sum(&["answered", "not_found", "unanswerable_client", "response_limited"]);
        assert_eq!(self.get("lookup"), lookups, "lookups: {:#?}", self.0);
        assert_eq!(self.get("lookup"), self.sum(&["clireq", "first_sighting"]), "lookups: {:#?}", self.0);
        let ends = self.sum(&["answered", "not_found", "unanswerable_client", "response_limited"])
            + malformed
            + self.sum(&["unexpected_response", "stranger_refused", "ttl_zero", "duplicate"]);
        assert_eq!(self.get("received"), ends, "what became of each datagram: {:#?}", self.0);
        assert!(self.sum(&["forwarded", "ttl_expired"]) <= self.get("first_sighting"), "{:#?}", self.0);
        assert!(self.get("duplicate_higher_ttl") <= self.get("duplicate"), "{:#?}", self.0);
        assert_eq!(self.get("receive_failed"), 0, "{:#?}", self.0);
    }

    /// Of the counters whose names begin so.
    pub(crate) fn sum_of_all(&self, prefix: &str) -> u64 {
        self.0.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, value)| value).sum()
    }

    fn sum(&self, names: &[&str]) -> u64 {
        names.iter().map(|name| self.get(name)).sum()
    }
}
