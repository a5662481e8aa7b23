# shellcheck shell=bash
# The clock is stepped an hour or ten years either way while a token is cached: a dead token is never printed, and at most one fetch is made in
# vain.
#
# faketime lies to tok about the wall clock, as a wrong or corrected clock would. A time namespace sets the clock that counts from boot ahead,
# as it is when a suspended machine has woken; that takes root, or sudo.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

if ! command -v faketime >/dev/null; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  [ "$(id -u)" -eq 0 ] || as_root=(sudo "${as_root[@]}")
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update >&2
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends faketime >&2
fi

# with_a_token: an endpoint and a token in the cache. It lives a day.
with_a_token() {
  endpoint right
  export TOK_CINT_CLIENT_SECRET=right
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(requests /oauth/token)" -eq 1 ]
}

# at STEP COMMAND…: attempts it with the wall clock stepped; every other clock stays true.
at() { attempt env FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$@"; }

# asleep HOURS COMMAND…: attempts it with the boot clock so far ahead and the wall clock wherever it was, which is what a machine without
# network shows after a sleep.
asleep() {
  local seconds=$(($1 * 3600)) as_root=()
  shift
  [ "$(id -u)" -eq 0 ] || as_root=(sudo --preserve-env)
  attempt "${as_root[@]}" unshare --time --fork --boottime "$seconds" "$@"
}

# without_boot_clock: the entry is as if written where there is no boot clock, or on another boot.
without_boot_clock() {
  entry=$(echo "$XDG_CACHE_HOME"/tok/cint.*.json)
  jq --compact-output "$1" "$entry" >changed
  cat changed >"$entry"
}

prints_the_token() {
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_faketime_reaches_tok_and_a_day_later_the_token_is_dead() {
  with_a_token
  without_boot_clock 'del(.boot_id)'
  at +25h tok token cint --cached
  [ "$code" -eq 2 ]
  prints_nothing
}

fact_a_step_of_the_wall_clock_within_one_boot_costs_nothing() {
  with_a_token
  for step in +1h -1h +10y -10y; do
    at "$step" tok token cint
    prints_the_token
    [ ! -s "$err" ]
  done
  [ "$(requests /oauth/token)" -eq 1 ]
}

fact_a_day_asleep_is_a_day_of_the_tokens_life() {
  with_a_token
  asleep 23 tok token cint --cached
  prints_the_token
  asleep 25 tok token cint --cached
  [ "$code" -eq 2 ]
  prints_nothing
}

fact_after_a_reboot_the_wall_clock_decides_and_each_step_costs_at_most_one_fetch() {
  for step in +1h -1h +10y -10y; do
    [ ! -d endpoint ] || mv endpoint "endpoint.$RANDOM"
    rm -rf "$XDG_CACHE_HOME"
    with_a_token
    without_boot_clock '.boot_id = "an earlier boot"'
    for again in 1 2 3; do
      at "$step" tok token cint
      prints_the_token
    done
    # One hour ahead the token is still good; back, it is from the future; ten years ahead, it is dead.
    case $step in
      +1h) [ "$(requests /oauth/token)" -eq 1 ] ;;
      *) [ "$(requests /oauth/token)" -eq 2 ] ;;
    esac
  done
}

fact_a_token_fetched_while_the_clock_was_wrong_is_good_when_it_is_right_again() {
  for step in +10y -10y; do
    [ ! -d endpoint ] || mv endpoint "endpoint.$RANDOM"
    rm -rf "$XDG_CACHE_HOME"
    endpoint right
    export TOK_CINT_CLIENT_SECRET=right
    at "$step" tok token cint
    prints_the_token
    attempt tok token cint
    prints_the_token
    [ "$(requests /oauth/token)" -eq 1 ]
  done
}

run_facts
