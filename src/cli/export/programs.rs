//! The programs that an export takes along: ones that need nothing of the machine that they come to.

use crate::export::ExportedFile;
use crate::text::escape_path;
use std::env;
use std::env::consts::ARCH;
use std::fs;
use std::path::Path;

/// How such programs are built, but for the target.
const BUILD: &str = "RUSTFLAGS=\"-C target-feature=+crt-static -C strip=symbols\" cargo build --release --target";

/// The segment of an ELF file that names the program loader, which loads shared libraries.
const PT_INTERP: u32 = 3;

/// Reads the programs of these names from a folder, or from where this one is.
///
/// # Errors
/// Why one can't be taken along.
pub(super) fn read(folder: Option<&Path>, names: &[&str]) -> Result<Vec<ExportedFile>, String> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let own = env::current_exe().map_err(|error| format!("cannot tell where tp3 is: {error}; say --programs DIR"))?;
    let folder = folder.or(own.parent()).unwrap_or(Path::new("."));
    let program = |name: &&str| {
        let path = folder.join(name);
        let refuse = |cause: &str| {
            let target = format!("{ARCH}-unknown-linux-gnu");
            format!(
                "{}: {cause}\ntip: build the programs so that they need no shared libraries:\n    {BUILD} {target}\nand run the tp3 that is \
                made so, or say --programs target/{target}/release",
                escape_path(&path)
            )
        };
        let bytes = fs::read(&path).map_err(|error| refuse(&format!("cannot be read: {error}")))?;
        match needs_loader(&bytes) {
            Some(false) => Ok(ExportedFile::script(Path::new("bin").join(name), bytes)),
            Some(true) => Err(refuse("it needs shared libraries, which are not there where it is to run")),
            None => Err(refuse("it is no program of Linux")),
        }
    };
    names.iter().map(program).collect()
}

/// Whether a program needs the loader of shared libraries; `None` if it is no ELF file of 64 bits, least byte first.
fn needs_loader(bytes: &[u8]) -> Option<bool> {
    let at = |offset: usize, len: usize| bytes.get(offset..offset.checked_add(len)?);
    let number =
        |offset, len| at(offset, len).map(|bytes| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    if at(0, 6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, entry_len, count) = (usize::try_from(number(32, 8)?).ok()?, number(54, 2)?, number(56, 2)?);
    for entry in 0..usize::try_from(count).ok()? {
        let offset = table.checked_add(entry.checked_mul(usize::try_from(entry_len).ok()?)?)?;
        if number(offset, 4)? == u64::from(PT_INTERP) {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with segments of these kinds.
    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(64, 0);
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(kinds.len()).unwrap();
        for kind in kinds {
            bytes.extend(kind.to_le_bytes());
            bytes.resize(bytes.len() + 52, 0);
        }
        bytes
    }

    #[test]
    fn whether_a_program_needs_shared_libraries_is_read_from_its_segments() {
        assert_eq!(needs_loader(&elf(&[])), Some(false));
        assert_eq!(needs_loader(&elf(&[6, 1, 2])), Some(false));
        assert_eq!(needs_loader(&elf(&[6, PT_INTERP, 1])), Some(true));
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x01\x01", &elf(&[1, PT_INTERP])[..100]] {
            assert_eq!(needs_loader(bytes), None, "{bytes:?}");
        }
        let mut beyond = elf(&[1]);
        beyond[32..40].fill(0xff);
        assert_eq!(needs_loader(&beyond), None);
    }
}
