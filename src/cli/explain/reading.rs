//! Files and folders, read into records.

use super::progress::Progress;
use super::remarks;
use crate::flood::{CaptureSummary, Captures, Memory, Model, Records, TraceReader};
use crate::serving::FileId;
use crate::telling::Language;
use crate::text::escape_path;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line of a trace: a key of the largest datagram, every byte of it escaped, and room to spare.
const LINE_LEN_MAX: u64 = 1 << 20;

/// So many lines that are no trace's are named; the rest is counted.
const FOREIGN_SHOWN_MAX: usize = 10;

/// A file with so many more of those than of a trace's lines is read no further.
const FOREIGN_MAX: u64 = 1_000;

/// Bytes that are read at a time.
const BUFFER_LEN: usize = 1 << 18;

/// What was read.
#[derive(Default)]
pub(in super::super) struct Readings {
    pub(in super::super) records: Records,
    /// Captures are there for the servents without a trace: that traces tell of the others goes without saying.
    pub(in super::super) captures_fill_gaps: bool,
    captures: Captures,
    /// Those that were read, in that order.
    capture_files: Vec<PathBuf>,
    /// What was read, by whatever name.
    pub(super) known: Vec<FileId>,
    /// Files that were of use.
    pub(in super::super) used: usize,
    /// What there is to say of the others, and of lines that are no trace's, a line each.
    pub(in super::super) remarks: Vec<String>,
    /// The language of the remarks.
    language: Language,
    foreign: u64,
    progress: Progress,
}

impl Readings {
    /// Nothing yet.
    pub(in super::super) fn new(language: Language) -> Self {
        Self { language, ..Self::default() }
    }

    /// Reads files, and all files of folders in the order of their names. A file that was read already, by whatever name,
    /// is not read again.
    pub(in super::super) fn read(&mut self, paths: &[PathBuf]) {
        let mut files = Vec::new();
        paths.iter().for_each(|path| self.list(path, &mut files));
        let len = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.len());
        let mut progress = Progress::begin(files.iter().map(len).sum(), self.language);
        files.iter().for_each(|path| self.read_file(path, &mut progress));
        progress.end();
        self.progress = progress;
    }

    /// Lists a file, or those of a folder.
    fn list(&mut self, path: &Path, files: &mut Vec<PathBuf>) {
        if !path.is_dir() {
            return files.push(path.to_owned());
        }
        let inside = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut inside: Vec<PathBuf> = match inside {
            Ok(inside) => inside,
            Err(error) => return self.remark(path, &remarks::unreadable(self.language, error)),
        };
        inside.sort();
        files.extend(inside.into_iter().filter(|path| path.is_file()));
    }

    /// The records of all that was read.
    pub(in super::super) fn finish(mut self) -> Self {
        let uses = std::mem::take(&mut self.captures).tell(&mut self.records);
        for (path, told) in std::mem::take(&mut self.capture_files).iter().zip(uses) {
            if told.messages == 0 {
                self.say(path, "no datagram of this protocol is in it", "nenhum datagrama deste protocolo está nele");
                continue;
            }
            self.used += 1;
            if told.traced > 0 && !self.captures_fill_gaps {
                self.remark(path, &remarks::traced(self.language, told));
            }
        }
        if self.foreign > FOREIGN_SHOWN_MAX as u64 {
            let more = self.foreign - FOREIGN_SHOWN_MAX as u64;
            self.remarks.push(remarks::more_foreign(self.language, more));
        }
        self
    }

    /// What all that was told means.
    pub(in super::super) fn into_model(self) -> Model {
        self.progress.work_out(self.records.events());
        let model = self.records.model(Memory::default());
        self.progress.end();
        model
    }

    fn remark(&mut self, path: &Path, what: &str) {
        self.remarks.push(format!("{}: {what}", escape_path(path)));
    }

    fn say(&mut self, path: &Path, english: &str, portuguese: &str) {
        self.remark(path, self.language.of(english, portuguese));
    }

    fn read_file(&mut self, path: &Path, progress: &mut Progress) {
        if let Err(error) = self.try_read_file(path, progress) {
            self.remark(path, &remarks::unreadable(self.language, error));
        }
    }

    fn try_read_file(&mut self, path: &Path, progress: &mut Progress) -> io::Result<()> {
        let file = File::open(path)?;
        let id = FileId::of(&file.metadata()?);
        if self.known.contains(&id) {
            self.say(path, "was read already, by this name or another one", "já foi lido, com este nome ou outro");
            return Ok(());
        }
        self.known.push(id);
        let mut input = BufReader::with_capacity(BUFFER_LEN, progress.count(file));
        if Captures::is_capture(input.fill_buf()?) {
            self.read_capture(path, input);
            return Ok(());
        }
        self.read_trace(path, input)
    }

    fn read_capture(&mut self, path: &Path, input: impl Read + Send) {
        self.capture_files.push(path.to_owned());
        let summary = match self.captures.read(input) {
            Ok(summary) => summary,
            Err(error) => return self.remark(path, &remarks::broken_capture(self.language, &error)),
        };
        let CaptureSummary { packets, cut, unreadable, repeated, ahead, is_cut } = summary;
        for (count, what) in [(cut, remarks::CUT), (unreadable, remarks::UNREADABLE), (repeated, remarks::REPEATED)] {
            if count > 0 {
                self.remark(path, &remarks::packets(self.language, count, packets, what));
            }
        }
        if is_cut {
            self.say(path, "the file ends in the middle of a packet", "o arquivo acaba no meio de um pacote");
        }
        if ahead != 0 {
            self.remark(path, &remarks::ahead(self.language, ahead));
        }
    }

    fn read_trace(&mut self, path: &Path, mut input: impl BufRead) -> io::Result<()> {
        let mut reader = TraceReader::new();
        let (mut line, mut number, mut good, mut other) = (Vec::new(), 0_u64, 0_u64, 0_u64);
        let (mut foreign, mut foreign_count) = (Vec::new(), 0_u64);
        let mut ended = None;
        loop {
            line.clear();
            if input.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            let is_whole = line.pop_if(|last| *last == b'\n').is_some();
            if !is_whole && line.len() as u64 == LINE_LEN_MAX {
                ended = Some(remarks::long_line(self.language, number));
                break;
            }
            let is_blank = line.iter().all(u8::is_ascii_whitespace);
            if !is_blank && reader.line(&mut self.records, &line) {
                good += 1;
                continue;
            }
            other += 1;
            // A last line that is cut off is how a trace ends whose servent was killed, or goes on.
            if !is_blank && is_whole {
                foreign_count += 1;
                if foreign.len() < FOREIGN_SHOWN_MAX {
                    foreign.push(number);
                }
            }
            if other > good + FOREIGN_MAX {
                ended = Some(remarks::foreign(self.language, other, number));
                break;
            }
        }
        if good == 0 {
            self.say(path, "it is neither a trace nor a capture", "não é um rastro nem uma captura");
            return Ok(());
        }
        self.used += 1;
        let room = FOREIGN_SHOWN_MAX.saturating_sub(self.foreign as usize);
        for number in foreign.iter().take(room) {
            let what = self.language.of("no line of a trace", "não é linha de um rastro");
            self.remarks.push(format!("{}:{number}: {what}", escape_path(path)));
        }
        self.foreign += foreign_count;
        if let Some(why) = ended {
            let rest = self.language.of("what stands behind that was not read", "o que vem depois não foi lido");
            self.remark(path, &format!("{why}: {rest}"));
        }
        Ok(())
    }
}
