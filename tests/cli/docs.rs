//! The commands in docs/ work: the scripts of the CI page are run, and every command named there exists.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use local_provider::{Answer, Provider};

use crate::home::{Home, write};

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The `sh` blocks of a page.
fn scripts(page: &str) -> Vec<&str> {
    page.split("\n```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

/// A job's machine: tok, a config, and a curl that only writes down what it would send.
struct Job {
    home: Home,
    provider: Provider,
}

impl Job {
    fn new(answer: Answer) -> Self {
        let home = Home::new();
        let provider = Provider::start();
        provider.answer("/token", answer);
        let at = |path: &str| home.path().join(path);
        for folder in ["bin", "ci"] {
            std::fs::create_dir(at(folder)).unwrap();
        }
        std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin!("tok"), at("bin/tok")).unwrap();
        std::fs::write(at("bin/curl"), "#!/bin/sh\nfor word; do case $word in Authorization:*) echo \"$word\" >>sent;; @-) cat >>sent;; @*) cat \"${word#@}\" >>sent;; esac; done\n").unwrap();
        std::fs::set_permissions(at("bin/curl"), Permissions::from_mode(0o755)).unwrap();
        let config = format!(
            "[profiles.cint]\ntoken_url = '{}'\nclient_id = 'id'\n",
            provider.url("/token")
        );
        write(at("ci/tok.toml"), config);
        for file in ["github", "sent"] {
            std::fs::write(at(file), "").unwrap();
        }
        Self { home, provider }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    /// Runs `script`. One that closes the config to others gets a config that all may write, as GitLab's runners check it out; one
    /// that copies the config gets a config of another user, as in a container.
    fn run(&self, script: &str) -> Output {
        if script.contains("chmod") {
            std::fs::set_permissions(self.at("ci/tok.toml"), Permissions::from_mode(0o666))
                .unwrap();
        }
        if script.contains("install") {
            // Only root can give a file away; for others the copy is as good.
            let _ = std::os::unix::fs::chown(self.at("ci/tok.toml"), Some(12_345), None);
        }
        let path = std::env::var("PATH").unwrap();
        Command::new("sh")
            .args(["-e", "-c", script])
            .env_clear()
            .env("PATH", format!("{}:{path}", self.at("bin").display()))
            .env("HOME", self.home.path())
            .env("API", "https://api.example.com")
            .env("TOK_CONFIG", self.at("ci/tok.toml"))
            .env("TOK_CINT_CLIENT_SECRET", "s3cret")
            .env("GITHUB_OUTPUT", self.at("github"))
            .current_dir(self.home.path())
            .output()
            .unwrap()
    }
}

/// Whether a script delivered the token: it was sent, masked and set, or written.
fn delivered(job: &Job, script: &str, output: &Output) -> bool {
    let printed = String::from_utf8_lossy(&output.stdout);
    if script.contains("curl") {
        job.read("sent") == "Authorization: Bearer t0ken\n" && printed.is_empty()
    } else if script.contains("for github") {
        printed == "::add-mask::t0ken\n" && job.read("github").contains("\nt0ken\n")
    } else if script.contains("for dotenv") {
        job.read("token.env") == "API_TOKEN=t0ken\n"
    } else {
        job.read("token") == "t0ken"
    }
}

#[test]
fn every_script_in_ci_md_delivers_the_token() {
    let page = page("ci.md");
    let scripts = scripts(&page);
    assert_eq!(
        scripts.len(),
        9,
        "the page has other scripts now: {scripts:?}"
    );
    for script in scripts {
        let job = Job::new(Answer::token("t0ken", 3600));
        let output = job.run(script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
        assert_eq!(said, "", "{script}");
        assert!(delivered(&job, script, &output), "{script}\n{output:?}");
        assert_eq!(job.provider.requests().len(), 1, "{script}");
    }
}

#[test]
fn every_script_in_ci_md_stops_without_a_token() {
    for script in scripts(&page("ci.md")) {
        let job = Job::new(Answer::refusal(401, "invalid_client", "no"));
        let output = job.run(script);
        assert_eq!(output.status.code(), Some(5), "{script}\n{output:?}");
        assert_eq!(
            job.read("sent") + &job.read("github") + &job.read("token"),
            "",
            "{script}"
        );
    }
}

#[test]
fn the_cron_script_succeeds_when_the_provider_is_unreachable() {
    let page = page("ci.md");
    let script = scripts(&page)
        .into_iter()
        .find(|script| script.contains("-ne 6"))
        .unwrap();
    let job = Job::new(Answer::new(400).header("Retry-After", "1"));
    assert_eq!(
        job.run(script).status.code(),
        Some(5),
        "a refusal is for somebody to see"
    );
    let job = Job::new(Answer::new(503));
    assert_eq!(job.run(script).status.code(), Some(0));
    assert_eq!(job.read("sent"), "");
}

#[test]
fn every_command_named_in_the_docs_exists() {
    let mut checked = 0;
    for page in [
        "ci.md",
        "comparison.md",
        "config.md",
        "cache.md",
        "install.md",
        "migrating.md",
        "scripts.md",
        "secrets.md",
    ]
    .map(page)
    {
        for (at, _) in page.match_indices("tok ") {
            let before = page[..at].chars().next_back();
            if !matches!(before, Some('`' | '(')) {
                continue;
            }
            let line = page[at + 4..]
                .split(['`', '\n', ')', '|', '>'])
                .next()
                .unwrap();
            let words: Vec<&str> = line
                .split_whitespace()
                .filter(|word| !word.starts_with('-'))
                .collect();
            let verb = match words[..] {
                [first, ref rest @ ..] if first == "for" || first == "secret" => {
                    format!("{first} {}", rest[0])
                }
                [first, ..] => first.to_owned(),
                [] => continue,
            };
            let home = Home::new();
            home.tok(&format!("{verb} --help")).assert().success();
            for option in line
                .split_whitespace()
                .filter(|word| word.starts_with("--"))
            {
                let help = crate::home::stdout(&home.tok(&format!("{verb} --help")).assert());
                assert!(help.contains(option), "`tok {verb}` has no {option}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 25, "only {checked} commands were found");
}

/// The table of `docs/comparison.md`, made from `docs/comparison.toml`.
fn comparison() -> String {
    #[derive(serde::Deserialize)]
    struct Data {
        tool: Vec<Tool>,
    }
    #[derive(serde::Deserialize)]
    struct Tool {
        name: String,
        version: String,
        checked: String,
        job: String,
        differs: String,
    }
    let data: Data = toml::from_str(&page("comparison.toml")).unwrap();
    let rows = data.tool.iter().map(|tool| {
        // A `|` would end the cell.
        let name = tool.name.replace('|', r"\|");
        format!(
            "| {name} | {} | {} | {} | {} |\n",
            tool.version, tool.checked, tool.job, tool.differs
        )
    });
    let head =
        "| tool | version | read on | what it is for | what tok adds |\n|---|---|---|---|---|\n";
    std::iter::once(head.to_owned()).chain(rows).collect()
}

#[test]
fn the_comparison_table_is_made_from_its_data() {
    const BEGIN: &str = "<!-- table: comparison.toml -->\n";
    const END: &str = "<!-- end of table -->";
    let text = page("comparison.md");
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{BEGIN}{}{END}{after}", comparison());
    if std::env::var_os("TOK_REWRITE_COMPARISON").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comparison.md");
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(
        page("comparison.md"),
        made,
        "TOK_REWRITE_COMPARISON=1 cargo test --test cli comparison writes it"
    );
}

#[test]
fn the_image_and_the_action_name_files_and_options_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let image = read("Dockerfile");
    assert!(image.contains("cargo install --path . --locked"), "{image}");
    assert!(
        image.lines().any(|line| line == "USER 65532:65532"),
        "{image}"
    );
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert!(read("README.md").contains(&format!("Rust {version}")));
    assert!(page("install.md").contains(&format!("Rust {version}")));
    let action = read("action.yml");
    let step = action.split_once("$GITHUB_ACTION_PATH/").unwrap().1;
    let step = step.split_once('"').unwrap().0;
    assert!(root.join(step).is_file(), "{step}");
}

/// Each row of the table of promises names its test, and the test is there.
/// The blocks of this language on a page.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    page.split(&format!("\n```{language}\n"))
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

#[test]
fn every_profile_in_keyless_md_is_short_and_asks_for_its_identity() {
    let page = page("keyless.md");
    let profiles = blocks(&page, "toml").into_iter().flat_map(|block| {
        let whole = block.starts_with("[profiles");
        // A line with an `identity` belongs into a profile.
        let lines = move |line: &str| format!("[profiles.api]\ntoken_url = 'https://auth.example.com/t'\nauth_method = 'identity'\n{line}\n");
        match whole {
            true => block.split("\n\n").map(str::to_owned).collect::<Vec<_>>(),
            false => block.lines().map(lines).collect(),
        }
    });
    let mut count = 0;
    for profile in profiles {
        // The identity's own table is one line of the profile.
        let lines = profile
            .lines()
            .filter(|line| !line.starts_with('['))
            .count();
        assert!(lines <= 6, "{profile}");
        let name = profile.split(['.', ']']).nth(1).unwrap().to_owned();
        let profile = match profile.contains("auth_method")
            || !profile.starts_with("[profiles.api.identity]")
        {
            true => profile,
            false => format!(
                "[profiles.api]\ntoken_url = 'https://auth.example.com/t'\nauth_method = 'identity'\n{profile}"
            ),
        };
        let home = Home::with(&profile);
        count += 1;
        // The machine may have a metadata server.
        if profile.contains("\"azure\"") || profile.contains("\"gcp\"") {
            home.tok(&format!("show {name}")).assert().success();
            continue;
        }
        let run = home
            .tok(&format!("token {name}"))
            .env("PATH", "/nowhere")
            .assert();
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains("`identity`: "), "{profile}\n{said}");
        run.code(4);
    }
    assert!(count >= 18, "{count} profiles");
}

#[test]
fn every_ci_snippet_in_keyless_md_has_ten_lines_at_most() {
    let page = page("keyless.md");
    for block in blocks(&page, "yaml") {
        assert!(block.lines().count() <= 10, "{block}");
    }
}

#[test]
fn every_promise_in_security_md_names_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let promises = page.split("## What tok promises").nth(1).unwrap();
    let promises = promises.split("\n## ").next().unwrap();
    let mut tests = 0;
    for row in promises
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
    {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let is_heading = cells[0].starts_with("**");
        if is_heading {
            continue;
        }
        for name in cells.get(1).unwrap_or(&"").split(", ") {
            let name = name.trim_matches(['`', ' ', '|']);
            let (module, test) = name
                .rsplit_once("::")
                .unwrap_or_else(|| panic!("no test: {row}"));
            let module = module.replace("::", "/");
            let (file, function) = if module.starts_with("src/") {
                (format!("{module}.rs"), format!("fn {test}()"))
            } else if module.starts_with("tests/real/") {
                (format!("{module}.sh"), format!("fact_{test}()"))
            } else {
                (format!("tests/cli/{module}.rs"), format!("fn {test}()"))
            };
            let source = std::fs::read_to_string(root.join(file)).unwrap();
            assert!(source.contains(&function), "{module}::{test}");
            tests += 1;
        }
    }
    assert!(tests >= 25, "{tests} promises");
}

#[test]
fn readme_names_every_variable_and_file_of_the_help() {
    let home = Home::new();
    let help = crate::home::stdout(&home.tok("--help").assert().success());
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut checked = 0;
    for section in ["Environment:", "Files:"] {
        let lines = help.split_once(section).unwrap().1.lines().skip(1);
        for line in lines.take_while(|line| line.starts_with("  ")) {
            // A row's name is followed by two blanks or more; a wrapped line has none.
            let Some((names, _)) = line.trim_start().split_once("  ") else {
                continue;
            };
            for name in names.split(", ") {
                assert!(readme.contains(&format!("`{name}`")), "README lacks {name}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 14, "only {checked} names were found");
}
