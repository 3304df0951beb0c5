//! `tp3 simulate --graph GRAPH`

mod inputs;
mod progress;

use super::explain::{Lang, language};
use super::values::number;
use super::{EXIT_FAILURE, EXIT_USAGE, command, complain, exit_of_output, exit_with_usage, manual, written};
use crate::console::patient::Patient;
use crate::picture;
use crate::serving::FileId;
use crate::sweep::{Axes, Delay, Holders, Loss, Outcome, Plan, TTL_MAX, is_of_servents, run, trace};
use crate::telling::Language;
use crate::telling::sweep::Report;
use crate::text::escape_path;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use inputs::Chosen;
use progress::Progress;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program's name, and the verb.
const NAME: &str = "tp3 simulate";

/// More than one looks at.
const POINTS_MAX: usize = 1_000;

/// Questions that are traced, from the first on.
const TRACED_MAX: u32 = 10;

/// In a larger overlay, traces of all servents are more than one explains.
const TRACED_SERVENTS_MAX: usize = 100_000;

/// The time of day of the first traced question, and how much later each further one is, in nanoseconds: made up.
const TRACED_WALL: (u64, u64) = (1_800_000_000_000_000_000, 3_600_000_000_000);

/// What an overlay of any size would do
///
/// Asks many questions, one after the other and each at a random servent, in an overlay that exists in memory alone, made
/// of the same parts as serventTP3 and clientTP3, and tells what a question comes to: servents reached, answers, QUERYs
/// and duplicates, the time to the last answer, each with its 95 % interval.
///
/// What takes commas takes several values; every combination of them is simulated, by all cores. The same command line
/// gives the same result, byte for byte, on any number of cores.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct SimulateArgs {
    /// Who knows whom: a name, or a file [default: regular:4]
    ///
    /// line, ring, star, tree, grid, clique, regular:D, scale-free:M. regular:D draws a graph in which each servent has D neighbours; scale-free:M one that grew, each new servent being
    /// linked to M older ones, to those with many links sooner than to others; tree:C has C below each, tree two. Anything
    /// else is an overlay file, of which only who neighbours whom is taken.
    #[arg(long, value_name = "GRAPH", default_value = "regular:4", hide_default_value = true, value_parser = inputs::graph)]
    graph: Chosen,
    /// How many servents [default: 1000, or what can be]
    #[arg(long, value_name = "N", value_parser = number(1..=16_777_216, 1_000))]
    servents: Option<u32>,
    /// Questions, each at a random servent
    #[arg(long, value_name = "N", default_value = "1000", value_parser = number(1..=100_000_000, 1_000))]
    questions: u32,
    /// Percent that links lose
    ///
    /// Of all datagrams, the client's CLIREQs and the RESPONSEs included.
    #[arg(long, value_name = "P,...", default_value = "0", value_delimiter = ',', value_parser = inputs::loss)]
    loss: Vec<Loss>,
    /// How long links take, as 50ms±25ms
    ///
    /// 50ms, 50ms±25ms or exp:50ms: always so long, evenly spread about it, or exponentially, usually less and
    /// sometimes up to ten times as much.
    #[arg(long, value_name = "TIME,...", default_value = "50ms", value_delimiter = ',', value_parser = inputs::delay)]
    delay: Vec<Delay>,
    /// Who holds the key: 100, 10%, all
    ///
    /// So many servents or so many in a hundred, chosen at random. More holders are the same ones, and others.
    #[arg(long, value_name = "K,...", default_value = "all", value_delimiter = ',', value_parser = inputs::holders)]
    holders: Vec<Holders>,
    /// Time-to-live; servents never use another than 3
    ///
    /// From 1 to 15. What is said of another than 3 is what would be: no servent sends it, or takes more for more.
    #[arg(long, value_name = "T,...", default_value = "3", value_delimiter = ',', hide_default_value = true,
          value_parser = inputs::ttl(TTL_MAX))]
    ttl: Vec<u16>,
    /// How often a client asks before it gives up
    #[arg(long, hide_short_help = true, value_name = "N,...", default_value = "2", value_delimiter = ',',
          value_parser = number(1..=100, 2))]
    tries: Vec<u32>,
    /// Draw everything from this number
    #[arg(long, hide_short_help = true, value_name = "S", default_value = "1", value_parser = inputs::seed)]
    seed: u64,
    /// Print a JSON object for each combination, a line each
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print a table for spreadsheets
    #[arg(long)]
    csv: bool,
    /// Draw a chart
    #[arg(long, value_name = "SVG")]
    svg: Option<PathBuf>,
    /// Write a page with chart and table, for any browser
    #[arg(long, value_name = "HTML")]
    page: Option<PathBuf>,
    /// Write traces of ten questions, for tp3 explain
    ///
    /// Of the first ones. DIR gets a file for each, question-1.jsonl and so on, with the traces of all servents, to be
    /// explained one by one. Their time of day is made up.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// Tell in this language, en or pt [default: locale's]
    #[arg(long, hide_short_help = true, value_name = "LANG", hide_possible_values = true)]
    lang: Option<Lang>,
    /// Use so many threads [default: one a core]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = number(1..=256, 2))]
    jobs: Option<u32>,
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let typed = typed(&words);
    let args = match command::read::<SimulateArgs>(&manual::SIMULATE, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let language = language(args.lang);
    let plan = match args.plan(language).and_then(|plan| args.check(&plan, language).map(|()| plan)) {
        Ok(plan) => plan,
        Err(ended) => return ended,
    };
    let progress = Progress::begin(plan.axes.points() as u64 * u64::from(plan.questions), language);
    let finished = run(&plan, args.jobs.unwrap_or(0) as usize, &|asked| progress.add(asked));
    progress.end();
    match finished {
        Ok(outcomes) => args.tell(&plan, &outcomes, &typed, language),
        Err(error) => failed(error),
    }
}

