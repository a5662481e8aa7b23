# shellcheck shell=bash
# Many machines with many processes, one provider: it is asked once.
#
# A round of the first fact starts 1,000 processes. `ROUNDS=20 tests/real/run --release shared-waiters` runs twenty of them.
. "$REAL/harness/facts.sh"
. "$REAL/harness/fleet.sh"

with_a_fleet() {
  provider
  engine
  fleet "\"redis://127.0.0.1:$port\""
}

# aged SECONDS: every machine's entry is that much older.
aged() {
  local entry
  for entry in machine-*/tok/p.*.json; do
    jq --compact-output ".sent_unix_ms -= $1 * 1000 | .sent_boot_ms -= $1 * 1000" "$entry" >aged
    cat aged >"$entry"
  done
}

fact_a_thousand_cold_processes_on_fifty_machines_make_one_request() {
  with_a_fleet
  for round in $(seq "${ROUNDS:-1}"); do
    rm -rf machine-*
    cli flushall
    forget_requests
    how '{"delay_ms": 300}'
    waiters 50 20 token p
    all_equal 0
    [ -z "$(cat answers/*.err)" ]
    asked_is 1
  done
}

fact_when_the_token_has_expired_one_request_is_made() {
  with_a_fleet
  how '{"expires_in": 13}'
  waiters 10 2 token p
  all_equal 0
  old=$said
  asked_is 1
  expired() { ! on 1 tok token p --cached; }
  until_true expired
  how '{"delay_ms": 300}'
  waiters 10 10 token p
  all_equal 0
  [ "$said" != "$old" ]
  asked_is 2
}

fact_a_token_in_the_last_tenth_of_its_life_is_refreshed_once_and_no_process_waits() {
  with_a_fleet
  how '{"expires_in": 1000}'
  waiters 20 1 token p
  all_equal 0
  old=$said
  aged 960
  touch "$served/wait"
  # All but the one that refreshes end while the provider has not answered.
  started() {
    until_true ended 99
    rm "$served/wait"
  }
  waiters 20 5 token p
  started() { :; }
  all_equal 0 2
  asked_is 2
  # The machines take the new token over without another request.
  waiters 20 1 token p
  all_equal 0
  [ "$said" != "$old" ]
  asked_is 2
}

fact_a_refusal_reaches_all_and_is_one_request() {
  with_a_fleet
  how '{"status": 401}'
  touch "$served/wait"
  started() {
    until_true began 400
    rm "$served/wait"
  }
  waiters 20 20 token p
  [ "$(sort -u answers/*.code)" = 5 ]
  [ "$(cat answers/*.err | sort -u | grep -c 'tok:')" -eq 1 ]
  [ -z "$(cat answers/*.out)" ]
  asked_is 1
}

fact_a_provider_that_is_down_gets_one_series_of_attempts() {
  with_a_fleet
  how '{"status": 503}'
  touch "$served/wait"
  started() {
    until_true began 100
    rm "$served/wait"
  }
  waiters 20 5 token p
  [ "$(sort -u answers/*.code)" = 6 ]
  [ -z "$(cat answers/*.out)" ]
  asked_is 3
}

fact_a_wait_that_the_provider_asked_for_holds_for_every_machine_however_late() {
  with_a_fleet
  how '{"status": 429, "retry_after": "300"}'
  on 1 attempt tok token p
  [ "$code" -eq 6 ]
  asked_is 1
  waiters 10 2 token p
  [ "$(sort -u answers/*.code)" = 6 ]
  [ "$(grep --files-with-matches 'the provider asked to wait' answers/*.err | wc -l)" -eq 20 ]
  asked_is 1
  on 7 tok status p --json | jq --exit-status 'any(.retry_in > 200)'
}

fact_with_refresh_one_request_serves_all_that_began_before_it() {
  engine_timeout=20s
  with_a_fleet
  waiters 5 1 token p
  all_equal 0
  kill -STOP "$pid"
  started() {
    until_true began 50
    kill -CONT "$pid"
  }
  waiters 5 10 token p --refresh
  all_equal 0
  asked_is 2
}

fact_cached_never_asks_the_engine_and_no_cache_neither() {
  with_a_fleet
  on 1 tok token p
  kill "$pid"
  wait "$pid" || :
  on 1 attempt tok token p --cached
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
  on 2 attempt tok token p --cached
  [ "$code" -eq 2 ]
  on 2 attempt tok token p --no-cache
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
}

fact_more_time_than_the_shared_token_has_left_is_one_request_for_all() {
  with_a_fleet
  how '{"expires_in": 100}'
  on 1 tok token p
  asked_is 1
  how '{"expires_in": 3600}'
  waiters 10 3 token p --min-ttl 10m
  all_equal 0
  asked_is 2
  # Too short for all: one request again.
  how '{"expires_in": 100, "delay_ms": 500}'
  touch "$served/wait"
  started() {
    until_true began 30
    rm "$served/wait"
  }
  waiters 10 3 token p --min-ttl 2h
  [ "$(sort -u answers/*.code)" = 2 ]
  asked_is 3
}

fact_a_hit_in_the_file_reads_neither_key_nor_password_nor_opens_a_connection() {
  with_a_fleet
  on 1 tok token p
  rm shared.key
  for form in "token p" "header p" "json p" "for curl p"; do
    # shellcheck disable=SC2086
    on 1 strace -f -e trace=network,openat -o calls tok $form
    grep --quiet 'p\.[0-9a-f]*\.json' calls
    if grep 'shared.key\|AF_INET\|AF_UNIX' calls; then return 1; fi
  done
}

run_facts
