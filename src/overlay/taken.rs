//! What the lines of an overlay file take, each for itself.

use super::{Host, ServentLine};
use crate::serving::TraceTarget;
use std::collections::{BTreeSet, HashMap};

/// Where servents are already, by which names their hosts go, and what they write to.
#[derive(Default)]
pub(super) struct Taken {
    /// The lines of places, and of the addresses that they are known by.
    places: HashMap<String, usize>,
    /// How a host was named first, by its name as [`Host::canonical`] has it.
    hosts: HashMap<String, (Host, usize)>,
    /// The first line on a port of a host, and the first one that takes it at all addresses.
    ports: HashMap<(Option<Host>, u16), (usize, Option<usize>)>,
    /// The first line, and whether it names a host.
    first: Option<(usize, bool)>,
    /// The lines of traces, each on its host.
    traces: HashMap<(Option<Host>, TraceTarget), usize>,
}

impl Taken {
    /// Takes the place of a line, and the file of its trace.
    ///
    /// # Errors
    /// Why it can't be there.
    pub(super) fn take(&mut self, line: &ServentLine) -> Result<(), String> {
        let number = line.number();
        let (first, has_host) = *self.first.get_or_insert((number, line.host().is_some()));
        if has_host != line.host().is_some() {
            let (this, that) = if has_host { ("no host", "one") } else { ("a host", "none") };
            return Err(format!(
                "it names {this} and line {first} {that}: either all lines have HOST:PORT, or none has"
            ));
        }
        if let Some(host) = line.host() {
            let (known, first) =
                self.hosts.entry(Host::canonical(host.as_str())).or_insert_with(|| (host.clone(), number));
            if known != host {
                return Err(format!("line {first} has this host as {known}: write it alike"));
            }
        }
        let address = line.address().map(|address| address.to_string());
        let places: BTreeSet<_> = address.into_iter().chain([line.place()]).collect();
        for place in places {
            if let Some(earlier) = self.places.get(&place) {
                return Err(format!("{place} is taken by line {earlier} already"));
            }
            self.places.insert(place, number);
        }
        let (port, takes_all) = (line.command().port, line.command().bind.is_some_and(|bind| bind.is_unspecified()));
        let (first, all) = self.ports.entry((line.host().cloned(), port)).or_insert((number, None));
        if let Some(earlier) = all.or(takes_all.then_some(*first).filter(|first| *first != number)) {
            return Err(format!("port {port} is taken by line {earlier} already, and 0.0.0.0 is every address"));
        }
        *all = takes_all.then_some(number);
        if let Some(trace) = &line.command().trace {
            let earlier = *self.traces.entry((line.host().cloned(), trace.clone())).or_insert(number);
            if earlier != number {
                return Err(format!("--trace: line {earlier} writes to this file already"));
            }
        }
        Ok(())
    }
}
