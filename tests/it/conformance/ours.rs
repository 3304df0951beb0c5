//! Our servent, judged as anybody's.

use super::{all_pass, check, verdicts};
use crate::support::SERVENT;
use servent::conformance::{Edition, Target};

#[test]
fn our_servent_passes_every_probe() {
    let results = verdicts(check(Target::Servent, Edition::Of2016, &[SERVENT]), &[]).unwrap();
    assert!(results.len() >= 42, "{} probes", results.len());
    all_pass(&results);
}

#[test]
fn our_servent_passes_those_of_the_later_edition_as_well() {
    let only = [
        "response-text",
        "response-nul",
        "query-key-end",
        "forward-unchanged",
        "file-long-key",
        "file-long-value",
        "mixed-chain",
    ];
    all_pass(&verdicts(check(Target::Servent, Edition::Of2017, &[SERVENT]), &only).unwrap());
}

#[test]
fn arguments_stand_where_the_command_has_them() {
    let command = ["sh", "-c", "exec \"$0\" \"$@\"", SERVENT, "{port}", "{file}", "--", "{neighbours}"];
    all_pass(&verdicts(check(Target::Servent, Edition::Of2016, &command), &["query-each-neighbour-once"]).unwrap());
}
