//! `tp3 explain FILE|DIR...`

mod drawing;
mod progress;
mod reading;
mod remarks;

use super::values;
use super::{EXIT_FAILURE, EXIT_USAGE, complain, exit_of_output, exit_with_usage};
use super::{command, manual, overlay_file, written};
use crate::console::patient::Patient;
use crate::flood::{Flood, Memory, Model, Peer, PeerId, Records};
use crate::overlay::Located;
use crate::protocol::{SeenConfig, Store};
use crate::serving::FileId;
use crate::telling::{Language, Style, json, tell};
use crate::text::escape_path;
use anstream::{AutoStream, ColorChoice};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
pub(super) use drawing::Drawings;
pub(super) use reading::Readings;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::env;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddrV4;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program's name, and the verb.
const NAME: &str = "tp3 explain";

/// Columns where the output is no terminal.
const WIDTH: usize = 100;

/// What became of each question, from traces and captures
///
/// Reads traces (serventTP3 --trace) and captures (pcap, pcapng) of any number of servents and tells of each question
/// who got it from whom, when, and what each did with it; what was sent twice or lost; and of every servent that was not
/// reached why. What breaks the protocol is named with its clause. Traces of several machines are brought onto one time
/// line; what no record tells is said to be unknown.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct ExplainArgs {
    /// Traces and captures, or folders of them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Tell only of questions for this key
    #[arg(long, value_name = "KEY")]
    key: Option<OsString>,
    /// Tell only of questions of this client: IP or IP:PORT
    #[arg(long, value_name = "CLIENT", value_parser = values::client)]
    client: Option<String>,
    /// Tell as well what this overlay file leads to expect
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Take the overlay file's ports from N on
    ///
    /// As --port-base of tp3 overlay does: the lowest port that it listens on becomes N, and the others keep their
    /// distance.
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = values::port, requires = "overlay")]
    port_base: Option<u16>,
    /// Print a JSON object for each question, a line each
    #[arg(long)]
    json: bool,
    /// Tell in this language, en or pt [default: locale's]
    #[arg(long, value_name = "LANG", hide_possible_values = true)]
    lang: Option<Lang>,
    #[command(flatten)]
    drawings: Drawings,
    /// Exit with 1 if anything breaks the protocol
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// Portuguese
    Pt,
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<ExplainArgs>(&manual::EXPLAIN, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let language = language(args.lang);
    let mut readings = Readings::new(language);
    let overlay = match args.overlay() {
        Ok(overlay) => overlay,
        Err(ended) => return ended,
    };
    if let Some(overlay) = &overlay {
        expect(&mut readings.records, overlay);
    }
    readings.read(&args.files);
    let readings = readings.finish();
    readings.remarks.iter().for_each(|remark| complain(NAME, remark));
    if readings.used == 0 {
        complain(NAME, language.of("nothing of use was read", "nada de útil foi lido"));
        return ExitCode::from(EXIT_USAGE);
    }
    // What a folder holds is known by now.
    let read = readings.known.iter().cloned().chain(args.read(overlay.as_ref()));
    if let Err(message) = written::check(read, args.drawings.files(), language) {
        return exit_with_usage(&ExplainArgs::command().error(ErrorKind::ValueValidation, message), &manual::EXPLAIN);
    }
    let model = readings.into_model();
    let chosen: Vec<_> = model.floods.iter().filter(|flood| args.is_chosen(flood)).collect();
    if let Some(overlay) = overlay {
        let file = args.overlay.as_deref().map(escape_path).unwrap_or_default();
        let others = others(&model, &overlay);
        if !is_met(&model, &overlay) {
            complain(NAME, remarks::unfit(language, &file, overlay.addresses().first().copied()));
        } else if !others.is_empty() {
            complain(NAME, remarks::others(language, &file, &others));
        }
    }
    what_was_left(&model, chosen.len(), language).iter().for_each(|remark| complain(NAME, remark));
    match args.drawings.write(&model, &chosen, language) {
        Ok(remarks) => remarks.iter().for_each(|remark| complain(NAME, remark)),
        Err(error) => {
            complain(NAME, error);
            return ExitCode::from(EXIT_FAILURE);
        }
    }
    let is_coloured = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let printed = print(&model, &chosen, &Manner { language, json: args.json, is_coloured });
    let has_findings = chosen.iter().any(|flood| !flood.findings.is_empty());
    match exit_of_output(printed, &manual::EXPLAIN) {
        ended if ended != ExitCode::SUCCESS => ended,
        _ if args.strict && has_findings => ExitCode::from(EXIT_FAILURE),
        ended => ended,
    }
}

impl ExplainArgs {
    /// The overlay that is to be expected, if there is one; `Err` is the end of a program that can't have it.
    fn overlay(&self) -> Result<Option<Located>, ExitCode> {
        let Some(file) = &self.overlay else { return Ok(None) };
        let refuse = |error| {
            complain(NAME, error);
            ExitCode::from(EXIT_USAGE)
        };
        let loaded = overlay_file::load(file, &[]).map_err(refuse)?;
        let shifted = overlay_file::shifted(&loaded, self.port_base).map_err(|message| {
            exit_with_usage(&Self::command().error(ErrorKind::ValueValidation, message), &manual::EXPLAIN)
        })?;
        Ok(Some(overlay_file::located(shifted, file).map_err(refuse)?))
    }

