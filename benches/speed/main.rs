//! Measures README's speed claims: `cargo bench` runs real programs and prints one table.
//!
//! Rows of a group take turns, so that the machine's other load affects all alike; a figure is a median. Missing programs (jq, curl, …) are noted.

mod keyring;
mod process;
mod scene;

use std::time::Duration;

use process::{Run, in_turns, installed};
use scene::Scene;

/// Runs of each program in a group without a network.
const QUICK: usize = 501;
/// Runs of each program in a group with one.
const SLOW: usize = 61;
const PROCESSES: usize = 200;

fn main() {
    let scene = Scene::new();
    println!(
        "{:<50} {:>10} {:>6} {:>9} {:>13}",
        "", "median", "ratio", "memory", "instructions"
    );
    cached(&scene);
    cold(&scene);
    keyring(&scene);
    at_once(&scene);
    let size = std::fs::metadata(scene::TOK).expect("the program was built");
    println!("\nsize of tok: {:.2} MB", size.len() as f64 / 1e6);
    for program in ["jq", "curl", "secret-tool", "valgrind"] {
        if !installed(program) {
            println!("not installed, and its figures left out: {program}");
        }
    }
}

fn cached(scene: &Scene) {
    let header = |home| scene.tok(home, &["header", "cint"]);
    let with = |arguments: &[&str]| scene.tok("one", arguments);
    let config = scene.config("one");
    let config_text = config.to_str().expect("a path in ASCII");
    let mut rows = vec![
        (
            "cat FILE, with the token in it",
            Run::new("cat").arg(scene.token_file()),
        ),
        ("true", Run::new("true")),
        ("tok header", header("one")),
        ("tok token", with(&["token", "cint"])),
        ("tok json", with(&["json", "cint"])),
        ("tok header -q", with(&["header", "cint", "-q"])),
        (
            "tok header --config FILE",
            with(&["header", "cint", "--config", config_text]),
        ),
        (
            "tok header, TOK_CONFIG",
            header("one").env("TOK_CONFIG", &config),
        ),
        (
            "tok header, TOK_PROFILE",
            with(&["header"]).env("TOK_PROFILE", "cint"),
        ),
        (
            "tok header --min-ttl 60s",
            with(&["header", "cint", "--min-ttl", "60s"]),
        ),
        (
            "tok header, 500 profiles, 10,000 cached tokens",
            header("many"),
        ),
        ("tok header, config edited a second ago", header("edited")),
        (
            "tok header, the same with 500 profiles",
            header("edited-many"),
        ),
        ("tok exec -- true", with(&["exec", "cint", "--", "true"])),
        (
            "tok exec -- true, 500 profiles",
            scene.tok("many", &["exec", "cint", "--", "true"]),
        ),
    ];
    if installed("jq") {
        let jq = Run::new("jq").arg("-r").arg(".access_token");
        rows.push(("jq -r .access_token FILE", jq.arg(scene.answer_file())));
    }
    let instructions: Vec<_> = rows.iter().map(|(_, run)| run.instructions()).collect();
    group("a cached token", QUICK, &rows, &instructions, || {});
}

fn cold(scene: &Scene) {
    let fetch = |home| scene.tok(home, &["header", "cint"]);
    let mut rows = Vec::new();
    if installed("curl") {
        rows.push(("curl, TLS, the system's trust store", scene.curl(true)));
        rows.push(("curl, plain http", scene.curl(false)));
    }
    let ours = rows.len();
    rows.extend([
        ("tok header, TLS, the system's trust store", fetch("tls")),
        (
            "tok header, TLS, one root to trust",
            scene.trusting_one_root(fetch("tls")),
        ),
        ("tok header, plain http", fetch("plain")),
        (
            "tok header, plain http, --no-cache",
            scene.tok("plain", &["header", "cint", "--no-cache"]),
        ),
        ("tok header, from the cache", fetch("one")),
    ]);
    let medians = group("a fetch", SLOW, &rows, &[], || scene.forget());
    let [tls, one_root, plain, uncached, cached] = medians[ours..] else {
        unreachable!("as many as above")
    };
    println!("\nwhat a fetch takes");
    for (what, with, without) in [
        ("trust store", tls, one_root),
        ("handshake", one_root, plain),
        ("cache: lock, entry, bookmark", plain, uncached),
        ("request and answer", uncached, cached),
        (
            "everything else, as for a cached token",
            cached,
            Duration::ZERO,
        ),
    ] {
        println!("  {what:<48} {:>7.3} ms", ms(with) - ms(without));
    }
}

