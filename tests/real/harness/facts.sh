# shellcheck shell=bash
# How a test file states facts, and how they are judged and reported.
#
# A fact is a function named fact_SOMETHING. `run_facts`, the last line of a test file, runs all of them, each in
# a subshell with `set -eu`, a home folder of its own and nothing on stdin, and prints `ok FILE/SOMETHING` or
# `FAIL FILE/SOMETHING` with a trace of every command up to the one that failed. So no fact can be forgotten, and
# none can lean on another. tests/real/run starts the file with a scrubbed environment and $TMPDIR to itself.
set -eu
umask 077

test_file=$(basename "$0" .sh)
# What is wrong when a file ends before it states its facts.
trap 'printf "%s: line %s: failed: %s\n" "${BASH_SOURCE[0]}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# attempt COMMAND…: runs it for at most 20 s. Leaves its exit code in $code (124: it took too long), its seconds in
# $took, and what it printed in the files $out and $err.
attempt() {
  local began=$EPOCHREALTIME
  code=0
  timeout --kill-after=2 20 "$@" >"$out" 2>"$err" || code=$?
  took=$(jq -n "$EPOCHREALTIME - $began")
}

# says TEXT: the last attempt's stderr has it.
says() { grep --quiet --fixed-strings -e "$1" "$err"; }

# prints_nothing: the last attempt's stdout is empty.
prints_nothing() { [ ! -s "$out" ]; }

# configure: the config of this fact's home is what stands on stdin.
configure() {
  mkdir -p "$XDG_CONFIG_HOME/tok"
  cat >"$XDG_CONFIG_HOME/tok/config.toml"
}

run_facts() {
  # In the order they are written in, which is the order they read best in.
  local fact facts folder judged failed=0
  trap - ERR
  shopt -s extdebug
  facts=$(compgen -A function fact_ | while read -r fact; do declare -F "$fact"; done | sort -n -k 2 | cut -d ' ' -f 1)
  shopt -u extdebug

  for fact in $facts; do
    folder=$TMPDIR/$fact
    mkdir "$folder"
    # Not in an `if` or before `||`: there, bash ignores `set -e` in all that the subshell runs.
    set +e
    (
      export HOME=$folder/home XDG_CONFIG_HOME=$folder/home/config XDG_CACHE_HOME=$folder/home/cache
      mkdir "$HOME"
      cd "$folder"
      out=$folder/out err=$folder/err
      exec >"$folder/trace" 2>&1 </dev/null
      set -eux
      "$fact"
    )
    judged=$?
    set -e
    if [ "$judged" -eq 0 ]; then
      printf 'ok %s/%s\n' "$test_file" "${fact#fact_}"
    else
      failed=1
      printf 'FAIL %s/%s\n' "$test_file" "${fact#fact_}"
      tail -n 40 "$folder/trace" | sed 's/^/    /'
      for stream in out err; do
        [ ! -s "$folder/$stream" ] || sed "s/^/    std$stream of the last attempt: /" "$folder/$stream"
      done
    fi
  done
  exit "$failed"
}
