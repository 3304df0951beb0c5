//! `tp3 export`: what is written where, and what is refused. That the script of `ssh` does what it says is shown between
//! real hosts, in `tests/system/machines`.

use crate::support::{Finished, Program, TP3, TempDir};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const CHAIN: &str = "data/overlays/chain.txt";

fn export(file: &str, folder: &Path, words: &[&str]) -> Finished {
    let start = ["export", file, "ssh", "-o", folder.to_str().unwrap()];
    Program::start(TP3, start.iter().chain(words)).finish()
}

/// The files below a folder, with what they hold.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_file_without_hosts_is_dealt_out_in_blocks_and_neighbours_follow() {
    let dir = TempDir::new();
    let folder = dir.path().join("made/on the way");
    let finished = export(CHAIN, &folder, &["--hosts", "10.0.0.1,b,c"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b""[..]), "{}", finished.stderr);
    assert!(finished.stderr.contains("./overlay.sh up"), "{}", finished.stderr);
    let lines = "10.0.0.1:6001 kv/web.txt 10.0.0.1:6002\n10.0.0.1:6002 kv/mail.txt 10.0.0.1:6001 b:6003\n\
        b:6003 kv/names.txt 10.0.0.1:6002 b:6004\nb:6004 kv/files.txt b:6003 c:6005\nc:6005 kv/remote.txt b:6004\n";
    let title = "# Written by tp3 export from chain.txt: the whole overlay, for `tp3 explain --overlay`.\n";
    assert_eq!(text(&folder, "overlay.txt"), format!("{title}{lines}"));
    assert_eq!(
        text(&folder, "hosts/b.txt").lines().skip(1).collect::<Vec<_>>(),
        lines.lines().collect::<Vec<_>>()[2..4]
    );
    assert_eq!(text(&folder, "hosts/b.files"), "hosts/b.txt\nkv/names.txt\nkv/files.txt\n");
    assert_eq!(fs::read(folder.join("kv/web.txt")).unwrap(), fs::read("data/kv/web.txt").unwrap());
    let mode = fs::metadata(folder.join("overlay.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    let script = text(&folder, "overlay.sh");
    assert!(script.contains("\nreadonly HOSTS=(10.0.0.1 b c)\n") && !script.contains("@HOSTS@"), "{script}");
    // What was written is an overlay file again.
    let printed =
        Program::start(TP3, ["overlay", folder.join("overlay.txt").to_str().unwrap(), "--print-json"]).finish();
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
}

#[test]
fn a_second_export_writes_the_same_and_removes_what_is_no_longer_needed_and_nothing_else() {
    let dir = TempDir::new();
    let folder = dir.path().join("made");
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a,b"]).code, Some(0));
    let first = files(&folder);
    fs::write(folder.join("overlay.txt"), "changed").unwrap();
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a,b"]).code, Some(0));
    assert_eq!(files(&folder), first);
    fs::write(folder.join("ssh_config"), "User me\n").unwrap();
    let finished = export(CHAIN, &folder, &["--hosts", "a"]);
    assert!(finished.code == Some(0) && finished.stderr.contains("removed: "), "{}", finished.stderr);
    assert!(!folder.join("hosts/b.txt").exists() && folder.join("hosts/a.txt").exists());
    assert_eq!(text(&folder, "ssh_config"), "User me\n");
    // One that is somebody else's stays, and then nothing is written.
    fs::write(folder.join("hosts/c.txt"), "mine").unwrap();
    let before = files(&folder);
    let finished = export(CHAIN, &folder, &["--hosts", "c"]);
    assert!(
        finished.code == Some(1) && finished.stderr.contains("hosts/c.txt: this file was not written by tp3 export")
    );
    assert_eq!(files(&folder), before);
}

#[test]
fn a_folder_of_other_files_is_left_alone() {
    let dir = TempDir::new();
    dir.write("mine.txt", b"mine");
    let finished = export(CHAIN, dir.path(), &["--hosts", "a"]);
    assert!(finished.code == Some(1) && finished.stderr.contains("name a new one"), "{}", finished.stderr);
    assert_eq!(files(dir.path()), [("mine.txt".to_owned(), b"mine".to_vec())]);
}

#[test]
fn a_list_that_names_files_elsewhere_gets_none_of_them_removed() {
    let dir = TempDir::new();
    let victim = dir.write("victim", b"mine");
    let folder = dir.path().join("made");
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a"]).code, Some(0));
    let list = text(&folder, ".tp3-export") + "../victim\n" + victim.to_str().unwrap() + "\n";
    fs::write(folder.join(".tp3-export"), list).unwrap();
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a"]).code, Some(0));
    assert_eq!(fs::read(victim).unwrap(), b"mine");
}

#[test]
fn key_value_files_get_names_that_are_safe_and_their_own() {
    let dir = TempDir::new();
    for (name, pairs) in
        [("one/my $pairs;'.txt", "http\t1\n"), ("two/my $pairs;'.txt", "http\t2\n"), ("-o", "http\t3\n")]
    {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, pairs).unwrap();
    }
    let text_of = r#"a:1 "one/my $pairs;'.txt" a:2 -v
a:2 "two/my $pairs;'.txt" --first-seq 7
a:3 "one/my $pairs;'.txt"
b:1 ./-o a:1 node9:7000
"#;
    let file = dir.write("over lay.txt", text_of.as_bytes());
    let folder = dir.path().join("made");
    let finished = export(file.to_str().unwrap(), &folder, &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines = "a:1 kv/my__pairs__.txt a:2 --verbose\na:2 kv/2-my__pairs__.txt --first-seq 7\na:3 kv/my__pairs__.txt\n\
        b:1 kv/o a:1 node9:7000\n";
    assert!(text(&folder, "overlay.txt").ends_with(&format!(".\n{lines}")), "{}", text(&folder, "overlay.txt"));
    assert_eq!(text(&folder, "kv/2-my__pairs__.txt"), "http\t2\n");
    assert!(text(&folder, "overlay.sh").contains("\nreadonly FOLDER=./tp3-over_lay\n"));
}

#[test]
fn what_runs_here_alone_is_refused_with_its_line() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    for (text, words, said) in [
        ("6001 pairs.txt\n", &[][..], ":1: on which host? --hosts A,B,..."),
        (
            "6001 pairs.txt\n! sh 6002 pairs.txt\n",
            &["--hosts", "a"],
            ":2: a servent of another program can't be exported",
        ),
        ("6001 pairs.txt --trace t.jsonl\n", &["--hosts", "a"], ":1: --trace: "),
        (
            "6001 pairs.txt 127.0.0.1:7000\n",
            &["--hosts", "a"],
            ":1: the neighbour 127.0.0.1:7000 is no servent of the file",
        ),
        ("a:6001 pairs.txt\n", &["--hosts", "a"], ":1: it lives on a already"),
        ("6001 pairs.txt --bind 127.0.0.2\n", &["--hosts", "a"], ":1: --bind 127.0.0.2"),
        ("6001 pairs.txt\n", &["--hosts", "a,b"], ": it has 1 servent, too few for 2 hosts"),
        ("6001 /dev/null\n", &["--hosts", "a"], ":1: /dev/null is no ordinary file"),
        ("6001 absent.txt\n", &["--hosts", "a"], ":1: cannot read"),
        ("6001 pairs.txt --link-orders\n", &["--hosts", "a"], ":1: --link-orders: "),
        ("6001 pairs.txt LocalHost.:7000\n", &["--hosts", "a"], ":1: the neighbour LocalHost.:7000 is no servent"),
        ("a:6001 pairs.txt\na.:6002 pairs.txt\n", &[], ":2: line 1 has this host as a: write it alike"),
    ] {
        let file = dir.write("overlay.txt", text.as_bytes());
        let folder = dir.path().join("made");
        let finished = export(file.to_str().unwrap(), &folder, words);
        assert!(finished.code == Some(1), "{text}: {}", finished.stderr);
        assert!(finished.stderr.contains(&format!("overlay.txt{said}")), "{text}: {}", finished.stderr);
        assert!(!folder.exists(), "{text}");
    }
    for words in
        [&["--hosts", "-oProxyCommand=x"][..], &["--hosts", "a,,b"], &["--hosts", "a,b,A"], &["--hosts", "a;b"]]
    {
        let finished = export(CHAIN, &dir.path().join("made"), words);
        assert!(finished.code == Some(2), "{words:?}: {}", finished.stderr);
    }
}

