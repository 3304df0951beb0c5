//! What became of the questions that were asked, told when the overlay has ended; and where the traces go meanwhile.

use super::{OverlayArgs, exit_of_signal};
use crate::cli::explain::{self, Drawings, Manner, Readings};
use crate::cli::links;
use crate::cli::manual;
use crate::cli::{complain, exit_of_output, say, written};
use crate::console::client_ui::Interrupt;
use crate::console::patient::Patient;
use crate::console::session::SessionConfig;
use crate::entropy::secret;
use crate::overlay::{Located, Sniffer, SnifferError};
use crate::serving::FileId;
use crate::telling::Language;
use crate::text::escape_path;
use crate::types::Ttl;
use crossbeam_channel::{Receiver, after, select};
use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Where the traces go that lines do not have themselves.
pub(super) struct Traces {
    pub(super) folder: PathBuf,
    /// It is to be gone at the end.
    _temporary: Option<Folder>,
}

/// That the page overwrites nothing that is read: the overlay file, and of its servents what they hold and write.
fn check_page(args: &OverlayArgs, overlay: Option<&Located>) -> Result<(), String> {
    let servents = overlay.map(Located::file).into_iter().flat_map(|file| file.kv_files().chain(file.traces()));
    let read = servents.chain([args.file.clone()]).chain(args.asking.history()).map(|file| FileId::at(&file));
    written::check(read, [("--page", args.page.as_deref())], explain::language(None))
}

/// The folder for traces, if there are to be any.
pub(super) fn traces(args: &OverlayArgs) -> Result<Option<Traces>, String> {
    check_page(args, None)?;
    let refuse = |folder: &Path, error: io::Error| format!("{}: cannot be made: {error}", escape_path(folder));
    match &args.trace {
        Some(folder) => {
            // What is only printed makes nothing.
            if !args.print_json {
                fs::create_dir_all(folder).map_err(|error| refuse(folder, error))?;
            }
            Ok(Some(Traces { folder: folder.clone(), _temporary: None }))
        }
        None if args.explain.is_some() => {
            let made = Folder::new().map_err(|error| refuse(&env::temp_dir(), error))?;
            Ok(Some(Traces { folder: made.path().to_owned(), _temporary: Some(made) }))
        }
        None => Ok(None),
    }
}

/// Where traces go that nobody asked for: a folder that is gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    /// A new one, which nobody else can look into.
    ///
    /// # Errors
    /// What the system says if there can be none.
    fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("tp3-{:016x}", secret()[0]));
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What somebody else put there stays with it.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// What servents and a busy machine take at most beside the delays of links.
const GRACE: Duration = Duration::from_secs(1);

/// Waits, if links hold QUERYs back, until what is under way has arrived everywhere, so that the whole flood is told; no
/// longer after Ctrl-C. `false`: the program is to end at once.
pub(super) fn let_arrive(
    args: &OverlayArgs,
    overlay: &Located,
    asked: &SessionConfig,
    interrupt_rx: &Receiver<Interrupt>,
) -> bool {
    let of_all = args.links().unwrap_or_default().delay_max();
    let longest = links::own_delays(overlay.file()).fold(of_all, Duration::max);
    if longest.is_zero() {
        return true;
    }
    // Keys that are given are done a time-out after they were last asked; a wait at the prompt can be cut short.
    let waited = if asked.keys.is_empty() { Duration::ZERO } else { asked.patience.timeout };
    let rest = (longest * Ttl::INITIAL.0.into() + GRACE).saturating_sub(waited);
    if rest.is_zero() {
        return true;
    }
    say(match explain::language(None) {
        Language::English => format!("waiting {rest:.1?} for what links may still hold (Ctrl-C: do not wait)"),
        Language::Portuguese => {
            let rest = format!("{rest:.1?}").replace('.', ",");
            format!("esperando {rest} pelo que os enlaces ainda podem reter (Ctrl-C: não esperar)")
        }
    });
    let all_rx = after(rest);
    loop {
        select! {
            recv(all_rx) -> _ => return true,
            recv(interrupt_rx) -> interrupt => match interrupt {
                Ok(Interrupt::Resized | Interrupt::GoneOn) => {}
                Ok(Interrupt::User) | Err(_) => return true,
                Ok(Interrupt::Leave) => return false,
            },
        }
    }
}