/// The command line as one could type it again.
fn typed(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy().into_owned());
    let all: Vec<_> = NAME.split(' ').map(str::to_owned).chain(words).collect();
    // What holds a NUL was not typed.
    shlex::try_join(all.iter().map(String::as_str)).unwrap_or_default()
}

fn failed(cause: impl Display) -> ExitCode {
    complain(NAME, cause);
    ExitCode::from(EXIT_FAILURE)
}

/// The end of a program whose arguments ask for what can't be.
fn refused(cause: impl Display) -> ExitCode {
    exit_with_usage(&SimulateArgs::command().error(ErrorKind::ValueValidation, cause), &manual::SIMULATE)
}

impl SimulateArgs {
    /// What is to be simulated; `Err` is the end of a program that can't.
    fn plan(&self, language: Language) -> Result<Plan, ExitCode> {
        let axes = Axes {
            loss: self.loss.clone(),
            delay: self.delay.clone(),
            holders: self.holders.clone(),
            ttl: self.ttl.clone(),
            tries: self.tries.clone(),
        };
        let points = axes.points();
        if points > POINTS_MAX {
            return Err(refused(format_args!(
                "{points} combinations of values are more than one looks at: expected at most {POINTS_MAX}"
            )));
        }
        let (name, graph) = match &self.graph {
            Chosen::Shape(shape) => {
                let servents = self.servents.map_or_else(|| shape.usual_servents(), |count| count as usize);
                let graph = shape.graph(servents, &mut Plan::graph_rng(self.seed));
                (shape.to_string(), graph.map_err(|error| refused(format_args!("--graph {shape}: {error}")))?)
            }
            Chosen::File(_) if self.servents.is_some() => {
                return Err(refused("--servents is for graphs by name: an overlay file has its own"));
            }
            Chosen::File(file) => {
                let (graph, remarks) = inputs::graph_of(file, language).map_err(|error| {
                    complain(NAME, error);
                    ExitCode::from(EXIT_USAGE)
                })?;
                remarks.iter().for_each(|remark| complain(NAME, remark));
                (file.to_string_lossy().into_owned(), graph)
            }
        };
        Ok(Plan { name, graph, axes, questions: self.questions, seed: self.seed })
    }

    /// `Err` is the end of a program that would overwrite what it reads, or is asked for traces where there can be none.
    fn check(&self, plan: &Plan, language: Language) -> Result<(), ExitCode> {
        let graph = match &self.graph {
            Chosen::File(file) => Some(FileId::at(file)),
            Chosen::Shape(_) => None,
        };
        let traces: Vec<_> = self.trace_files(plan).collect();
        let traces = traces.iter().map(|file| ("--trace", Some(file.as_path())));
        let files = [("--svg", self.svg.as_deref()), ("--page", self.page.as_deref())];
        written::check(graph, files.into_iter().chain(traces), language).map_err(refused)?;
        if self.trace.is_none() {
            return Ok(());
        }
        let points = plan.points();
        if points.len() > 1 {
            return Err(refused(format_args!(
                "--trace is for one value of each option, not {} combinations",
                points.len()
            )));
        }
        if !points.iter().all(|point| is_of_servents(point.ttl)) {
            return Err(refused("--trace is what servents would write, and they know no other time-to-live than 3"));
        }
        if plan.graph.len() > TRACED_SERVENTS_MAX {
            return Err(refused(format_args!("--trace writes of every servent, and of at most {TRACED_SERVENTS_MAX}")));
        }
        Ok(())
    }

    /// Prints and writes what was found out, and is the end of the program.
    fn tell(&self, plan: &Plan, outcomes: &[Outcome], typed: &str, language: Language) -> ExitCode {
        let report = Report { plan, outcomes };
        let text = match (self.json, self.csv) {
            (true, _) => report.json(),
            (_, true) => report.csv(),
            _ => report.table(language),
        };
        let mut output = Patient(io::stdout());
        let printed = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        let ended = exit_of_output(printed, &manual::SIMULATE);
        let written = write(self.svg.as_deref(), || picture::chart(&report, language))
            .and_then(|()| write(self.page.as_deref(), || picture::chart_page(&report, typed, language)))
            .and_then(|()| self.write_traces(plan, outcomes));
        match written {
            Err(error) => failed(error),
            Ok(()) => ended,
        }
    }

    /// Where the traces of the first questions go.
    fn trace_files(&self, plan: &Plan) -> impl Iterator<Item = PathBuf> {
        let name = |folder: &PathBuf, number: u32| folder.join(format!("question-{}.jsonl", number + 1));
        let traced = 0..plan.questions.min(TRACED_MAX);
        self.trace.iter().flat_map(move |folder| traced.clone().map(move |number| name(folder, number)))
    }

    /// The traces of the first questions, a file each.
    fn write_traces(&self, plan: &Plan, outcomes: &[Outcome]) -> Result<(), String> {
        let (Some(folder), [outcome]) = (&self.trace, outcomes) else { return Ok(()) };
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", escape_path(folder)))?;
        for (number, file) in (0..).zip(self.trace_files(plan)) {
            let (wall, gap) = TRACED_WALL;
            let traces = trace(plan, &outcome.point, number, wall + u64::from(number) * gap);
            fs::write(&file, traces).map_err(|error| format!("{}: {error}", escape_path(&file)))?;
        }
        Ok(())
    }
}

/// Writes a file, if it is wanted.
fn write(file: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), String> {
    let Some(file) = file else { return Ok(()) };
    fs::write(file, text()).map_err(|error| format!("{}: {error}", escape_path(file)))
}
