//! What is added to each clock's times, so that no arrow goes back: difference constraints, solved by shortest paths.

use super::clocks::Arrows;

/// The smallest step by which constraints that contradict each other are loosened, in nanoseconds.
const LOOSENED_FIRST: i64 = 100;

/// A constraint: the offset of `lower` is at most that of `upper` and `room` more.
#[derive(Clone, Copy)]
struct Edge {
    lower: usize,
    upper: usize,
    room: i64,
}

/// What was found.
pub(super) struct Solved {
    /// What is added to each clock's times.
    pub(super) offsets: Vec<i64>,
    /// How far off each may be against the first of those that it is bound to from both sides.
    pub(super) uncertainties: Vec<Option<i64>>,
}

/// Solves for the offsets. `walls` is what the time of day would have them be.
pub(super) fn solve(arrows: &Arrows, walls: &[Option<i64>]) -> Solved {
    let count = walls.len();
    let mut edges: Vec<Edge> = Vec::new();
    for ((from, to), arrows) in arrows {
        if from != to
            && let Some(room) = arrows.iter().map(|arrow| arrow.received - arrow.sent).min()
        {
            edges.push(Edge { lower: from.0 as usize, upper: to.0 as usize, room });
        }
    }
    let group = groups(count, &edges);
    let (mut within, mut uncertainties) = (vec![0; count], vec![None; count]);
    for root in (0..count).filter(|&clock| group[clock] == clock) {
        let inner = edges.iter().filter(|edge| group[edge.lower] == root && group[edge.upper] == root);
        let (highest, lowest, loosened) = bounds(count, root, &inner.copied().collect::<Vec<_>>());
        for clock in (0..count).filter(|&clock| group[clock] == root) {
            within[clock] = i64::midpoint(highest[clock], lowest[clock]);
            uncertainties[clock] = Some((highest[clock] - lowest[clock]) / 2 + loosened);
        }
    }
    let first = group.first().copied();
    for clock in 0..count {
        // Of one that nothing came back from only the time of day is known.
        if Some(group[clock]) != first {
            uncertainties[clock] = None;
        }
    }
    let mut shift: Vec<_> = (0..count).map(|clock| walls[group[clock]].unwrap_or(0)).collect();
    // Between groups arrows go one way only, so this ends after as many rounds as there are groups.
    for _ in 0..count {
        let mut is_moved = false;
        for edge in &edges {
            let (from, to) = (group[edge.lower], group[edge.upper]);
            let least = shift[from].saturating_add(within[edge.lower] - edge.room - within[edge.upper]);
            if from != to && shift[to] < least {
                shift[to] = least;
                is_moved = true;
            }
        }
        if !is_moved {
            break;
        }
    }
    let offsets = (0..count).map(|clock| shift[group[clock]].saturating_add(within[clock])).collect();
    Solved { offsets, uncertainties }
}

/// For each clock the first of those that it has arrows from and to, over whichever others.
fn groups(count: usize, edges: &[Edge]) -> Vec<usize> {
    let reached = |root: usize, ends: fn(&Edge) -> (usize, usize)| {
        let mut is_reached = vec![false; count];
        is_reached[root] = true;
        loop {
            let next = edges.iter().map(ends).find(|&(from, to)| is_reached[from] && !is_reached[to]);
            let Some((_, to)) = next else { return is_reached };
            is_reached[to] = true;
        }
    };
    let mut group = vec![usize::MAX; count];
    for root in 0..count {
        if group[root] != usize::MAX {
            continue;
        }
        let there = reached(root, |edge| (edge.lower, edge.upper));
        let back = reached(root, |edge| (edge.upper, edge.lower));
        for clock in root..count {
            if group[clock] == usize::MAX && there[clock] && back[clock] {
                group[clock] = root;
            }
        }
    }
    group
}

/// The highest and the lowest offsets against the root's, which is 0, and by how much each constraint had to be
/// loosened where they contradict each other.
fn bounds(count: usize, root: usize, edges: &[Edge]) -> (Vec<i64>, Vec<i64>, i64) {
    let mut loosened = 0;
    loop {
        let highest = shortest(count, root, edges, |edge| (edge.upper, edge.lower, edge.room + loosened));
        let lowest = shortest(count, root, edges, |edge| (edge.lower, edge.upper, edge.room + loosened));
        if let (Some(highest), Some(lowest)) = (highest, lowest) {
            return (highest, lowest.iter().map(|&far| -far).collect(), loosened);
        }
        loosened = (2 * loosened).max(LOOSENED_FIRST);
    }
}

/// Bellman and Ford's shortest paths from the root; `None` if a cycle is negative.
fn shortest(
    count: usize,
    root: usize,
    edges: &[Edge],
    ends: impl Fn(&Edge) -> (usize, usize, i64),
) -> Option<Vec<i64>> {
    const FAR: i64 = i64::MAX / 4;
    let mut far = vec![FAR; count];
    far[root] = 0;
    for _ in 0..=count {
        let mut is_changed = false;
        for (from, to, room) in edges.iter().map(&ends) {
            if far[from] < FAR && far[from] + room < far[to] {
                far[to] = far[from] + room;
                is_changed = true;
            }
        }
        if !is_changed {
            return Some(far);
        }
    }
    None
}
