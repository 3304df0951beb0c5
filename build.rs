//! Tells the programs which commit they are made from: `TP3_VERSION`, such as `0.1.0 (2bd483d41c 2026-11-20)`, and
//! `TP3_DATE`, the commit's date.
//!
//! Outside a checkout the version is the package's alone and the date is empty. A checkout of something else that has
//! the package in a folder does not count: its commits say nothing about the package.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = commit();
    let (version, date) = match &commit {
        Some((hash, date)) => (format!("{version} ({hash} {date})"), date.as_str()),
        None => (version, ""),
    };
    println!("cargo::rustc-env=TP3_VERSION={version}");
    println!("cargo::rustc-env=TP3_DATE={date}");
}

/// The commit that is checked out here, and its date. Asks to be run again when another one is.
fn commit() -> Option<(String, String)> {
    // The way from the top of the checkout to here: nothing, if this is the top.
    if !git(&["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    watch_head();
    let shown = git(&["log", "-1", "--no-show-signature", "--abbrev=10", "--format=%h %cs"])?;
    let (hash, date) = shown.split_once(' ')?;
    Some((hash.to_owned(), date.to_owned()))
}

/// HEAD moves by a checkout, which writes the file `HEAD`, or by a commit, which writes the branch's file or, where all
/// branches are packed, makes it in its folder.
fn watch_head() {
    let path = |name: &str| git(&["rev-parse", "--git-path", name]);
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).and_then(|name| path(&name));
    let branch = branch.as_deref().and_then(|file| Path::new(file).ancestors().find(|path| path.exists()));
    for file in [path("HEAD"), branch.map(|path| path.display().to_string())].into_iter().flatten() {
        println!("cargo::rerun-if-changed={file}");
    }
}

/// What git says, without the end of the line; `None` if it fails, or there is no git.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}
