//! Docker Compose, and with the same file a swarm of Docker engines: each servent in a container, its neighbours by name.

use super::{Export, ExportedFile, Known, Plan, Planned, Target, Wishes, instances};
use crate::overlay::OverlayFileError;
use crate::protocol::first_key;
use std::fmt::Write;

/// Containers on one machine or on a swarm of them.
pub(super) const TARGET: Target = Target {
    name: "compose",
    about: "containers: Docker Compose, or a swarm",
    takes_hosts: false,
    takes_key: true,
    programs: &["serventTP3", "clientTP3", "tp3"],
    make,
};

/// The largest key-value file that a swarm takes, in bytes: what it takes as a secret.
const SECRET_LEN_MAX: usize = 500 << 10;

/// Options that a servent has unless its line has them: names of containers that start later are waited for, and those
/// that come back with other addresses followed.
const USUAL: [(&str, &str); 2] = [("--resolve-wait", "60"), ("--resolve-every", "1")];

fn make(plan: &Plan, wishes: &Wishes) -> Result<Export, OverlayFileError> {
    let names: Vec<_> = instances::names(plan, false).iter().map(|name| format!("servent-{name}")).collect();
    let key = match &wishes.key {
        Some(key) => key.clone(),
        None => key_of_first(plan)?,
    };
    let mut services = String::new();
    for (place, servent) in plan.servents.iter().enumerate() {
        services += &service(plan, servent, &names, place)?;
    }
    let count = match names.len() {
        1 => "a servent".to_owned(),
        several => format!("{several} servents"),
    };
    let client = ["clientTP3".to_owned(), format!("{}:{}", names[0], plan.servents[0].port), "--".to_owned(), key];
    let yaml = fill(
        include_str!("compose/docker-compose.yml"),
        &[
            ("{title}", &plan.title()),
            ("{count}", &count),
            ("{first}", &names[0]),
            ("{port}", &plan.servents[0].port.to_string()),
            ("{services}", &services),
            ("{client}", &list(&client)),
            ("{all}", &names.join(", ")),
            ("{secrets}", &secrets(plan)),
        ],
    );
    let mut files = vec![
        ExportedFile::new("docker-compose.yml", yaml),
        ExportedFile::new("Dockerfile", include_str!("compose/Dockerfile")),
        ExportedFile::new("traces/README", include_str!("compose/traces")),
    ];
    files.extend(plan.copies("kv"));
    files.extend(wishes.programs.iter().cloned());
    Ok(Export { files, next: vec!["docker-compose up".to_owned()] })
}

/// A text with its gaps filled; what is filled in has none.
fn fill(mut rest: &str, gaps: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    while let Some((at, (gap, filling))) =
        gaps.iter().filter_map(|gap| Some((rest.find(gap.0)?, gap))).min_by_key(|(at, _)| *at)
    {
        filled += &rest[..at];
        filled += filling;
        rest = &rest[at + gap.len()..];
    }
    filled + rest
}

/// What the client asks for unless it is told: a key that the servent that it asks holds.
fn key_of_first(plan: &Plan) -> Result<String, OverlayFileError> {
    let first = &plan.servents[0];
    let key = first_key(&plan.kv_files[first.kv_file].bytes).and_then(|key| str::from_utf8(key).ok());
    // A lone dash is standard input for the client.
    key.filter(|key| *key != "-").map(str::to_owned).ok_or_else(|| {
        plan.refuse(first, "for which key is the client to ask? Its file begins with none that can be typed: --key KEY")
    })
}

/// A servent, as a service.
fn service(plan: &Plan, servent: &Planned, names: &[String], place: usize) -> Result<String, OverlayFileError> {
    let mut neighbours = Vec::new();
    for known in &servent.neighbours {
        match known {
            Known::Servent(other) => neighbours.push((names[*other].as_str(), plan.servents[*other].port)),
            Known::Other(typed) => {
                return Err(plan.refuse(
                    servent,
                    format!(
                        "the neighbour {typed} is no servent of the file: containers have a network of their own, and nobody \
                        outside of it could answer their clients"
                    ),
                ));
            }
        }
    }
    let (name, kv) = (&names[place], &plan.kv_files[servent.kv_file].name);
    let mut words = vec!["serventTP3".to_owned()];
    let is_said = |option: &str| servent.options.iter().any(|word| word == option);
    words
        .extend(USUAL.iter().filter(|(option, _)| !is_said(option)).map(|(option, value)| format!("{option}={value}")));
    words.extend(servent.options.iter().cloned());
    words.push(format!("--trace=/traces/{name}.jsonl"));
    words.extend(["--".to_owned(), servent.port.to_string(), format!("/kv/{kv}")]);
    words.extend(neighbours.iter().map(|(name, port)| format!("{name}:{port}")));
    let known: Vec<_> = neighbours.iter().map(|(name, _)| *name).collect();
    let known = if known.is_empty() { "nobody".to_owned() } else { known.join(", ") };
    let mut text = format!("  # Line {}: holds kv/{kv}, knows {known}.\n", servent.line);
    if let Some(bind) = servent.bind {
        text += &format!("  # Without --bind {bind}: a container has an address of its own.\n");
    }
    // One builds the image for all.
    let build = if place == 0 { "    build: .\n" } else { "" };
    let secret = format!("{{source: {}, target: {}}}", secret_name(servent.kv_file), quoted(&format!("/kv/{kv}")));
    let words = list(&words);
    text += &format!("  {name}:\n    <<: *servent\n{build}    command: [{words}]\n    secrets: [{secret}]\n\n");
    Ok(text)
}

/// The key-value files, as secrets.
fn secrets(plan: &Plan) -> String {
    let mut text = String::new();
    for (place, kv) in plan.kv_files.iter().enumerate() {
        if kv.bytes.len() > SECRET_LEN_MAX {
            text += "  # Too large for a swarm, which takes 500 KiB; Compose takes it.\n";
        }
        text += &format!("  {}: {{file: {}}}\n", secret_name(place), quoted(&format!("./kv/{}", kv.name)));
    }
    text
}

/// A swarm has room for 64 characters.
fn secret_name(place: usize) -> String {
    format!("kv-{}", place + 1)
}

fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    words.join(", ")
}

/// A text as YAML has it, in double quotes. Compose and stacks replace `$NAME`, but not `$$`, which is a `$`.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '$' => quoted += "$$",
            ' '..='~' => quoted.push(character),
            _ if character.is_alphanumeric() => quoted.push(character),
            // Whatever has no letters, and what is not to be printed.
            _ => write!(quoted, "\\U{:08X}", u32::from(character)).expect("a String takes everything"),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests;
