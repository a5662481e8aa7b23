# shellcheck shell=bash
# Logins at servers that others wrote; the certified one checks PKCE, the redirect URI and the codes. Each revokes what `tok logout` names.
#
# The browser is curl: it follows the redirects to tok's port as a browser does.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# provider GRANT [SCRIPT SCOPE KEY PATH]: starts the server, and configures the profile `real` with this grant, and with KEY as the URL of
# PATH below the issuer. The user's decisions about devices go to $user.
provider() {
  served=$PWD/server
  mkdir -p "$served"
  serve "${2-login.mjs}" "$served"
  user=$base token_endpoint=$base/token
  [[ $base != */o ]] || token_endpoint+=/
  [ ! -e "$served/user" ] || user=$(cat "$served/user")
  configure <<TOML
[profiles.real]
issuer     = "$base"
client_id  = "app"
grant_type = "$1"
scope      = "${3-openid offline_access}"
secrets    = { refresh_token = { file = "place" } }
${4+$4 = \"$base/$5\"}
TOML
  place=$XDG_CONFIG_HOME/tok/place
  export BROWSER="curl --silent --location --cookie jar --cookie-jar jar --output page %s"
}

# gives_tokens: the token of the login is cached, and a refresh gives another.
gives_tokens() {
  [ "$(stat --format %a "$place")" = 600 ]
  attempt tok token real
  [ "$code" -eq 0 ]
  cp "$out" first
  attempt tok token real --refresh
  [ "$code" -eq 0 ]
  ! cmp "$out" first
}

# works: besides, a logout ends the login.
works() {
  gives_tokens
  refresh_token=$(cat "$place")
  attempt tok logout real
  [ "$code" -eq 0 ]
  says 'revoked and forgotten'
  [ ! -e "$place" ]
  curl --silent --data "grant_type=refresh_token&client_id=app&refresh_token=$refresh_token" "$token_endpoint" >refused
  grep --quiet invalid_grant refused
  attempt tok token real
  [ "$code" -eq 4 ]
  says 'tok login real'
}

fact_a_browser_logs_in_with_pkce_and_sees_a_page_that_can_be_closed() {
  provider authorization_code
  attempt tok login real
  [ "$code" -eq 0 ]
  prints_nothing
  says 'code_challenge_method=S256'
  says 'logged in to `real`'
  grep --quiet 'You can close this page' page
  works
}

fact_a_pushed_request_leaves_only_its_reference_in_the_page() {
  mkdir server
  touch server/push
  provider authorization_code
  attempt tok login real
  [ "$code" -eq 0 ]
  says 'client_id=app&request_uri=urn'
  ! says code_challenge
  works
}

# device DECISION [SCRIPT SCOPE KEY PATH]: logs in with a code, about which the user decides as soon as it is shown.
device() {
  local user_code decision=$1
  shift
  provider device_code "$@"
  mkfifo said
  timeout 40 tok login real >"$out" 2>said &
  login=$!
  while read -r line; do
    printf '%s\n' "$line" >>"$err"
    case $line in
      *code=*) ;;
      ????-???? | ????????)
        user_code=$line
        curl --silent --fail "$user/$decision?user_code=$user_code"
        ;;
    esac
  done <said
  code=0
  wait "$login" || code=$?
}

fact_a_code_logs_in_after_its_approval() {
  device approve
  [ "$code" -eq 0 ]
  prints_nothing
  says "$base/device"
  works
}

fact_a_denied_code_ends_the_login() {
  device deny
  [ "$code" -eq 5 ]
  prints_nothing
  says 'the login was denied'
  [ ! -e "$place" ]
}

# It lets only a client with a secret revoke, and says no reason.
fact_a_code_logs_in_at_glewlwyd_which_cannot_be_told_to_end_the_login() {
  device approve glewlwyd.py g_profile
  [ "$code" -eq 0 ]
  prints_nothing
  gives_tokens
  attempt tok logout real
  [ "$code" -eq 5 ]
  says 'forgot the login, but the provider was not told to end it'
  [ ! -e "$place" ]
  attempt tok token real
  [ "$code" -eq 4 ]
  says 'tok login real'
}

# Its metadata does not list the endpoint.
django() { device "$1" login_django.py read device_authorization_url device-authorization/; }

fact_a_code_logs_in_at_django_oauth_toolkit() {
  django approve
  [ "$code" -eq 0 ]
  prints_nothing
  says "$base/device/"
  works
}

fact_a_denied_code_ends_the_login_at_django_oauth_toolkit() {
  django deny
  [ "$code" -eq 5 ]
  prints_nothing
  says 'the login was denied'
  [ ! -e "$place" ]
}

run_facts
