//! What can stand for a graph, a loss, a delay: each refused with an example of how it is done.

use super::super::{links, overlay_file, values};
use crate::loading;
use crate::overlay::{OverlayFile, OverlayFileError};
use crate::sim::{Graph, ServentId};
use crate::sweep::{Delay, Holders, Loss, Shape};
use crate::telling::Language;
use crate::text::escape;
use std::path::{Path, PathBuf};

/// Where the graph comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Chosen {
    /// It has a name.
    Shape(Shape),
    /// It is that of an overlay file.
    File(PathBuf),
}

/// Reads the name of a graph or of a file.
pub(super) fn graph(typed: &str) -> Result<Chosen, String> {
    match Shape::of_name(typed) {
        Some(shape) => shape.map(Chosen::Shape).map_err(|error| error.to_string()),
        None if !typed.is_empty() && Path::new(typed).exists() => Ok(Chosen::File(PathBuf::from(typed))),
        None => Err(format!(
            "there is no such overlay file, and no such graph, for example regular:4; expected {} or a file",
            Shape::NAMES
        )),
    }
}

/// Reads a percentage.
pub(super) fn loss(typed: &str) -> Result<Loss, String> {
    links::loss(typed).map(|loss| Loss(loss.percent()))
}

/// Reads how long links take.
pub(super) fn delay(typed: &str) -> Result<Delay, String> {
    match typed.strip_prefix("exp:") {
        Some(mean) => links::delay(mean)
            .ok()
            .map(|delay| delay.parts())
            .and_then(|(mean, jitter)| jitter.is_zero().then_some(Delay::Exponential(mean)))
            .ok_or_else(|| "expected a time behind exp:, for example exp:50ms".to_owned()),
        None => links::delay(typed).map(|delay| {
            let (mean, jitter) = delay.parts();
            Delay::Uniform(mean, jitter)
        }),
    }
}

/// Reads how many hold the key.
pub(super) fn holders(typed: &str) -> Result<Holders, String> {
    let holders = match typed.strip_suffix('%') {
        Some(percent) => {
            let percent = links::loss(percent).ok().map(links::Loss::percent);
            percent.filter(|&percent| percent > 0.0).map(Holders::Percent)
        }
        None if typed == "all" => Some(Holders::All),
        None => typed.parse().ok().filter(|&count| count > 0).map(Holders::Count),
    };
    holders.ok_or_else(|| "expected a number from 1 on, a percentage above 0 or all, for example 100 or 10%".to_owned())
}

/// Reads a time-to-live up to `max`.
pub(super) fn ttl(max: u16) -> impl Fn(&str) -> Result<u16, String> + Clone + Send + Sync {
    let number = values::number(1..=max.into(), 3);
    // It is at most a number of 16 bits.
    move |typed| number(typed).map(|ttl| ttl as u16)
}

/// Reads what is drawn from.
pub(super) fn seed(typed: &str) -> Result<u64, String> {
    typed.parse().map_err(|_| format!("expected a whole number from 0 to {}, for example 7", u64::MAX))
}

/// Who neighbours whom by an overlay file, and what is left out of it.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn graph_of(file: &Path, language: Language) -> Result<(Graph, Vec<String>), String> {
    let unreadable = |error| OverlayFileError::new(file, None, format!("cannot be read: {error}")).to_string();
    let bytes = loading::read(file, OverlayFile::LEN_MAX).map_err(unreadable)?;
    // Nothing is run, so what a servent would hold may be absent.
    let overlay = OverlayFile::parse(file, &bytes, overlay_file::read_line, |_, _| Ok(()));
    let (lists, remarks) = lists(&overlay.map_err(|error| error.to_string())?, language);
    Graph::from_neighbours(lists).map(|graph| (graph, remarks)).map_err(|error| error.to_string())
}

/// The neighbour lists of a file's servents, in the order of its lines. Who is none of them is nobody that a question
/// could reach.
fn lists(overlay: &OverlayFile, language: Language) -> (Vec<Vec<ServentId>>, Vec<String>) {
    let mut remarks = Vec::new();
    let mut lists = Vec::new();
    for (own, line) in (0..).zip(overlay.lines()) {
        let mut list: Vec<ServentId> = Vec::new();
        for neighbour in &line.command().neighbours {
            let place = overlay.place_of(neighbour).and_then(|place| u32::try_from(place).ok());
            match place {
                Some(place) if place != own => {
                    if !list.contains(&ServentId(place)) {
                        list.push(ServentId(place));
                    }
                }
                found => {
                    let (number, typed) = (line.number(), escape(neighbour.typed.as_bytes()));
                    remarks.push(left_out(language, number, &typed, found.is_some()));
                }
            }
        }
        lists.push(list);
    }
    (lists, remarks)
}

fn left_out(language: Language, line: usize, typed: &str, is_itself: bool) -> String {
    match language {
        Language::English => {
            let why = if is_itself { "the servent itself" } else { "no servent of the file" };
            format!("line {line}: the neighbour {typed} is {why}, and left out")
        }
        Language::Portuguese => {
            let why = if is_itself { "o próprio servent" } else { "nenhum servent do arquivo" };
            format!("linha {line}: o vizinho {typed} é {why}, e fica de fora")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_is_typed_is_read_and_shown_as_it_can_be_typed() {
        for (typed, expected) in [
            ("50ms", Delay::Uniform(50 * MS, Duration::ZERO)),
            ("50ms±25ms", Delay::Uniform(50 * MS, 25 * MS)),
            ("50ms+-25ms", Delay::Uniform(50 * MS, 25 * MS)),
            ("exp:50ms", Delay::Exponential(50 * MS)),
        ] {
            assert_eq!(delay(typed), Ok(expected), "{typed}");
            assert_eq!(delay(&expected.to_string()), Ok(expected), "{typed}");
        }
        for typed in ["exp:", "exp:50ms±1ms", "exp", "normal:5ms"] {
            assert!(delay(typed).unwrap_err().contains("for example"), "{typed}");
        }
        for (typed, expected) in [("all", Holders::All), ("10%", Holders::Percent(10.0)), ("7", Holders::Count(7))] {
            assert_eq!(holders(typed), Ok(expected));
        }
        for typed in ["0", "0%", "-0%", "none", "101%", "-1", "1.5"] {
            assert!(holders(typed).unwrap_err().contains("for example"), "{typed}");
        }
        assert_eq!((ttl(15)("15"), ttl(15)("16").is_err(), ttl(15)("0").is_err()), (Ok(15), true, true));
        assert_eq!(graph("regular:3"), Ok(Chosen::Shape(Shape::Regular(3))));
        assert_eq!(graph("Cargo.toml"), Ok(Chosen::File("Cargo.toml".into())));
    }
}
