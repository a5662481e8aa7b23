# shellcheck shell=bash disable=SC2016 # the scripts in single quotes are for the shells they are given to
# A keyring that is there and of no use: tok ends with 4, in time, with words of its own for each trouble, and no secret.
#
# no-keyring.sh has the machines without one. Here it is gnome-keyring that is locked, hangs, or holds what tok cannot
# take, because only a real daemon shows which of its answers the keyring crate turns into which error.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# The design gives a keyring call 3 s without a terminal; the rest is for a busy machine.
limit=5

# What must never be seen. It is also what the endpoint takes.
secret='canary/2f9c+b1 é'

# bus: a session bus for this fact alone, which starts only the services described in ./services: a real one would
# have a window asked for the password on some machines and not on others. It ends, and $daemon with it, when its
# stdin closes, as the servers of harness/server.sh do. Goes before `endpoint`, whose server would hold that open.
bus() {
  mkdir -p services
  cat >bus.conf <<XML
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <servicedir>$PWD/services</servicedir>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
XML
  # Not in this fact's own folder: a socket's path has at most 107 bytes.
  XDG_RUNTIME_DIR=$(mktemp -d "$TMPDIR/XXXXXX")
  export XDG_RUNTIME_DIR XDG_DATA_HOME=$HOME/data
  mkfifo alive address
  exec {bus_alive}<>alive
  dbus-run-session --config-file=bus.conf -- bash -c 'printf "%s\n" "$DBUS_SESSION_BUS_ADDRESS"; exec cat' \
    <alive >address 2>bus {bus_alive}>&- &
  read -r -t 20 DBUS_SESSION_BUS_ADDRESS <address
  export DBUS_SESSION_BUS_ADDRESS
}

# call OBJECT METHOD ARGUMENT…: calls a method of the keyring.
call() { dbus-send --session --print-reply --dest=org.freedesktop.secrets "$@"; }

