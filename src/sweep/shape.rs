//! Graphs by name, and why some can't be.

use crate::sim::{Graph, GraphError, ServentId};
use crate::types::Neighbours;
use fastrand::Rng;
use std::fmt;

/// A graph by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A row.
    Line,
    /// A row whose ends are neighbours.
    Ring,
    /// One in the middle of all others.
    Star,
    /// Filled level by level, so many below each.
    Tree(usize),
    /// Rows and columns, as nearly a square as there is.
    Grid,
    /// Everybody knows everybody.
    Clique,
    /// At random, so many neighbours each.
    Regular(usize),
    /// Grown at random: each new one knows so many older ones, those that know many sooner than others.
    ScaleFree(usize),
}

/// Why there is no such graph, in words for whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError(String);

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ShapeError {}

/// P-10, as it is said in each refusal.
const LIMIT: &str = "a servent knows at most 10";

/// The largest star and clique: one and its neighbours.
const ALL_NEIGHBOURS_MAX: usize = Neighbours::COUNT_MAX + 1;

/// Where 2 M would be all neighbours that a servent may know, nobody could have more than others.
const LINKS_MAX: usize = (Neighbours::COUNT_MAX - 1) / 2;

impl Shape {
    /// The names, as they are typed; D, M and C are numbers.
    pub const NAMES: &'static str = "line, ring, star, tree[:C], grid, clique, regular:D, scale-free:M";

    /// The shape of this name, if it is one's, and what is wrong with its number.
    ///
    /// # Errors
    /// A number that is missing or of no use.
    pub fn of_name(name: &str) -> Option<Result<Self, ShapeError>> {
        let (word, number) = match name.split_once(':') {
            Some((word, number)) => (word, Some(number)),
            None => (name, None),
        };
        let plain = |shape| match number {
            None => Ok(shape),
            Some(_) => Err(ShapeError(format!("{word} takes no number, for example {word}"))),
        };
        let numbered = |max: usize, usual: &str, why: &str| {
            let number = number.and_then(|number| number.parse().ok()).filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| {
                ShapeError(format!("{word} takes a number from 1 to {max}, for example {word}:{usual}: {why}"))
            })
        };
        Some(match word {
            "line" => plain(Self::Line),
            "ring" => plain(Self::Ring),
            "star" => plain(Self::Star),
            "grid" => plain(Self::Grid),
            "clique" => plain(Self::Clique),
            "tree" if number.is_none() => Ok(Self::Tree(2)),
            "tree" => numbered(Neighbours::COUNT_MAX - 1, "2", "with the one above, a servent knows at most 10")
                .map(Self::Tree),
            "regular" => numbered(Neighbours::COUNT_MAX, "4", LIMIT).map(Self::Regular),
            "scale-free" => {
                let why = "each servent brings so many links, which have two ends, and hubs need room below the 10 \
                           neighbours that a servent knows at most";
                numbered(LINKS_MAX, "3", why).map(Self::ScaleFree)
            }
            _ => return None,
        })
    }

    /// How many servents there are if nobody says so.
    #[must_use]
    pub fn usual_servents(self) -> usize {
        match self {
            Self::Star | Self::Clique => ALL_NEIGHBOURS_MAX,
            Self::Grid => 32 * 32,
            _ => 1_000,
        }
    }

    /// The graph of so many servents. Random ones are drawn from `rng`.
    ///
    /// # Errors
    /// Why there is none.
    pub fn graph(self, servents: usize, rng: &mut Rng) -> Result<Graph, ShapeError> {
        let refuse = |why: String| Err(ShapeError(why));
        if servents == 0 || servents > ServentId::COUNT_MAX {
            return refuse(format!(
                "{servents} servents: from 1 to {} have addresses in a simulation",
                ServentId::COUNT_MAX
            ));
        }
        let built = match self {
            Self::Line => Graph::line(servents),
            Self::Ring => Graph::ring(servents),
            Self::Star | Self::Clique if servents > ALL_NEIGHBOURS_MAX => {
                let (who, what) = if self == Self::Star { ("its middle", "a star") } else { ("each", "a clique") };
                return refuse(format!(
                    "{what} of {servents} servents would give {who} {} neighbours, and {LIMIT}: at most \
                     {ALL_NEIGHBOURS_MAX} servents",
                    servents - 1
                ));
            }
            Self::Star => Graph::star(servents),
            Self::Clique => Graph::clique(servents),
            Self::Tree(children) => Graph::tree(servents, children),
            Self::Grid => {
                let (width, height) = sides(servents);
                if height == 1 && servents > 3 {
                    let (near, side) = (servents.isqrt() * (servents.isqrt() + 1), servents.isqrt());
                    return refuse(format!(
                        "{servents} servents make no grid, since {servents} is a prime number: {near} make one of {} by \
                         {side}",
                        side + 1
                    ));
                }
                Graph::grid(width, height)
            }
            Self::Regular(degree) if degree >= servents => {
                return refuse(format!(
                    "{servents} servents cannot have {degree} neighbours each: there are only {} others",
                    servents - 1
                ));
            }
            Self::Regular(degree) if degree * servents % 2 == 1 => {
                return refuse(format!(
                    "{servents} servents cannot have {degree} neighbours each: a link has two ends, and {servents} times \
                     {degree} is odd; {} servents can",
                    servents + 1
                ));
            }
            Self::Regular(degree) => Graph::random_regular(servents, degree, rng),
            Self::ScaleFree(links) => Graph::scale_free(servents, links, rng),
        };
        built.map_err(|error: GraphError| ShapeError(error.to_string()))
    }
}

