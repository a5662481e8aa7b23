# shellcheck shell=bash
# With `cache = "keyring"` a token is in a real Secret Service and in no file, and every promise of the cache holds all the same.
#
# gnome-keyring on a private bus stands in for a desktop's; secret-tool (libsecret) is the second opinion.
. "$REAL/harness/keyring.sh"
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# kept_in KIND: an endpoint whose profile keeps its token there, and the right secret in the environment.
kept_in() {
  endpoint right
  printf 'cache = "%s"\n' "$1" >>"$XDG_CONFIG_HOME/tok/config.toml"
  export TOK_CINT_CLIENT_SECRET=right
}

# user: the name of the keyring's entry, from the file that says that there is one.
user() { printf 'token/%s' "$(basename "$XDG_CACHE_HOME"/tok/cint.*.keyring .keyring)"; }

fact_the_token_is_in_the_keyring_and_in_no_file() {
  kept_in keyring
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ ! -s "$err" ]
  [ "$(secret-tool lookup service tok username "$(user)" | jq --raw-output .access_token)" = "$token" ]
  left=$(grep --recursive --files-with-matches --fixed-strings --file="$served/token" "$HOME" || :)
  [ -z "$left" ]
}

fact_the_second_call_makes_no_request() {
  kept_in keyring
  attempt tok token cint
  attempt env --unset=TOK_CINT_CLIENT_SECRET tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ ! -s "$err" ]
  [ "$(requests /oauth/token)" -eq 1 ]
}

fact_twenty_cold_processes_make_one_request() {
  kept_in keyring
  for number in {1..20}; do
    tok token cint >"printed.$number" 2>"said.$number" &
    processes[number]=$!
  done
  for process in "${processes[@]}"; do wait "$process"; done
  for number in {1..20}; do
    [ "$(cat "printed.$number")" = "$token" ]
    [ ! -s "said.$number" ]
  done
  [ "$(requests /oauth/token)" -eq 1 ]
}

fact_status_shows_it_and_forget_removes_it() {
  kept_in keyring
  attempt tok token cint
  name=$(user)
  attempt tok status --json
  [ "$code" -eq 0 ]
  [ "$(jq --raw-output '.[0] | "\(.profile) \(.state) \(.cache) \(.file) \(.current)"' "$out")" = "cint fresh keyring null true" ]
  attempt tok forget cint
  [ "$code" -eq 0 ]
  says 'dropped the cached token'
  gone=0
  secret-tool lookup service tok username "$name" || gone=$?
  [ "$gone" -eq 1 ]
  attempt tok token cint
  [ "$(requests /oauth/token)" -eq 2 ]
}

fact_a_rejected_token_is_removed_from_it_and_another_is_not() {
  kept_in keyring
  attempt tok token cint
  attempt tok reject cint < <(printf 'another')
  [ "$code" -eq 0 ]
  attempt tok token cint
  [ "$(requests /oauth/token)" -eq 1 ]
  attempt tok reject cint < <(printf %s "$token")
  [ "$code" -eq 0 ]
  attempt tok token cint
  [ "$(requests /oauth/token)" -eq 2 ]
}

fact_an_entry_that_is_damaged_is_noted_and_replaced() {
  kept_in keyring
  attempt tok token cint
  printf '{"half' | secret-tool store --label='damaged' service tok username "$(user)"
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(grep --count '' "$err")" -eq 1 ]
  says damaged
  attempt tok token cint
  [ ! -s "$err" ]
  [ "$(requests /oauth/token)" -eq 2 ]
}

fact_without_a_keyring_the_token_is_printed_with_one_note() {
  kept_in keyring
  attempt setsid --wait env DBUS_SESSION_BUS_ADDRESS="unix:path=$PWD/none" tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(grep --count '' "$err")" -eq 1 ]
  says 'tok: note:'
  says keyring
}

fact_a_bus_that_never_answers_costs_one_deadline_and_not_three() {
  kept_in keyring
  mkdir "$TMPDIR/silent"
  spoken=$base
  serve silent-socket.mjs "$TMPDIR/silent"
  attempt setsid --wait env DBUS_SESSION_BUS_ADDRESS="$base" tok token cint
  base=$spoken
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(grep --count '' "$err")" -eq 1 ]
  # The design gives a keyring call 3 s without a terminal; the rest is for a busy machine.
  [ "$(jq -n "$took < 5")" = true ]
}

fact_a_token_kept_in_a_file_never_asks_the_keyring() {
  kept_in file
  attempt tok token cint
  mkdir "$TMPDIR/deaf"
  spoken=$base
  serve silent-socket.mjs "$TMPDIR/deaf"
  attempt setsid --wait env DBUS_SESSION_BUS_ADDRESS="$base" tok token cint
  base=$spoken
  [ "$code" -eq 0 ]
  [ "$(jq -n "$took < 1")" = true ]
  [ ! -s "$err" ]
}

run_facts
