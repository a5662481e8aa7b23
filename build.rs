//! Names the sources, for bookmarks, and links for a fast start on Linux with glibc, where most of a cached run is the loader.
//!
//! The linker options are here because `cargo install` ignores `.cargo/config.toml`.

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
        pack_relocations();
        group_functions();
    }
}

/// Sets `TOK_SOURCES`: two builds of one version may differ and must not share bookmarks.
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

/// Spares the loader `libgcc_s.so`: GCC ships the same code as `libgcc_eh.a`, which here precedes the standard library's own libraries.
fn link_the_unwinder_statically() {
    let asked = Command::new(linker())
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    let found = asked.is_ok_and(|answer| {
        let path = String::from_utf8_lossy(&answer.stdout);
        let path = Path::new(path.trim());
        path.is_absolute() && path.is_file()
    });
    if found {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Packed, the loader's thousands of relocations take a hundredth of the space; glibc supports that since 2.36.
fn pack_relocations() {
    link_with("-Wl,-z,pack-relative-relocs");
}

/// Puts the functions of a module next to each other, so that a cached print touches fewer pages: 136 page faults instead of 170.
fn group_functions() {
    link_with("-Wl,--sort-section=name");
}

/// Adds `option` if the linker knows it and the system can load the result.
fn link_with(option: &str) {
    if works(option).unwrap_or(false) {
        println!("cargo::rustc-link-arg-bins={option}");
    }
}

fn works(option: &str) -> io::Result<bool> {
    let folder = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let (source, program) = (folder.join("linked.c"), folder.join("linked"));
    fs::write(
        &source,
        "static int here; int *volatile relocated = &here;\n\
         int main(void) { return relocated != &here; }\n",
    )?;
    let linked = Command::new(linker())
        .args(["-fPIE", "-pie", "-Wl,--fatal-warnings", option, "-o"])
        .args([&program, &source])
        .output()?;
    Ok(linked.status.success() && Command::new(&program).status()?.success())
}

fn linker() -> String {
    env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned())
}
