//! The command line itself: help, mistakes, completions and man pages.

use crate::home::{Home, fails, stderr, stdout, write};

#[test]
fn tok_alone_prints_short_help_whatever_the_environment() {
    let home = Home::new();
    for variables in [vec![], vec![("TOK_CONFIG", "c.toml"), ("TOK_PROFILE", "p")]] {
        for (arguments, words) in [
            ("", "Printing:"),
            ("secret", "Usage: tok secret"),
            ("-v", "Printing:"),
        ] {
            let help = home
                .tok(arguments)
                .envs(variables.clone())
                .assert()
                .code(2)
                .stdout("");
            let said = stderr(&help);
            assert!(
                said.contains(words) && !said.contains("tok: "),
                "`{arguments}`: {said}"
            );
            assert!(!said.contains("Examples:"), "{said}");
        }
    }
}

#[test]
fn help_is_grouped_and_the_long_one_has_examples_and_exit_codes() {
    let home = Home::new();
    let short = stdout(&home.tok("-h").assert().success().stderr(""));
    let long = stdout(&home.tok("--help").assert().success().stderr(""));
    for heading in [
        "Printing:",
        "Running:",
        "Secrets:",
        "Profiles:",
        "Setting up:",
    ] {
        assert!(
            short.contains(heading) && long.contains(heading),
            "{heading}"
        );
    }
    assert!(
        long.contains("Examples:") && long.contains("Exit codes:"),
        "{long}"
    );
    for heading in ["Environment:", "TOK_PROFILE", "Files:", "config.toml"] {
        assert!(long.contains(heading), "{heading}");
    }
    assert!(
        short.contains("Example:") && !short.contains("Exit codes:"),
        "{short}"
    );
    let short = stdout(&home.tok("exec -h").assert().success());
    assert_eq!(short.matches("  tok exec ").count(), 1, "{short}");
    let exec = stdout(&home.tok("exec --help").assert().success());
    assert!(exec.contains("tok exec cint -- "), "{exec}");
}

#[test]
fn usage_errors_exit_with_2_and_a_hint() {
    let home = Home::with("[profiles.cint]\ntoken_url = 'https://x.example'\nclient_id = 'i'\n");
    for (arguments, words) in [
        ("tokn", ["unknown command `tokn`", "did you mean `token`"]),
        (
            "secret chekc x",
            ["unknown command `chekc`", "did you mean `check`"],
        ),
        (
            "token --refersh cint",
            ["unknown option `--refersh`", "did you mean `--refresh`"],
        ),
        ("token", ["missing: <PROFILE>", "TOK_PROFILE"]),
        (
            "token cint --refresh --cached",
            ["do not go together", "tok token --help"],
        ),
        (
            "token cint --timeout soon",
            ["`soon` is not a duration", "tok token --help"],
        ),
        (
            "token cint --param x",
            ["not of the form K=V", "tok token --help"],
        ),
        (
            "token cint --scope",
            ["`--scope <SCOPE>` needs a value", "tok token --help"],
        ),
        ("completions tcsh", ["`tcsh` is not a value", "fish"]),
        ("token cint -q -v", ["do not go together", "--help"]),
        ("exec cint", ["missing: <CMD>", "`tok exec PROFILE -- CMD`"]),
        (
            "man tokne",
            ["unknown command `tokne`", "did you mean `token`"],
        ),
    ] {
        fails(
            home.tok(arguments).assert(),
            2,
            &[words[0], "\n\nhint: ", words[1]],
        );
    }
}

#[test]
fn a_secret_typed_as_an_argument_is_not_repeated() {
    let home = Home::new();
    let wrong = home
        .tok("secret set cint client_secret hunter2")
        .assert()
        .code(2);
    assert!(!stderr(&wrong).contains("hunter2"), "{}", stderr(&wrong));
    let home = Home::with("[profiles.cint]\ntoken_url = 'https://x.example'\nclient_id = 'i'\n");
    for command in ["set", "check", "delete"] {
        let wrong = home
            .tok(&format!("secret {command} cint hunter2"))
            .assert()
            .code(2);
        assert!(!stderr(&wrong).contains("hunter2"), "{}", stderr(&wrong));
    }
    for line in [
        "exec cint curl -u hunter2",
        "token cint hunter2",
        "list hunter2",
        "forget cint hunter2",
    ] {
        let wrong = home.tok(line).assert().code(2);
        assert!(!stderr(&wrong).contains("hunter2"), "{}", stderr(&wrong));
    }
    let wrong = home
        .tok("token cint --client-secret=hunter2")
        .assert()
        .code(2);
    assert!(!stderr(&wrong).contains("hunter2"), "{}", stderr(&wrong));
}

