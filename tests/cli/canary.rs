//! A secret is found nowhere but on the wire, a token nowhere but on stdout and in the cache.
//!
//! Each test makes secrets and tokens that is new in each run, lets tok do something with them, and then searches everything it left: stdout,
//! stderr, every file of its home and temporary folder, what its children could see, its core.

mod search;

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use local_provider::{Answer, Gate, Received};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::parallel;
use search::{Canary, From, SOURCES, Scene, files};

fn source_name(from: &From) -> String {
    format!("{from:?}")
}

/// Says back everything a request held, in the ways servers do.
fn echo(status: u16) -> impl Fn(&Received) -> Answer {
    move |received| {
        let basic = String::from_utf8_lossy(&received.basic().unwrap_or_default()).into_owned();
        let heard = format!(
            "{basic} {} {} {}",
            received.header("authorization").unwrap_or_default(),
            received.header("x-key").unwrap_or_default(),
            received.text()
        );
        if (300..400).contains(&status) {
            let heard = utf8_percent_encode(&heard, NON_ALPHANUMERIC).to_string();
            return Answer::redirect(status, &format!("https://a.example/{heard}?{heard}"));
        }
        Answer::json(
            status,
            serde_json::json!({ "error": "invalid_client", "error_description": heard, "message": basic }),
        )
        .header("www-authenticate", &format!("Basic x=\"{}\"", received.header("authorization").unwrap_or_default()))
    }
}

#[test]
fn the_search_finds_a_canary_in_every_form() {
    let canary = Canary::secret();
    let quoted = serde_json::json!({ "a": canary.0 }).to_string();
    let percent = utf8_percent_encode(&canary.0, NON_ALPHANUMERIC).to_string();
    for text in [
        canary.0.clone(),
        quoted,
        percent.clone(),
        percent.to_lowercase(),
    ] {
        assert!(canary.is_in(format!("x{text}y").as_bytes()), "{text}");
    }
    for id in ["", "i", "id", "id:", "id::"] {
        let basic = STANDARD_NO_PAD.encode(format!("{id}{}yz", canary.0));
        assert!(canary.is_in(basic.as_bytes()), "{id}");
    }
    assert!(!canary.is_in(Canary::secret().0.as_bytes()));
}

#[test]
fn after_a_success_only_stdout_and_the_cache_hold_the_token() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        for (arguments, expected) in [
            ("token p", format!("{}\n", scene.token.0)),
            (
                "header p --refresh",
                format!("X-Token: {}\n", scene.token.0),
            ),
            ("token p -v --refresh", format!("{}\n", scene.token.0)),
            ("token p -v", format!("{}\n", scene.token.0)),
        ] {
            let output = scene.output(arguments);
            assert_eq!(
                String::from_utf8(output.stdout).unwrap(),
                expected,
                "{from:?}"
            );
            scene.is_clean(arguments, &output.stderr);
        }
        let json: serde_json::Value =
            serde_json::from_slice(&scene.output("json p").stdout).unwrap();
        assert_eq!(json["access_token"], scene.token.0);
        assert!(!scene.secret.is_in(json.to_string().as_bytes()));
        let cached = files(&scene.home.cache());
        assert!(
            cached
                .iter()
                .any(|path| scene.token.is_in(&std::fs::read(path).unwrap())),
            "the search would have found the token in {cached:?}"
        );
        assert_eq!(scene.provider.requests().len(), 3);
        let sent = &scene.provider.requests()[0];
        assert!(scene.secret.is_in(&sent.basic().unwrap()));
        assert!(
            scene
                .api_key
                .is_in(sent.header("x-key").unwrap().as_bytes())
        );
        if from == From::Command {
            assert!(scene.home.path().join("seen-by-child").exists());
        }
    });
}

#[test]
fn an_echoing_provider_is_not_quoted() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        for (status, code) in [(401, 5), (400, 5), (200, 5), (307, 7)] {
            scene.provider.answer_with("/token", echo(status));
            for arguments in ["token p", "header p -v", "json p --no-cache -v"] {
                let output = scene.output(arguments);
                assert_eq!(output.status.code(), Some(code), "{output:?}");
                assert_eq!(output.stdout, b"");
                scene.is_clean(&format!("{arguments}, {status}"), &output.stderr);
            }
        }
    });
    let scene = Scene::new(From::Tok);
    scene.provider.answer_with("/token", echo(503));
    let output = scene.output("token p -v --timeout 1s");
    assert_eq!(output.status.code(), Some(6));
    scene.is_clean("503", &output.stderr);
}

