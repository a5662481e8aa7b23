//! What README says about speed: `cargo bench` runs real programs side by side and prints one table.
//!
//! Every row is a program started as a shell would start it, its output thrown away. Rows of a group take turns, so that whatever else the
//! machine does falls on all of them alike; each figure is a median, and what counts is its ratio to the row it is measured against. Programs
//! that are not installed (jq, curl) leave their rows out.

mod process;
mod scene;

use std::time::Duration;

use process::{Run, in_turns, installed};
use scene::Scene;

/// How often each program of a quick group runs.
const QUICK: usize = 301;
/// How often each program of a group with a network in it runs.
const SLOW: usize = 41;
/// How many processes ask for one token at once.
const CROWD: usize = 200;

fn main() {
    println!(
        "{:<46} {:>10} {:>7} {:>12}",
        "", "median", "ratio", "peak memory"
    );
    let scene = Scene::new();
    cached(&scene);
    cold(&scene);
    crowd(&scene);
    let size = std::fs::metadata(scene::TOK).expect("the program was built");
    println!(
        "\nsize of tok: {:.2} MB (cargo bench builds what cargo install builds)",
        size.len() as f64 / 1e6
    );
}

/// A token that is in the cache, against `cat` of a file with it.
fn cached(scene: &Scene) {
    let file = scene.token_file();
    let mut rows: Vec<(&str, Run)> = vec![
        ("cat FILE, with the token in it", Run::new("cat").arg(&file)),
        ("true", Run::new("true")),
        ("tok header, cached", scene.tok("one", &["header", "cint"])),
        (
            "tok header, 500 profiles, 10,000 cached tokens",
            scene.tok("many", &["header", "cint"]),
        ),
    ];
    if installed("jq") {
        let jq = Run::new("jq").arg("-r").arg(".access_token");
        rows.push(("jq -r .access_token FILE", jq.arg(scene.answer_file())));
    }
    group("a cached token", QUICK, &rows, |_| {});
}

/// A token that must be fetched over TLS from this machine, against curl with the same trust store and request.
fn cold(scene: &Scene) {
    let mut rows = Vec::new();
    if installed("curl") {
        rows.push(("curl, TLS", scene.curl(true)));
    }
    rows.push((
        "tok header, nothing cached, TLS",
        scene.tok("tls", &["header", "cint"]),
    ));
    rows.push((
        "  without keeping it (no cache)",
        scene.tok("tls", &["header", "cint", "--no-cache"]),
    ));
    rows.push((
        "  over plain http (no trust store, no handshake)",
        scene.tok("plain", &["header", "cint"]),
    ));
    if installed("curl") {
        rows.push(("  curl over plain http", scene.curl(false)));
    }
    group("a fetch", SLOW, &rows, |_| scene.forget());
}

/// Many processes at once and one token to fetch, against as many `true` and one fetch.
fn crowd(scene: &Scene) {
    let (mut nothing, mut asking, mut burnt) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let (took, _) = process::crowd(&Run::new("true"), CROWD);
        nothing.push(took);
        scene.forget();
        let before = scene.requests();
        let (took, cpu) = process::crowd(&scene.tok("tls", &["header", "cint"]), CROWD);
        assert_eq!(scene.requests() - before, 1, "the provider is asked once");
        asking.push(took);
        burnt.push(cpu);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (nothing, asking) = (median(nothing), median(asking));
    println!("\n{CROWD} processes at once");
    println!("{:<46} {:>7.1} ms", "true", ms(nothing));
    println!(
        "{:<46} {:>7.1} ms {:>7.2}   one request, {:.1} ms of CPU time",
        "tok header, nothing cached",
        ms(asking),
        asking.as_secs_f64() / nothing.as_secs_f64(),
        ms(median(burnt))
    );
}

/// Runs `rows` in turns and prints them, each against the first; `before` comes before every run and is not measured.
fn group(title: &str, times: usize, rows: &[(&str, Run)], before: impl Fn(usize)) {
    let runs: Vec<&Run> = rows.iter().map(|(_, run)| run).collect();
    let medians = in_turns(&runs, times, before);
    println!("\n{title}");
    for ((name, run), median) in rows.iter().zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!(
            "{name:<46} {:>7.3} ms {ratio:>7.2} {:>9.1} MB",
            ms(*median),
            run.peak_kib() as f64 / 1024.0
        );
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