/// The sides of the most nearly square grid of so many, the longer one first.
fn sides(servents: usize) -> (usize, usize) {
    let height = (1..=servents.isqrt()).rev().find(|height| servents.is_multiple_of(*height)).unwrap_or(1);
    (servents / height, height)
}

/// As it is typed.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("line"),
            Self::Ring => f.write_str("ring"),
            Self::Star => f.write_str("star"),
            Self::Tree(2) => f.write_str("tree"),
            Self::Tree(children) => write!(f, "tree:{children}"),
            Self::Grid => f.write_str("grid"),
            Self::Clique => f.write_str("clique"),
            Self::Regular(degree) => write!(f, "regular:{degree}"),
            Self::ScaleFree(links) => write!(f, "scale-free:{links}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who asks for an overlay that P-10 or arithmetic forbids is told why.
    #[test]
    fn p10_impossible_graphs_are_refused_with_the_cause() {
        for (name, servents, cause) in [
            ("star", 12, "would give its middle 11 neighbours, and a servent knows at most 10: at most 11 servents"),
            ("clique", 12, "would give each 11 neighbours"),
            ("regular:11", 100, "takes a number from 1 to 10, for example regular:4: a servent knows at most 10"),
            ("regular:0", 100, "from 1 to 10"),
            ("regular", 100, "from 1 to 10"),
            ("regular:3", 5, "5 times 3 is odd; 6 servents can"),
            ("regular:4", 4, "there are only 3 others"),
            ("scale-free:5", 100, "from 1 to 4, for example scale-free:3: each servent brings so many links"),
            ("scale-free:x", 100, "from 1 to 4"),
            ("tree:10", 100, "from 1 to 9, for example tree:2"),
            ("line:3", 100, "takes no number"),
            ("grid", 997, "is a prime number: 992 make one of 32 by 31"),
            ("line", 0, "from 1 to 16777216"),
            ("line", 16_777_217, "have addresses"),
        ] {
            let shape = Shape::of_name(name).unwrap();
            let refused = shape.and_then(|shape| shape.graph(servents, &mut Rng::with_seed(1))).unwrap_err();
            assert!(refused.to_string().contains(cause), "{name} of {servents}: {refused}");
        }
        assert_eq!(Shape::of_name("wheel"), None);
    }

    #[test]
    fn every_name_leads_to_its_graph_and_back() {
        for name in ["line", "ring", "star", "tree", "tree:3", "grid", "clique", "regular:4", "scale-free:3"] {
            let shape = Shape::of_name(name).unwrap().unwrap();
            assert_eq!(shape.to_string(), name);
            let graph = shape.graph(shape.usual_servents(), &mut Rng::with_seed(1)).unwrap();
            assert_eq!(graph.len(), shape.usual_servents());
        }
        assert_eq!([12, 16, 2, 3, 1, 35].map(sides), [(4, 3), (4, 4), (2, 1), (3, 1), (1, 1), (7, 5)]);
    }
}
