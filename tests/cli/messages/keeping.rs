//! Tokens that are kept: trouble with the cache, which is a note and no more, and the verbs that look into it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use local_provider::Answer;

use super::case::{Case, GOOD, Scene};
use crate::entry::{age, file};

pub fn cases() -> Vec<Case> {
    let kept = |situation, prepare| {
        Case::able("token p")
            .when(situation, prepare)
            .showing(|_| false)
    };
    let mut cases = vec![
        kept("the token's file is damaged", |scene| {
            scene.fetched();
            fs::write(file(&scene.home, ".json"), "{").unwrap();
        }),
        kept("the token's file was written by a newer tok", |scene| {
            scene.fetched();
            fs::write(file(&scene.home, ".json"), "{\"version\":99}").unwrap();
        }),
        kept("anybody may write the token's file", |scene| {
            scene.fetched();
            fs::set_permissions(file(&scene.home, ".json"), mode(0o666)).unwrap();
        }),
        kept("the token's file is a link", |scene| {
            scene.fetched();
            let entry = file(&scene.home, ".json");
            fs::remove_file(&entry).unwrap();
            symlink(scene.home.path().join("elsewhere"), &entry).unwrap();
        }),
        kept("the token's file has another name elsewhere", |scene| {
            scene.fetched();
            fs::hard_link(
                file(&scene.home, ".json"),
                scene.home.path().join("elsewhere"),
            )
            .unwrap();
        }),
        kept("the token's file is a folder", |scene| {
            scene.fetched();
            let entry = file(&scene.home, ".json");
            fs::remove_file(&entry).unwrap();
            fs::create_dir(&entry).unwrap();
        }),
        kept("the token's file has 3 MB", |scene| {
            scene.fetched();
            fs::write(file(&scene.home, ".json"), vec![b' '; 3 << 20]).unwrap();
        }),
        kept("anybody may write the cache folder", |scene| {
            scene.fetched();
            fs::set_permissions(scene.home.cache(), mode(0o777)).unwrap();
        }),
        kept("the cache folder is a file", cache_is_a_file),
        kept("the cache folder would lie in a file", |scene| {
            fs::write(scene.home.cache().parent().unwrap(), "").unwrap();
        }),
        kept("the lock is a folder", |scene| {
            scene.fetched();
            fs::remove_file(file(&scene.home, ".json")).unwrap();
            let lock = file(&scene.home, ".lock");
            fs::remove_file(&lock).unwrap();
            fs::create_dir(&lock).unwrap();
        }),
        Case::able("token p").configured(&format!("{GOOD}cache = 'keyring'\n")),
    ];
    cases.extend([
        Case::able("token p --timeout 500ms").when(
            "another tok holds the lock and does nothing",
            |scene| {
                scene.fetched();
                fs::remove_file(file(&scene.home, ".json")).unwrap();
                let lock = fs::File::open(file(&scene.home, ".lock")).unwrap();
                lock.lock().unwrap();
                scene.held.push(Box::new(lock));
            },
        ),
        kept(
            "the token is near its end, and the provider is in trouble",
            |scene| {
                near_its_end(scene, Answer::new(503));
            },
        ),
        kept(
            "the token is near its end, and the provider refuses",
            |scene| {
                near_its_end(
                    scene,
                    Answer::refusal(401, "invalid_client", "no such client"),
                );
            },
        ),
    ]);
    cases.extend([
        Case::tok("status q"),
        Case::tok("status").when("the cache folder is a file", cache_is_a_file),
        Case::able("status")
            .showing(|_| false)
            .when("the token's file is damaged", |scene| {
                scene.fetched();
                fs::write(file(&scene.home, ".json"), "{").unwrap();
            }),
        Case::tok("forget q"),
        Case::tok("forget p"),
        Case::tok("forget --all"),
        Case::able("forget p").when("its token is cached", |scene| scene.fetched()),
        Case::able("forget p").when("two tokens of it are cached", |scene| {
            scene.fetched();
            let other = scene.home.tok("token p --scope a");
            let mut other = other;
            other
                .env("TOK_P_CLIENT_SECRET", "s3cret")
                .assert()
                .success();
        }),
        Case::tok("forget p").when("the cache folder is a file", cache_is_a_file),
        Case::tok("reject q").given("t"),
        Case::tok("reject p").given(""),
        Case::tok("reject p").given("t"),
        Case::tok("reject p").given(b"\xff"),
        Case::tok("reject p").given(vec![b'x'; (1 << 20) + 1]),
        Case::able("reject p")
            .given("t")
            .when("its token is cached", |scene| scene.fetched()),
        Case::tok("reject p")
            .given("t")
            .when("the cache folder is a file", cache_is_a_file),
    ]);
    cases
}

fn mode(mode: u32) -> fs::Permissions {
    fs::Permissions::from_mode(mode)
}

fn cache_is_a_file(scene: &mut Scene) {
    fs::create_dir_all(scene.home.cache().parent().unwrap()).unwrap();
    fs::write(scene.home.cache(), "").unwrap();
}

fn near_its_end(scene: &Scene, next: Answer) {
    scene.fetched();
    age(&scene.home, 3500);
    scene.provider.answer("/t", next);
}
