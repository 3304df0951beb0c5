//! The script of `tp3 export FILE ssh`, with hosts that are addresses of this machine and a login that is a shell in a
//! folder of the host's own. Real hosts and a real ssh are in `tests/system/machines`.

use crate::support::{Finished, Program, TP3, TempDir, ports};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `ssh OPTION... -- HOST COMMAND`; programs of `bin` come first there.
const SSH: &str = "#!/bin/sh
while [ \"$1\" != -- ]; do shift; done
home=$HOMES/$2
mkdir -p \"$home\" && cd \"$home\" || exit
shift 2
PATH=$HOMES/bin:$PATH exec sh -c \"$*\"
";

/// Hosts, all this machine; and what of the script is to be stopped.
struct Hosts {
    dir: TempDir,
    exports: Vec<PathBuf>,
}

impl Hosts {
    fn new() -> Self {
        let dir = TempDir::new();
        ["desk", "homes", "homes/bin"].iter().for_each(|name| fs::create_dir(dir.path().join(name)).unwrap());
        let hosts = Self { dir, exports: Vec::new() };
        hosts.program("desk/ssh", SSH);
        hosts
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.dir.write(name, text.as_bytes());
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Exports an overlay file called `overlay.txt` of a folder of its own, with these pairs in it.
    fn export(&mut self, name: &str, pairs: &str, lines: &str) -> PathBuf {
        fs::create_dir(self.dir.path().join(name)).unwrap();
        self.dir.write(&format!("{name}/pairs.txt"), pairs.as_bytes());
        let file = self.dir.write(&format!("{name}/overlay.txt"), lines.as_bytes());
        let folder = self.dir.path().join(format!("{name}/made"));
        let words = ["export", file.to_str().unwrap(), "ssh", "-o", folder.to_str().unwrap()];
        let finished = Program::start(TP3, words).finish();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        self.exports.push(folder.clone());
        folder
    }

    /// Runs a script with CDPATH set, which must make no difference, from the folder that the export is in.
    fn script(&self, folder: &Path, words: &[&str]) -> Finished {
        Program::spawn(&mut self.command(folder, words)).finish()
    }

    fn command(&self, folder: &Path, words: &[&str]) -> Command {
        let programs = Path::new(TP3).parent().unwrap();
        let path = format!("{}:{}", self.dir.path().join("desk").display(), std::env::var("PATH").unwrap());
        let mut command = Program::command("made/overlay.sh", words);
        command.current_dir(folder.parent().unwrap());
        command.env("PATH", path).env("HOMES", self.dir.path().join("homes")).env("TP3_PROGRAMS", programs);
        command.env("CDPATH", format!(".:{}", self.dir.path().display()));
        command
    }

    /// Runs a script that must end well; returns what it says.
    fn done(&self, folder: &Path, words: &[&str]) -> String {
        let finished = self.script(folder, words);
        let said = String::from_utf8(finished.stdout).unwrap();
        assert_eq!(finished.code, Some(0), "{words:?}: {said}{}", finished.stderr);
        said
    }
}

/// Nothing runs on, whatever failed.
impl Drop for Hosts {
    fn drop(&mut self) {
        if let Some(folder) = self.exports.first() {
            self.command(folder, &["down"]).output().ok();
        }
    }
}

#[test]
fn another_overlay_of_one_name_is_told_from_the_one_that_is_up() {
    let mut hosts = Hosts::new();
    let lines = format!("127.0.0.1:{} pairs.txt\n", ports::free());
    let one = hosts.export("one", "http\t1\n", &lines);
    // Only what it holds differs.
    let other = hosts.export("other", "http\t2\n", &lines);
    assert_eq!(hosts.done(&one, &["up"]), "127.0.0.1: serving: 1 servent\n");
    assert_eq!(hosts.done(&one, &["up"]), "127.0.0.1: up already\n");
    for words in [&["up"][..], &["traces"], &["ask", "http"]] {
        let finished = hosts.script(&other, words);
        let said = String::from_utf8(finished.stdout).unwrap() + &finished.stderr;
        assert!(finished.code == Some(2) && said.contains("another overlay of this name"), "{words:?}: {said}");
        assert!(!said.contains("http\t"), "{said}");
    }
    assert!(hosts.done(&one, &["ask", "http"]).ends_with("\t1\n"));
    assert_eq!(hosts.done(&other, &["down"]), "127.0.0.1: stopped\n");
    assert_eq!(hosts.done(&other, &["up"]), "127.0.0.1: serving: 1 servent\n");
    assert!(hosts.done(&other, &["ask", "http"]).ends_with("\t2\n"));
}

#[test]
fn traces_that_grow_meanwhile_are_collected_and_a_key_of_nothing_is_refused() {
    let mut hosts = Hosts::new();
    let lines = format!("127.0.0.1:{} pairs.txt\n", ports::free());
    let folder = hosts.export("one", "http\t1\n", &lines);
    hosts.done(&folder, &["up"]);
    hosts.done(&folder, &["ask", "http"]);
    // As GNU tar ends where a file changed as it was read, and where nothing could be read.
    for (code, expected) in [(1, 0), (2, 2)] {
        let tar = format!("#!/bin/sh\nPATH=${{PATH#*:}}\ntar \"$@\" && exit {code}\n");
        hosts.program("homes/bin/tar", &tar);
        let finished = hosts.script(&folder, &["traces"]);
        assert_eq!(finished.code, Some(expected), "{}", finished.stderr);
    }
    let traces: Vec<_> = fs::read_dir(folder.join("traces/127.0.0.1")).unwrap().collect();
    assert_eq!(traces.len(), 1);
    for words in [&["ask"][..], &["ask", ""], &["ask", "http", " "], &["ask", "a\nb"]] {
        let finished = hosts.script(&folder, words);
        assert!(finished.code == Some(2) && finished.stderr.contains("overlay.sh ask KEY..."), "{words:?}");
    }
}

#[test]
fn servents_that_say_where_they_listen_are_reached_there() {
    let mut hosts = Hosts::new();
    let [a, b] = [ports::free(), ports::free()];
    let lines = format!(
        "127.0.0.3:{a} pairs.txt 127.0.0.2:{b} --bind 127.0.0.4\n127.0.0.2:{b} pairs.txt 127.0.0.3:{a} --bind 127.0.0.5\n"
    );
    let folder = hosts.export("one", "http\t1\n", &lines);
    hosts.done(&folder, &["up"]);
    let answers = hosts.done(&folder, &["ask", "http"]);
    let mut servents: Vec<_> = answers.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    servents.sort_unstable();
    assert_eq!(servents, [format!("127.0.0.4:{a}"), format!("127.0.0.5:{b}")], "{answers}");
}
