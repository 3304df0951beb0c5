//! Where servents stand on rings: each in the middle of a sector that lies in its parent's.
//!
//! ```text
//!            c   d        The entry is in the middle, a ring a hop. A servent's sector is divided among its
//!             \ /         children by the leaves below them, so that no edge of the tree crosses another. A ring
//!        a ─── b          is as wide as its narrowest gap demands, and wider than the one inside it.
//! ```
//!
//! Above [`SPOTS_MAX`] servents those far from the entry stand in bunches: one for all of a ring below the same servent.

use super::scene::{Role, Scene};
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// Spots that are drawn one by one.
pub(super) const SPOTS_MAX: usize = 300;
/// From ring to ring, and from servent to servent on one, at least.
const RING_WIDTH: f64 = 74.0;
const GAP: f64 = 44.0;
/// Sectors begin at the top.
const TOP: f64 = -TAU / 4.0;

/// What stands at one place: a servent, or a bunch of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    /// Who, in the order of the cast.
    pub(super) roles: Vec<Role>,
    pub(super) ring: u32,
    /// The spot further in that it belongs to.
    pub(super) parent: Option<usize>,
    /// From where to where it and all below it reach, as angles.
    pub(super) sector: (f64, f64),
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Spot {
    pub(super) fn is_bunch(&self) -> bool {
        self.roles.len() > 1
    }
}

/// A scene with its places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Those further in come first.
    pub(super) spots: Vec<Spot>,
    /// Where each of the cast stands.
    pub(super) of: Vec<usize>,
    /// How far each ring is from the middle.
    pub(super) radii: Vec<f64>,
}

impl Layout {
    pub(super) fn new(scene: &Scene<'_>) -> Self {
        Self::at_most(scene, SPOTS_MAX)
    }

    /// With so many spots at most, if there are not more rings than that.
    pub(super) fn at_most(scene: &Scene<'_>, spots_max: usize) -> Self {
        let (mut spots, of) = if scene.cast.len() <= spots_max {
            bunched(scene, u32::MAX)
        } else {
            // As many rings one by one as there is room for.
            let mut best = bunched(scene, 0);
            for single in 1..scene.rings() {
                let next = bunched(scene, single);
                if next.0.len() > spots_max {
                    break;
                }
                best = next;
            }
            best
        };
        divide(&mut spots);
        let radii = radii(&spots, scene.rings());
        for spot in &mut spots {
            let (radius, angle) = (radii[spot.ring as usize], middle(spot.sector));
            (spot.x, spot.y) = (radius * angle.cos(), radius * angle.sin());
        }
        Self { spots, of, radii }
    }

    /// Whether some servents are drawn as a bunch.
    pub(super) fn is_bunched(&self) -> bool {
        self.spots.iter().any(Spot::is_bunch)
    }

    /// From the middle to the edge of the picture.
    pub(super) fn reach(&self) -> f64 {
        self.radii.last().copied().unwrap_or(0.0) + GAP
    }
}

/// The spots without their places: rings up to `single` one by one, those further out in bunches.
fn bunched(scene: &Scene<'_>, single: u32) -> (Vec<Spot>, Vec<usize>) {
    let mut spots: Vec<Spot> = Vec::new();
    let mut of = Vec::with_capacity(scene.cast.len());
    let mut bunches = BTreeMap::new();
    // The last servent on the way from the middle that stands alone.
    let mut anchors: Vec<Option<Role>> = Vec::with_capacity(scene.cast.len());
    for (role, actor) in scene.cast.iter().enumerate() {
        let role = role as Role;
        let is_single = actor.ring <= single;
        let anchor = if is_single { Some(role) } else { actor.parent.and_then(|parent| anchors[parent as usize]) };
        anchors.push(anchor);
        let parent = actor.parent.map(|parent| of[parent as usize]);
        let next = spots.len();
        let place = if is_single { next } else { *bunches.entry((anchor, actor.ring)).or_insert(next) };
        of.push(place);
        match spots.get_mut(place) {
            Some(spot) => spot.roles.push(role),
            None => {
                spots.push(Spot { roles: vec![role], ring: actor.ring, parent, sector: (0.0, 0.0), x: 0.0, y: 0.0 });
            }
        }
    }
    (spots, of)
}

/// Gives each spot its sector: parents stand before their children.
fn divide(spots: &mut [Spot]) {
    let own = |spot: &Spot| if spot.is_bunch() { 2.0_f64 } else { 1.0 };
    let mut below = vec![0.0_f64; spots.len()];
    let mut roots = 0.0;
    for (place, spot) in spots.iter().enumerate().rev() {
        let weight = own(spot).max(below[place]);
        below[place] = weight;
        match spot.parent {
            Some(parent) => below[parent] += weight,
            None => roots += weight,
        }
    }
    // How much of each sector is given away, and of the whole circle.
    let mut given = vec![0.0; spots.len()];
    let mut given_of_all = 0.0;
    for place in 0..spots.len() {
        let parent = spots[place].parent;
        let (sector, whole, given) = match parent {
            Some(parent) => (spots[parent].sector, below[parent], &mut given[parent]),
            None => ((TOP, TOP + TAU), roots, &mut given_of_all),
        };
        let width = (sector.1 - sector.0) / whole;
        let from = sector.0 + *given * width;
        *given += below[place];
        spots[place].sector = (from, from + below[place] * width);
    }
}

fn radii(spots: &[Spot], rings: u32) -> Vec<f64> {
    let mut angles = vec![Vec::new(); rings as usize];
    for spot in spots {
        angles[spot.ring as usize].push(middle(spot.sector));
    }
    let mut radii = Vec::with_capacity(angles.len());
    for (ring, mut angles) in angles.into_iter().enumerate() {
        angles.sort_by(f64::total_cmp);
        let around = angles.first().map(|first| first + TAU);
        let next = angles.iter().copied().skip(1).chain(around);
        let narrowest = angles.iter().zip(next).map(|(one, next)| next - one).fold(TAU / 2.0, f64::min);
        let inside = if ring == 0 { 0.0 } else { radii[ring - 1] + RING_WIDTH };
        let demanded = if angles.len() < 2 { 0.0 } else { GAP / (2.0 * (narrowest / 2.0).sin()) };
        radii.push(demanded.max(inside));
    }
    radii
}

fn middle((from, to): (f64, f64)) -> f64 {
    f64::midpoint(from, to)
}
