//! Names the sources, for bookmarks, and links the program on Linux with glibc: what the loader does before `main` is most of what printing a
//! cached token costs.
//!
//! The latter stands here because options in `.cargo/config.toml` would not reach `cargo install`.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    name_the_sources();
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" && env::var("HOST") == env::var("TARGET") {
        link_the_unwinder_statically();
        link_at_a_fixed_address();
    }
}

/// Gives the program a name for its sources in `src`, in `TOK_SOURCES`: two builds of one version may differ, and what one of them keeps for
/// itself is none of the other's.
fn name_the_sources() {
    println!("cargo::rerun-if-changed=src");
    let mut files = Vec::new();
    find(Path::new("src"), &mut files).expect("the sources can be read");
    files.sort_unstable();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        file.hash(&mut hasher);
        fs::read(file)
            .expect("a source can be read")
            .hash(&mut hasher);
    }
    let version = env!("CARGO_PKG_VERSION");
    println!(
        "cargo::rustc-env=TOK_SOURCES={version}+{:016x}",
        hasher.finish()
    );
}

/// Adds every file under `folder` to `files`.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Rust's standard library wants the unwinder of `libgcc_s.so`, one more file for the loader to find, map and relocate. GCC ships the same
/// code as `libgcc_eh.a`; where it is installed, that is linked instead. Named before the standard library's own libraries, it comes first.
fn link_the_unwinder_statically() {
    let linker = env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned());
    let asked = Command::new(linker)
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    // A compiler that does not have the file answers with the bare name.
    let found = asked.is_ok_and(|answer| {
        let path = String::from_utf8_lossy(&answer.stdout);
        let path = Path::new(path.trim());
        path.is_absolute() && path.is_file()
    });
    if found {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// A program that can stand anywhere has thousands of addresses corrected by the loader each time it starts, in pages that it must copy for
/// that. At a fixed address there is nothing to correct. What is given up is the random place of tok's own code, as in most Go programs;
/// stack, heap and libraries keep theirs.
fn link_at_a_fixed_address() {
    println!("cargo::rustc-link-arg-bins=-no-pie");
}