#[test]
fn an_identity_is_only_on_the_wire() {
    let sources = [From::Env, From::File, From::Command];
    parallel::each(&sources, source_name, |&from| {
        let scene = Scene::new(from);
        let config = std::fs::read_to_string(scene.home.config()).unwrap();
        let config = config.replace("client_secret =", "auth_method = 'identity'\nidentity =");
        scene.home.write_config(&config);
        let heard = |received: &Received| {
            let heard = received
                .form()
                .iter()
                .map(|(_, value)| value.clone())
                .collect::<Vec<_>>();
            Answer::refusal(
                401,
                "invalid_client",
                &format!("{heard:?} {}", received.text()),
            )
        };
        scene.provider.answer_with("/token", heard);
        for arguments in ["token p -v", "doctor p --fetch"] {
            let output = scene.output(arguments);
            assert_eq!(output.status.code(), Some(5), "{output:?}");
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        let output = scene.output("token p -v");
        assert_eq!(output.stdout, format!("{}\n", scene.token.0).as_bytes());
        scene.is_clean("token p", &output.stderr);
        let sent = scene.provider.requests().pop().unwrap().form();
        assert!(sent.iter().any(|(_, value)| *value == scene.secret.0));
    });
}

#[test]
fn a_platforms_identity_and_what_it_is_asked_with_are_only_on_the_wire() {
    let scene = Scene::new(From::Tok);
    let config = std::fs::read_to_string(scene.home.config()).unwrap();
    let origin = scene.provider.url("");
    let identity = format!(
        "auth_method = 'identity'\nidentity = {{ from = 'github' }}\norigins = ['{origin}']"
    );
    scene
        .home
        .write_config(&config.replace("client_secret = {}", &identity));
    let issued = serde_json::json!({ "value": scene.secret.0 });
    let says_back = |received: &Received| {
        let field = received.header("authorization").unwrap_or_default();
        Answer::json(
            403,
            serde_json::json!({ "message": format!("not for {field}") }),
        )
    };
    for (is_issued, code) in [(true, 5), (false, 4)] {
        match is_issued {
            true => scene.provider.answer("/id", Answer::json(200, &issued)),
            false => scene.provider.answer_with("/id", says_back),
        }
        scene.provider.answer_with("/token", |received| {
            let form = received.form();
            Answer::refusal(
                401,
                "invalid_client",
                &format!("{form:?} {}", received.text()),
            )
        });
        for arguments in ["token p -v", "doctor p --fetch"] {
            let mut tok = scene.tok(arguments);
            tok.env("ACTIONS_ID_TOKEN_REQUEST_URL", scene.provider.url("/id"))
                .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &scene.token.0);
            let output = tok.stdin(Stdio::null()).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{output:?}");
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
    }
    let requests = scene.provider.requests();
    let asked = requests
        .iter()
        .find(|request| request.path == "/id")
        .unwrap();
    let field = asked.header("authorization").unwrap();
    assert_eq!(field, format!("Bearer {}", scene.token.0));
    let sent = requests
        .iter()
        .find(|request| request.path == "/token")
        .unwrap();
    assert!(
        sent.form()
            .iter()
            .any(|(_, value)| *value == scene.secret.0)
    );
}

#[test]
fn neither_a_private_key_nor_its_assertions_are_left_anywhere() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::signing(from);
        for (status, code) in [(401, 5), (400, 5), (307, 7)] {
            scene.provider.answer_with("/token", echo(status));
            for arguments in ["token p", "header p -v"] {
                let output = scene.output(arguments);
                assert_eq!(output.status.code(), Some(code), "{output:?}");
                assert_eq!(output.stdout, b"");
                scene.is_clean(&format!("{arguments}, {status}"), &output.stderr);
                let form = scene.provider.requests().pop().unwrap().form();
                let sent = form
                    .into_iter()
                    .find(|(name, _)| name == "client_assertion");
                let (_, assertion) = sent.unwrap();
                assert_eq!(assertion.split('.').count(), 3);
                assert!(!Canary(assertion).is_in(&output.stderr), "{output:?}");
            }
        }
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        for arguments in ["token p", "json p -v", "header p"] {
            let output = scene.output(arguments);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            scene.is_clean(arguments, &output.stderr);
        }
        for arguments in [
            "secret check p private_key",
            "doctor p",
            "show p --json",
            "show p --curl",
        ] {
            let output = scene.output(arguments);
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
        // Half a key is not a key, and no message says which half is missing.
        let half = scene.held.split_at(scene.held.len() / 2).0.to_owned();
        let broken = Scene::holding(
            from,
            half,
            Canary(scene.secret.0[..60].to_owned()),
            scene.variable,
        );
        let output = broken.output("token p -v");
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        broken.is_clean("half a key", &output.stderr);
    });
}

#[test]
fn secret_check_shows_no_secret() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        let check = scene.output("secret check p");
        assert_eq!(check.status.code(), Some(0), "{check:?}");
        scene.is_clean("secret check", &[check.stdout, check.stderr].concat());
        let wrong = scene.output("secret check p nothing");
        assert_eq!(wrong.status.code(), Some(2));
        scene.is_clean("a wrong name", &wrong.stderr);
    });
}

