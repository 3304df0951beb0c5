//! A flood drawn: rings and sequence as SVG, and the page that plays it.
//!
//! ```text
//!   Model, Flood ─▶ Scene ─▶ Layout ─┬─▶ rings, sequence        as files
//!                                    └─▶ the same, tables, data ─▶ page
//! ```
//!
//! Everything that is seen is decided and made here; the page's script shows and hides it along the time, and moves what
//! is under way.
//!
//! **Invariants:** no I/O, no clock; the same model gives the same bytes. What strangers wrote is text and nothing else.
//! What is left out of a picture is counted in it.
//!
//! | file | holds |
//! |---|---|
//! | `scene` | who takes part in a picture, in which state, where in the tree |
//! | `sectors` | where everybody stands on the rings, and who stands in a bunch |
//! | `svg` | SVG and text in it |
//! | `rings`, `sequence` | the two pictures |
//! | `words` | what they say, in English and Portuguese |

mod rings;
mod scene;
mod sectors;
mod sequence;
mod svg;
mod words;
#[cfg(test)]
mod tests;

use crate::flood::{Flood, Model};
use crate::telling::Language;
use scene::Scene;
use sectors::Layout;

/// A flood as rings: an SVG document.
#[must_use]
pub fn rings(model: &Model, flood: &Flood, language: Language) -> String {
    let scene = Scene::new(model, flood);
    rings::draw(&scene, &Layout::new(&scene), Some(language))
}

/// A flood as a sequence of messages: an SVG document.
#[must_use]
pub fn sequence(model: &Model, flood: &Flood, language: Language) -> String {
    let scene = Scene::new(model, flood);
    sequence::draw(&scene, &Layout::new(&scene), Some(language))
}
