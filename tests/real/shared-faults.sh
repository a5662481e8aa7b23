# shellcheck shell=bash
# Every way in which the engine, a lease holder or the network can fail: no run prints a wrong token or misses its deadline, and each machine makes
# at most one request.
. "$REAL/harness/facts.sh"
. "$REAL/harness/fleet.sh"

with_a_fleet() {
  provider
  engine
  fleet "\"redis://127.0.0.1:$port\"" "$@"
}

end_engine() { kill -KILL "$pid" && wait "$pid" || :; }

# goes_alone MACHINE NOTE: it gets a token of its own within two seconds, and says why.
goes_alone() {
  local before
  before=$(asked)
  on "$1" attempt tok token p
  [ "$code" -eq 0 ]
  grep --quiet fleet-token "$out"
  says "note: shared cache: going on without it: $2"
  [ "$(wc -l <"$err")" -eq 1 ]
  jq --exit-status --null-input "$took < 2"
  asked_is $((before + 1))
  # Another run of the machine asks neither.
  on "$1" attempt tok token p
  [ ! -s "$err" ]
  asked_is $((before + 1))
}

holds_the_lease() { [ -n "$(cli --scan --pattern 'tok:*:lease')" ]; }
no_lease_is_held() { [ -z "$(cli --scan --pattern 'tok:*:lease')" ]; }

