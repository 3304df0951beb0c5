//! A man page.

use super::super::manual::{Entry, Manual, Section};
use super::super::toolbox::VERBS;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io::{self, Write};

/// The commit's date, if the program was built in a checkout.
const DATE: &str = env!("TP3_DATE");

/// Writes the man page of a program.
///
/// # Errors
/// What the writer says.
pub(super) fn write(command: &Command, manual: &Manual, page: &mut Vec<u8>) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let program = manual.name.split(' ').next().unwrap_or_default();
    let man = Man::new(adapted(command.clone(), manual))
        .title(manual.page())
        .date(DATE)
        .source(format!("{program} {version}"))
        .manual("Peer-to-peer key-value store");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    verbs(command, manual).map_or(Ok(()), |section| section.to_writer(&mut text))?;
    // Where else to look comes last on every page.
    let (last, sections) = manual.sections.split_last().expect("a manual has sections");
    let sections = sections.iter().chain(manual.reference).chain([last]);
    sections.map(section).try_for_each(|section| section.to_writer(&mut text))?;
    page.write_all(&text)
}

/// The definition as a man page wants it: the usage as the synopsis; a description that does not begin with the line
/// that stands in the name section already; one paragraph on each option, also on those that `-h` leaves out.
fn adapted(mut command: Command, manual: &Manual) -> Command {
    let usage = command.render_usage().to_string();
    let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let description = about.split_once("\n\n").map_or(about.as_str(), |(_, rest)| rest).to_owned();
    let command = command.display_name(manual.page()).override_usage(usage.trim_start_matches("Usage: ").to_owned());
    command.long_about(description).mut_args(|arg| {
        let help = arg.get_long_help().map(|help| help.to_string().replace("\n\n", ". "));
        let arg = arg.hide_short_help(false);
        match help {
            Some(help) => arg.long_help(help),
            None => arg,
        }
    })
}

/// The verbs of a program that has some, each by the name of its man page.
fn verbs(command: &Command, manual: &Manual) -> Option<Roff> {
    let mut roff = Roff::new();
    roff.control("SH", ["VERBS"]);
    let pages = VERBS.iter().map(|verb| format!("{}-{}(1)", manual.name, verb.name()));
    let mut listed = command.get_subcommands().zip(pages).peekable();
    listed.peek()?;
    for (verb, page) in listed {
        roff.control("TP", []);
        roff.text([bold(page)]);
        roff.text([roman(verb.get_about().map(ToString::to_string).unwrap_or_default())]);
    }
    Some(roff)
}

fn section(section: &Section) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [section.title.to_uppercase().as_str()]);
    for (index, entry) in section.entries.iter().enumerate() {
        match entry {
            Entry::Text(text) => {
                if index > 0 {
                    roff.control("PP", []);
                }
                roff.text([roman(*text)]);
            }
            Entry::Lines(lines) => {
                roff.control("PP", []).control("RS", ["4"]).control("nf", []);
                lines.lines().for_each(|line| {
                    roff.text([roman(line)]);
                });
                roff.control("fi", []).control("RE", []);
            }
            _ => {
                for (term, meaning) in entry.terms() {
                    roff.control("TP", []);
                    roff.text([bold(term)]);
                    roff.text([roman(meaning)]);
                }
            }
        }
    }
    roff
}