#[test]
fn commands_that_manage_profiles_and_tokens_show_no_secret() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        scene
            .provider
            .answer("/token", Answer::token(&scene.token.0, 3600));
        assert_eq!(scene.output("token p").status.code(), Some(0));
        for arguments in [
            "list --json",
            "show p",
            "show p --json",
            "show p --curl",
            "status",
            "status --json",
            "doctor p",
            "inspect p",
            "forget p",
        ] {
            let output = scene.output(arguments);
            scene.is_clean(arguments, &[output.stdout, output.stderr].concat());
        }
    });
}

#[test]
fn a_killed_fetch_leaves_no_secret_behind() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        let gate = Gate::new();
        let held = Answer::token(&scene.token.0, 3600).held_by(&gate);
        scene.provider.answer("/token", held);
        let mut child = scene.tok("token p").stdout(Stdio::piped()).spawn().unwrap();
        gate.wait_for(1);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        gate.open();
        assert_eq!(output.status.signal(), Some(9));
        scene.is_clean("SIGKILL", &output.stdout);
        let next = scene.output("token p");
        assert_eq!(next.status.code(), Some(0), "{next:?}");
    });
}

/// A core that the shell asked for by every means it has, and the limit that the running process reports.
#[cfg(target_os = "linux")]
#[test]
fn no_core_is_written_although_the_shell_asks_for_one() {
    parallel::each(&SOURCES, source_name, |&from| {
        let scene = Scene::new(from);
        let gate = Gate::new();
        let held = Answer::token(&scene.token.0, 3600).held_by(&gate);
        scene.provider.answer("/token", held);
        let mut shell = scene.run("sh", "");
        let child = shell
            .args(["-c", "ulimit -c unlimited; exec \"$0\" token p"])
            .arg(assert_cmd::cargo::cargo_bin!("tok"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        gate.wait_for(1);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let soft = core.and_then(|line| line.split_whitespace().nth(4));
        assert_eq!(soft, Some("0"), "{limits}");
        let killed = std::process::Command::new("kill")
            .args(["-ABRT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        gate.open();
        assert_eq!(output.status.signal(), Some(6));
        assert!(!output.status.core_dumped());
        scene.is_clean("SIGABRT", &[output.stdout, output.stderr].concat());
    });
}

/// The kernel gives the files in `/proc/PID` of a process that cannot be dumped to root, so as root tok runs as another user here.
#[cfg(target_os = "linux")]
#[test]
fn other_processes_of_the_user_cannot_look_into_tok() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    use std::os::unix::process::CommandExt as _;

    const OTHER: u32 = 61_004;
    let scene = Scene::new(From::Env);
    let gate = Gate::new();
    let held = Answer::token(&scene.token.0, 3600).held_by(&gate);
    scene.provider.answer("/token", held);
    let program = scene.home.path().join("tok");
    // A program that this process wrote is busy while a test beside this one forks.
    let copied = std::process::Command::new("install")
        .args(["-m", "755"])
        .arg(assert_cmd::cargo::cargo_bin!("tok"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    let mut tok = scene.run(&program, "token p");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        let mut folders = vec![scene.home.path().to_owned()];
        while let Some(path) = folders.pop() {
            chown(&path, Some(OTHER), Some(OTHER)).unwrap();
            if path.is_dir() {
                folders.extend(
                    std::fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        }
        tok.uid(OTHER).gid(OTHER);
    }
    let child = tok.stdout(Stdio::piped()).spawn().unwrap();
    gate.wait_for(1);
    let owner = std::fs::metadata(format!("/proc/{}/environ", child.id()))
        .unwrap()
        .uid();
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(owner, 0, "its memory can be read by other processes");
}

/// No room for a thread's stack: what would run beside the fetch is done without a thread.
#[cfg(target_os = "linux")]
#[test]
fn without_room_for_a_thread_nothing_panics() {
    parallel::each(
        &[From::Tok, From::Env, From::File, From::Credential],
        source_name,
        |&from| {
            let scene = Scene::new(from);
            let config = std::fs::read_to_string(scene.home.config()).unwrap();
            scene
                .home
                .write_config(&config.replace(&scene.provider.url(""), "https://provider.invalid"));
            let output = scene
                .tok("token p -v")
                .env("RUST_MIN_STACK", (1_u64 << 47).to_string())
                .env("RUST_BACKTRACE", "full")
                .output()
                .unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(6), "{said}");
            assert_eq!(output.stdout, b"");
            assert!(said.contains("the name could not be resolved"), "{said}");
            for word in ["panicked", "stopped by a mistake"] {
                assert!(!said.contains(word), "{said}");
            }
            scene.is_clean("no room for a thread", said.as_bytes());
        },
    );
}
