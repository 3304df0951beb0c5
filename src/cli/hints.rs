//! What to do about a command line that was refused: tips for the mistakes that newcomers make.
//!
//! A tip shows the line that was meant, from what was typed.

use super::client::{self, ClientArgs};
use super::overlay;
use super::servent::{self, ServentArgs};
use super::values;
use crate::protocol::Peer;
use clap::{Command, CommandFactory};
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;

/// The arguments of a command line that are no options, whatever is wrong with them. The first word is the program.
pub(super) fn operands(command: &Command, words: &[OsString]) -> Vec<String> {
    let mut words = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut operands = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            operands.extend(words);
            break;
        } else if takes_value(command, &word) {
            words.next();
        } else if !word.starts_with('-') || values::seconds(&word[1..]).is_ok() {
            operands.push(word);
        }
    }
    operands
}

/// Whether the next word is this option's value.
fn takes_value(command: &Command, word: &str) -> bool {
    command.get_opts().any(|option| {
        let long = option.get_long().map(|long| format!("--{long}"));
        let short = option.get_short().map(|short| format!("-{short}"));
        [long, short].into_iter().flatten().any(|name| name == word)
    })
}

/// What to do about an option that nothing resembles: where keys are asked for, it may be one.
pub(super) fn unknown_option(typed: &str, command: &Command, name: &str, words: &[OsString]) -> Option<String> {
    let takes_keys = command.get_positionals().any(|arg| arg.get_id() == "keys");
    let first = operands(command, words).into_iter().next()?;
    takes_keys.then(|| format!("if '{typed}' is a key, put it behind `--`: {name} {}", line(&[&first, "--", typed])))
}

/// What to do about an option that another program has: `tp3 overlay --first-seq` is meant for the servents.
pub(super) fn others_option(typed: &str, name: &str) -> Option<String> {
    let has = |command: Command| command.get_opts().any(|option| option.get_long() == typed.strip_prefix("--"));
    if name != servent::NAME && has(ServentArgs::command()) {
        let place =
            if name == overlay::NAME { ": put it on the lines of FILE, for each servent that is to" } else { "" };
        return Some(format!("'{typed}' is an option of {}{place}", servent::NAME));
    }
    let is_of_client = name == servent::NAME && has(ClientArgs::command());
    is_of_client.then(|| format!("'{typed}' is an option of {}", client::NAME))
}

/// What to do about a word that stands where `tp3` expects a verb.
pub(super) fn no_verb(typed: &str) -> Option<String> {
    if is_port(typed) {
        Some("serventTP3 is the one that takes a port".to_owned())
    } else if values::peer(typed).is_ok() {
        Some("clientTP3 is the one that takes the address of a servent".to_owned())
    } else if matches!(typed, "servent" | "client") {
        Some(format!("the {typed} is a program of its own: {typed}TP3"))
    } else if typed.contains(['.', '/']) || Path::new(typed).is_file() {
        Some(format!("an overlay file stands behind its verb: tp3 overlay {}", line(&[typed])))
    } else {
        None
    }
}

/// For `serventTP3 PORT FILE [IP:PORT]...`.
pub(super) fn servent(operands: &[String]) -> Option<String> {
    let words: Vec<_> = operands.iter().map(String::as_str).collect();
    match words[..] {
        [] => Some("PORT is where this servent listens, FILE holds its keys and values".to_owned()),
        [port] if values::port(port).is_ok() => {
            Some("FILE is missing: it holds a key and its value on each line".to_owned())
        }
        [file, port, ref neighbours @ ..] if !is_port(file) && is_port(port) => {
            let meant = [&["serventTP3", port, file], neighbours].concat();
            Some(format!("the port comes before the file: {}", line(&meant)))
        }
        [first, ref rest @ ..] if !is_number(first) => match values::peer(first) {
            Ok(Peer::Address(address)) => {
                let (ip, port) = (address.ip().to_string(), address.port().to_string());
                let file = rest.first().copied().unwrap_or("FILE");
                let meant =
                    [&["serventTP3", &port, file][..], rest.get(1..).unwrap_or_default(), &["--bind", &ip]].concat();
                Some(format!("the port stands alone, --bind takes the address: {}", line(&meant)))
            }
            _ if Path::new(first).is_file() => {
                let meant = [&["serventTP3", "6001", first], rest].concat();
                Some(format!("the port to listen on comes before the file: {}", line(&meant)))
            }
            _ => None,
        },
        [port, file, ref neighbours @ ..] if is_port(port) => {
            let meant = joined(neighbours)?;
            let meant =
                ["serventTP3", port, file].into_iter().chain(meant.iter().map(String::as_str)).collect::<Vec<_>>();
            Some(format!("a neighbour is an address and its port, joined by a colon: {}", line(&meant)))
        }
        _ => None,
    }
}