    /// The files that were named.
    fn read(&self, overlay: Option<&Located>) -> Vec<FileId> {
        let named = self.files.iter().chain(&self.overlay).map(|file| FileId::at(file));
        let held = overlay.into_iter().flat_map(|overlay| overlay.file().kv_files()).map(|file| FileId::at(&file));
        named.chain(held).collect()
    }

    fn is_chosen(&self, flood: &Flood) -> bool {
        let is_key = self.key.as_ref().is_none_or(|key| key.as_bytes() == &*flood.key);
        let client = flood.client;
        let is_client = |typed: &String| *typed == client.to_string() || *typed == client.ip().to_string();
        is_key && self.client.as_ref().is_none_or(is_client)
    }
}

/// What there is to say of what was read and is not told: events that count once, and that no question is among them.
pub(super) fn what_was_left(model: &Model, chosen: usize, language: Language) -> Vec<String> {
    let mut left = Vec::new();
    if model.repeated > 0 {
        left.push(remarks::told_again(language, model.repeated));
    }
    match model.floods.len() {
        0 => left.push(language.of("no question is in what was read", "não há pergunta no que foi lido").to_owned()),
        all if chosen == 0 => left.push(remarks::none_chosen(language, all)),
        _ => {}
    }
    left
}

/// The language to tell in: this one, or the locale's.
pub(super) fn language(lang: Option<Lang>) -> Language {
    match lang {
        Some(Lang::En) => Language::English,
        Some(Lang::Pt) => Language::Portuguese,
        None => {
            let set = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
            Language::of_locale(&["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default())
        }
    }
}

/// How floods are told on standard output.
pub(super) struct Manner {
    pub(super) language: Language,
    pub(super) json: bool,
    pub(super) is_coloured: bool,
}

/// Tells of floods, one after the other.
pub(super) fn print(model: &Model, floods: &[&Flood], manner: &Manner) -> io::Result<()> {
    let mut out = BufWriter::new(Patient(io::stdout()));
    let columns = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    let style = Style {
        language: manner.language,
        width: columns.filter(|&columns| columns > 0).unwrap_or(WIDTH),
        is_coloured: manner.is_coloured,
    };
    for (number, flood) in floods.iter().enumerate() {
        if manner.json {
            writeln!(out, "{}", json(model, flood))?;
        } else {
            let gap = if number == 0 { "" } else { "\n" };
            write!(out, "{gap}{}", tell(model, flood, style))?;
        }
    }
    out.flush()
}

/// Whether anything tells of a servent of an overlay.
fn is_met(model: &Model, overlay: &Located) -> bool {
    let its: HashSet<SocketAddrV4> = overlay.addresses().iter().copied().collect();
    let is_its = |peer: PeerId| its.contains(&model.peer(peer).address);
    let is_traced = |peer: &Peer| !peer.runs.is_empty() && its.contains(&peer.address);
    let is_in = |flood: &Flood| {
        flood.visits.iter().any(|visit| is_its(visit.servent)) || flood.copies.iter().any(|copy| is_its(copy.to))
    };
    model.peers.iter().any(is_traced) || model.floods.iter().any(is_in)
}

/// The servents that are traced or were reached, and are none of an overlay.
fn others(model: &Model, overlay: &Located) -> BTreeSet<SocketAddrV4> {
    let traced = model.peers.iter().filter(|peer| !peer.runs.is_empty()).map(|peer| peer.address);
    let visits = model.floods.iter().flat_map(|flood| &flood.visits);
    let reached = visits.map(|visit| model.peer(visit.servent).address);
    let told: BTreeSet<_> = traced.chain(reached).collect();
    let its: BTreeSet<_> = overlay.addresses().iter().copied().collect();
    &told - &its
}

/// Says who neighbours whom, who holds what, and what they remember, by an overlay file. Where a key-value file has changed since, the model
/// tells what it holds now.
pub(super) fn expect(records: &mut Records, overlay: &Located) {
    let mut stores: HashMap<SocketAddrV4, Store> = HashMap::new();
    for ((address, line), file) in overlay.lines().zip(overlay.file().kv_files()) {
        // Where a name's address can't be told from here, its trace tells.
        let neighbours: Option<Vec<_>> = overlay.neighbours(line).collect();
        if let Some(neighbours) = neighbours {
            records.neighbours(address, neighbours);
        }
        let SeenConfig { expiry, capacity } = line.command().seen;
        let expiry_nanos = i64::try_from(expiry.as_nanos()).unwrap_or(i64::MAX);
        records.remember(address, Memory { expiry_nanos, capacity });
        if let Some(store) = store(&file) {
            stores.insert(address, store);
        }
    }
    records.hold(move |address, key| Some(stores.get(&address)?.response(key).is_some()));
}

/// What a key-value file holds, unless it is no ordinary file.
fn store(file: &Path) -> Option<Store> {
    if !file.is_file() {
        return None;
    }
    Some(Store::read(file).ok()?.store)
}
