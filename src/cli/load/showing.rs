//! What is shown and written while a load runs.

use super::{LoadArgs, NAME};
use crate::cli::complain;
use crate::console::patient::Patient;
use crate::console::standard_error;
use crate::load::report::{hdr, text};
use crate::load::running::Report;
use crate::load::{Counts, Interval, Keys};
use crate::text::escape_path;
use rustix::termios::tcgetwinsize;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::net::SocketAddrV4;
use std::time::Duration;

/// Back to the beginning of the line, which is erased.
const ERASE: &str = "\r\x1b[K";

/// How long an interval of HdrHistogram's log, and of the line that changes, is at the least.
const INTERVAL: Duration = Duration::from_millis(950);

/// What became of what is written while a load runs.
pub(super) struct Written {
    /// Of standard output, the first error.
    pub(super) lines: io::Result<()>,
    /// Whether the log that was asked for has all, and why not was said otherwise.
    pub(super) is_log_whole: bool,
}

/// What was reported in all.
pub(super) struct Shown {
    pub(super) whole: Interval,
    /// Who answered.
    pub(super) roster: Vec<SocketAddrV4>,
    pub(super) last: Option<Report>,
    pub(super) written: Written,
}

/// Adds up what is reported, and shows it.
pub(super) struct Showing {
    whole: Interval,
    /// What is not yet in the log, since when, and the counts at that time.
    recent: Interval,
    recent_since: Duration,
    counts_before: Counts,
    roster: Vec<SocketAddrV4>,
    last: Option<Report>,
    log: Option<hdr::Log<BufWriter<File>>>,
    written: Written,
    wall_nanos: u64,
    /// The keys, where each question is told of.
    keys: Option<Keys>,
    is_live: bool,
}

impl Showing {
    /// For a load that begins at `wall_nanos`.
    ///
    /// # Errors
    /// A file that can't be made.
    pub(super) fn new(args: &LoadArgs, keys: &Keys, wall_nanos: u64) -> Result<Self, String> {
        let create = |path| {
            let file = File::create(path).map_err(|error| format!("cannot write {}: {error}", escape_path(path)))?;
            Ok::<_, String>(hdr::Log::new(BufWriter::new(file)))
        };
        let keys = args.tells_questions().then(|| keys.clone());
        Ok(Self {
            whole: Interval::default(),
            recent: Interval::default(),
            recent_since: Duration::ZERO,
            counts_before: Counts::default(),
            roster: Vec::new(),
            last: None,
            log: args.hdr.as_deref().map(create).transpose()?,
            written: Written { lines: Ok(()), is_log_whole: true },
            wall_nanos,
            is_live: keys.is_none() && io::stderr().is_terminal(),
            keys,
        })
    }

    /// Adds a report.
    pub(super) fn take(&mut self, report: Report) {
        self.roster.extend(&report.newcomers);
        self.recent.add(&report.interval);
        self.tell_questions(&report);
        if report.since_start.saturating_sub(self.recent_since) >= INTERVAL {
            self.show(&report);
            self.end_interval(report.since_start);
            self.counts_before = report.counts;
        }
        self.last = Some(report);
    }

    /// Whether what is written of each question can't be written any more: nobody has use for the next one.
    pub(super) fn is_output_gone(&self) -> bool {
        self.written.lines.is_err()
    }

    /// What was reported in all, once all of it is written.
    pub(super) fn finish(mut self) -> Shown {
        if self.is_live {
            standard_error::say(ERASE.as_bytes());
        }
        let until = self.last.as_ref().map_or(Duration::ZERO, |report| report.since_start);
        self.end_interval(until);
        let Self { whole, roster, last, written, .. } = self;
        Shown { whole, roster, last, written }
    }

    fn tell_questions(&mut self, report: &Report) {
        let Some(keys) = &self.keys else { return };
        for (since_start, ended) in &report.ended {
            if self.written.lines.is_err() {
                return;
            }
            let line = text::question(*since_start, keys.bytes(ended.key), ended, &self.roster);
            self.written.lines = writeln!(Patient(io::stdout()), "{line}");
        }
    }

    fn show(&self, report: &Report) {
        if self.is_live {
            let columns = tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
            let columns = if columns == 0 { 80 } else { columns };
            let length = report.since_start.saturating_sub(self.recent_since);
            let line =
                text::live(report.since_start, length, &report.counts, &self.counts_before, &self.recent, columns);
            standard_error::say(format!("{ERASE}{line}").as_bytes());
        }
    }

    fn end_interval(&mut self, until: Duration) {
        let interval = std::mem::take(&mut self.recent);
        let length = until.saturating_sub(self.recent_since);
        if let Some(log) = &mut self.log
            && !length.is_zero()
            && let Err(error) = log.write(self.wall_nanos, self.recent_since, length, &interval, &self.roster)
        {
            complain(NAME, format_args!("cannot write the HdrHistogram log any more: {error}"));
            self.log = None;
            self.written.is_log_whole = false;
        }
        self.whole.add(&interval);
        self.recent_since = until;
    }
}
