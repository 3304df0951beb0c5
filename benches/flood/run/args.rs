//! The command line.

use super::Fallible;
use super::pin::Pinned;
use super::scenarios;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HELP: &str = "cargo bench --bench flood -- [OPTION]... [WORD]...

Measures the scenarios whose name contains a WORD, or all of them.

  --seconds S         length of a round [default: 1]
  --rounds N          rounds of each contestant [default: 7]
  --plain-generator   no UDP_SEGMENT and UDP_GRO at the load generator
  --pin-generator C   load generator and neighbours on core C alone
  --list              name the scenarios and stop";

/// What the user asked for.
pub(crate) struct Args {
    pub(crate) round: Duration,
    pub(crate) rounds: usize,
    pub(crate) generator_offload: bool,
    /// The only core that the generator and the neighbours run on, if they are pinned.
    pub(crate) generator_core: Option<usize>,
    words: Vec<String>,
    interrupted: Arc<AtomicBool>,
}

impl Args {
    /// Without the `--bench` that cargo bench adds, as under `cargo test --benches`, the default is a single short
    /// round.
    pub(crate) fn parse(words: Vec<String>) -> Fallible<Self> {
        let is_bench = words.iter().any(|word| word == "--bench");
        let (seconds, rounds) = if is_bench { (1.0, 7) } else { (0.1, 1) };
        let mut args = Self {
            round: Duration::from_secs_f64(seconds),
            rounds,
            generator_offload: true,
            generator_core: None,
            words: Vec::new(),
            interrupted: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&args.interrupted)).map_err(|error| format!("signals: {error}"))?;
        }
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {}
                "--seconds" => args.round = Duration::from_secs_f64(number(words.next(), 0.01, 60.0)?),
                "--rounds" => args.rounds = number(words.next(), 1.0, 1000.0)? as usize,
                "--plain-generator" => args.generator_offload = false,
                "--pin-generator" => {
                    args.generator_core = Some(number(words.next(), 0.0, 1023.0)? as usize);
                    // Told before anything is started.
                    Pinned::to(args.generator_core)?;
                }
                "--list" => {
                    scenarios::all().iter().for_each(|scenario| println!("{:22} {}", scenario.id, scenario.title));
                    process::exit(0);
                }
                "--help" | "-h" => {
                    println!("{HELP}");
                    process::exit(0);
                }
                option if option.starts_with('-') => return Err(format!("unknown option '{option}'\n\n{HELP}")),
                _ => args.words.push(word),
            }
        }
        Ok(args)
    }

    /// An error after SIGINT or SIGTERM, so that all that was started is ended on the way out.
    pub(crate) fn check_interrupted(&self) -> Fallible<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err("interrupted".to_owned()) } else { Ok(()) }
    }

    pub(crate) fn wants(&self, id: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| id.contains(word.as_str()))
    }
}

fn number(word: Option<String>, least: f64, most: f64) -> Fallible<f64> {
    let word = word.ok_or("an option lacks its number")?;
    word.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("'{word}': expected a number from {least} to {most}"))
}