# daemon OPTION…: starts gnome-keyring with what stands on stdin and waits for its name on the bus. Leaves its process
# in $daemon. It ends with the bus, unless it is frozen then.
daemon() {
  (
    # What servers live by must not live on in here. Those are the descriptors that bash chose, from 10 on.
    for open in /dev/fd/??; do
      open=${open##*/}
      exec {open}>&-
    done
    exec gnome-keyring-daemon --foreground --components=secrets "$@" >>gnome-keyring 2>&1
  ) <&0 &
  daemon=$!
  trap 'kill -CONT "$daemon"' EXIT
  until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
    string:org.freedesktop.secrets | grep --quiet 'boolean true'; do
    kill -0 "$daemon"
    sleep 0.05
  done
}

# store WORD…: puts what stands on stdin where tok looks for the secret. WORDs are further attributes of the entry.
store() { secret-tool store --label='from outside' service tok username "cint/client_secret@$origin" "$@"; }

# keyring: an unlocked keyring with the secret in it, and the endpoint that takes the secret.
keyring() {
  bus
  daemon --unlock < <(printf %s 'the login password')
  endpoint "$secret"
  store < <(printf %s "$secret")
}

lock() { call /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login; }

# shows_no_secret FILE…: the secret is in none of them, neither plain nor encoded.
shows_no_secret() {
  local form
  for form in "$secret" "$(printf %s "$secret" | base64)" "$(jq -rn --arg text "$secret" '$text | @uri')"; do
    [ "$(cat "$@" | grep --count --text --fixed-strings -e "$form" || :)" -eq 0 ]
  done
}

# alone COMMAND…: attempts it with no controlling terminal, whatever this test was started from. It ends with 4, in
# time, and prints nothing but what is wrong, without the secret.
alone() {
  attempt setsid --wait "$@"
  [ "$code" -eq 4 ]
  [ "$(jq -n "$took < $limit")" = true ]
  prints_nothing
  shows_no_secret "$err"
}

# gives_no_token WORDS: asked for a token, tok says these words of the keyring and does not ask the endpoint.
gives_no_token() {
  alone tok token cint
  says "keyring entry \`cint/client_secret@$origin\`: $1"
  says TOK_CINT_CLIENT_SECRET
  [ "$(requests /oauth/token)" -eq 0 ]
}

# gives_no_entry: asked for a token, tok says that there is no secret, and does not ask the endpoint.
gives_no_entry() {
  alone tok token cint
  says 'the keyring has no entry'
  says TOK_CINT_CLIENT_SECRET
  [ "$(requests /oauth/token)" -eq 0 ]
}

# changes_nothing WORDS: neither a new secret nor the removal of the old one gets past the trouble, and both say so.
changes_nothing() {
  alone tok secret set cint < <(printf %s "$secret")
  says "$1"
  alone tok secret delete cint
  says "$1"
}

# on_a_terminal: starts `tok token cint` on a terminal, which shows in the file ./screen; its stdout goes to $out. Waits
# until tok says that it waits for the keyring. Leaves the terminal's process in $terminal.
on_a_terminal() {
  export TERM=xterm out
  timeout 60 script --quiet --flush --return --command 'tok token cint >"$out"' screen >/dev/null &
  terminal=$!
  until grep --quiet 'waiting for the keyring' screen; do
    kill -0 "$terminal"
    sleep 0.05
  done
}

fact_the_secret_fetches_a_token_when_nothing_is_wrong() {
  keyring
  attempt setsid --wait tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_a_keyring_that_was_locked_ends_with_4() {
  keyring
  lock
  gives_no_token 'the keyring is locked'
  changes_nothing 'the keyring is locked'
}

fact_a_locked_keyring_is_to_be_unlocked_says_the_hint() {
  keyring
  lock
  gives_no_token 'the keyring is locked'
  says 'hint: unlock the keyring, or set TOK_CINT_CLIENT_SECRET'
  alone tok secret set cint < <(printf %s "$secret")
  says 'hint: unlock the keyring, or set TOK_CINT_CLIENT_SECRET'
}

fact_status_calls_a_token_in_a_locked_keyring_locked() {
  keyring
  printf 'cache = "keyring"\n' >>"$XDG_CONFIG_HOME/tok/config.toml"
  attempt tok token cint
  [ "$code" -eq 0 ]
  lock
  attempt tok status --json
  [ "$code" -eq 4 ]
  [ "$(jq --raw-output '.[0].state' "$out")" = locked ]
  says 'hint: unlock the keyring'
}

fact_a_keyring_that_nobody_unlocked_since_it_started_ends_with_4() {
  keyring
  kill "$daemon"
  wait "$daemon" || :
  daemon </dev/null
  gives_no_token 'the keyring is locked'
  changes_nothing 'the keyring is locked'
}

fact_a_keyring_that_never_had_a_password_ends_with_4() {
  bus
  daemon </dev/null
  endpoint "$secret"
  # There is nothing to unlock, so all tok can know is that the secret is not there.
  gives_no_entry
  alone tok secret set cint < <(printf %s "$secret")
  says 'the keyring has no default collection'
}

fact_a_keyring_that_waits_for_a_person_ends_with_4_at_the_deadline() {
  mkdir services
  mkfifo nobody
  # What is to ask for the password never gets as far as a window.
  printf '[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/cat %s\n' "$PWD/nobody" \
    >services/prompter.service
  keyring
  # Held open until this fact ends, and with it what reads there.
  exec 9<>nobody
  lock
  gives_no_token 'the keyring answered, but was not done within 3 s: it may be waiting to be unlocked'
  says 'hint: unlock the keyring, or set TOK_CINT_CLIENT_SECRET'
  [ "$(jq -n "$took > 2.5")" = true ]
}

fact_a_frozen_keyring_ends_with_4_at_the_deadline() {
  keyring
  kill -STOP "$daemon"
  gives_no_token 'the keyring did not answer within 3 s: its daemon hangs'
  [ "$(jq -n "$took > 2.5")" = true ]
  changes_nothing 'the keyring did not answer within 3 s: its daemon hangs'
}

fact_a_frozen_keyring_that_goes_on_is_used_again() {
  keyring
  kill -STOP "$daemon"
  gives_no_token 'the keyring did not answer within 3 s: its daemon hangs'
  kill -CONT "$daemon"
  attempt setsid --wait tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_two_entries_that_match_end_with_4_and_a_count() {
  keyring
  store account second < <(printf %s "$secret")
  gives_no_token '2 entries match'
}

# entries: how many there are where tok looks.
entries() { secret-tool search --all service tok username "cint/client_secret@$origin" 2>/dev/null | grep --count '^secret = ' || :; }

fact_two_entries_that_match_become_one_by_secret_set() {
  keyring
  store account second < <(printf %s 'the old one')
  [ "$(entries)" -eq 2 ]
  attempt setsid --wait tok secret set cint < <(printf %s "$secret")
  [ "$code" -eq 0 ]
  [ "$(entries)" -eq 1 ]
  attempt setsid --wait tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_two_entries_that_match_are_both_removed_by_secret_delete() {
  keyring
  store account second < <(printf %s "$secret")
  attempt setsid --wait tok secret delete cint
  [ "$code" -eq 0 ]
  [ "$(entries)" -eq 0 ]
  gives_no_entry
}

fact_another_profiles_entry_is_none_of_them() {
  keyring
  printf %s other | secret-tool store --label=other service tok username "cint2/client_secret@$origin"
  attempt setsid --wait tok secret delete cint
  [ "$code" -eq 0 ]
  [ "$(secret-tool lookup service tok username "cint2/client_secret@$origin")" = other ]
}

fact_an_entry_that_is_not_utf8_ends_with_4_and_shows_no_byte_of_it() {
  keyring
  store < <(printf '%s\377' "$secret")
  gives_no_token 'the secret is not UTF-8 text'
  alone tok token cint -v
}

fact_an_entry_that_is_not_utf8_is_mended_by_secret_set() {
  keyring
  store < <(printf '%s\377' "$secret")
  attempt tok secret set cint < <(printf %s "$secret")
  [ "$code" -eq 0 ]
  attempt setsid --wait tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_secret_check_names_the_trouble_beside_the_source() {
  keyring
  for trouble in 'locked:the keyring is locked' 'frozen:the keyring did not answer within 3 s: its daemon hangs'; do
    case $trouble in
      locked:*) lock ;;
      frozen:*) kill -STOP "$daemon" ;;
    esac
    attempt setsid --wait tok secret check cint
    [ "$code" -eq 4 ]
    [ "$(jq -n "$took < $limit")" = true ]
    [ "$(sed -n 1p "$out")" = 'environment variable TOK_CINT_CLIENT_SECRET: not set' ]
    grep --quiet --fixed-strings "keyring entry \`cint/client_secret@$origin\`: ${trouble#*:}" "$out"
    shows_no_secret "$out" "$err"
  done
}

fact_the_environment_variable_does_without_a_keyring_that_hangs() {
  keyring
  kill -STOP "$daemon"
  attempt setsid --wait env TOK_CINT_CLIENT_SECRET="$secret" tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_every_way_to_have_no_keyring_has_words_of_its_own() {
  endpoint "$secret"
  # no_keyring ADDRESS WORDS
  no_keyring() {
    alone env DBUS_SESSION_BUS_ADDRESS="$1" tok token cint
    says ": no keyring here: $2"
  }
  no_keyring '' 'DBUS_SESSION_BUS_ADDRESS is empty'
  no_keyring '%%%;;=,' 'DBUS_SESSION_BUS_ADDRESS is not the address of a bus'
  no_keyring "unix:path=$PWD/none" "Failed to connect to address \`unix:path=$PWD/none\`"
  alone env --unset=DBUS_SESSION_BUS_ADDRESS tok token cint
  says ": no keyring here: Failed to connect to address \`unix:path=$XDG_RUNTIME_DIR/bus\`"
}

fact_a_bus_without_a_keyring_is_told_from_no_bus() {
  bus
  endpoint "$secret"
  alone tok token cint
  says ': no keyring here: The name org.freedesktop.secrets was not provided'
}

fact_on_a_terminal_a_person_is_told_what_tok_waits_for_and_has_longer() {
  keyring
  kill -STOP "$daemon"
  began=$EPOCHREALTIME
  on_a_terminal
  # Past the deadline for nobody, however slow the machine.
  until [ "$(jq -n "$EPOCHREALTIME - $began > $limit")" = true ]; do sleep 0.1; done
  kill -0 "$terminal"
  kill -CONT "$daemon"
  wait "$terminal"
  [ "$(cat "$out")" = "$token" ]
  shows_no_secret screen
}

fact_on_a_terminal_the_line_is_gone_when_the_wait_is_over() {
  keyring
  kill -STOP "$daemon"
  on_a_terminal
  kill -CONT "$daemon"
  wait "$terminal"
  # script's own first and last lines are not the terminal's.
  [ -z "$(sed '1d;$d' screen | tr '\r' '\n' | tail -n 1 | tr -d ' ')" ]
}

fact_on_a_terminal_a_keyring_that_dies_meanwhile_ends_with_4_at_once() {
  keyring
  kill -STOP "$daemon"
  on_a_terminal
  began=$EPOCHREALTIME
  trap - EXIT
  kill -KILL "$daemon"
  code=0
  wait "$terminal" || code=$?
  [ "$code" -eq 4 ]
  [ "$(jq -n "$EPOCHREALTIME - $began < $limit")" = true ]
  prints_nothing
  grep --quiet 'TOK_CINT_CLIENT_SECRET' screen
  shows_no_secret screen
}

run_facts