fn keyring(scene: &Scene) {
    let Some(keyring) = keyring::Keyring::start() else {
        println!(
            "\na secret in the keyring: left out, for want of dbus-daemon, dbus-send, gnome-keyring-daemon or secret-tool"
        );
        return;
    };
    for home in ["plain", "tls"] {
        keyring.store(&keyring.on_its_bus(scene.tok(home, &["secret", "set", "cint"])));
    }
    let fetch = |home| scene.tok(home, &["header", "cint"]);
    let in_keyring = |home| keyring.on_its_bus(fetch(home).without("TOK_CINT_CLIENT_SECRET"));
    let rows = [
        ("secret-tool lookup", keyring.lookup(&scene.origin())),
        (
            "tok header, plain http, secret in the keyring",
            in_keyring("plain"),
        ),
        (
            "tok header, plain http, secret in a variable",
            fetch("plain"),
        ),
        ("tok header, TLS, secret in the keyring", in_keyring("tls")),
        ("tok header, TLS, secret in a variable", fetch("tls")),
    ];
    let medians = group("a secret in the keyring", SLOW, &rows, &[], || {
        scene.forget();
    });
    for (how, with, without) in [("plain http", 1, 2), ("TLS", 3, 4)] {
        let part = ms(medians[with]) - ms(medians[without]);
        println!(
            "{:<50} {part:>7.3} ms {:>6.2}",
            format!("  the keyring's part, {how}"),
            part / ms(medians[0])
        );
    }
}

fn at_once(scene: &Scene) {
    let (mut nothing, mut asking, mut burnt, mut burnt_by_nothing) =
        (vec![], vec![], vec![], vec![]);
    for _ in 0..7 {
        let (took, cpu) = process::at_once(&Run::new("true"), PROCESSES);
        nothing.push(took);
        burnt_by_nothing.push(cpu);
        scene.forget();
        let before = scene.requests();
        let (took, cpu) = process::at_once(&scene.tok("tls", &["header", "cint"]), PROCESSES);
        assert_eq!(scene.requests() - before, 1, "the provider is asked once");
        asking.push(took);
        burnt.push(cpu);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (nothing, asking) = (median(nothing), median(asking));
    println!("\n{PROCESSES} processes at once");
    println!(
        "{:<50} {:>7.1} ms   1.00   {:.0} ms of CPU time",
        "true",
        ms(nothing),
        ms(median(burnt_by_nothing))
    );
    println!(
        "{:<50} {:>7.1} ms {:>6.2}   {:.0} ms of CPU time, one request",
        "tok header, nothing cached, TLS",
        ms(asking),
        asking.as_secs_f64() / nothing.as_secs_f64(),
        ms(median(burnt))
    );
}

/// Prints each row against the first; `before` is not measured. Returns the medians.
fn group(
    title: &str,
    times: usize,
    rows: &[(&str, Run)],
    instructions: &[Option<u64>],
    before: impl Fn(),
) -> Vec<Duration> {
    let runs: Vec<&Run> = rows.iter().map(|(_, run)| run).collect();
    let medians = in_turns(&runs, times, &before);
    println!("\n{title}");
    for (number, ((name, run), median)) in rows.iter().zip(&medians).enumerate() {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        before();
        let counted = instructions.get(number).copied().flatten();
        println!(
            "{name:<50} {:>7.3} ms {ratio:>6.2} {:>6.1} MB {:>13}",
            ms(*median),
            run.peak_kib() as f64 * 1024.0 / 1e6,
            counted.map_or_else(String::new, |counted| counted.to_string())
        );
    }
    medians
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
