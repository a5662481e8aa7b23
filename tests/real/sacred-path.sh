# shellcheck shell=bash
# A cached token is printed with the few system calls it takes: no keyring, no TLS, no thread, no socket, no other program, no file read but
# the bookmark, the entry and the boot id. Whatever joins this path is paid for by every prompt and every turn of a loop.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# cached: a home with a token in the cache, and the endpoint's secret out of reach.
cached() {
  endpoint right
  attempt env TOK_CINT_CLIENT_SECRET=right tok token cint
  [ "$code" -eq 0 ]
}

# bookmarked: the same, with a bookmark, which there is once the config has been left alone for some seconds.
bookmarked() {
  cached
  deadline=$((SECONDS + 60))
  until [ -e "$XDG_CACHE_HOME/tok/cint.bookmark" ]; do
    [ "$SECONDS" -lt "$deadline" ]
    tok token cint >/dev/null
    sleep 0.2
  done
}

# traced COMMAND…: attempts it under strace; leaves its system calls, threads and children included, in the file $calls.
traced() {
  calls=$PWD/calls
  attempt strace --follow-forks --output="$calls" "$@"
}

# opened: the files that were opened with success, the loader's own left out.
opened() {
  sed -n 's/^[0-9]* *open\(at\)\?([^"]*"\([^"]*\)".* = [0-9]*$/\2/p' "$calls" | grep -v -e '^/etc/ld\.so' -e '\.so\.[0-9]*$'
}

# read_from NAME: whether a cached header reads from a file of that name. strace says which file is behind a descriptor.
read_from() {
  attempt strace --follow-forks --trace=read,readv,pread64 --decode-fds=path --output=reads tok header cint
  [ "$code" -eq 0 ]
  grep -q -E "^[0-9]+ +p?read[v64]*\([0-9]+<[^>]*/$1>" reads
}

# header_traced: attempts the header under strace, which must print it all the same; leaves the name of its entry in $entry.
header_traced() {
  traced tok header cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "Authorization: Bearer $token" ]
  entry=$(basename "$XDG_CACHE_HOME"/tok/cint.*.json)
}

fact_a_cached_header_reads_bookmark_entry_and_boot_id_and_nothing_else() {
  bookmarked
  header_traced
  [ "$(opened)" = "$XDG_CACHE_HOME/tok
cint.bookmark
$XDG_CONFIG_HOME/tok/config.toml
$entry
/proc/sys/kernel/random/boot_id" ]
  # The config is opened to see whether it has changed.
  read_from cint.bookmark
  ! read_from config.toml
}

fact_after_a_change_of_the_config_it_is_read_besides_and_nothing_else() {
  bookmarked
  touch "$XDG_CONFIG_HOME/tok/config.toml"
  header_traced
  [ "$(opened)" = "$XDG_CACHE_HOME/tok
cint.bookmark
$XDG_CONFIG_HOME/tok/config.toml
$XDG_CONFIG_HOME/tok/config.toml
/proc/sys/kernel/random/boot_id
$XDG_CACHE_HOME/tok
$entry" ]
  read_from config.toml
}

fact_a_cached_header_starts_no_thread_no_program_and_no_connection() {
  bookmarked
  traced tok header cint
  [ "$code" -eq 0 ]
  [ "$(grep -c -E '^[0-9]+ +execve\(' "$calls")" -eq 1 ]
  ! grep -E '^[0-9]+ +(clone|clone3|fork|vfork|socket|connect|epoll_create1?|flock)\(' "$calls"
}

fact_a_cached_header_is_written_in_one_piece_and_its_use_is_one_byte() {
  bookmarked
  traced tok header cint
  [ "$(grep -c -E '^[0-9]+ +writev?\(1,' "$calls")" -eq 1 ]
  # `tok status` tells how often a token was used; the one byte behind the entry is all that costs.
  [ "$(grep -c -E '^[0-9]+ +writev?\(' "$calls")" -eq 2 ]
  [ "$(grep -c -E '^[0-9]+ +write\([0-9]+, .*, 1\) ' "$calls")" -eq 1 ]
}

fact_the_libraries_of_a_cached_header_are_the_c_library_alone() {
  bookmarked
  traced tok header cint
  # On other systems than Linux with glibc on a machine with GCC there may be more; this is what users of such a one get.
  [ "$(grep -c 'openat(.*\.so\.[0-9]*".* = [0-9]*$' "$calls")" -eq 1 ]
}

fact_the_trace_would_show_what_a_fetch_does() {
  # The facts above hold because nothing is there, not because the trace shows nothing.
  endpoint right
  traced env TOK_CINT_CLIENT_SECRET=right tok header cint
  [ "$code" -eq 0 ]
  grep -q -E '^[0-9]+ +connect\(' "$calls"
}

run_facts