/// For `clientTP3 IP:PORT [KEY]...`.
pub(super) fn client(operands: &[String]) -> Option<String> {
    let words: Vec<_> = operands.iter().map(String::as_str).collect();
    let Some((&first, rest)) = words.split_first() else {
        return Some("IP:PORT is the servent to ask".to_owned());
    };
    if let Some(meant) = meant_peer(first) {
        let meant = [&["clientTP3", meant.as_str()], rest].concat();
        return Some(format!("a servent is an address and its port: {}", line(&meant)));
    }
    if values::peer(first).is_ok() {
        return None;
    }
    if let Some(place) = rest.iter().position(|word| values::peer(word).is_ok()) {
        let (keys, servent) = (&words[..=place], words[place + 1]);
        let meant = [&["clientTP3", servent], keys, &words[place + 2..]].concat();
        return Some(format!("the servent comes before the keys: {}", line(&meant)));
    }
    let (meant, keys) = match rest {
        [port, keys @ ..] if is_port(port) => (format!("{first}:{port}"), keys),
        keys if is_port(first) => (format!("127.0.0.1:{first}"), keys),
        keys if first.parse::<Ipv4Addr>().is_ok() => (format!("{first}:6001"), keys),
        _ => return None,
    };
    values::peer(&meant).ok()?;
    let meant = [&["clientTP3", meant.as_str()], keys].concat();
    Some(format!("a servent is an address and its port, joined by a colon: {}", line(&meant)))
}

/// What to do about words that a program takes only behind `--`, where it has such: from the second argument on they are
/// taken for them.
pub(super) fn behind_dashes(command: &Command, name: &str, words: &[OsString]) -> Option<String> {
    command.get_positionals().find(|arg| arg.is_last_set())?;
    let mut typed: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if typed.iter().any(|word| word == "--") {
        return None;
    }
    let second = operands(command, words).into_iter().nth(1)?;
    let place = typed.iter().position(|word| *word == second)?;
    typed.insert(place, "--".to_owned());
    let words: Vec<_> = typed.iter().map(String::as_str).collect();
    Some(format!("the command stands behind a --: {name} {}", line(&words)))
}

/// What to do about a key-value file that can't be read, if its name looks like something else.
pub(super) fn kv_file(file: &Path) -> Option<String> {
    let name = file.to_str().filter(|name| values::peer(name).is_ok())?;
    Some(format!("'{name}' looks like a neighbour: the key-value file comes before the neighbours"))
}

/// What to do about an overlay file that can't be read, if its name looks like something else.
pub(super) fn overlay_file(file: &Path) -> Option<String> {
    let name = file.to_str()?;
    if name == "-" {
        return Some("an overlay file is expected; standard input is for the client's keys".to_owned());
    }
    if is_port(name) {
        return Some("an overlay file is expected; serventTP3 is the one that takes a port".to_owned());
    }
    values::peer(name).ok()?;
    Some("an overlay file is expected; clientTP3 is the one that takes the address of a servent".to_owned())
}

/// Neighbours with `IP PORT` joined, a port alone put on this machine, and others mended; `None` if all are as they
/// should be, or one is beyond help.
fn joined(neighbours: &[&str]) -> Option<Vec<String>> {
    let mut meant = Vec::new();
    let mut rest = neighbours;
    while let [word, others @ ..] = rest {
        rest = others;
        let port = others.first().filter(|word| is_port(word));
        if values::peer(word).is_ok() {
            meant.push((*word).to_owned());
        } else if is_port(word) {
            meant.push(format!("127.0.0.1:{word}"));
        } else if let Some(port) = port {
            meant.push(format!("{word}:{port}"));
            rest = &others[1..];
        } else if let Some(mended) = meant_peer(word) {
            meant.push(mended);
        } else {
            meant.push(format!("{word}:6001"));
        }
    }
    (meant != neighbours && meant.iter().all(|word| values::peer(word).is_ok())).then_some(meant)
}

/// What a URL or `PORT:IP` means: `IP:PORT`. A URL without a port gets that of the examples.
fn meant_peer(typed: &str) -> Option<String> {
    if let Some((_, rest)) = typed.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let meant = if host.contains(':') { host.to_owned() } else { format!("{host}:6001") };
        return values::peer(&meant).is_ok().then_some(meant);
    }
    let (port, ip) = typed.split_once(':')?;
    (is_port(port) && ip.parse::<Ipv4Addr>().is_ok()).then(|| format!("{ip}:{port}"))
}

fn is_port(word: &str) -> bool {
    values::port(word).is_ok()
}

