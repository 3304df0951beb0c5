//! Any overlay file: it is refused on one line that names the file, or each of its lines is a command line that can
//! be started. The key-value files that it names are never opened.
#![no_main]

use libfuzzer_sys::fuzz_target;
use servent::Neighbours;
use servent::cli::overlay_file::read_line;
use servent::cli::servent::ServentArgs;
use servent::overlay::{OverlayFile, Start};
use std::collections::BTreeSet;
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
    let addresses: BTreeSet<_> = overlay.addresses().collect();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.port() != 0 && !address.ip().is_unspecified()));
    assert_eq!(overlay.to_string().split('\n').count(), addresses.len());
    overlay.to_json().expect("its paths are text");
    let lines = String::from_utf8_lossy(bytes).lines().count();
    for verbose in [false, true] {
        let members = overlay.members(verbose, &[("--delay", "50ms".to_owned())]);
        assert!(members.iter().map(|member| member.address).eq(overlay.addresses()));
        assert_eq!(members.len(), addresses.len(), "each address is taken once");
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

/// Refuses what no file system has, and finds everything else.
fn check_kv_file(kv_file: &Path, _: &Path) -> Result<(), String> {
    if kv_file.as_os_str().as_bytes().contains(&0) { Err("no file".to_owned()) } else { Ok(()) }
}
