//! `tok shared-cache`: sets up the cache that many machines share.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::cache::shared::KEY_BYTES;
use crate::commands::session::{Session, write};
use crate::commands::spec::{self, Execute, Group, Spec};
use crate::error::{Kind, OrFail, Subject};

pub(crate) const COMMAND: Spec = Spec {
    name: "shared-cache",
    about: "Make the key of a cache that many machines share",
    details: "",
    group: Group::SettingUp,
    examples: "tok shared-cache key > shared.key",
    commands: COMMANDS,
    arguments: |command| spec::above(command, COMMANDS),
    run: |matches, session, out| spec::run_typed(COMMANDS, matches, session, out),
};

const COMMANDS: &[&Spec] = &[&KEY];

const KEY: Spec = Spec {
    name: "key",
    about: "Print a new random key, 32 bytes in base64",
    details: "Every machine needs the same one: it is the `key` of `[shared_cache]`. Store it
like a password: with it, a reader of the engine can read the tokens.",
    examples: "\
umask 077 && tok shared-cache key > /etc/tok/shared.key
tok shared-cache key | gh secret set TOK_SHARED_CACHE_KEY",
    ..Spec::of::<Key>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Key {}

impl Execute for Key {
    fn run(&self, _session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *key)
            .or_fail(Kind::Unexpected)
            .map_err(|error| error.about(Subject::Action("could not get random bytes".into())))?;
        let text = Zeroizing::new(STANDARD.encode(*key));
        write(out, &format!("{}\n", *text))
    }
}
