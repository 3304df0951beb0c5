use super::*;
use crate::cli::overlay_file::read_line;
use crate::overlay::{Host, OverlayFile};

fn export(lines: &str, hosts: &[&str]) -> Result<Export, String> {
    let file = Path::new("overlays/chain.txt");
    let overlay =
        OverlayFile::parse(file, lines.as_bytes(), read_line, |_, _| Ok(())).map_err(|error| error.to_string())?;
    let mut plan = Plan::new(file, &overlay, |path| Ok(path.as_os_str().as_encoded_bytes().to_vec()))
        .map_err(|error| error.to_string())?;
    if !hosts.is_empty() {
        let hosts: Vec<Host> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        plan = plan.dealt(&hosts).map_err(|error| error.to_string())?;
    }
    make(&plan, &Wishes::default()).map_err(|error| error.to_string())
}

fn text<'a>(export: &'a Export, path: &str) -> &'a str {
    let paths: Vec<_> = export.files.iter().map(|file| &file.path).collect();
    let file = export.files.iter().find(|file| file.path == Path::new(path));
    str::from_utf8(&file.unwrap_or_else(|| panic!("no {path} in {paths:?}")).bytes).unwrap()
}

const CHAIN: &str =
    "6001 web.txt 127.0.0.1:6002\n6002 mail.txt 127.0.0.1:6001 127.0.0.1:6003\n6003 web.txt 127.0.0.1:6002\n";

#[test]
fn on_one_machine_each_servent_is_an_instance_as_tp3_overlay_would_run_it() {
    let export = export(CHAIN, &[]).unwrap();
    assert_eq!(
        text(&export, "etc/servent/6002.conf"),
        "# Line 2 of chain.txt. Written by tp3 export.\n\
        ARGUMENTS=\"--bind=127.0.0.1 -- 6002 /etc/servent/kv/mail.txt 127.0.0.1:6001 127.0.0.1:6003\"\n"
    );
    let target = text(&export, "etc/systemd/system/servents.target");
    assert!(
        target.contains("Wants=servent@6001.service\nWants=servent@6002.service\nWants=servent@6003.service\n"),
        "{target}"
    );
    assert_eq!(text(&export, "etc/servent/kv/web.txt"), "overlays/web.txt");
    // Two units, three files of arguments, two that servents hold.
    assert_eq!(export.files.len(), 7);
}

#[test]
fn each_host_has_its_share_and_reaches_the_others() {
    let export = export(CHAIN, &["10.0.0.1", "node2"]).unwrap();
    let arguments = |path| text(&export, path).lines().last().unwrap().to_owned();
    assert_eq!(
        arguments("10.0.0.1/etc/servent/6001.conf"),
        "ARGUMENTS=\"-- 6001 /etc/servent/kv/web.txt 10.0.0.1:6002\""
    );
    // Names are waited for, addresses need not be.
    assert_eq!(
        arguments("10.0.0.1/etc/servent/6002.conf"),
        "ARGUMENTS=\"--resolve-wait=60 -- 6002 /etc/servent/kv/mail.txt 10.0.0.1:6001 node2:6003\""
    );
    assert_eq!(arguments("node2/etc/servent/6003.conf"), "ARGUMENTS=\"-- 6003 /etc/servent/kv/web.txt 10.0.0.1:6002\"");
    let target = text(&export, "node2/etc/systemd/system/servents.target");
    assert_eq!(target.matches("Wants=").count(), 1, "{target}");
    assert!(!export.files.iter().any(|file| file.path.starts_with("node2/etc/servent/kv/mail.txt")));
    // The program and the files, on each host.
    assert_eq!(export.next.len(), 4);
    assert!(export.next[2].starts_with("ssh root@node2 'install -m 755 /dev/stdin /usr/local/bin/serventTP3' <"));
}

#[test]
fn a_line_keeps_its_options_and_what_systemd_would_take_apart_is_refused() {
    let kept = export("6001 web.txt --delay 50ms±10ms --bind 127.0.0.2 --resolve-wait 5 node:6002\n", &[]).unwrap();
    assert!(text(&kept, "etc/servent/6001.conf").contains(
        "ARGUMENTS=\"--resolve-wait 5 --delay 50ms±10ms --bind=127.0.0.2 -- 6001 /etc/servent/kv/web.txt node:6002\""
    ));
    let hostile = export("6001 web.txt\n6002 web.txt --delay '5 ms'\n", &[]);
    assert!(hostile.is_err_and(|cause| cause.starts_with("overlays/chain.txt:2: '5 ms' can't be an argument")));
}

#[test]
fn a_port_that_takes_a_privilege_is_refused() {
    let refused = export("1024 web.txt\n1023 web.txt\n", &[]);
    assert!(refused.is_err_and(|cause| cause.starts_with("overlays/chain.txt:2: port 1023: ports below 1024 take")));
}

#[test]
fn an_instance_is_its_port_where_no_other_servent_of_its_host_has_that() {
    let export = export("a:6001 web.txt b:6001\nb:6001 web.txt\nb:6002 web.txt --bind 10.0.0.2 a:6001\n", &[]).unwrap();
    for path in ["a/etc/servent/6001.conf", "b/etc/servent/6001.conf", "b/etc/servent/6002.conf"] {
        assert!(text(&export, path).contains("ARGUMENTS="));
    }
    let alone = self::export("6001 web.txt\n6001 web.txt --bind 127.0.0.2\n6002 web.txt\n", &[]).unwrap();
    for name in ["6001-line1", "6001-line2", "6002"] {
        assert!(text(&alone, &format!("etc/servent/{name}.conf")).contains("ARGUMENTS="));
    }
}
