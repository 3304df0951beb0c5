//! The servents of a simulation: all from the start, or each from when it is first reached.

use crate::sim::ids::ServentId;
use std::collections::HashMap;

/// Those that have started, `None` where one is down.
#[derive(Debug)]
pub(super) enum Servents<B> {
    /// All, in the order of the graph.
    All(Vec<Option<B>>),
    /// Those that something has reached; the others are asleep.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "what the core has starts at once"))]
    Met(HashMap<ServentId, Option<B>>),
}

impl<B> Servents<B> {
    /// One that has started and is not down.
    pub(super) fn get(&self, servent: ServentId) -> Option<&B> {
        match self {
            Self::All(servents) => servents.get(servent.index())?.as_ref(),
            Self::Met(servents) => servents.get(&servent)?.as_ref(),
        }
    }

    pub(super) fn get_mut(&mut self, servent: ServentId) -> Option<&mut B> {
        match self {
            Self::All(servents) => servents.get_mut(servent.index())?.as_mut(),
            Self::Met(servents) => servents.get_mut(&servent)?.as_mut(),
        }
    }

    /// Whether it starts when something reaches it.
    pub(super) fn is_asleep(&self, servent: ServentId) -> bool {
        match self {
            Self::All(_) => false,
            Self::Met(servents) => !servents.contains_key(&servent),
        }
    }

    /// From now on it runs so, or is down.
    pub(super) fn put(&mut self, servent: ServentId, behaviour: Option<B>) {
        match self {
            Self::All(servents) => servents[servent.index()] = behaviour,
            Self::Met(servents) => {
                servents.insert(servent, behaviour);
            }
        }
    }

    /// How many have started.
    #[cfg(feature = "cli")]
    pub(super) fn started(&self) -> usize {
        match self {
            Self::All(servents) => servents.len(),
            Self::Met(servents) => servents.len(),
        }
    }
}
