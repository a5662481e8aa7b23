//! `tok for`: programs that ask for more than they may have, or not in their own words.

use local_provider::Answer;

use super::case::{Case, GOOD};

pub fn cases() -> Vec<Case> {
    let asked = |arguments, stdin: &str| Case::able(arguments).given(stdin);
    let visible = |arguments| {
        Case::answered(Answer::token("a'b$c", 60))
            .configured(&format!("{GOOD}response = {{ token_chars = 'visible' }}\n"))
            .run(arguments)
    };
    let mut cases: Vec<Case> = [
        "for sh p --name 1a",
        "for fish p --name a-b",
        "for powershell p --name a;b",
        "for dotenv p --name=",
        "for github p --name a.b",
        "for bazel p get",
        "for git --host *.example p get",
        "for git --host h:99999 p get",
        "for docker --host h p",
        "for netrc p",
        "for netrc --host h:1 p",
        "for netrc --host h --username #a p",
        "for github p",
        "for github --env p",
        "for file p",
        "for file p nowhere/token",
        "for file p config",
        "for file --watch p nowhere/token",
        "for file --watch --cached p token",
        "for cargo --host h p",
    ]
    .map(Case::able)
    .into();
    cases.extend([
        visible("for dotenv p"),
        visible("for netrc --host h p"),
        Case::able("for github p").with("GITHUB_OUTPUT", "HOME/nowhere/output"),
        Case::able("for github p").with("GITHUB_OUTPUT", ""),
        Case::able("for kubectl p").with("KUBERNETES_EXEC_INFO", "hello"),
        Case::able("for kubectl p").with(
            "KUBERNETES_EXEC_INFO",
            "{\"apiVersion\":\"client.authentication.k8s.io/v9\"}",
        ),
        Case::able("for cargo --host h p")
            .with("CARGO_REGISTRY_INDEX_URL", "sparse+https://evil.example/"),
        asked("for bazel --host h p get", ""),
        asked("for bazel --host h p get", "uri=https://h/"),
        asked("for bazel --host h p store", "{\"uri\":\"https://h/\"}"),
        asked(
            "for bazel --host h p get",
            "{\"uri\":\"https://evil.example/\"}",
        ),
        asked("for git --host h p get", ""),
        asked(
            "for git --host h p get",
            "protocol=https\nhost=h\nhost=evil.example\n",
        ),
        asked(
            "for git --host h p get",
            "protocol=https\nhost=evil.example\n",
        ),
        asked("for git --host h p get", "protocol=http\nhost=h\n"),
        asked("for docker --host h p get", "https://evil.example/v1/"),
        asked("for docker --host h p store", "{}"),
        asked("for docker --host h p frob", ""),
        Case::able("for git --host h p get").given(vec![b'x'; 65 << 10]),
        Case::able("for git --host h p get").given(b"\xff"),
        asked("for docker --host h p erase", "h").when("the cache folder is a file", |scene| {
            std::fs::create_dir_all(scene.home.cache().parent().unwrap()).unwrap();
            std::fs::write(scene.home.cache(), "").unwrap();
        }),
    ]);
    cases
        .into_iter()
        .map(|case| case.showing(|line| line.starts_with("credentials")))
        .collect()
}
