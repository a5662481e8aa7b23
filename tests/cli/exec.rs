//! `tok exec`: the command gets tokens and nothing else of tok's, or does not start at all.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stderr, stdout};

/// A provider whose tokens are `t1` for profile `a` and `t2` for profile `b-c`, and a home with both.
fn scene() -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/a", Answer::token("t1", 3600));
    provider.answer("/b", Answer::token("t2", 3600));
    let home = Home::with(&format!(
        "[profiles.a]\ntoken_url = '{}'\nclient_id = 'i'\nsecrets = {{ api_key = {{}} }}\n[profiles.b-c]\ntoken_url = '{}'\nclient_id = 'i'\nheader = ['X-One: ${{access_token}}', 'X-Two: 2']\n",
        provider.url("/a"),
        provider.url("/b")
    ));
    (provider, home)
}

fn exec(home: &Home, options: &str, script: &str) -> assert_cmd::assert::Assert {
    home.tok("exec")
        .args(options.split_whitespace())
        .args(["--", "sh", "-c", script])
        .env("TOK_A_CLIENT_SECRET", "s3cret")
        .env("TOK_A_API_KEY", "k3y")
        .env("TOK_B_C_CLIENT_SECRET", "s3cret")
        .assert()
}

#[test]
fn the_command_finds_token_and_header_in_its_environment() {
    let (_provider, home) = scene();
    let one = r#"printf '%s|%s' "$TOK_TOKEN" "$TOK_HEADER""#;
    exec(&home, "a", one)
        .success()
        .stdout("t1|Authorization: Bearer t1")
        .stderr("");
    exec(&home, "b-c", one)
        .success()
        .stdout("t2|X-One: t2\nX-Two: 2");
    exec(
        &home,
        "a --token-var GH_TOKEN --header-var H",
        r#"printf '%s|%s|%s' "$GH_TOKEN" "$H" "${TOK_TOKEN-unset}""#,
    )
    .success()
    .stdout("t1|Authorization: Bearer t1|unset");
    exec(
        &home,
        "a b-c",
        r#"printf '%s|%s|%s|%s' "$TOK_A_TOKEN" "$TOK_A_HEADER" "$TOK_B_C_TOKEN" "${TOK_TOKEN-unset}""#,
    )
    .success()
    .stdout("t1|Authorization: Bearer t1|t2|unset");
}

#[test]
fn the_command_inherits_no_secret_and_everything_else() {
    let (_provider, home) = scene();
    let ran = exec(&home, "a", "env");
    let environment = stdout(&ran.success());
    for absent in ["s3cret", "k3y", "CLIENT_SECRET"] {
        assert!(!environment.contains(absent), "{absent} in {environment}");
    }
    assert!(environment.contains("XDG_CONFIG_HOME="), "{environment}");
}

#[test]
fn arguments_stdin_and_exit_code_are_the_commands_own() {
    let (_provider, home) = scene();
    home.tok("exec a --cached -- cat")
        .write_stdin("x")
        .assert()
        .code(2);
    home.tok("exec a -- cat")
        .env("TOK_A_CLIENT_SECRET", "s3cret")
        .write_stdin("in put")
        .assert()
        .success()
        .stdout("in put");
    exec(&home, "a", "exit 42").code(42).stderr("");
    home.tok("exec a -- printf %s-%s --json -q")
        .assert()
        .success()
        .stdout("--json--q");
}

#[cfg(unix)]
#[test]
fn a_signal_that_ends_the_command_ends_tok() {
    use std::os::unix::process::ExitStatusExt;
    let (_provider, home) = scene();
    let ran = exec(&home, "a", "kill -TERM $$; sleep 60");
    assert_eq!(ran.get_output().status.signal(), Some(15));
}

#[cfg(unix)]
#[test]
fn a_broken_pipe_ends_the_programs_of_the_command_as_without_tok() {
    let (_provider, home) = scene();
    // Were the signal ignored, as it is in tok, `yes` would complain of a broken pipe.
    exec(&home, "a", "yes | head -n 1")
        .success()
        .stdout("y\n")
        .stderr("");
}

#[test]
fn nothing_is_started_without_every_token() {
    let (provider, home) = scene();
    provider.answer("/b", Answer::refusal(401, "invalid_client", "no"));
    let started = home.path().join("started");
    let script = "touch started; echo started";
    fails(
        exec(&home, "b-c", script),
        5,
        &["profile `b-c`", "invalid_client"],
    );
    fails(exec(&home, "a b-c", script), 5, &["profile `b-c`"]);
    fails(exec(&home, "a zz", script), 3, &["no profile `zz`"]);
    fails(exec(&home, "a a", script), 2, &["TOK_A_TOKEN", "hint: "]);
    fails(exec(&home, "--token-var 1x a", script), 2, &["--token-var"]);
    assert!(!started.exists());
}

#[test]
fn a_command_that_cannot_run_ends_as_in_a_shell() {
    let (_provider, home) = scene();
    std::fs::write(home.path().join("plain"), "no program").unwrap();
    let run = |command: &str| {
        home.tok(&format!("exec a -- {command}"))
            .env("TOK_A_CLIENT_SECRET", "s3cret")
            .assert()
    };
    fails(
        run("no-such-command"),
        127,
        &["no-such-command", "command not found"],
    );
    let why = match cfg!(unix) {
        true => "may not be executed",
        false => "is not a program",
    };
    fails(run("./plain"), 126, &["./plain", why]);
}

#[test]
fn the_profile_may_come_from_the_environment() {
    let (_provider, home) = scene();
    home.tok("exec -- printenv TOK_TOKEN")
        .env("TOK_PROFILE", "a")
        .env("TOK_A_CLIENT_SECRET", "s3cret")
        .assert()
        .success()
        .stdout("t1\n");
    let missing = home.tok("exec -- true").assert().code(2);
    assert!(
        stderr(&missing).contains("TOK_PROFILE"),
        "{}",
        stderr(&missing)
    );
}

#[test]
fn only_the_variables_of_secrets_in_the_config_are_withheld_from_the_command() {
    let (_provider, home) = scene();
    let mut text = std::fs::read_to_string(home.config()).unwrap();
    text.push_str(
        "\n[profiles.my-var-x]\nextends = 'a'\nsecrets = { password = {} }\n\
         [profiles.v]\nextends = 'a'\nvars = { b = '1', app_secret = '2' }\n",
    );
    home.write_config(&text);
    let print = r#"printf '%s|%s|%s' "${TOK_MY_VAR_X_PASSWORD-}" "${TOK_V_VAR_B-}" "${TOK_V_VAR_APP_SECRET-}""#;
    let ran = |home: &Home| {
        home.tok("exec a -- sh -c")
            .arg(print)
            .env("TOK_A_CLIENT_SECRET", "s3cret")
            .env("TOK_MY_VAR_X_PASSWORD", "s3cret")
            .env("TOK_V_VAR_B", "var")
            .env("TOK_V_VAR_APP_SECRET", "var")
            .assert()
            .success()
    };
    ran(&home).stdout("|var|var");
    home.write_config(&format!("{text}[profiles.v-var]\nnonsense = 7\n"));
    ran(&home).stdout("||");
}