/// A capture of what the servents and the client say, while they do.
pub(super) struct Capture {
    sniffer: Sniffer,
    into: Captured,
}

/// A capture in a file that is gone when this is dropped.
pub(super) struct Captured {
    file: PathBuf,
    _folder: Folder,
}

/// Begins to capture if servents are to be explained that write no trace. That it is not allowed is said, and not more: `None`
/// then, and what these servents did is not known. The inner `Err` is the exit code if a signal comes first, the outer one also
/// that the page would overwrite what servents hold or write.
pub(super) fn capture(
    args: &OverlayArgs,
    overlay: &Located,
    client: u16,
    signal_rx: &Receiver<i32>,
) -> Result<Result<Option<Capture>, u8>, String> {
    check_page(args, Some(overlay))?;
    if args.explain.is_none() || overlay.foreign().next().is_none() {
        return Ok(Ok(None));
    }
    let ports = overlay.addresses().iter().map(|address| address.port()).chain([client]);
    let cannot = |error: io::Error| format!("cannot capture: {error}");
    let folder = Folder::new().map_err(cannot)?;
    let file = folder.path().join("capture");
    let launcher = env::current_exe().map_err(cannot)?;
    match Sniffer::start(&launcher, ports, &file, signal_rx) {
        Ok(sniffer) => Ok(Ok(Some(Capture { sniffer, into: Captured { file, _folder: folder } }))),
        Err(SnifferError::System(error)) => Err(cannot(error)),
        Err(SnifferError::Interrupted(signal)) => Ok(Err(exit_of_signal(signal))),
        Err(refused @ SnifferError::Refused(_)) => {
            complain(super::NAME, format_args!("what servents of other programs do is unknown: {refused}"));
            say("tip: dumpcap or tcpdump, run by root or by who may capture (Debian: group wireshark), tells it");
            Ok(Ok(None))
        }
    }
}

impl Capture {
    /// Ends it when all that was sent is in it. What is lacking is said.
    pub(super) fn finish(self) -> Captured {
        match self.sniffer.finish() {
            Ok(None) => {}
            Ok(Some(lacking)) => complain(super::NAME, format_args!("the capture is not whole: {lacking}")),
            Err(error) => complain(super::NAME, format_args!("the capture is not whole: {error}")),
        }
        self.into
    }
}

/// Tells what became of each question, from the traces of the servents of `overlay` and what was captured of those that write
/// none; `Err` is the end of a program that could not.
pub(super) fn explain(args: &OverlayArgs, overlay: &Located, captured: Option<&Captured>) -> Result<(), ExitCode> {
    let language = explain::language(None);
    let mut readings = Readings::new(language);
    readings.captures_fill_gaps = true;
    explain::expect(&mut readings.records, overlay);
    // A pipe's reader has had it already.
    let (files, others): (Vec<_>, Vec<_>) = overlay.file().traces().partition(|trace| trace.is_file());
    for other in others {
        let what = language.of("it is no file, and was not read", "não é um arquivo, e não foi lido");
        complain(super::NAME, format_args!("{}: {what}", escape_path(&other)));
    }
    let files: Vec<_> = files.into_iter().chain(captured.map(|captured| captured.file.clone())).collect();
    readings.read(&files);
    let readings = readings.finish();
    readings.remarks.iter().for_each(|remark| complain(super::NAME, remark));
    let model = readings.into_model();
    let floods: Vec<_> = model.floods.iter().collect();
    explain::what_was_left(&model, floods.len(), language).iter().for_each(|remark| complain(super::NAME, remark));
    let remarks = Drawings::page(args.page.clone()).write(&model, &floods, language).map_err(super::fail)?;
    remarks.iter().for_each(|remark| complain(super::NAME, remark));
    let (json, is_coloured) = (args.asking.writes_json(), args.asking.is_coloured());
    let told = separate(json || floods.is_empty(), || {
        explain::print(&model, &floods, &Manner { language, json, is_coloured })
    });
    match exit_of_output(told, &manual::OVERLAY) {
        ended if ended == ExitCode::SUCCESS => Ok(()),
        ended => Err(ended),
    }
}

/// Lets `print` write behind the answers: an empty line further down, unless `is_close`.
fn separate(is_close: bool, print: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    if !is_close {
        writeln!(Patient(io::stdout()))?;
    }
    print()
}
