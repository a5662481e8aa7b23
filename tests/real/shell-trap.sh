# shellcheck shell=bash disable=SC2016 # the scripts in single quotes are for the shells they are given to
# How a token gets from tok into curl: which forms send a request without one when tok fails, and which show the
# token to every user of the machine in `ps`.
#
# What README tells people to write, and not to write, is measured here in both Debian shells. The traps are facts too:
# should a shell or curl ever mend one, README's warning has to go.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

shells=(sh bash)

# with_the_secret WORD: an endpoint, whose secret tok is given rightly or wrongly; $BASE is its address.
with_the_secret() {
  endpoint right
  export BASE=$base
  case $1 in
    right) export TOK_CINT_CLIENT_SECRET=right ;;
    wrong) export TOK_CINT_CLIENT_SECRET=wrong ;;
  esac
}

# sends_without_a_token SCRIPT: though tok fails and `set -e` is on, the script goes on, asks the API without a token,
# and ends well.
sends_without_a_token() {
  with_the_secret wrong
  for shell in "${shells[@]}"; do
    : >"$served/requests"
    attempt "$shell" -e -c "$1"
    [ "$code" -eq 0 ]
    [ "$(authorization /api)" = null ]
  done
}

# stops SCRIPT: when tok fails the script ends with tok's exit code and asks the API nothing.
stops() {
  with_the_secret wrong
  for shell in "${shells[@]}"; do
    : >"$served/requests"
    attempt "$shell" -e -c "$1"
    [ "$code" -eq 5 ]
    [ "$(requests /oauth/token)" -eq 1 ]
    [ "$(requests /api)" -eq 0 ]
  done
}

# while_the_answer_is_held SCRIPT: runs it and leaves in $seen the command lines that have the token in them while the
# API keeps the script waiting. The API got the token all the same.
while_the_answer_is_held() {
  local shell=$1 script=$2 running
  : >"$served/requests"
  timeout 20 "$shell" -e -c "$script" >"$out" 2>"$err" &
  running=$!
  until [ "$(requests /held)" -eq 1 ]; do
    kill -0 "$running"
    sleep 0.05
  done
  # The pattern is in a file, so that the search does not find itself. Processes that end meanwhile are no matter.
  seen=$(grep --text --files-with-matches --no-messages --fixed-strings --file="$served/token" /proc/[0-9]*/cmdline || :)
  curl --silent --show-error --fail "$base/release"
  wait "$running"
  [ "$(authorization /held)" = "Bearer $token" ]
}

# keeps_it_out_of_ps SCRIPT
keeps_it_out_of_ps() {
  with_the_secret right
  for shell in "${shells[@]}"; do
    while_the_answer_is_held "$shell" "$1"
    [ -z "$seen" ]
  done
}

# shows_it_in_ps SCRIPT
shows_it_in_ps() {
  with_the_secret right
  for shell in "${shells[@]}"; do
    while_the_answer_is_held "$shell" "$1"
    [ -n "$seen" ]
  done
}

fact_trap_in_an_argument_a_failed_tok_is_no_error_and_the_request_goes_without_a_token() {
  sends_without_a_token 'curl -sS -H "$(tok header cint)" "$BASE/api"'
}

fact_trap_export_hides_that_tok_failed() {
  sends_without_a_token 'export H=$(tok header cint); curl -sS -H "$H" "$BASE/api"'
}

fact_trap_a_pipe_sends_the_request_without_a_token() {
  sends_without_a_token 'tok header cint | curl -sS -H @- "$BASE/api"'
}

fact_trap_pipefail_tells_only_after_the_request_was_sent() {
  with_the_secret wrong
  attempt bash -e -o pipefail -c 'tok header cint | curl -sS -H @- "$BASE/api"'
  [ "$code" -eq 5 ]
  [ "$(authorization /api)" = null ]
}

fact_trap_an_argument_shows_the_token_in_ps() {
  shows_it_in_ps 'curl -sS -H "$(tok header cint)" "$BASE/held"'
}

fact_trap_an_assigned_header_given_as_an_argument_shows_the_token_in_ps_too() {
  shows_it_in_ps 'H=$(tok header cint)
    curl -sS -H "$H" "$BASE/held"'
}

fact_safe_an_assignment_on_its_own_line_stops_the_script() {
  stops 'H=$(tok header cint)
    curl -sS -H "$H" "$BASE/api"'
}

fact_safe_an_assignment_piped_to_curl_stops_the_script() {
  stops 'H=$(tok header cint)
    printf "%s\n" "$H" | curl -sS -H @- "$BASE/api"'
}

fact_safe_a_pipe_to_curl_keeps_the_token_out_of_ps() {
  keeps_it_out_of_ps 'tok header cint | curl -sS -H @- "$BASE/held"'
}

fact_safe_an_assignment_piped_to_curl_keeps_the_token_out_of_ps() {
  keeps_it_out_of_ps 'H=$(tok header cint)
    printf "%s\n" "$H" | curl -sS -H @- "$BASE/held"'
}

run_facts
