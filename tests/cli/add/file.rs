//! `tok add` and the config: the file is replaced whole, and keeps its text, its permissions and its location.

use super::{add, config};
use crate::home::{Home, fails};

#[test]
fn an_existing_profile_is_replaced_only_with_force_and_comments_are_kept() {
    let before = "# mine\n[profiles.a]\nprovider = 'cint' # the exchange\nclient_id = 'x'\n\n# old\n[profiles.p]\ntoken_url = 'https://old.example/t'\nclient_id = 'o'\n[profiles.p.params]\nx = 1\n\n# last\n[profiles.z]\nprovider = 'spotify'\nclient_id = 'y'\n# end\n";
    let home = Home::with(before);
    let flags = "--provider cint --client-id new";
    fails(
        add(&home, flags, ""),
        3,
        &["profile `p` already exists in ", "--force"],
    );
    assert_eq!(config(&home), before);
    add(&home, &format!("{flags} --force"), "").success();
    let after = before.replace(
        "token_url = 'https://old.example/t'\nclient_id = 'o'\n[profiles.p.params]\nx = 1\n",
        "provider = \"cint\"\nclient_id = \"new\"\n",
    );
    assert_eq!(config(&home), after);
    home.tok("add q --provider cint --client-id q")
        .assert()
        .success();
    assert_eq!(
        config(&home),
        format!("{after}\n[profiles.q]\nprovider = \"cint\"\nclient_id = \"q\"\n")
    );
}

#[test]
fn an_unreadable_config_is_left_unchanged() {
    let home = Home::with("[profiles.a\n");
    fails(
        add(&home, "--provider cint --client-id i", ""),
        3,
        &["config.toml:1: "],
    );
    assert_eq!(config(&home), "[profiles.a\n");
}

#[cfg(unix)]
#[test]
fn a_new_config_is_private_and_an_old_one_keeps_its_mode_and_link() {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().mode() & 0o777;
    let home = Home::new();
    add(&home, "--provider cint --client-id i", "").success();
    assert_eq!(mode(&home.config()), 0o600);
    assert_eq!(mode(home.config().parent().unwrap()), 0o700);

    let dotfile = home.path().join("dotfile.toml");
    fs::rename(home.config(), &dotfile).unwrap();
    fs::set_permissions(&dotfile, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&dotfile, home.config()).unwrap();
    home.tok("add q --provider cint --client-id i")
        .assert()
        .success();
    assert!(fs::symlink_metadata(home.config()).unwrap().is_symlink());
    assert_eq!(mode(&dotfile), 0o640);
    assert!(
        fs::read_to_string(&dotfile)
            .unwrap()
            .contains("[profiles.q]")
    );
    assert_eq!(
        fs::read_dir(home.config().parent().unwrap())
            .unwrap()
            .count(),
        1
    );
}
