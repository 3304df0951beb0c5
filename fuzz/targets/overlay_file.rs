//! Any overlay file: it is refused on one line that names the file, or each of its lines is a command line that can
//! be started. The key-value files that it names are never opened.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::Neighbours;
use servent::cli::overlay_file::read_line;
use servent::cli::servent::ServentArgs;
use servent::export::{Plan, TARGETS};
use servent::overlay::{OverlayFile, Start};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let file = Path::new("overlays/overlay.txt");
    let overlay = match OverlayFile::parse(file, bytes, read_line, check_kv_file) {
        Ok(overlay) => overlay,
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with("overlays/overlay.txt:") && !said.contains('\n'), "{said:?}");
            return;
        }
    };
    overlay.to_json().expect("its paths are text");
    // Each line is in the share of its host, or none is and all run here.
    let hosts = overlay.hosts();
    let shares: Vec<_> = hosts.iter().map(|host| overlay.share_of(host).expect("a line names it")).collect();
    let dealt: usize = shares.iter().map(|share| share.lines().len()).sum();
    assert!(dealt == if hosts.is_empty() { 0 } else { overlay.lines().len() });
    let places: BTreeSet<_> = overlay.lines().iter().map(|line| line.place()).collect();
    assert_eq!(places.len(), overlay.lines().len(), "each place is taken once");
    assert!(hosts.iter().all(|host| !host.as_str().starts_with('-') && !host.as_str().contains(['/', ' ', '\''])));
    // Whatever a name stands for.
    let overlay = overlay.located(file, |_| Ok(Ipv4Addr::new(10, 0, 0, 1))).expect("every name has an address");
    let addresses = overlay.addresses();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.port() != 0 && !address.ip().is_unspecified()));
    assert_eq!(overlay.to_string().split('\n').count(), addresses.len());
    let lines = String::from_utf8_lossy(bytes).lines().count();
    // Exported, its words are again an overlay file, on hosts.
    export(file, overlay.file());
    for verbose in [false, true] {
        let members = overlay.members(verbose, &[("--delay", "50ms".to_owned())]);
        assert!(members.iter().map(|member| member.address).eq(addresses.iter().copied()));
        assert!(members.is_sorted_by(|a, b| a.line < b.line));
        for member in members {
            assert!((1..=lines).contains(&member.line));
            assert_eq!(member.folder, Path::new("overlays"));
            let words = match member.start {
                Start::Own(words) => words,
                Start::Foreign(command) => {
                    assert!(!command[0].is_empty(), "no system starts a program without a name");
                    assert!(command.iter().all(|word| !word.as_bytes().contains(&0)), "{command:?}");
                    continue;
                }
            };
            // No command line can hold a NUL.
            assert!(words.iter().all(|word| !word.contains('\0')), "{words:?}");
            let args = ServentArgs::parse_words(&words).expect("it was checked");
            assert_eq!(args.port(), member.address.port());
            assert!(args.neighbours().len() <= Neighbours::COUNT_MAX);
        }
    }
});

/// What is exported of an overlay is read again as it was, or one of its lines is named.
fn export(file: &Path, overlay: &OverlayFile) {
    let read = |path: &Path| Ok(path.as_os_str().as_bytes().to_vec());
    let Ok(plan) = Plan::new(file, overlay, read) else { return };
    let plan = if overlay.hosts().is_empty() { plan.dealt(&["h".parse().expect("a host")]) } else { Ok(plan) };
    let Ok(plan) = plan else { return };
    for target in TARGETS {
        let Ok(made) = (target.make)(&plan) else { continue };
        let is_word = |path: &str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@/".contains(&byte));
        let paths: BTreeSet<_> = made.files.iter().map(|file| file.path.to_str().expect("text")).collect();
        assert!(paths.len() == made.files.len() && paths.iter().all(|path| is_word(path)), "{paths:?}");
        for again in made.files.iter().filter(|file| target.name == "ssh" && file.path == Path::new("overlay.txt")) {
            let again = OverlayFile::parse(file, &again.bytes, read_line, check_kv_file).expect("it was checked");
            assert_eq!(again.lines().len(), overlay.lines().len());
            for (line, before) in again.lines().iter().zip(overlay.lines()) {
                assert!(line.host().is_some() && line.command().port == before.command().port);
                assert_eq!(line.command().options, before.command().options);
                assert_eq!(line.command().neighbours.len(), before.command().neighbours.len());
            }
        }
    }
}

/// Refuses what no file system has, and finds everything else.
fn check_kv_file(kv_file: &Path, _: &Path) -> Result<(), String> {
    if kv_file.as_os_str().as_bytes().contains(&0) { Err("no file".to_owned()) } else { Ok(()) }
}
