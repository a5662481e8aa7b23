# shellcheck shell=bash
# Refresh tokens that five independent servers replace at every use: none is lost, and none is sent twice.
#
# Each server starts with one login. oidc-provider and django-oauth-toolkit revoke it when a used refresh token comes again, so a login that
# is still there at the end shows that none did.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --preserve-env "$@"; fi; }

# login SCRIPT PATH: starts the server, whose token endpoint is at PATH below the address it prints, and configures the profile `real` with its
# first refresh token in the file $place.
login() {
  served=$PWD/server
  mkdir "$served"
  serve "$1" "$served"
  base+=${2-}
  configure <<TOML
[defaults]
token_url   = "$base"
client_id   = "app"
auth_method = "none"
grant_type  = "refresh_token"
[profiles.real]
secrets = { refresh_token = { file = "place" } }
[profiles.old]
secrets = { refresh_token = { file = "old" } }
TOML
  place=$XDG_CONFIG_HOME/tok/place
  cp "$served/first" "$place"
  cp "$served/first" "$XDG_CONFIG_HOME/tok/old"
}

# rotates: two refreshes replace the token twice, and its file is readable only by the user.
rotates() {
  cp "$place" before
  for _ in 1 2; do
    attempt tok token real --refresh
    [ "$code" -eq 0 ]
    [ ! -s "$err" ]
    ! cmp "$place" before
    cp "$place" before
  done
  [ "$(stat --format %a "$place")" = 600 ]
}

# is_shared: processes that all refresh, and processes that need one token, share the one login.
is_shared() {
  local number jobs=()
  for number in $(seq 12); do
    tok token real --no-cache >"each.$number" &
    jobs+=($!)
  done
  for number in "${jobs[@]}"; do wait "$number"; done
  [ "$(cat each.* | sort --unique | wc --lines)" -eq 12 ]
  tok forget real
  cp "$place" before
  jobs=()
  for number in $(seq 24); do
    tok token real >"same.$number" &
    jobs+=($!)
  done
  for number in "${jobs[@]}"; do wait "$number"; done
  [ "$(cat same.* | sort --unique | wc --lines)" -eq 1 ]
}

# is_refused: the first refresh token is of no use any more, and the message says what to do.
is_refused() {
  attempt tok token old
  [ "$code" -eq 4 ]
  prints_nothing
  says 'does not accept the refresh token'
  says invalid_grant
  says 'hint: get a new one from the provider'
}

# survives_kills: a killed run is followed by one that gets a token, or by a message that names the lost answer.
survives_kills() {
  local number
  for number in $(seq 10); do
    tok token real --refresh >killed 2>&1 &
    sleep "0.0$number"
    kill -KILL $! 2>/dev/null || :
    wait $! || :
    attempt tok token real --refresh
    if [ "$code" -ne 0 ]; then
      [ "$code" -eq 4 ]
      says 'was lost, and the new refresh token with it'
      return
    fi
  done
}

all_of_it() {
  login "$@"
  rotates
  is_shared
  survives_kills
  is_refused
}

fact_oidc_provider() { all_of_it refresh-oidc-provider.mjs; }

fact_node_oauth2_server() { all_of_it refresh-node-oauth2-server.mjs; }

fact_authlib() { all_of_it refresh_authlib.py; }

fact_django_oauth_toolkit() { all_of_it refresh_django.py; }

# It refuses a used refresh token without a reason.
fact_glewlwyd() {
  login glewlwyd.py /token
  rotates
  is_shared
  survives_kills
  attempt tok token old
  [ "$code" -eq 5 ]
  prints_nothing
  says 'HTTP 400 Bad Request (no reason given)'
}

# The keyring is a place like any other; gnome-keyring holds the token here.
fact_the_keyring_takes_each_new_token() {
  login refresh-oidc-provider.mjs
  sed -i 's/^secrets = { refresh_token = { file = "place" } }//' "$XDG_CONFIG_HOME/tok/config.toml"
  cat >in-session <<'SH'
set -eux
printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null
tok secret set real refresh_token <"$1"
for _ in 1 2 3; do tok token real --refresh; done
[ "$(secret-tool search --all service tok 2>/dev/null | grep -c '^secret = ')" -eq 1 ]
SH
  env --unset=DBUS_SESSION_BUS_ADDRESS dbus-run-session -- bash in-session "$served/first"
}

# A full disk is found before the provider is asked; one that fills later costs nothing either, as there is a reserve.
fact_a_full_disk_is_found_before_anything_is_sent() {
  login refresh-oidc-provider.mjs
  folder=$PWD/small
  mkdir "$folder"
  cat >with-full-disk <<SH
set -eux
mount -t tmpfs -o size=64k tmpfs "$folder"
cp "$served/first" "$folder/place"
sed -i 's|file = "place"|file = "$folder/place"|' "$XDG_CONFIG_HOME/tok/config.toml"
dd if=/dev/zero of="$folder/rest" bs=4k 2>/dev/null || :
if tok token real >full.out 2>full.err; then exit 1; else code=\$?; fi
[ "\$code" -eq 4 ]
[ ! -s full.out ]
grep 'could not be stored, so none was asked for' full.err
rm "$folder/rest"
tok token real
SH
  as_root unshare --mount bash with-full-disk
}

run_facts
