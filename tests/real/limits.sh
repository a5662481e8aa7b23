# shellcheck shell=bash
# Machines with little of something: file handles, threads, memory, /proc, /dev/null, a writable file system, a user's name.
#
# A run either prints a whole token or fails with a message and an empty stdout. It never panics.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# limited COMMANDS…: attempts `tok token cint` after these shell commands.
limited() { attempt sh -c "$1; exec tok token cint"; }

# no_panic: the last attempt did not stop at a mistake of its own.
no_panic() { ! says 'mistake of its own' && ! says panicked && [ "$code" -lt 128 ]; }

# prints_a_token: one whole line and nothing else.
prints_a_token() { [ "$code" -eq 0 ] && [ "$(wc -l <"$out")" -eq 1 ] && [ "$(wc -c <"$out")" -gt 10 ]; }

# whole_or_nothing: a token with exit 0, or an empty stdout with a message.
whole_or_nothing() {
  no_panic
  if [ "$code" -eq 0 ]; then prints_a_token; else prints_nothing && says 'tok: '; fi
}

cold() { endpoint right; export TOK_CINT_CLIENT_SECRET=right; }
cached() { cold; attempt tok token cint; prints_a_token; }

fact_nine_file_handles_are_enough_for_a_fetch() {
  cold
  limited 'ulimit -n 9'
  prints_a_token
}

fact_any_number_of_file_handles_gives_a_token_or_nothing() {
  cold
  for handles in 3 4 5 6 7 8; do
    limited "ulimit -n $handles"
    # Below that the program loader itself may have none left.
    if [ "$code" -ne 127 ]; then no_panic; fi
    [ "$code" -eq 0 ] || prints_nothing
  done
}

fact_without_threads_a_fetch_works_or_fails_with_a_message() {
  # The limit does not bind root.
  cold
  limited_as_nobody 'ulimit -u 0'
  whole_or_nothing
}

# limited_as_nobody COMMANDS: as `limited`, as a user without an entry in passwd, with a home of its own.
limited_as_nobody() {
  local user=61003 home
  home=$(mktemp -d /tmp/tok-limits.XXXXXX)
  cp "$(command -v tok)" "$home/tok"
  mkdir -p "$home/config/tok"
  cp "$XDG_CONFIG_HOME/tok/config.toml" "$home/config/tok/"
  as_root chown -R "$user:$user" "$home"
  attempt as_root_exec setpriv --reuid="$user" --regid="$user" --clear-groups env --ignore-environment PATH="$PATH" \
    TOK_CINT_CLIENT_SECRET=right HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" \
    sh -c "cd /; $1; exec $home/tok token cint"
  as_root rm -rf "$home"
}

fact_64_megabytes_of_address_space_are_enough_or_the_message_says_so() {
  cold
  limited 'ulimit -v 65536'
  # A failed allocation aborts; what counts is that nothing is printed.
  [ "$code" -eq 0 ] && prints_a_token || prints_nothing
}

fact_a_cached_token_is_printed_with_64_megabytes() {
  cached
  limited 'ulimit -v 65536'
  prints_a_token
}

fact_a_user_without_a_passwd_entry_gets_a_token() {
  cold
  limited_as_nobody ':'
  prints_a_token
}

# without COMMANDS: as `limited`, in a mount namespace where these commands take something away.
without() {
  attempt as_root_exec unshare --mount --propagation private sh -c "$1; exec tok token cint"
}

fact_without_proc_a_token_is_fetched() {
  cold
  without 'mount -t tmpfs none /proc'
  prints_a_token
}

fact_without_dev_null_a_token_is_fetched() {
  cold
  without 'mount -t tmpfs none /dev'
  prints_a_token
}

fact_on_a_read_only_root_a_token_is_fetched() {
  cold
  without 'mount -o bind / / 2>/dev/null; mount -o remount,bind,ro /'
  prints_a_token
}

fact_with_closed_standard_streams_nothing_is_printed_elsewhere() {
  cold
  attempt sh -c 'exec tok token cint <&- 2>&-'
  prints_a_token
  attempt sh -c 'exec tok token cint >&-'
  [ "$code" -ne 0 ]
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --preserve-env "$@"; fi; }
mkdir "$TMPDIR/bin"
if [ "$(id -u)" -eq 0 ]; then printf '#!/bin/sh\nexec "$@"\n'; else printf '#!/bin/sh\nexec sudo --preserve-env "$@"\n'; fi >"$TMPDIR/bin/as_root_exec"
chmod 755 "$TMPDIR/bin/as_root_exec"
PATH=$TMPDIR/bin:$PATH

run_facts
