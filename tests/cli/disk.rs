//! Any fault of the cache, the token is printed, the exit code is 0, and one note says what it was. Nothing is followed, nothing of
//! others is touched, and what can heal has healed by the next call.
//!
//! Tests that need another user, a mount or a full disk are in `tests/real/disk.sh`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use local_provider::{Answer, Provider};

use crate::entry::file;
use crate::home::{Home, stderr};

/// The content of files that are not tok's.
const MINE: &str = "mine";

/// The outcome of the next call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    /// A good cache: no note, no request.
    Healed,
    /// The same trouble again.
    Same,
}

struct Scene {
    provider: Provider,
    home: Home,
    /// A file outside the cache, with its former content.
    outside: PathBuf,
}

fn scene() -> Scene {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\n",
        provider.url("/t")
    ));
    let outside = home.path().join("outside");
    crate::home::write(&outside, MINE);
    Scene {
        provider,
        home,
        outside,
    }
}

/// Runs `tok token p`, which must print the token; the notes, a line each.
fn notes(home: &Home) -> Vec<String> {
    let run = home
        .tok("token p")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert()
        .success()
        .stdout("t\n");
    stderr(&run).lines().map(str::to_owned).collect()
}

/// Spoils a cache that has a good entry with `spoil`; the next call must print the token and one note that has `words`.
fn spoiled(what: &str, words: &str, next: Next, spoil: impl Fn(&Scene)) {
    let scene = scene();
    assert_eq!(notes(&scene.home), Vec::<String>::new());
    spoil(&scene);
    let said = notes(&scene.home);
    assert_eq!(said.len(), 1, "{what}: {said:?}");
    assert!(
        said[0].starts_with("tok: note: ") && said[0].contains(words),
        "{what}: {said:?}"
    );
    let requests = scene.provider.requests().len();
    let said = notes(&scene.home);
    match next {
        Next::Healed => {
            assert_eq!(said, Vec::<String>::new(), "{what}");
            assert_eq!(scene.provider.requests().len(), requests, "{what}");
        }
        Next::Same => assert_eq!(said.len(), 1, "{what}: {said:?}"),
    }
    assert_eq!(fs::read_to_string(&scene.outside).unwrap(), MINE, "{what}");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_damaged_entry_is_noted_and_replaced() {
    let whole = {
        let scene = scene();
        notes(&scene.home);
        fs::read(file(&scene.home, ".json")).unwrap()
    };
    let text = String::from_utf8(whole.clone()).unwrap();
    let random: Vec<u8> = (0..4096_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", vec![], "damaged"),
        ("truncated", whole[..whole.len() / 2].to_vec(), "damaged"),
        ("random", random, "damaged"),
        ("a line end", b"\n".to_vec(), "damaged"),
        ("zeroes", vec![0; 4096], "damaged"),
        ("5 MB", vec![b' '; 5_000_000], "larger than 2048 KiB"),
        (
            "of a newer version",
            text.replace("\"version\":1", "\"version\":2").into(),
            "newer tok",
        ),
    ];
    for (what, bytes, words) in cases {
        spoiled(what, words, Next::Healed, |scene| {
            fs::write(file(&scene.home, ".json"), &bytes).unwrap();
        });
    }
}

#[test]
fn an_entry_that_others_can_write_is_not_used_but_replaced() {
    spoiled("writable", "others may write it", Next::Healed, |scene| {
        mode(&file(&scene.home, ".json"), 0o666);
    });
    spoiled("symlink", "a link", Next::Healed, |scene| {
        let entry = file(&scene.home, ".json");
        fs::remove_file(&entry).unwrap();
        symlink(&scene.outside, &entry).unwrap();
    });
    spoiled("dangling symlink", "a link", Next::Healed, |scene| {
        let entry = file(&scene.home, ".json");
        fs::remove_file(&entry).unwrap();
        symlink(scene.home.path().join("nowhere"), &entry).unwrap();
    });
    spoiled("hard link", "hard link", Next::Healed, |scene| {
        let entry = file(&scene.home, ".json");
        fs::remove_file(&entry).unwrap();
        fs::hard_link(&scene.outside, &entry).unwrap();
    });
    spoiled("a folder", "not a regular file", Next::Same, |scene| {
        let entry = file(&scene.home, ".json");
        fs::remove_file(&entry).unwrap();
        fs::create_dir(&entry).unwrap();
    });
    spoiled("a pipe", "not a regular file", Next::Healed, |scene| {
        let entry = file(&scene.home, ".json");
        fs::remove_file(&entry).unwrap();
        let made = Command::new("mkfifo").arg(&entry).status().unwrap();
        assert!(made.success());
    });
}

#[test]
fn a_cache_folder_that_others_can_write_is_closed_and_a_link_is_not_used() {
    spoiled("writable", "others could write it", Next::Healed, |scene| {
        mode(&scene.home.cache(), 0o777);
    });
    let elsewhere = tempfile::tempdir().unwrap();
    spoiled(
        "symlink",
        "not a folder, or it is a link",
        Next::Same,
        |scene| {
            fs::remove_dir_all(scene.home.cache()).unwrap();
            symlink(elsewhere.path(), scene.home.cache()).unwrap();
        },
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    spoiled(
        "a file",
        "not a folder, or it is a link",
        Next::Same,
        |scene| {
            fs::remove_dir_all(scene.home.cache()).unwrap();
            fs::write(scene.home.cache(), MINE).unwrap();
        },
    );
    spoiled("cannot be made", "tok: ", Next::Same, |scene| {
        fs::remove_dir_all(scene.home.cache().parent().unwrap()).unwrap();
        fs::write(scene.home.cache().parent().unwrap(), MINE).unwrap();
    });
}

#[test]
fn a_lock_that_is_not_a_file_is_noted_and_a_link_is_replaced() {
    /// Puts `spoil` in the place of the lock of a cache without an entry; the notes of the next call.
    fn with_lock(spoil: impl Fn(&Scene, &Path)) -> Vec<String> {
        let scene = scene();
        notes(&scene.home);
        fs::remove_file(file(&scene.home, ".json")).unwrap();
        let lock = file(&scene.home, ".lock");
        fs::remove_file(&lock).unwrap();
        spoil(&scene, &lock);
        let said = notes(&scene.home);
        assert_eq!(fs::read_to_string(&scene.outside).unwrap(), MINE);
        // Whatever the lock is, the token was kept.
        assert_eq!(notes(&scene.home), Vec::<String>::new());
        assert_eq!(scene.provider.requests().len(), 2);
        said
    }
    let none = Vec::<String>::new();
    assert_eq!(
        with_lock(|scene, lock| symlink(&scene.outside, lock).unwrap()),
        none
    );
    assert_eq!(
        with_lock(|scene, lock| fs::hard_link(&scene.outside, lock).unwrap()),
        none
    );
    assert_eq!(
        with_lock(|_, lock| {
            fs::write(lock, "").unwrap();
            mode(lock, 0o666);
        }),
        none
    );
    let said = with_lock(|_, lock| fs::create_dir(lock).unwrap());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("going on without a lock"), "{said:?}");
}

#[test]
fn quiet_suppresses_notes_about_the_cache() {
    let scene = scene();
    fs::create_dir_all(scene.home.cache().parent().unwrap()).unwrap();
    fs::write(scene.home.cache(), MINE).unwrap();
    scene
        .home
        .tok("token p -q")
        .env("TOK_P_CLIENT_SECRET", "s")
        .assert()
        .success()
        .stdout("t\n")
        .stderr("");
}

#[test]
fn cache_files_are_private_whatever_the_umask() {
    use std::os::unix::fs::MetadataExt;
    let scene = scene();
    let tok = scene.home.process("token p");
    let status = std::process::Command::new("sh")
        .args(["-c", "umask 0; exec \"$0\" token p"])
        .arg(tok.get_program())
        .env_clear()
        .envs(
            tok.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TOK_P_CLIENT_SECRET", "s")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let of = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(of(&scene.home.cache()), 0o700);
    for name in scene.home.cached() {
        assert_eq!(of(&scene.home.cache().join(&name)), 0o600, "{name}");
    }
}
