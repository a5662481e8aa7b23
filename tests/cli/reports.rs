//! Reports of users, one row each: the provider's answer or the machine's setup, and the behaviour required of tok.
//!
//! The rows are in `reports/TOPIC.toml`. To add one, copy the row that is most like the report and run
//! `cargo test --test cli reports`. A row has:
//!
//! - `name`: what happened, in the words of the report
//! - `answer`: what the token endpoint `/t` sends. Text that begins with `HTTP/` is sent as it is, its head with CRLF line ends; other text is
//!   a JSON body with status 200. A list is sent in turn. `latin1 = true` sends it in ISO 8859-1
//! - `answers`: the same for other paths
//! - `keys`: more keys for profile `p`, or `config`: the whole config
//! - `secret`: the client secret in the environment (`s3cret-value` unless set; `""` for none), `env`: other variables
//! - `files`: files to write beside the config; `sh`: commands to run first, in the home folder, with tok in the PATH
//! - `proxy`: a proxy's refusal of CONNECT; `certificate`: serve TLS with this kind of certificate, which `ca.pem` beside the config signs
//! - `tok`: the arguments (`token p` unless set), `stdin`
//! - `code` (0), `stdout` (nothing; a final line end is added), `stderr`: everything it must contain, `not`: what neither stream may contain
//! - `sent`: what a request must contain, `requests`: how many were made
//!
//! `PROVIDER`, `PORT`, `PROXY` and `HOME` are replaced everywhere by the provider's URL and port, the proxy's and the home folder, and these by a time so many seconds from now: `EPOCH(±n)`,
//! `DATE(±n)` as in HTTP, `JWT(±n)`, a token that expires then.

mod row;

use std::collections::BTreeSet;

use row::{Row, rows};

use crate::parallel;

/// One test for each topic.
macro_rules! topics {
    ($($topic:ident: $test:ident),+ $(,)?) => {
        const TOPICS: &[&str] = &[$(stringify!($topic)),+];

        $(
            #[test]
            fn $test() {
                parallel::each(&rows(stringify!($topic)), |row| row.name.clone(), Row::check);
            }
        )+
    };
}

topics! {
    lifetimes: reports_about_lifetimes_stay_fixed,
    answers: reports_about_answers_stay_fixed,
    connections: reports_about_connections_stay_fixed,
    secrets: reports_about_secrets_stay_fixed,
    machines: reports_about_machines_stay_fixed,
}

#[test]
fn there_are_at_least_60_reports_with_different_names() {
    let all: Vec<Row> = TOPICS.iter().flat_map(|topic| rows(topic)).collect();
    let names: BTreeSet<&str> = all.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() >= 60, "{} reports", all.len());
}
