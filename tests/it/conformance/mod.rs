//! `tp3 check`: what it finds out about programs, and how it treats them.

mod launching;
mod program;
mod ours;

use crate::support::{SERVENT, TP3};
use servent::conformance::verdict::Verdict;
use servent::conformance::{Check, CheckError, Edition, Framing, ProbeResult, Target, Template, World};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A check of a command.
fn check(target: Target, edition: Edition, command: &[&str]) -> Check {
    let world = World {
        launcher: TP3.into(),
        ours: vec![SERVENT.into()],
        command: Template::new(command.iter().map(Into::into).collect()).unwrap(),
        target,
        edition,
        framing: Framing::default(),
        is_isolated: false,
        stop: Arc::<AtomicBool>::default(),
    };
    Check { world, only: Vec::new(), skip: Vec::new() }
}

/// What became of each of these probes, or of all if there is none.
fn verdicts(mut check: Check, only: &[&str]) -> Result<Vec<ProbeResult>, CheckError> {
    check.only = only.iter().map(|&id| id.to_owned()).collect();
    let checked = check.run(None, &|_, _| {}, &|_| {})?;
    Ok(checked.results)
}

/// Fails unless all passed.
fn all_pass(results: &[ProbeResult]) {
    for result in results {
        assert_eq!(result.verdict, Verdict::Pass, "{}: {:#?}", result.probe.id, result.conversation);
    }
}