fact_without_an_engine_each_machine_makes_one_request() {
  with_a_fleet
  end_engine
  waiters 5 6 token p
  all_equal 0 5
  asked_is 5
  grep --quiet 'going on without it: no connection: Connection refused' answers/*.err
}

fact_an_engine_that_ends_during_a_fetch_costs_at_most_one_request_for_each_machine() {
  with_a_fleet
  touch "$served/wait"
  started() {
    until_true asked_is 1
    until_true began 12
    end_engine
    until_true asked_is 4
    rm "$served/wait"
  }
  waiters 4 3 token p
  all_equal 0 4
  asked_is 4
}

fact_a_paused_engine_costs_a_run_its_timeout_once_and_is_then_left_alone() {
  engine_timeout=250ms
  with_a_fleet
  kill -STOP "$pid"
  goes_alone 1 'no answer within 250 ms'
  on 1 attempt tok token p --refresh
  [ "$code" -eq 0 ]
  says 'it is left alone for a few seconds'
  jq --exit-status --null-input "$took < 0.25"
  kill -CONT "$pid"
}

fact_a_full_engine_is_as_none() {
  with_a_fleet
  cli config set maxmemory 1
  goes_alone 1 'it is full'
}

fact_a_read_only_replica_gives_what_it_has_and_is_otherwise_as_none() {
  with_a_fleet
  on 1 tok token p
  primary=$port
  port=$(free_port)
  engine --replicaof 127.0.0.1 "$primary"
  has_the_entry() { [ -n "$(entry)" ]; }
  until_true has_the_entry
  fleet "\"redis://127.0.0.1:$port\""
  on 2 attempt tok token p
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
  asked_is 1
  redis-cli -p "$primary" flushall
  has_no_entry() { [ -z "$(entry)" ]; }
  until_true has_no_entry
  goes_alone 3 'it is read-only'
}

fact_a_wrong_password_ends_before_anything_is_sent() {
  provider
  engine --requirepass right
  fleet "\"redis://127.0.0.1:$port\"" 'password = { env = "PASSWORD" }'
  for wrong in wrong ''; do
    on 1 attempt env PASSWORD="${wrong:-x}" tok token p
    [ "$code" -eq 4 ]
    prints_nothing
    says '`shared_cache.password`: the engine refused the password'
  done
  asked_is 0
  on 1 attempt env PASSWORD=right tok token p
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
}

fact_a_slow_engine_is_used_only_if_the_timeout_allows_it() {
  with_a_fleet
  relay 300
  engine_timeout=250ms
  fleet "\"redis://127.0.0.1:$relayed\""
  goes_alone 1 'no answer within 250 ms'
  engine_timeout=5s
  fleet "\"redis://127.0.0.1:$relayed\""
  on 2 tok token p >first
  on 3 tok token p >second
  cmp first second
  asked_is 2
}

fact_an_engine_that_was_restarted_empty_is_used_again() {
  with_a_fleet
  on 1 tok token p
  fence() { cli --raw get "$(cli --scan --pattern 'tok:*:fence')"; }
  before=$(fence)
  end_engine
  start_engine
  on 2 tok token p >second
  on 3 tok token p >third
  cmp second third
  asked_is 2
  [ "$(fence)" -gt "$before" ]
}

fact_a_holder_whose_engine_was_restarted_writes_nothing_over_the_newer_token() {
  with_a_fleet
  touch "$served/wait"
  on 1 tok token p >first &
  holder=$!
  until_true asked_is 1
  end_engine
  start_engine
  on 2 tok token p >second &
  second=$!
  until_true asked_is 2
  rm "$served/wait"
  wait "$holder" "$second"
  on 3 tok token p >third
  cmp second third
  if cmp first second; then return 1; fi
  asked_is 2
}

fact_after_a_holder_is_killed_another_machine_takes_over_in_seconds() {
  with_a_fleet
  touch "$served/wait"
  env XDG_CACHE_HOME="$PWD/machine-1" tok token p >/dev/null &
  holder=$!
  until_true asked_is 1
  kill -KILL "$holder"
  wait "$holder" || :
  rm "$served/wait"
  on 2 attempt tok token p
  [ "$code" -eq 0 ]
  jq --exit-status --null-input "$took < 6.5"
  asked_is 2
}

fact_a_holder_paused_beyond_its_lease_costs_one_more_request_and_overwrites_nothing() {
  with_a_fleet
  touch "$served/wait"
  env XDG_CACHE_HOME="$PWD/machine-1" tok token p >first &
  holder=$!
  until_true asked_is 1
  kill -STOP "$holder"
  until_true no_lease_is_held
  rm "$served/wait"
  on 2 tok token p >second
  asked_is 2
  kill -CONT "$holder"
  wait "$holder"
  grep --quiet fleet-token-1 first
  on 3 tok token p >third
  cmp second third
  asked_is 2
}

fact_a_slow_fetch_keeps_its_lease() {
  with_a_fleet
  touch "$served/wait"
  started() {
    until_true asked_is 1
    # Longer than a lease without renewal: its end moves.
    left() { cli pttl "$(cli --scan --pattern 'tok:*:lease')"; }
    renewals=0
    last=$(left)
    until_true renewed
    rm "$served/wait"
  }
  renewed() {
    now=$(left)
    [ "$now" -le "$last" ] || renewals=$((renewals + 1))
    last=$now
    [ "$renewals" -ge 4 ]
  }
  waiters 3 2 token p
  all_equal 0
  asked_is 1
}

fact_a_machine_that_is_cut_off_makes_a_request_of_its_own_and_the_others_share() {
  with_a_fleet
  waiters 4 2 token p
  all_equal 0
  cli flushall
  rm -r machine-*
  on 9 env TOK_SHARED_CACHE_URL="redis://127.0.0.1:$(free_port)" tok token p
  waiters 4 2 token p
  all_equal 0
  asked_is 3
}

fact_no_run_misses_its_deadline_whatever_the_engine_does() {
  engine_timeout=15s
  with_a_fleet
  kill -STOP "$pid"
  on 1 attempt tok token p --timeout 1s
  [ "$code" -eq 6 ]
  prints_nothing
  jq --exit-status --null-input "$took < 2"
  kill -CONT "$pid"
  # Nor while another machine holds the lease.
  touch "$served/wait"
  env XDG_CACHE_HOME="$PWD/machine-2" tok token p >first &
  until_true asked_is 1
  on 3 attempt tok token p --timeout 1s
  [ "$code" -eq 6 ]
  says 'another machine has been fetching this token for too long'
  jq --exit-status --null-input "$took < 2"
  rm "$served/wait"
  wait "$!"
  asked_is 1
}

fact_one_refresh_token_is_used_by_one_machine_at_a_time_whatever_is_asked_for() {
  with_a_fleet
  with_a_login
  touch "$served/wait"
  env XDG_CACHE_HOME="$PWD/machine-1" tok token p --scope a >first &
  holder=$!
  until_true asked_is 1
  on 2 attempt tok token p --scope b --timeout 2s
  [ "$code" -eq 6 ]
  says 'another machine has been fetching this token for too long'
  asked_is 1
  rm "$served/wait"
  wait "$holder"
  on 2 attempt tok token p --scope b
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
  asked_is 2
  no_lease_is_held
}

with_a_login() {
  sed -i 's/^cache .*/cache = "shared"\ngrant_type = "refresh_token"\nsecrets = { refresh_token = { file = "refresh" } }/' "$XDG_CONFIG_HOME/tok/config.toml"
  printf r3fresh >"$XDG_CONFIG_HOME/tok/refresh"
}

fact_without_an_engine_a_refresh_token_is_not_used() {
  with_a_fleet
  with_a_login
  on 1 tok token p >first
  on 2 tok token p >second
  cmp first second
  asked_is 1
  end_engine
  for options in --refresh --no-cache; do
    on 2 attempt tok token p "$options"
    [ "$code" -eq 6 ]
    prints_nothing
  done
  on 3 attempt tok token p
  [ "$code" -eq 6 ]
  prints_nothing
  says 'a refresh token is used only under the lease'
  asked_is 1
}

run_facts
