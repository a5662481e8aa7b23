//! Files of the cache directory, safe and unsafe ones.

use super::*;

fn fresh() -> (tempfile::TempDir, Directory) {
    let home = tempfile::tempdir().unwrap();
    let directory = Directory::create(&home.path().join("cache").join("tok")).unwrap();
    (home, directory)
}

fn problem<T: std::fmt::Debug>(result: Result<T, CacheError>) -> PathProblem {
    match result {
        Err(CacheError::Path(_, problem)) => problem,
        other => panic!("{other:?}"),
    }
}

fn line(directory: &Directory, name: &str) -> Vec<u8> {
    directory.read(name).unwrap().unwrap().line().to_vec()
}

#[test]
fn uses_are_counted_after_the_first_line_of_each_new_file() {
    let (_home, directory) = fresh();
    for first in [
        b"one\n".to_vec(),
        [vec![b'x'; 100_000], b"\n".to_vec()].concat(),
    ] {
        directory.write("a.json", &first).unwrap();
        for used in 0..3 {
            let content = directory.read("a.json").unwrap().unwrap();
            assert_eq!(content.line(), first);
            assert_eq!(content.uses(), used);
            content.count_use();
        }
    }
}

#[test]
fn file_is_replaced_and_nothing_is_left_beside_it() {
    let (_home, directory) = fresh();
    assert!(directory.read("a.json").unwrap().is_none());
    directory.write("a.json", b"one").unwrap();
    directory.write("a.json", b"two").unwrap();
    assert_eq!(line(&directory, "a.json"), b"two");
    assert_eq!(directory.names().unwrap(), ["a.json"]);
    assert!(directory.remove("a.json").unwrap());
    assert!(!directory.remove("a.json").unwrap());
}

#[test]
fn file_that_is_too_large_is_not_read() {
    let (_home, directory) = fresh();
    let file = directory.lock_file("a.json").unwrap();
    file.set_len(MAX_BYTES + 1).unwrap();
    assert!(matches!(
        problem(directory.read("a.json")),
        PathProblem::TooLarge(_)
    ));
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_files_are_closed_to_others() {
        let (_home, directory) = fresh();
        directory.write("a.json", b"x").unwrap();
        assert_eq!(mode(directory.path()), 0o700);
        assert_eq!(mode(&directory.path().join("a.json")), 0o600);
    }

    #[test]
    fn an_open_folder_is_closed_and_one_that_others_could_write_is_not_used_at_once() {
        for (open, used) in [(0o777, false), (0o720, false), (0o755, true), (0o700, true)] {
            let (_home, directory) = fresh();
            std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(open)).unwrap();
            assert_eq!(Directory::open(directory.path()).is_ok(), used, "{open:o}");
            assert_eq!(mode(directory.path()), 0o700);
            assert!(Directory::open(directory.path()).is_ok());
        }
    }

    #[test]
    fn link_is_not_followed_and_its_target_not_touched() {
        let (home, directory) = fresh();
        let target = home.path().join("target");
        std::fs::write(&target, "mine").unwrap();
        std::fs::set_permissions(&target, PermissionsExt::from_mode(0o644)).unwrap();
        symlink(&target, directory.path().join("a.json")).unwrap();
        assert!(matches!(
            problem(directory.read("a.json")),
            PathProblem::Link
        ));
        symlink(&target, directory.path().join("a.lock")).unwrap();
        assert!(directory.lock_file("a.lock").is_ok());
        assert!(!directory.path().join("a.lock").is_symlink());
        directory.write("a.json", b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
        assert_eq!(line(&directory, "a.json"), b"new");

        std::fs::hard_link(&target, directory.path().join("b.json")).unwrap();
        assert!(matches!(
            problem(directory.read("b.json")),
            PathProblem::HardLink
        ));

        let link = home.path().join("link");
        symlink(directory.path(), &link).unwrap();
        assert!(matches!(
            problem(Directory::open(&link)),
            PathProblem::NotADirectory
        ));
    }

    #[test]
    fn file_that_others_may_write_and_other_kinds_of_file_are_not_read() {
        let (_home, directory) = fresh();
        directory.write("a.json", b"x").unwrap();
        std::fs::set_permissions(
            directory.path().join("a.json"),
            PermissionsExt::from_mode(0o622),
        )
        .unwrap();
        assert!(matches!(
            problem(directory.read("a.json")),
            PathProblem::WritableByOthers(_)
        ));
        std::fs::create_dir(directory.path().join("d.json")).unwrap();
        assert!(matches!(
            problem(directory.read("d.json")),
            PathProblem::NotAFile
        ));
    }
}
