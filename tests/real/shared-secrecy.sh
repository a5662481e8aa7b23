# shellcheck shell=bash
# The engine is not trusted: it sees no secret, and can make tok print nothing that a machine with the key has not stored.
. "$REAL/harness/facts.sh"
. "$REAL/harness/fleet.sh"

PROFILE=zebra-profile

with_a_fleet() {
  provider
  engine
  # The provider's host is a name that can be searched for.
  base=${base/127.0.0.1/localhost}
  fleet "\"redis://127.0.0.1:$port\"" "$@"
}

# finds FILE WORD…: prints the words that are in the file: plain, in hex or in base64 at any offset.
finds() {
  python3 - "$@" <<'PY'
import base64, sys
content = open(sys.argv[1], 'rb').read()
for word in sys.argv[2:]:
    raw = word.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for offset in range(3):
        # The characters at the edges depend on the neighbours.
        text = base64.b64encode(b'\0' * offset + raw)
        inner = text[4 if offset else 0 : len(text) // 4 * 4 - 4]
        forms |= {inner, inner.replace(b'+', b'-').replace(b'/', b'_')}
    if any(form in content for form in forms):
        print(word)
PY
}

# value KEY: the bytes of a key.
value() { cli --raw get "$1" | head -c -1; }
put() { cli -x set "$1" <"$2"; }

# fetches_instead NOTE MACHINE [ARGUMENTS…]: it makes a request of its own, says why, and prints the new token.
fetches_instead() {
  local note=$1 before
  shift
  before=$(asked)
  on "$1" attempt tok token zebra-profile "${@:2}"
  [ "$code" -eq 0 ]
  says "note: shared cache: not using a value in it: $note"
  asked_is $((before + 1))
  grep --quiet "fleet-token-$(asked)-of-this-run" "$out"
}

fact_neither_engine_nor_wire_shows_a_secret_or_what_it_is_for() {
  with_a_fleet
  relay 0
  fleet "\"redis://127.0.0.1:$relayed\""
  cli monitor >monitor &
  monitor=$!
  is_watched() { cli client list | grep --quiet cmd=monitor; }
  until_true is_watched
  on 1 tok token zebra-profile
  how '{"status": 429, "retry_after": "300"}'
  on 1 attempt tok token zebra-profile --scope other-scope
  [ "$code" -eq 6 ]
  on 2 tok token zebra-profile
  asked_is 2
  for key in $(cli --scan); do
    printf '%s\n' "$key"
    value "$key"
  done >all
  cli save
  kill "$monitor"
  [ "$(grep --count EVAL monitor)" -ge 6 ]
  [ "$(wc -c <relay/bytes)" -gt 2000 ]
  key=$(cat shared.key)
  words=(fleet-token-1-of-this-run s3cret-of-the-fleet zebra-profile fleet-client-id localhost "${base##*:}/oauth" other-scope "$key" "not today" access_denied)
  for place in all monitor relay/bytes "engine-$port/dump.rdb"; do
    [ -s "$place" ]
    [ -z "$(finds "$place" "${words[@]}")" ]
  done
  # The search finds what is there.
  [ "$(finds machine-1/tok/zebra-profile.*.json fleet-token-1-of-this-run)" = fleet-token-1-of-this-run ]
  printf fleet-token-1-of-this-run | base64 >encoded
  [ "$(finds encoded fleet-token-1-of-this-run)" = fleet-token-1-of-this-run ]
}

fact_a_changed_value_is_not_used() {
  with_a_fleet
  on 1 tok token zebra-profile
  value "$(entry)" >sealed
  for at in 0 1 10 20 30 40 -1; do
    python3 - "$at" <<'PY'
import sys
sealed = bytearray(open('sealed', 'rb').read())
sealed[int(sys.argv[1])] ^= 1
open('changed', 'wb').write(sealed)
PY
    put "$(entry)" changed
    rm -rf machine-2
    case $at in
      0) fetches_instead 'it has an unknown form' 2 ;;
      1) fetches_instead 'it was sealed with another key' 2 ;;
      *) fetches_instead 'it was changed, or belongs to another name' 2 ;;
    esac
  done
  printf x >short
  put "$(entry)" short
  fetches_instead 'it has an unknown form' 3
}

