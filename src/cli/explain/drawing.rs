//! Pictures and the page, written to files.

use crate::flood::{Flood, Model};
use crate::picture;
use crate::telling::Language;
use crate::telling::counted::QUESTION;
use crate::text::escape_path;
use std::fs;
use std::path::{Path, PathBuf};

/// Which pictures are wanted, and where.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in super::super) struct Drawings {
    /// Write a page that plays them, for any browser
    #[arg(long, value_name = "HTML")]
    page: Option<PathBuf>,
    /// Draw the first question as rings, a ring a hop
    #[arg(long, value_name = "SVG")]
    rings: Option<PathBuf>,
    /// Draw the first question as a sequence, a lane a servent
    #[arg(long, value_name = "SVG")]
    sequence: Option<PathBuf>,
}

impl Drawings {
    /// A page alone, if one is wanted.
    pub(in super::super) fn page(page: Option<PathBuf>) -> Self {
        Self { page, ..Self::default() }
    }

    /// Where they go, each with its option.
    pub(in super::super) fn files(&self) -> [(&'static str, Option<&Path>); 3] {
        let Self { page, rings, sequence } = self;
        [("--page", page.as_deref()), ("--rings", rings.as_deref()), ("--sequence", sequence.as_deref())]
    }

    /// Writes them all. What there is to say of them, or what went wrong.
    pub(in super::super) fn write(
        &self,
        model: &Model,
        floods: &[&Flood],
        language: Language,
    ) -> Result<Vec<String>, String> {
        let mut remarks = Vec::new();
        let wants_one = self.rings.is_some() || self.sequence.is_some();
        if wants_one && floods.len() > 1 {
            let all = language.count(floods.len() as u64, QUESTION);
            remarks.push(match language {
                Language::English => {
                    format!("the first of {all} is drawn; --key and --client choose another, --page has all")
                }
                Language::Portuguese => {
                    format!("de {all}, a primeira é desenhada; --key e --client escolhem outra, --page tem todas")
                }
            });
        }
        type Draw<'a> = &'a dyn Fn() -> Option<String>;
        let one =
            |draw: fn(&Model, &Flood, Language) -> String| floods.first().map(|flood| draw(model, flood, language));
        let wanted: [(&Option<PathBuf>, Draw<'_>); 3] = [
            (&self.page, &|| Some(picture::page(model, floods, language))),
            (&self.rings, &|| one(picture::rings)),
            (&self.sequence, &|| one(picture::sequence)),
        ];
        for (path, draw) in wanted {
            let Some(path) = path else { continue };
            let Some(drawn) = draw() else {
                let english = "not written, for there is no question to draw";
                let what = language.of(english, "nada foi escrito, pois não há pergunta a desenhar");
                remarks.push(format!("{}: {what}", escape_path(path)));
                continue;
            };
            fs::write(path, drawn).map_err(|error| format!("{}: {error}", escape_path(path)))?;
        }
        Ok(remarks)
    }
}