/// Whether it was meant as a number: then the order is right and the number wrong.
fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// A command line of these words, quoted for a shell where needed.
fn line(words: &[&str]) -> String {
    // What is `<FILE>` to a shell is a word that stands for one here.
    let quoted: Vec<_> = words.iter().map(|word| shlex::try_quote(word).unwrap_or((*word).into())).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row: what was typed behind the program's name, and what the tip must end with; nothing where none is due.
    type Row = (&'static str, &'static str);

    fn check(hint: fn(&[String]) -> Option<String>, rows: &[Row]) {
        for (typed, expected) in rows {
            let operands: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
            let tip = hint(&operands).unwrap_or_default();
            assert!(tip.ends_with(expected) && tip.is_empty() == expected.is_empty(), "{typed}: {tip}");
        }
    }

    #[test]
    fn a_servents_words_are_put_in_order() {
        check(
            servent,
            &[
                ("", "FILE holds its keys and values"),
                ("6001", "a key and its value on each line"),
                ("web.txt 6001", ": serventTP3 6001 web.txt"),
                ("web.txt 6001 h:6002", ": serventTP3 6001 web.txt h:6002"),
                ("Cargo.toml", ": serventTP3 6001 Cargo.toml"),
                ("Cargo.toml h:6002", ": serventTP3 6001 Cargo.toml h:6002"),
                ("10.0.0.1:6001 web.txt", ": serventTP3 6001 web.txt --bind 10.0.0.1"),
                ("10.0.0.1:6001 web.txt h:1", ": serventTP3 6001 web.txt h:1 --bind 10.0.0.1"),
                ("10.0.0.1:6001", ": serventTP3 6001 FILE --bind 10.0.0.1"),
                ("6001 web.txt 10.0.0.1", ": serventTP3 6001 web.txt 10.0.0.1:6001"),
                ("6001 web.txt 10.0.0.1 6002 10.0.0.2 7", ": serventTP3 6001 web.txt 10.0.0.1:6002 10.0.0.2:7"),
                ("6001 web.txt 6002", ": serventTP3 6001 web.txt 127.0.0.1:6002"),
                ("6001 web.txt h:1 6002:10.0.0.1", ": serventTP3 6001 web.txt h:1 10.0.0.1:6002"),
                ("6001 web.txt http://h:6002/", ": serventTP3 6001 web.txt h:6002"),
                // Nothing that a tip could mend.
                ("70000 web.txt", ""),
                ("six", ""),
                ("6001 web.txt 10.0.0.1:6002", ""),
                ("6001 web.txt ::1", ""),
                ("6001 web.txt 10.0.0.1:70000", ""),
            ],
        );
    }

    #[test]
    fn a_clients_words_are_put_in_order() {
        check(
            client,
            &[
                ("", "the servent to ask"),
                ("http 10.0.0.1:6001", ": clientTP3 10.0.0.1:6001 http"),
                ("http smtp 10.0.0.1:6001 ftp", ": clientTP3 10.0.0.1:6001 http smtp ftp"),
                ("10.0.0.1 6001 http", ": clientTP3 10.0.0.1:6001 http"),
                ("localhost 6001", ": clientTP3 localhost:6001"),
                ("6001 http", ": clientTP3 127.0.0.1:6001 http"),
                ("10.0.0.1 http", ": clientTP3 10.0.0.1:6001 http"),
                ("6001:10.0.0.1 http", ": clientTP3 10.0.0.1:6001 http"),
                ("http://10.0.0.1:6002/ http", ": clientTP3 10.0.0.1:6002 http"),
                ("udp://localhost http", ": clientTP3 localhost:6001 http"),
                ("10.0.0.1:6001 http", ""),
                ("10.0.0.1:70000 http", ""),
                ("[::1]:6001 http", ""),
                ("http", ""),
            ],
        );
    }

    #[test]
    fn a_command_that_stands_behind_dashes_is_put_there() {
        let definition = || {
            let last = clap::Arg::new("command").last(true).num_args(0..);
            Command::new("t").args([clap::Arg::new("only").long("only").num_args(1), clap::Arg::new("what"), last])
        };
        for (typed, expected) in [
            ("t servent python3 x.py", Some(": t servent -- python3 x.py")),
            ("t --only p servent python3 -u x.py", Some(": t --only p servent -- python3 -u x.py")),
            ("t servent -- python3 x.py", None),
            ("t servent", None),
        ] {
            let words: Vec<_> = typed.split(' ').map(OsString::from).collect();
            let tip = behind_dashes(&definition(), "t", &words);
            assert_eq!(tip.is_some(), expected.is_some(), "{typed}");
            assert!(tip.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{typed}");
        }
    }

    #[test]
    fn a_tip_can_be_typed_into_a_shell() {
        assert_eq!(line(&["clientTP3", "h:1", "two words", "it's"]), "clientTP3 h:1 'two words' \"it's\"");
    }
}
