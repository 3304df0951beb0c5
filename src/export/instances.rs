//! What the servents of a plan are called where each is a service of its own.

use super::Plan;
use std::collections::HashMap;

/// A name for each servent, in the order of the plan: its port, and where several listen on that one, each at an address of
/// its own, its line as well: `6001`, or `6001-line9`.
pub(super) fn names(plan: &Plan) -> Vec<String> {
    let mut at_port: HashMap<u16, usize> = HashMap::new();
    plan.servents.iter().for_each(|servent| *at_port.entry(servent.port).or_default() += 1);
    let name = |port, line| if at_port[&port] == 1 { format!("{port}") } else { format!("{port}-line{line}") };
    plan.servents.iter().map(|servent| name(servent.port, servent.line)).collect()
}
