# shellcheck shell=bash
# Starts the servers of tests/real/servers so that none outlives its test, however the test ends.
#
# A server ends when its stdin closes. Its stdin is a pipe whose other end only the test's own shell holds, so even
# a killed test leaves nothing behind, and no process has to be searched for.

# serve SCRIPT FOLDER: starts servers/SCRIPT with this folder and waits until it listens. Leaves the address it prints
# in $base and, if that is a URL, the host and port in $origin.
serve() {
  local script=$REAL/servers/$1 folder=$2 alive runner=node
  [[ $script != *.py ]] || runner=$REAL/servers/.venv/bin/python
  mkfifo "$folder/alive" "$folder/address"
  exec {alive}<>"$folder/alive"
  "$runner" "$script" "$folder" <"$folder/alive" >"$folder/address" 2>"$folder/complaints" {alive}>&- &
  if ! read -r -t 20 base <"$folder/address"; then
    cat "$folder/complaints" >&2
    printf '%s did not start\n' "$1" >&2
    return 1
  fi
  origin=${base#*://}
}

# endpoint SECRET: starts servers/endpoint.mjs, which takes this client secret, and configures the profile `cint` to
# use it. Leaves $base and $origin as `serve` does, the token it gives in $token and in the file $served/token, and
# its folder in $served.
endpoint() {
  served=$PWD/endpoint
  mkdir "$served"
  token=$(openssl rand -hex 24)
  printf %s "$token" >"$served/token"
  printf %s "$1" >"$served/secret"
  : >"$served/requests"
  serve endpoint.mjs "$served"
  configure <<TOML
[profiles.cint]
token_url   = "$base/oauth/token"
client_id   = "id"
auth_method = "client_secret_post"
encoding    = "json"
audience    = "https://api.luc.id"
params      = { auth_scopes = "app:api" }
TOML
}

# requests PATH: how often the endpoint was asked for this path.
requests() { jq --slurp --arg path "$1" 'map(select(.path == $path)) | length' "$served/requests"; }

# authorization PATH: the Authorization header of each request for this path, a line each, `null` for none.
authorization() { jq --raw-output --arg path "$1" 'select(.path == $path) | .authorization' "$served/requests"; }
