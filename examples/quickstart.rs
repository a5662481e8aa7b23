//! `cargo run --example quickstart` shows tok at work, without an account.
//!
//! Runs the real `tok` in a temporary home, with a local provider and API. Fails if any output is unexpected.

use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use local_provider::Provider;
use local_provider::dialects::{Account, Dialects, basic, cardlytics, cint, wrapped};
use tempfile::{NamedTempFile, TempDir};

const CLIENT_ID: &str = "quickstart";
/// Contains characters that encodings get wrong.
const CLIENT_SECRET: &str = "not+so/secret==";

fn main() -> Result<()> {
    let provider = Provider::start();
    let dialects = Dialects::serve(&provider, &Account::new(CLIENT_ID, CLIENT_SECRET));
    let shell = Shell {
        tok: build_tok()?,
        home: tempfile::tempdir()?,
    };

    say("A provider listens on this machine. This is a config for it:");
    println!(
        "$ cat ~/.config/tok/config.toml\n{}",
        shell.write_config(&provider)?
    );
    say(
        "Each client secret is in an environment variable, TOK_CINT_CLIENT_SECRET for the profile cint.\n\
         On a desktop you would store it in the keyring instead: tok secret set cint",
    );

    say("The first call fetches a token:");
    let token = succeed(&shell.run(CLIENT_SECRET, &["token", "cint"])?)?;
    ensure!(
        dialects.issued() == [token.trim_end()],
        "the token should be the one the provider issued"
    );

    say("The second finds it in the cache, here as JSON:");
    let json = succeed(&shell.run(CLIENT_SECRET, &["json", "cint"])?)?;
    let json: serde_json::Value =
        serde_json::from_str(&json).context("tok json should print JSON")?;
    ensure!(
        json["access_token"] == token.trim_end(),
        "the cached token should be the issued one"
    );
    ensure!(json["source"] == "cache", "the source should be the cache");

    say("As a header, the way an API wants it. In a script: tok curl cint URL");
    let header = succeed(&shell.run(CLIENT_SECRET, &["header", "cint"])?)?;
    let requests = provider.request_count(cint::CINT.path);
    ensure!(
        requests == 1,
        "three calls should make one request, not {requests}"
    );
    println!("Three calls, and the provider has been asked once.\n");

    say("An API call with that header:");
    call_api(provider.address(), &header, "cint")?;

    say("Providers differ in what they want and how they answer; the profile says so:");
    for (profile, dialect) in [
        ("wrapped", "wrapped"),
        ("cardlytics", "cardlytics"),
        ("hotel", "basic"),
    ] {
        let header = succeed(&shell.run(CLIENT_SECRET, &["header", profile])?)?;
        call_api(provider.address(), &header, dialect)?;
    }

    say("With a wrong secret there is a reason on stderr, an exit code, and nothing on stdout:");
    let refused = shell.run("wrong", &["token", "cint", "--refresh"])?;
    println!(
        "$ echo $?\n{}\n",
        refused.status.code().context("tok should end by itself")?
    );
    ensure!(
        refused.status.code() == Some(5),
        "a refusal should be exit code 5"
    );
    ensure!(
        refused.stdout.is_empty(),
        "a refusal should print nothing on stdout"
    );
    let message = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        message.contains("access_denied: Unauthorized"),
        "the message should have the provider's words"
    );

    let home = shell.home.path().to_owned();
    shell.home.close().context("the temporary home should go")?;
    ensure!(!home.exists(), "nothing should be left behind");
    say("That was all; nothing of it is left on this machine.\n\
         Next: `cargo install --path . --locked`, then `tok add cint --provider cint --client-id YOUR_ID` for a provider tok knows\n\
         (`tok providers` lists them), or `tok add NAME --from-curl < request.txt` for any other.");
    Ok(())
}

struct Shell {
    tok: PathBuf,
    home: TempDir,
}