#[test]
fn a_link_in_the_place_of_what_was_written_is_not_followed() {
    let dir = TempDir::new();
    fs::create_dir(dir.path().join("theirs")).unwrap();
    for name in ["b.txt", "overlay.txt"] {
        dir.write(&format!("theirs/{name}"), b"mine");
    }
    let before = files(&dir.path().join("theirs"));
    for (link, target) in
        [("hosts", "../theirs"), ("overlay.txt", "../theirs/overlay.txt"), (".tp3-export", "../theirs/list")]
    {
        let folder = dir.path().join("made");
        assert_eq!(export(CHAIN, &folder, &["--hosts", "a,b"]).code, Some(0));
        let place = folder.join(link);
        if link == ".tp3-export" {
            fs::rename(&place, dir.path().join("theirs/list")).unwrap();
        } else {
            fs::rename(&place, dir.path().join("moved")).unwrap();
        }
        std::os::unix::fs::symlink(target, &place).unwrap();
        // The second one would remove hosts/b.txt.
        for hosts in ["a,b", "a"] {
            let finished = export(CHAIN, &folder, &["--hosts", hosts]);
            let said = format!("{}: this is a symbolic link", place.display());
            assert!(finished.code == Some(1) && finished.stderr.contains(&said), "{link}: {}", finished.stderr);
        }
        let list = dir.path().join("theirs/list");
        assert!(link != ".tp3-export" || fs::read_to_string(&list).unwrap().contains("hosts/b.txt"));
        fs::remove_file(list).ok();
        assert_eq!(files(&dir.path().join("theirs")), before, "{link}");
        fs::remove_dir_all(folder).unwrap();
        fs::remove_dir_all(dir.path().join("moved")).or_else(|_| fs::remove_file(dir.path().join("moved"))).ok();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn whatever_the_umask_units_come_to_be_readable_and_folders_of_the_machine_stay_as_they_are() {
    let dir = TempDir::new();
    for (umask, hosts) in [("002", &[][..]), ("077", &["--hosts", "a"])] {
        // A machine, and the commands that it is told, with this folder in the place of its root.
        let (folder, root) = (dir.path().join(umask), dir.path().join(format!("root {umask}")));
        let etc = root.join("etc");
        fs::create_dir_all(etc.join("systemd/system")).unwrap();
        for (path, mode) in [("etc", 0o711), ("etc/systemd", 0o750), ("etc/systemd/system", 0o755)] {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        let script = format!("umask {umask}; exec \"$0\" \"$@\"");
        let words = ["-c", &script, TP3, "export", CHAIN, "systemd", "-o", folder.to_str().unwrap()];
        let finished = Program::start("sh", words.iter().chain(hosts)).finish();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let copy = finished.stderr.lines().find(|line| line.contains("tar ")).unwrap();
        let copy = copy.replace("sudo ", "").replace("ssh root@a ", "sh -c ").replace("systemctl", "true");
        let copy = copy.replace("tar -C / ", "tar -C \"$ROOT\" ");
        let mut command = Program::command("sh", ["-c", &format!("umask 022; {copy}")]);
        let finished = Program::spawn(command.current_dir(&folder).env("ROOT", &root)).finish();
        assert_eq!(finished.code, Some(0), "{copy}: {}", finished.stderr);
        for (path, expected) in [
            ("", 0o711),
            ("systemd", 0o750),
            ("systemd/system", 0o755),
            ("servent", 0o755),
            ("servent/kv", 0o755),
            ("servent/kv/web.txt", 0o644),
            ("servent/6001.conf", 0o644),
            ("systemd/system/servent@.service", 0o644),
            ("systemd/system/servents.target", 0o644),
        ] {
            assert_eq!(mode(&etc.join(path)), expected, "{umask}: {path}");
        }
    }
}

#[test]
fn a_folder_that_an_earlier_export_made_for_its_owner_alone_is_opened_as_well() {
    let dir = TempDir::new();
    let folder = dir.path().join("made");
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a"]).code, Some(0));
    fs::set_permissions(folder.join("kv"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(export(CHAIN, &folder, &["--hosts", "a"]).code, Some(0));
    assert_eq!(mode(&folder.join("kv")), 0o755);
}

#[test]
fn a_key_that_the_client_takes_for_standard_input_is_refused() {
    let dir = TempDir::new();
    let folder = dir.path().join("made");
    let words = ["export", CHAIN, "compose", "--key=-", "-o", folder.to_str().unwrap()];
    let finished = Program::start(TP3, words).finish();
    assert!(finished.code == Some(2) && finished.stderr.contains("standard input"), "{}", finished.stderr);
}

#[test]
fn files_of_one_name_have_names_of_their_own_however_many_there_are() {
    let dir = TempDir::new();
    let mut text = String::new();
    for number in 0..300 {
        fs::create_dir(dir.path().join(number.to_string())).unwrap();
        // Two each hold the same, and the name that a second one would get is taken.
        dir.write(&format!("{number}/pairs.txt"), format!("http\t{}\n", number / 2).as_bytes());
        text += &format!("{} {number}/pairs.txt\n", 6001 + number);
    }
    fs::create_dir(dir.path().join("own")).unwrap();
    dir.write("own/2-pairs.txt", b"http\town\n");
    let file = dir.write("overlay.txt", format!("6000 own/2-pairs.txt\n{text}").as_bytes());
    let folder = dir.path().join("made");
    let finished = export(file.to_str().unwrap(), &folder, &["--hosts", "a"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(fs::read_dir(folder.join("kv")).unwrap().count(), 151);
    let held = |name: &str| self::text(&folder, name).trim_start_matches("http\t").trim_end().to_owned();
    assert_eq!([held("kv/2-pairs.txt"), held("kv/pairs.txt"), held("kv/3-pairs.txt")], ["own", "0", "1"]);
    assert!(self::text(&folder, "overlay.txt").contains("\na:6300 kv/151-pairs.txt\n"));
}
