//! A conversation told to people: a line for each thing that was seen.

use super::dump::hex;
use super::text::Text;
use super::words;
use crate::conformance::bytes::Kind;
use crate::conformance::client::visible;
use crate::conformance::conversation::{Conversation, Entry, What};
use crate::conformance::words::Words;
use crate::telling::Tone;
use crate::text::escape;
use std::time::Duration;

/// Of a datagram so many bytes are shown here; JSON has them all.
pub(super) const BYTES_MAX: usize = 1024;

/// Tells all that was seen.
pub(super) fn tell(text: &mut Text, conversation: &Conversation) {
    conversation.entries.iter().for_each(|entry| tell_entry(text, entry));
}

fn tell_entry(text: &mut Text, entry: &Entry) {
    let time = text.style.paint(Tone::Quiet, &format!("{:>9}", seconds(entry.at)));
    match &entry.what {
        What::Datagram { from, to, bytes, is_control } => {
            let who = format!("{} {} → {} {}", text.of(&from.0), from.1, text.of(&to.0), to.1);
            let control = if *is_control { format!(" ({})", text.of(&words::CONTROL)) } else { String::new() };
            text.line(&format!("  {time}  {who}: {}{control}", Kind::of(bytes).name()));
            let per_row = text.bytes_per_row();
            for row in bytes[..bytes.len().min(BYTES_MAX)].chunks(per_row) {
                let digits = format!("{:width$}", hex(row), width = 3 * per_row);
                text.line(&format!("               {digits} \"{}\"", escape(row).replace('\t', "\\t")));
            }
            if bytes.len() > BYTES_MAX {
                let more = text.of(&words::left_out(bytes.len() - BYTES_MAX));
                text.line(&format!("               {more}"));
            }
        }
        What::Typed(typed) => {
            let what = text.of(&words::TYPED);
            text.line(&format!("  {time}  {what}: \"{}\"", escape(typed)));
        }
        What::Event(event) => {
            let event = text.of(event);
            text.line(&format!("  {time}  {event}"));
        }
        What::Wrote { program, output, errors } => {
            for (written, heading) in written(program, output, errors) {
                let heading = text.of(&heading);
                text.line(&format!("  {time}  {heading}:"));
                written.iter().for_each(|line| text.line(&format!("               | {line}")));
            }
        }
    }
}

/// The lines that a program wrote, safe to show, each kind with its heading.
pub(super) fn written(program: &Words, output: &[u8], errors: &[u8]) -> Vec<(Vec<String>, Words)> {
    let both = [(output, false), (errors, true)].into_iter().filter(|(written, _)| !written.is_empty());
    let lines = |written: &[u8]| {
        let text = visible(written);
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        text.split(|&byte| byte == b'\n').map(escape).collect()
    };
    both.map(|(written, is_error)| (lines(written), words::wrote(program, is_error))).collect()
}

/// A time since the probe began.
pub(super) fn seconds(at: Duration) -> String {
    format!("{:.3} s", at.as_secs_f64())
}