fact_a_value_under_another_name_is_not_used() {
  with_a_fleet
  on 1 tok token zebra-profile
  first=$(entry)
  value "$first" >sealed
  on 1 tok token zebra-profile --scope other
  second=$(entry | grep --invert-match "$first")
  put "$second" sealed
  fetches_instead 'it was changed, or belongs to another name' 2 --scope other
  # Nor an entry as a failure.
  put "${first/:entry/:failure}" sealed
  cli del "$first"
  fetches_instead 'it was changed, or belongs to another name' 3
}

fact_a_value_that_was_put_back_after_its_end_is_not_used() {
  with_a_fleet
  how '{"expires_in": 12}'
  on 1 tok token zebra-profile
  value "$(entry)" >sealed
  first=$(entry)
  is_gone() { [ -z "$(entry)" ]; }
  until_true is_gone
  how '{}'
  # The engine removes it a second earlier than it ends.
  over=$(($(date +%s) + 2))
  is_over() { [ "$(date +%s)" -ge "$over" ]; }
  until_true is_over
  put "$first" sealed
  fetches_instead 'it has expired, and was put back' 3
}

fact_a_value_sealed_with_another_key_is_not_used() {
  with_a_fleet
  on 1 tok token zebra-profile
  first=$(entry)
  value "$first" >sealed
  rm shared.key
  fleet "\"redis://127.0.0.1:$port\""
  on 2 tok token zebra-profile
  asked_is 2
  put "$(entry | grep --invert-match "$first")" sealed
  fetches_instead 'it was sealed with another key' 3
}

fact_a_key_is_replaced_without_a_request() {
  with_a_fleet
  tok shared-cache key >new.key
  cp shared.key old.key
  config=$XDG_CONFIG_HOME/tok/config.toml
  machine=0
  keys() { sed -i "s|^key.*|key = [$1]|" "$config"; }
  shares() {
    machine=$((machine + 1))
    on "$machine" attempt tok token zebra-profile
    [ "$code" -eq 0 ]
    [ ! -s "$err" ]
    asked_is "$1"
  }
  old="{ file = \"$PWD/old.key\" }" new="{ file = \"$PWD/new.key\" }"
  keys "$old"
  shares 1
  keys "$old, $new"
  shares 1
  keys "$new, $old"
  shares 1
  # The next token is sealed with the new key, and machines that only read it share it.
  on 1 tok token zebra-profile --refresh
  keys "$old, $new"
  shares 2
  keys "$new"
  shares 2
}

fact_rejecting_and_forgetting_reach_the_engine() {
  with_a_fleet
  on 1 tok token zebra-profile >first
  on 2 tok token zebra-profile >second
  printf other | on 3 tok reject zebra-profile
  [ -n "$(entry)" ]
  on 1 tok reject zebra-profile <first
  [ -z "$(entry)" ]
  on 1 tok token zebra-profile >newer
  if cmp first newer; then return 1; fi
  # A machine that still has the old token removes only its own.
  on 2 tok reject zebra-profile <second
  [ -n "$(entry)" ]
  on 2 tok token zebra-profile >second
  cmp newer second
  asked_is 2
  on 2 tok forget zebra-profile --shared
  [ -z "$(entry)" ]
  on 2 tok status zebra-profile --json >status
  jq --exit-status 'map([.cache, .state]) == [["shared", "none"]]' status
  on 1 tok status zebra-profile --json >status
  jq --exit-status 'map([.cache, .state]) == [["file", "fresh"], ["shared", "none"]]' status
  on 1 tok doctor zebra-profile >report
  grep --quiet 'shared cache .*an entry was stored, read back and removed' report
  [ -z "$(entry)" ]
}

run_facts
