//! Wrong command lines.

use super::case::Case;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "tokn p",
        "zzz",
        "token",
        "token p q",
        "token --refersh p",
        "token --zzz p",
        "token --refresh --cached p",
        "token -v -q p",
        "token --min-ttl soon p",
        "token --timeout 0 p",
        "token --timeout -5s p",
        "token --param x p",
        "token --var x p",
        "token --scope",
        "token --color pink p",
        "token p --config",
        "exec p",
        "exec -- true",
        "exec --token-var 1x p -- true",
        "exec p p -- true",
        "exec p pp --token-var T -- true",
        "doctor --fetch",
        "completions tcsh",
        "completions",
        "man tokne",
        "man zzz",
        "man for gti",
        "providers spotfy",
        "providers zzz",
        "show",
        "inspect",
        "list p",
        "forget",
        "forget p --all",
        "reject",
        "secret",
        "secret sett p",
        "secret set",
        "secret set p client_secret hunter2",
        "for",
        "for curl",
        "for crul p",
        "add",
        "token --cached p",
        "token q",
        "token pp",
        "token ../p",
        "token a23456789012345678901234567890123456789012345678901234567890abcdef",
        "token a.b",
        "token --config nowhere.toml p",
        "token --config . p",
    ]
    .map(Case::tok)
    .into();
    cases.push(Case::tok("man --dir config/tok/config.toml/man"));
    cases.push(Case::tok("token").with("TOK_PROFILE", "pp"));
    cases.push(Case::tok("list").with("TOK_CONFIG", "HOME/nowhere.toml"));
    cases
}
