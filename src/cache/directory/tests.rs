//! What the folder does with files as they should be, and with files as they should not.

use super::*;

fn fresh() -> (tempfile::TempDir, Folder) {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::create(&home.path().join("cache").join("tok")).unwrap();
    (home, folder)
}

fn line(folder: &Folder, name: &str) -> Vec<u8> {
    folder.read(name).unwrap().unwrap().line().to_vec()
}

#[test]
fn uses_are_counted_behind_the_first_line_and_start_anew_with_a_new_file() {
    let (_home, folder) = fresh();
    for first in [
        b"one\n".to_vec(),
        [vec![b'x'; 100_000], b"\n".to_vec()].concat(),
    ] {
        folder.write("a.json", &first).unwrap();
        for used in 0..3 {
            let content = folder.read("a.json").unwrap().unwrap();
            assert_eq!(content.line(), first);
            assert_eq!(content.uses(), used);
            content.count_use();
        }
    }
}

#[test]
fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
    let (_home, folder) = fresh();
    assert!(folder.read("a.json").unwrap().is_none());
    folder.write("a.json", b"one").unwrap();
    folder.write("a.json", b"two").unwrap();
    assert_eq!(line(&folder, "a.json"), b"two");
    assert_eq!(folder.names().unwrap(), ["a.json"]);
    assert_eq!(folder.remove("a.json"), Ok(true));
    assert_eq!(folder.remove("a.json"), Ok(false));
}

#[test]
fn a_huge_file_is_not_read() {
    let (_home, folder) = fresh();
    let file = folder.lock_file("a.json").unwrap();
    file.set_len(LARGEST_BYTES + 1).unwrap();
    assert!(
        folder
            .read("a.json")
            .unwrap_err()
            .to_string()
            .contains("larger than")
    );
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
        let (_home, folder) = fresh();
        folder.write("a.json", b"x").unwrap();
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.path().join("a.json")), 0o600);
    }

    #[test]
    fn an_open_folder_is_closed_and_one_that_others_could_write_is_not_used_at_once() {
        for (open, used) in [(0o777, false), (0o720, false), (0o755, true), (0o700, true)] {
            let (_home, folder) = fresh();
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(open)).unwrap();
            assert_eq!(Folder::open(folder.path()).is_ok(), used, "{open:o}");
            assert_eq!(mode(folder.path()), 0o700);
            assert!(Folder::open(folder.path()).is_ok());
        }
    }

    #[test]
    fn links_are_not_followed_and_their_targets_not_touched() {
        let (home, folder) = fresh();
        let target = home.path().join("target");
        std::fs::write(&target, "mine").unwrap();
        symlink(&target, folder.path().join("a.json")).unwrap();
        assert!(
            folder
                .read("a.json")
                .unwrap_err()
                .to_string()
                .contains("link")
        );
        symlink(&target, folder.path().join("a.lock")).unwrap();
        assert!(folder.lock_file("a.lock").is_ok());
        assert!(!folder.path().join("a.lock").is_symlink());
        folder.write("a.json", b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
        assert_eq!(line(&folder, "a.json"), b"new");

        std::fs::hard_link(&target, folder.path().join("b.json")).unwrap();
        assert!(
            folder
                .read("b.json")
                .unwrap_err()
                .to_string()
                .contains("hard link")
        );

        let link = home.path().join("link");
        symlink(folder.path(), &link).unwrap();
        assert!(
            Folder::open(&link)
                .unwrap_err()
                .to_string()
                .contains("link")
        );
    }

    #[test]
    fn what_others_may_write_or_is_no_file_is_not_read() {
        let (_home, folder) = fresh();
        folder.write("a.json", b"x").unwrap();
        std::fs::set_permissions(
            folder.path().join("a.json"),
            PermissionsExt::from_mode(0o622),
        )
        .unwrap();
        assert!(
            folder
                .read("a.json")
                .unwrap_err()
                .to_string()
                .contains("others may write")
        );
        std::fs::create_dir(folder.path().join("d.json")).unwrap();
        assert!(
            folder
                .read("d.json")
                .unwrap_err()
                .to_string()
                .contains("no plain file")
        );
    }
}
