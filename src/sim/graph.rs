//! Who neighbours whom.
//!
//! Every shape keeps to the protocol's limit of ten neighbours (P-10): a star has at most eleven servents, a hub of a
//! scale-free graph takes no eleventh link.

use super::ids::ServentId;
use crate::types::Neighbours;
use fastrand::Rng;
use std::collections::{HashSet, VecDeque};
use std::fmt;

/// The neighbour lists of an overlay's servents. Lists may be one-sided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    neighbours: Vec<Vec<ServentId>>,
}

/// Why no graph of this kind exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphError {
    /// More servents than there are addresses for, [`ServentId::COUNT_MAX`].
    TooManyServents {
        /// How many.
        servents: usize,
    },
    /// A servent would know more neighbours than it may (P-10).
    TooManyNeighbours {
        /// Which one.
        servent: ServentId,
        /// How many it would know.
        count: usize,
    },
    /// A servent would neighbour itself, or one that there is not, or one twice.
    BadNeighbour {
        /// Which one.
        servent: ServentId,
        /// Whom it would neighbour.
        neighbour: ServentId,
    },
    /// No regular graph has so many servents of this degree: it takes more servents than the degree, and an even
    /// product of both.
    NotRegular {
        /// How many servents.
        servents: usize,
        /// How many neighbours each.
        degree: usize,
    },
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyServents { servents } => {
                write!(f, "{servents} servents, expected at most {}", ServentId::COUNT_MAX)
            }
            Self::TooManyNeighbours { servent, count } => {
                write!(f, "{servent} has {count} neighbours, expected at most {}", Neighbours::COUNT_MAX)
            }
            Self::BadNeighbour { servent, neighbour } => {
                write!(f, "{servent} cannot have {neighbour} as a neighbour: itself, unknown, or repeated")
            }
            Self::NotRegular { servents, degree } => {
                write!(f, "there is no regular graph of {servents} servents with {degree} neighbours each")
            }
        }
    }
}

impl std::error::Error for GraphError {}

impl Graph {
    /// The lists as given, one a servent.
    ///
    /// # Errors
    /// [`GraphError`] if there are too many lists, or one is longer than allowed, or names its own servent, an unknown
    /// one, or one twice.
    pub fn from_neighbours(neighbours: Vec<Vec<ServentId>>) -> Result<Self, GraphError> {
        if neighbours.len() > ServentId::COUNT_MAX {
            return Err(GraphError::TooManyServents { servents: neighbours.len() });
        }
        for (index, list) in neighbours.iter().enumerate() {
            let servent = id(index);
            if list.len() > Neighbours::COUNT_MAX {
                return Err(GraphError::TooManyNeighbours { servent, count: list.len() });
            }
            for (place, &neighbour) in list.iter().enumerate() {
                if neighbour == servent || neighbour.index() >= neighbours.len() || list[..place].contains(&neighbour) {
                    return Err(GraphError::BadNeighbour { servent, neighbour });
                }
            }
        }
        Ok(Self { neighbours })
    }

    /// Servents in a row.
    ///
    /// # Errors
    /// [`GraphError::TooManyServents`]; so for every shape.
    pub fn line(servents: usize) -> Result<Self, GraphError> {
        Self::from_edges(servents, (1..servents).map(|index| (index - 1, index)))
    }

    /// A line whose ends are neighbours; two servents make a line.
    ///
    /// # Errors
    /// As [`Graph::line`].
    pub fn ring(servents: usize) -> Result<Self, GraphError> {
        let closing = (servents > 2).then(|| (servents - 1, 0));
        Self::from_edges(servents, (1..servents).map(|index| (index - 1, index)).chain(closing))
    }

    /// The first servent in the middle of all others.
    ///
    /// # Errors
    /// [`GraphError::TooManyNeighbours`] above eleven servents.
    pub fn star(servents: usize) -> Result<Self, GraphError> {
        Self::from_edges(servents, (1..servents).map(|index| (0, index)))
    }

    /// A tree, filled level by level, in which each servent has up to `children` below it. 0 is taken as 1.
    ///
    /// # Errors
    /// [`GraphError::TooManyNeighbours`] if a servent would know its parent and ten children.
    pub fn tree(servents: usize, children: usize) -> Result<Self, GraphError> {
        Self::from_edges(servents, (1..servents).map(|index| ((index - 1) / children.max(1), index)))
    }

    /// `width` times `height` servents, each linked to those beside, above and below it.
    ///
    /// # Errors
    /// As [`Graph::line`].
    pub fn grid(width: usize, height: usize) -> Result<Self, GraphError> {
        let across = (0..width * height).filter(move |index| index % width != 0).map(|index| (index - 1, index));
        let down = (width..width * height).map(move |index| (index - width, index));
        Self::from_edges(width * height, across.chain(down))
    }

    /// Everybody knows everybody.
    ///
    /// # Errors
    /// [`GraphError::TooManyNeighbours`] above eleven servents.
    pub fn clique(servents: usize) -> Result<Self, GraphError> {
        Self::from_edges(servents, (0..servents).flat_map(|one| (0..one).map(move |other| (other, one))))
    }