impl Shell {
    fn write_config(&self, provider: &Provider) -> Result<String> {
        let config = format!(
            r#"[profiles.cint]
token_url   = "{cint}"
client_id   = "{CLIENT_ID}"
auth_method = "client_secret_post"
encoding    = "json"
audience    = "https://api.luc.id"
params      = {{ auth_scopes = "app:api" }}

[profiles.wrapped]
token_url   = "{wrapped}"
client_id   = "{CLIENT_ID}"
auth_method = "client_secret_post"
grant_type  = "none"
response    = {{ root = "/data" }}

[profiles.cardlytics]
token_url   = "{cardlytics}"
client_id   = "{CLIENT_ID}"
auth_method = "client_secret_post"

[profiles.hotel]
token_url      = "{hotel}"
client_id      = "{CLIENT_ID}"
basic_encoding = "raw"
"#,
            cint = provider.url(cint::CINT.path),
            wrapped = provider.url(wrapped::WRAPPED.path),
            cardlytics = provider.url(cardlytics::CARDLYTICS.path),
            hotel = provider.url(basic::BASIC.path),
        );
        let folder = self.home.path().join("config").join("tok");
        fs::create_dir_all(&folder)?;
        // tok refuses a config that others may write; a temporary file is private whatever the umask.
        let mut file = NamedTempFile::new_in(&folder)?;
        file.write_all(config.as_bytes())?;
        file.persist(folder.join("config.toml"))?;
        Ok(config)
    }

    /// Passes on only the environment that a program needs to start.
    fn run(&self, client_secret: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.tok);
        command.args(arguments).stdin(Stdio::null()).env_clear();
        command.envs(
            ["PATH", "SYSTEMROOT"]
                .into_iter()
                .filter_map(|name| Some((name, env::var_os(name)?))),
        );
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, self.home.path().join(folder));
        }
        for profile in ["CINT", "WRAPPED", "CARDLYTICS", "HOTEL"] {
            command.env(format!("TOK_{profile}_CLIENT_SECRET"), client_secret);
        }
        let other = client_secret != CLIENT_SECRET;
        let assignment = if other {
            format!("TOK_CINT_CLIENT_SECRET={client_secret} ")
        } else {
            String::new()
        };
        println!("$ {assignment}tok {}", arguments.join(" "));
        let output = command
            .output()
            .with_context(|| format!("could not run {}", self.tok.display()))?;
        io::stdout().write_all(&output.stdout)?;
        io::stdout().write_all(&output.stderr)?;
        println!();
        Ok(output)
    }
}

fn succeed(output: &Output) -> Result<String> {
    ensure!(
        output.status.success(),
        "tok should succeed, but ended with {}",
        output.status
    );
    ensure!(
        output.stderr.is_empty(),
        "there should be nothing on stderr"
    );
    String::from_utf8(output.stdout.clone()).context("stdout should be text")
}

fn call_api(address: SocketAddr, header: &str, dialect: &str) -> Result<()> {
    let header = header.trim_end();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /api/orders HTTP/1.1\r\nHost: {address}\r\n{header}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the API should answer in HTTP")?;
    println!(
        "GET http://{address}/api/orders\n{}\n{body}\n",
        head.lines().next().unwrap_or_default()
    );
    let expected = format!(r#""token_from":"{dialect}""#);
    ensure!(
        head.starts_with("HTTP/1.1 200 ") && body.contains(&expected),
        "the API should accept the token"
    );
    Ok(())
}

/// Builds `tok` anew: an existing program may be older than the code.
fn build_tok() -> Result<PathBuf> {
    let example = env::current_exe()?;
    let profile_folder = example
        .ancestors()
        .nth(2)
        .context("an example is in target/PROFILE/examples")?;
    let target_folder = profile_folder
        .parent()
        .context("the profile's folder is in target")?;
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    eprintln!("Building tok …");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // Cargo sets these for this example; build scripts of crates such as ring would rebuild.
    for (name, _) in env::vars_os() {
        let is_of_this_run = |name: &str| {
            [
                "CARGO_PKG_",
                "CARGO_MANIFEST_",
                "CARGO_CRATE_",
                "CARGO_BIN_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
                || ["OUT_DIR", "CARGO_PRIMARY_PACKAGE"].contains(&name)
        };
        if name.to_str().is_some_and(is_of_this_run) {
            cargo.env_remove(name);
        }
    }
    let status = cargo
        .args(["build", "--quiet", "--bin", "tok", "--profile", profile])
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .arg("--target-dir")
        .arg(target_folder)
        .status()
        .context("could not run cargo")?;
    ensure!(status.success(), "cargo could not build tok");
    Ok(profile_folder.join(format!("tok{EXE_SUFFIX}")))
}

fn say(text: &str) {
    println!("# {}\n", text.replace('\n', "\n# "));
}
