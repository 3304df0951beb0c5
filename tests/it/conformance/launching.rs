//! Other people's programs: started, limited, listened to, ended.

use crate::support::{DEADLINE, TP3, until};
use servent::launching::{Ended, Launch, Limits, Running, Streams};

fn launch(streams: Streams, command: &[&str]) -> Running {
    let command = command.iter().map(Into::into).collect();
    let limits = Limits { open_files: 64, ..Limits::default() };
    Running::start(&Launch { launcher: TP3.into(), command, folder: None, streams, limits }).unwrap()
}

fn shell(streams: Streams, script: &str) -> Running {
    launch(streams, &["sh", "-c", script])
}

#[test]
fn a_program_ends_with_all_that_it_started_also_what_left_its_session() {
    let mut program = shell(Streams::Pipes, "sleep 1000 & setsid sleep 1000 & echo ready; exec sleep 1000");
    until("three processes", || program.members().len() == 3);
    let members = program.members();
    assert_eq!(program.end(), Ended::Stopped);
    until("all have ended", || {
        !members.iter().any(|&id| crate::support::processes::is_running(id.try_into().unwrap()))
    });
    assert_eq!(program.output().bytes(), b"ready\n");
}

#[test]
fn one_that_does_not_stop_is_killed() {
    let mut program = shell(Streams::Pipes, "trap '' TERM; echo deaf; while :; do sleep 1000; done");
    program.output().wait_beyond(0, DEADLINE);
    assert_eq!(program.end(), Ended::Stopped);
}

#[test]
fn it_is_told_how_a_program_ended() {
    for (script, ended) in
        [("exit 3", Ended::Code(3)), ("kill -SEGV $$", Ended::Signal(11)), ("exit 126", Ended::Code(126))]
    {
        assert_eq!(shell(Streams::Pipes, script).wait(DEADLINE), Some(ended), "{script}");
    }
    let refused = launch(Streams::Pipes, &["/nowhere/no-such-program"]).wait(DEADLINE);
    let Some(Ended::NotStarted(cause)) = refused else { panic!("{refused:?}") };
    assert!(cause.contains("No such file"), "{cause}");
}

#[test]
fn a_program_is_limited_and_leads_a_session_of_its_own() {
    let mut program = shell(Streams::Pipes, "ulimit -c; ulimit -n; ps -o sid= -p $$ | tr -d ' '; echo $$");
    assert_eq!(program.wait(DEADLINE), Some(Ended::Code(0)));
    program.end();
    let written = String::from_utf8(program.output().bytes()).unwrap();
    let [core, files, session, id] = written.lines().collect::<Vec<_>>()[..] else { panic!("{written}") };
    assert_eq!((core, files, session), ("0", "64", id));
}

#[test]
fn at_a_terminal_a_program_is_typed_to_and_nothing_is_echoed() {
    let mut program =
        shell(Streams::Terminal, "test -t 0 && test -t 1 && read key && echo \"got $key\" && cat && echo end");
    program.type_in(b"a key\n").unwrap();
    program.end_input().unwrap();
    assert_eq!(program.wait(DEADLINE), Some(Ended::Code(0)));
    program.end();
    assert_eq!(program.output().bytes(), b"got a key\nend\n");
}