    /// A random graph in which each servent has `degree` neighbours: a circulant graph whose links were exchanged ten
    /// times each. It need not be connected.
    ///
    /// # Errors
    /// [`GraphError::NotRegular`], or [`GraphError::TooManyNeighbours`] for a degree above ten.
    pub fn random_regular(servents: usize, degree: usize, rng: &mut Rng) -> Result<Self, GraphError> {
        if servents <= degree || servents * degree % 2 == 1 {
            return Err(GraphError::NotRegular { servents, degree });
        }
        let around = (1..=degree / 2).flat_map(|step| (0..servents).map(move |one| (one, (one + step) % servents)));
        let across = (0..(degree % 2) * servents / 2).map(|one| (one, one + servents / 2));
        let mut edges: Vec<_> = around.chain(across).collect();
        let mut graph = Self::from_edges(servents, edges.iter().copied())?;
        for _ in 0..10 * edges.len() {
            let (first, second) = (rng.usize(..edges.len()), rng.usize(..edges.len()));
            let ((a, b), (c, d)) = (edges[first], edges[second]);
            // From a-b and c-d to a-d and c-b, unless that makes a loop or a second link between two.
            if a == d || c == b || graph.are_linked(a, d) || graph.are_linked(c, b) {
                continue;
            }
            graph.relink(a, b, d);
            graph.relink(b, a, c);
            graph.relink(c, d, b);
            graph.relink(d, c, a);
            (edges[first], edges[second]) = ((a, d), (c, b));
        }
        Ok(graph)
    }

    /// A random graph that grew servent by servent: each new one is linked to up to `links` older ones, chosen in
    /// proportion to the links that they have, but never one that has ten.
    ///
    /// # Errors
    /// [`GraphError::TooManyNeighbours`] if `links` is above ten.
    pub fn scale_free(servents: usize, links: usize, rng: &mut Rng) -> Result<Self, GraphError> {
        let mut degrees = vec![0; servents];
        let mut edges = Vec::with_capacity(servents * links);
        for new in 1..servents {
            let mut chosen = Vec::with_capacity(links);
            // Those that are full are found in vain: there are tries enough to find others, if there are any.
            for _ in 0..20 * links {
                if chosen.len() == links.min(new) {
                    break;
                }
                // An end of a random link is a servent in proportion to its links; before there are any, the first.
                let old = match edges.get(rng.usize(..edges.len().max(1))) {
                    Some(&(one, other)) => *rng.choice([one, other].iter()).expect("a link has two ends"),
                    None => 0,
                };
                if degrees[old] < Neighbours::COUNT_MAX && !chosen.contains(&old) {
                    chosen.push(old);
                }
            }
            for old in chosen {
                degrees[old] += 1;
                degrees[new] += 1;
                edges.push((old, new));
            }
        }
        Self::from_edges(servents, edges)
    }

    fn from_edges(servents: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Result<Self, GraphError> {
        let mut neighbours = vec![Vec::new(); servents];
        for (one, other) in edges {
            neighbours[one].push(id(other));
            neighbours[other].push(id(one));
        }
        Self::from_neighbours(neighbours)
    }

    fn are_linked(&self, one: usize, other: usize) -> bool {
        self.neighbours[one].contains(&id(other))
    }

    fn relink(&mut self, servent: usize, from: usize, to: usize) {
        for neighbour in &mut self.neighbours[servent] {
            if *neighbour == id(from) {
                *neighbour = id(to);
            }
        }
    }

    /// How many servents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.neighbours.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.neighbours.is_empty()
    }

    /// All servents.
    pub fn servents(&self) -> impl Iterator<Item = ServentId> + use<> {
        (0..self.len()).map(id)
    }

    /// Whom `servent` knows; nobody if there is no such servent.
    #[must_use]
    pub fn neighbours(&self, servent: ServentId) -> &[ServentId] {
        self.neighbours.get(servent.index()).map_or(&[], Vec::as_slice)
    }

    /// The servents at most `hops` links from `from`, itself included, nearest first: a breadth-first search, which
    /// knows nothing of flooding.
    #[must_use]
    pub fn within(&self, hops: usize, from: ServentId) -> Vec<ServentId> {
        let (mut found, mut known) = (vec![from], HashSet::from([from]));
        let mut edge = VecDeque::from([(from, 0)]);
        while let Some((servent, distance)) = edge.pop_front() {
            if distance == hops {
                break;
            }
            for &neighbour in self.neighbours(servent) {
                if known.insert(neighbour) {
                    found.push(neighbour);
                    edge.push_back((neighbour, distance + 1));
                }
            }
        }
        found
    }
}

/// The servent at `index`. A graph has at most [`ServentId::COUNT_MAX`] of them.
fn id(index: usize) -> ServentId {
    ServentId(index as u32)
}

#[cfg(test)]
mod tests;
