# shellcheck shell=bash
# Without a keyring, as in CI or over ssh, tok ends in time and says both ways out, and one of them works right there.
#
# The keyring crate has no time-out of its own and its errors name D-Bus, which helps nobody at a prompt.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# The design gives a keyring call 3 s without a terminal; the rest is for a busy machine.
limit=5

# without_a_keyring COMMAND…: attempts it with no controlling terminal, whatever this test was started from.
without_a_keyring() { attempt setsid --wait env "$@"; }

# ends_with_4 [VARIABLE…]: what tok does with this environment and no secret anywhere.
ends_with_4() {
  endpoint right
  without_a_keyring "$@" tok token cint
  [ "$code" -eq 4 ]
  [ "$(jq -n "$took < $limit")" = true ]
  prints_nothing
  says 'tok secret set cint'
  says TOK_CINT_CLIENT_SECRET
  [ "$(requests /oauth/token)" -eq 0 ]
}

fact_no_bus_ends_with_4_and_both_ways_out() { ends_with_4; }

fact_no_runtime_folder_ends_with_4_and_both_ways_out() {
  # Not unset: then the user's own bus in /run/user would be next, on a machine that has one.
  ends_with_4 XDG_RUNTIME_DIR="$PWD/none"
}

fact_an_empty_bus_address_ends_with_4_and_both_ways_out() { ends_with_4 DBUS_SESSION_BUS_ADDRESS=; }

fact_a_garbage_bus_address_ends_with_4_and_both_ways_out() { ends_with_4 DBUS_SESSION_BUS_ADDRESS='%%%;;=,'; }

fact_a_bus_that_is_not_there_ends_with_4_and_both_ways_out() {
  ends_with_4 DBUS_SESSION_BUS_ADDRESS="unix:path=$PWD/none"
}

fact_a_bus_without_a_keyring_ends_with_4_and_both_ways_out() {
  # The bus starts no service: on a machine with gnome-keyring it would start that one.
  cat >bus.conf <<'XML'
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
XML
  endpoint right
  attempt dbus-run-session --config-file="$PWD/bus.conf" -- setsid --wait tok token cint
  [ "$code" -eq 4 ]
  [ "$(jq -n "$took < $limit")" = true ]
  prints_nothing
  says 'tok secret set cint'
  says TOK_CINT_CLIENT_SECRET
}

fact_a_bus_that_never_answers_ends_with_4_at_the_deadline() {
  endpoint right
  # Not in this fact's own folder: a socket's path has at most 107 bytes.
  mkdir "$TMPDIR/silent"
  serve silent-socket.mjs "$TMPDIR/silent"
  without_a_keyring DBUS_SESSION_BUS_ADDRESS="$base" tok token cint
  [ "$code" -eq 4 ]
  [ "$(jq -n "$took > 2.5 and $took < $limit")" = true ]
  prints_nothing
  says 'the session bus does not answer'
  says 'tok secret set cint'
  says TOK_CINT_CLIENT_SECRET
}

fact_secret_set_ends_with_4_and_leaves_the_secret_nowhere() {
  endpoint right
  attempt setsid --wait tok secret set cint < <(printf %s 'nowhere-to-be-found')
  [ "$code" -eq 4 ]
  [ "$(jq -n "$took < $limit")" = true ]
  prints_nothing
  says TOK_CINT_CLIENT_SECRET
  left=$(grep --recursive --files-with-matches nowhere-to-be-found "$HOME" "$out" "$err" || :)
  [ -z "$left" ]
}

fact_the_environment_variable_it_names_fetches_a_token() {
  endpoint right
  without_a_keyring TOK_CINT_CLIENT_SECRET=right tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

run_facts
