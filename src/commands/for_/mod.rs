//! `tok for`: the token in the form that another program reads. Each program has a file and a line in the list.

mod bazel;
mod cargo;
mod credential_helper;
mod curl;
mod docker;
mod dotenv;
mod escaped;
mod file;
mod fish;
mod git;
mod github;
pub(crate) mod hosts;
mod kubectl;
mod netrc;
mod powershell;
mod sh;
pub(crate) mod variable;

use crate::commands::spec::{self, Group, Spec};

pub(crate) const COMMAND: Spec = Spec {
    name: "for",
    about: "Print the token the way another program reads it",
    details: "",
    group: Group::Printing,
    examples: "\
C=$(tok for curl cint) && printf '%s\\n' \"$C\" | curl -K - URL
E=$(tok for sh cint) && eval \"$E\"",
    commands: PROGRAMS,
    arguments: |command| spec::above(command, PROGRAMS),
    run: |matches, session, out| spec::run_typed(PROGRAMS, matches, session, out),
};

const PROGRAMS: &[&Spec] = &[
    &curl::COMMAND,
    &sh::COMMAND,
    &fish::COMMAND,
    &powershell::COMMAND,
    &dotenv::COMMAND,
    &github::COMMAND,
    &file::COMMAND,
    &kubectl::COMMAND,
    &bazel::COMMAND,
    &git::COMMAND,
    &docker::COMMAND,
    &cargo::COMMAND,
    &netrc::COMMAND,
];
