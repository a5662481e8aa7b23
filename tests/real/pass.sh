# shellcheck shell=bash disable=SC2016 # the backquotes are tok's own
# A password manager's command line is a source like any other: pass, as Debian has it, with a key made for the test.
#
# What it proves is what a real one does and a stand-in in a unit test does not: an agent behind it, its own words on
# stderr, and entries of more than one line.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# What must never be seen but by the endpoint.
secret='canary/2f9c+b1 é'

# One store for all facts, which only read it. The agent that gpg starts ends when this folder is gone, at the latest.
export GNUPGHOME=$TMPDIR/gpg PASSWORD_STORE_DIR=$TMPDIR/store
mkdir "$GNUPGHOME"
trap 'gpgconf --kill all' EXIT
gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key open default default never
gpg --batch --quiet --pinentry-mode loopback --passphrase 'nobody types it' --quick-generate-key locked default default never
pass init open >/dev/null
pass init --path=locked locked >/dev/null
pass insert --multiline cint >/dev/null < <(printf '%s\n' "$secret")
pass insert --multiline locked/cint >/dev/null < <(printf '%s\n' "$secret")
pass insert --multiline notes >/dev/null < <(printf '%s\nurl: https://example.com\n' "$secret")
pass insert --multiline empty >/dev/null < <(printf '\n')
# The agent has seen the passphrase. It forgets.
gpgconf --kill gpg-agent

# profile ENTRY: the endpoint, whose secret is what `pass show ENTRY` prints.
profile() {
  endpoint "$secret"
  printf 'client_secret = { command = ["pass", "show", "%s"] }\n' "$1" >>"$XDG_CONFIG_HOME/tok/config.toml"
}

# refuses [WORDS…]: without a terminal tok ends with 4, its stderr says all the words and no secret, and nothing is sent.
refuses() {
  attempt setsid --wait tok token cint
  [ "$code" -eq 4 ]
  prints_nothing
  for words in "$@"; do says "$words"; done
  [ "$(grep --count --fixed-strings --file="$served/secret" "$err" || :)" -eq 0 ]
  [ "$(requests /oauth/token)" -eq 0 ]
}

fact_the_secret_of_an_entry_fetches_a_token() {
  profile cint
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ ! -s "$err" ]
}

fact_a_cached_token_does_not_run_pass() {
  profile cint
  attempt tok token cint
  # Without it tok could not get another secret.
  attempt env PASSWORD_STORE_DIR="$PWD/none" tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(requests /oauth/token)" -eq 1 ]
}

fact_a_missing_entry_ends_with_4_and_shows_what_pass_said_and_its_exit_code() {
  profile nowhere
  refuses 'Error: nowhere is not in the password store.' 'command pass: failed with exit status: 1'
}

fact_a_key_that_nobody_unlocks_ends_with_4_and_shows_what_gpg_said() {
  profile locked/cint
  refuses 'gpg: decryption failed' 'command pass: failed with exit status: 2'
}

fact_an_empty_entry_ends_with_4() {
  profile empty
  refuses 'command pass: the secret is empty'
}

fact_an_entry_with_more_lines_is_cut_by_a_command_that_cuts() {
  # Many keep notes below the password. tok takes what the command prints, all of it; which line is meant is said here.
  endpoint "$secret"
  cat >>"$XDG_CONFIG_HOME/tok/config.toml" <<'TOML'
client_secret = { command = ["sh", "-c", "pass show notes | head -n 1"] }
TOML
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_no_pass_at_all_ends_with_4_and_says_what_to_install() {
  profile cint
  mkdir bin
  for program in env setsid timeout; do ln -s "$(command -v "$program")" bin; done
  ln -s "$(realpath "$(command -v tok)")" bin/tok
  attempt env PATH="$PWD/bin" setsid --wait tok token cint
  [ "$code" -eq 4 ]
  prints_nothing
  says 'command pass: program not found'
  says 'hint: install `pass`'
}

fact_pass_sees_none_of_toks_secrets() {
  profile cint
  mkdir bin
  # A pass before pass, which tells what it was given.
  printf '#!/bin/sh\nenv >"%s"\nexec %s "$@"\n' "$PWD/given" "$(command -v pass)" >bin/pass
  chmod +x bin/pass
  attempt env PATH="$PWD/bin:$PATH" TOK_OTHER_CLIENT_SECRET="$secret" TOK_CINT_API_KEY="$secret" tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  grep --quiet "^GNUPGHOME=$GNUPGHOME\$" given
  [ "$(grep --count --fixed-strings --file="$served/secret" given || :)" -eq 0 ]
}

fact_secret_check_names_every_source_in_order_and_the_one_that_is_used() {
  profile cint
  attempt setsid --wait tok secret check cint
  [ "$code" -eq 0 ]
  sed 's/^\(keyring entry `[^`]*`\): .*/\1/' "$out" >sources
  printf '%s\n' 'environment variable TOK_CINT_CLIENT_SECRET: not set' 'command pass: set' \
    "keyring entry \`cint/client_secret@$origin\`" | cmp - sources
  # The variable wins over pass.
  attempt setsid --wait env TOK_CINT_CLIENT_SECRET="$secret" tok secret check cint
  [ "$code" -eq 0 ]
  [ "$(sed -n 1,2p "$out")" = "$(printf '%s\n' 'environment variable TOK_CINT_CLIENT_SECRET: set' 'command pass: set, but not used')" ]
  cat "$out" "$err" >printed
  [ "$(grep --count --fixed-strings --file="$served/secret" printed || :)" -eq 0 ]
}

fact_secret_check_of_a_missing_entry_ends_with_4_and_names_the_exit_code() {
  profile nowhere
  attempt setsid --wait tok secret check cint
  [ "$code" -eq 4 ]
  [ "$(sed -n 2p "$out")" = 'command pass: failed with exit status: 1' ]
  says 'Error: nowhere is not in the password store.'
}

fact_show_names_the_source_that_wins_and_does_not_run_pass() {
  profile cint
  attempt env PASSWORD_STORE_DIR="$PWD/none" tok show cint
  [ "$code" -eq 0 ]
  grep --quiet 'command pass.*asked when a token is fetched' "$out"
  grep --quiet 'keyring entry .*not asked' "$out"
  attempt env TOK_CINT_CLIENT_SECRET="$secret" tok show cint
  grep --quiet 'TOK_CINT_CLIENT_SECRET.*used' "$out"
  grep --quiet 'command pass.*not asked' "$out"
  cat "$out" "$err" >printed
  [ "$(grep --count --fixed-strings --file="$served/secret" printed || :)" -eq 0 ]
}

run_facts
