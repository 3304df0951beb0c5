//! HdrHistogram's log of intervals, version 1.3, as its public tools read it.
//!
//! Each interval has an untagged histogram of the times to first answers, and one tagged with each servent's address.
//! Values are nanoseconds; the greatest of each is repeated in milliseconds.

use crate::load::tally::Interval;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriter, IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};
use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::time::{Duration, UNIX_EPOCH};

/// The format's version and its columns, which its tools expect before the first line of numbers.
const HEADING: [&str; 2] =
    ["[Histogram log format version 1.3]", "[Tagged by the servent that answered; without a tag: first answers]"];
const COLUMNS: &str = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";

/// Nanoseconds in what the greatest value is told in.
const MAX_UNIT: f64 = 1e6;

/// Writes intervals into a file.
#[derive(Debug)]
pub struct Log<W: Write> {
    out: W,
    is_begun: bool,
}

impl<W: Write> Log<W> {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(out: W) -> Self {
        Self { out, is_begun: false }
    }

    /// Writes an interval that began `since_start` after the load did, at `wall_nanos` since the Unix epoch, and took
    /// `length`.
    ///
    /// # Errors
    /// What the file says.
    pub fn write(
        &mut self,
        wall_nanos: u64,
        since_start: Duration,
        length: Duration,
        interval: &Interval,
        roster: &[SocketAddrV4],
    ) -> io::Result<()> {
        let start = UNIX_EPOCH + Duration::from_nanos(wall_nanos);
        let mut serializer = V2DeflateSerializer::new();
        let mut builder = IntervalLogWriterBuilder::new();
        if !self.is_begun {
            for line in HEADING {
                builder.add_comment(line);
            }
            builder.with_start_time(start).with_base_time(start);
        }
        builder.with_max_value_divisor(MAX_UNIT);
        let mut lines = Vec::new();
        let mut log = builder.begin_log_with(&mut lines, &mut serializer)?;
        write_one(&mut log, interval.first.histogram(), since_start, length, None)?;
        for (number, latencies) in interval.by_servent.iter().enumerate() {
            let name = roster.get(number).map_or_else(|| "others".to_owned(), ToString::to_string);
            if !latencies.histogram().is_empty() {
                write_one(&mut log, latencies.histogram(), since_start, length, Tag::new(&name))?;
            }
        }
        self.out.write_all(&self.with_columns_once(&lines))?;
        self.is_begun = true;
        self.out.flush()
    }

    /// The lines of an interval: of the first one with the columns' names before its numbers, of the others without what
    /// stands above them.
    fn with_columns_once(&self, lines: &[u8]) -> Vec<u8> {
        let is_comment = |line: &&[u8]| line.starts_with(b"#");
        let all = || lines.split_inclusive(|&byte| byte == b'\n');
        let numbers: Vec<_> = all().filter(|line| !is_comment(line)).collect();
        if self.is_begun {
            return numbers.concat();
        }
        let comments: Vec<_> = all().filter(is_comment).collect();
        [comments.concat(), COLUMNS.as_bytes().to_vec(), numbers.concat()].concat()
    }
}

fn write_one(
    log: &mut IntervalLogWriter<'_, '_, Vec<u8>, V2DeflateSerializer>,
    histogram: &hdrhistogram::Histogram<u64>,
    since_start: Duration,
    length: Duration,
    tag: Option<Tag<'_>>,
) -> io::Result<()> {
    log.write_histogram(histogram, since_start, length, tag).map_err(|error| match error {
        IntervalLogWriterError::IoError(error) => error,
        IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
    })
}
