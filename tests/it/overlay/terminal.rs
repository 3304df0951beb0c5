//! `tp3 overlay` in a terminal: a person asks, and leaves by Ctrl-C or Ctrl-D.

use super::args;
use super::topology::Topology;
use crate::support::{TP3, Terminal};

#[test]
fn ctrl_c_stops_a_wait_and_not_the_servents_and_at_the_prompt_it_stops_everything() {
    let topology = Topology::chain(2);
    let mut session = Terminal::start(TP3, &args(&topology, &["--timeout", "600"]));
    session.expect("key> ");
    session.type_line("key");
    for _ in 0..2 {
        session.expect("127.0.0.1:");
    }
    session.type_control('c');
    session.expect("key: stopped");

    // Ctrl-C went to the client alone: the second servent is there and still answers.
    session.expect("key> ");
    session.type_line("key1");
    session.expect(&format!("127.0.0.1:{}", topology.port(1)));
    session.type_control('c');
    session.expect("key1: stopped");

    session.expect("key> ");
    session.type_control('c');
    session.expect_end(0);
    topology.expect_ports_free();
}

#[test]
fn ctrl_d_at_the_prompt_stops_everything() {
    let topology = Topology::chain(2);
    let mut session = Terminal::start(TP3, &args(&topology, &[]));
    session.expect("key> ");
    session.type_control('d');
    session.expect_end(0);
    topology.expect_ports_free();
}

#[test]
fn ctrl_z_and_ctrl_backslash_in_a_wait_give_the_terminal_back_and_nothing_is_left() {
    let topology = Topology::chain(2);
    let script = "ulimit -c 0; stty sane; set -m; \"$0\" \"$@\"; stty -a; echo stopped; fg; stty -a; echo ended";
    let words = ["-c", script, TP3].map(str::to_owned);
    let mut session = Terminal::start("sh", &[&words[..], &args(&topology, &["--timeout", "600"])].concat());
    session.expect("key> ");
    session.type_line("key");
    for _ in 0..2 {
        session.expect("127.0.0.1:");
    }
    session.expect("waiting for more: key");
    for (letter, end) in [('z', "stopped\r\n"), ('\\', "ended\r\n")] {
        session.type_control(letter);
        let shown = session.expect(end);
        assert!(shown.contains(" icanon ") && shown.contains(" echo "), "{shown:?}");
        if letter == 'z' {
            session.expect("waiting for more: key");
        }
    }
    session.expect_end(0);
    topology.expect_ports_free();
}
