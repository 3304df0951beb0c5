//! A flood drawn: rings and sequence as SVG, and the page that plays it. A sweep drawn: a chart, and a page with it.
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
//! | `story` | what happened to a servent, in words |
//! | `table` | a flood as tables |
//! | `document` | the page |
//! | `chart`, `chart_page` | a sweep as SVG, and as a page |
//! | `served` | the page as files, for a server that adds floods to it while they happen |
//! | `data`, `interface` | what its script is given, and the words on its controls |
//! | `page/` | its style and script, each file a part of the page; the symbols |

mod chart;
mod chart_page;
mod data;
mod document;
mod interface;
mod rings;
mod scene;
mod sectors;
mod sequence;
mod served;
mod story;
mod svg;
mod table;
mod words;
#[cfg(test)]
mod tests;

pub use chart::chart;
pub use chart_page::chart_page;
pub(crate) use document::PAGE_CSS;
pub use served::{DELAY_MS_MAX, Served, notice, served};
pub(crate) use svg::markup;
pub use words::Words;

use crate::flood::{Flood, Model};
use crate::telling::Language;
use scene::Scene;
use sectors::Layout;

/// A flood as rings: an SVG document.
#[must_use]
pub fn rings(model: &Model, flood: &Flood, language: Language) -> String {
    let scene = Scene::new(model, flood);
    rings::draw(&scene, &Layout::new(&scene), Some(language), language)
}

/// A flood as a sequence of messages: an SVG document.
#[must_use]
pub fn sequence(model: &Model, flood: &Flood, language: Language) -> String {
    let scene = Scene::new(model, flood);
    sequence::draw(&scene, &Layout::new(&scene), Some(language), language)
}

/// Floods as a page: one HTML document that plays them, and shows them also where no script runs. `language` is for
/// those; else the browser's is chosen. Floods that find no room on it are counted there.
#[must_use]
pub fn page(model: &Model, floods: &[&Flood], language: Language) -> String {
    document::write(model, floods, language)
}

/// A flood to be added to a page that is open already: its article, and its data as JSON. The page's script takes them by
/// `page.add(html, flood)`, and then plays the flood as if it had been there from the start.
#[must_use]
pub fn part(model: &Model, flood: &Flood, number: usize) -> (String, String) {
    let (html, data) = document::part(model, flood, number, Language::default());
    (html, data.to_string())
}
