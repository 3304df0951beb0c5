//! What the servents of a plan are called where each is a service of its own.

use super::Plan;
use std::collections::HashMap;

/// A name for each servent, in the order of the plan: its port, and where several listen on that one, each at an address of
/// its own, its line as well: `6001`, or `6001-line9`. If `is_by_host`, only those of one host have to tell themselves apart.
pub(super) fn names(plan: &Plan, is_by_host: bool) -> Vec<String> {
    let places = || plan.servents.iter().map(|servent| (servent.host.as_ref().filter(|_| is_by_host), servent.port));
    let mut count: HashMap<_, usize> = HashMap::new();
    places().for_each(|place| *count.entry(place).or_default() += 1);
    let named = places().zip(&plan.servents).map(|(place, servent)| match count[&place] {
        1 => format!("{}", servent.port),
        _ => format!("{}-line{}", servent.port, servent.line),
    });
    named.collect()
}