#[test]
fn the_profile_may_come_from_the_environment() {
    let home = Home::with("[profiles.p]\ntoken_url = 'https://x.example'\nclient_id = 'i'\n");
    let shown = home.tok("show").env("TOK_PROFILE", "p").assert().success();
    assert!(stdout(&shown).contains("https://x.example"));
    fails(
        home.tok("show").env("TOK_PROFILE", "q").assert(),
        3,
        &["no profile `q`"],
    );
}

#[test]
fn every_completion_script_works_with_its_shell() {
    let home = Home::with(
        "[profiles.cint]\ntoken_url = 'https://x.example'\nclient_id = 'id'\n[profiles.other]\n",
    );
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&home.tok(&format!("completions {shell}")).assert().success());
        assert!(script.contains("TOK_COMPLETE"), "{shell}: {script}");
    }
    let ask = |words: &str, index: &str| {
        stdout(
            &home
                .tok("--")
                .args(words.split(' '))
                .env("TOK_COMPLETE", "bash")
                .env("_CLAP_COMPLETE_INDEX", index)
                .env("_CLAP_IFS", "\n")
                .assert()
                .success(),
        )
    };
    assert_eq!(ask("tok tok", "1").trim(), "token");
    assert_eq!(ask("tok header ci", "2").trim(), "cint");
    assert_eq!(ask("tok exec cint o", "3").trim(), "other");
    assert_eq!(ask("tok providers spot", "2").trim(), "spotify");
    assert_eq!(ask("tok man sec", "2").trim(), "secret");
    assert_eq!(ask("tok help secret s", "3").trim(), "set");
    assert_eq!(ask("tok --config config/to", "2").trim(), "config/tok/");
    assert_eq!(
        ask("tok secret set cint client_", "4").trim(),
        "client_secret"
    );
    #[cfg(unix)]
    assert!(ask("tok exec cint -- gre", "4").contains("grep"));
    assert_eq!(
        ask("tok exec cint -- cat config/to", "5").trim(),
        "config/tok/"
    );
    assert!(ask("tok token --re", "2").contains("--refresh"));
    write(home.path().join("own.toml"), "[profiles.mine]\n");
    let own = home.path().join("own.toml");
    assert_eq!(
        ask(&format!("tok --config {} token m", own.display()), "4").trim(),
        "mine"
    );
}

#[test]
fn an_exported_completion_variable_changes_nothing() {
    let home = Home::with("[profiles.p]\ntoken_url = 'https://x.example'\nclient_id = 'i'\n");
    home.tok("list")
        .env("TOK_COMPLETE", "bash")
        .assert()
        .success()
        .stdout("PROFILE  PROVIDER  HOST\np        -         x.example\n");
    home.tok("--").assert().code(2).stdout("");
}

#[test]
fn completion_is_empty_and_silent_with_a_broken_config() {
    let home = Home::with("= no TOML\n");
    home.tok("-- tok token p")
        .env("TOK_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "2")
        .assert()
        .success()
        .stdout("")
        .stderr("");
}

#[test]
fn every_command_has_a_manual_page() {
    let home = Home::new();
    let page = stdout(&home.tok("man").assert().success());
    assert!(
        page.contains(".TH tok 1") || page.contains(".TH TOK 1"),
        "{page}"
    );
    let page = stdout(&home.tok("man secret set").assert().success());
    assert!(
        page.contains("tok\\-secret\\-set") && page.contains("EXAMPLES")
            || page.contains("Examples"),
        "{page}"
    );
    let page = stdout(&home.tok("man").assert().success());
    let date = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
    let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
    assert!(
        date(title).is_some_and(|date| date.starts_with("20")),
        "{title}"
    );
    for section in ["EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"] {
        assert!(
            page.contains(&format!(".SH {section}\n")),
            "{section}: {page}"
        );
    }
    home.tok("man --dir out/man1")
        .assert()
        .success()
        .stdout("")
        .stderr("");
    let mut pages: Vec<String> = std::fs::read_dir(home.path().join("out/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for page in [
        "tok.1",
        "tok-token.1",
        "tok-secret.1",
        "tok-secret-set.1",
        "tok-man.1",
    ] {
        assert!(pages.iter().any(|name| name == page), "{page} in {pages:?}");
    }
}
