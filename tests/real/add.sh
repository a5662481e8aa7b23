# shellcheck shell=bash
# `tok add` with a real keyring and a real terminal: the secret of a manual's request goes into the one, and the other is asked.
. "$REAL/harness/keyring.sh"
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# Nobody's placeholder: a request with `YOUR_SECRET` in it brings none.
secret=kX9-f82hA_q7Zt

config() { cat "$XDG_CONFIG_HOME/tok/config.toml"; }
lookup() { secret-tool lookup service tok username "$1/client_secret@$origin"; }

# request SECRET: an example as a manual prints it.
request() {
  printf "curl -X POST '%s/oauth/token' \\\\\n" "$base"
  printf "  -H 'Content-Type: application/json' \\\\\n"
  printf "  -d '{\"grant_type\":\"client_credentials\",\"client_id\":\"0a1b2c3d4e\",\"client_secret\":\"%s\"," "$1"
  printf '"audience":"https://api.luc.id","auth_scopes":"app:api"}'"'\n"
}

fact_a_requests_secret_goes_into_the_keyring_and_not_into_the_file() {
  endpoint "$secret"
  request "$secret" >request
  attempt tok add mine --from-curl --client-id id <request
  [ "$code" -eq 0 ]
  [ "$(lookup mine)" = "$secret" ]
  config | grep --quiet '^\[profiles.mine\]$'
  [ "$(config | grep --count --fixed-strings "$secret" || :)" -eq 0 ]
  [ "$(cat "$out" "$err" | grep --count --fixed-strings "$secret" || :)" -eq 0 ]
  attempt tok token mine
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

# authlib verifies the signature and the claims.
fact_the_key_of_a_google_service_account_goes_into_the_keyring_and_signs() {
  served=$PWD/grants
  mkdir "$served"
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem 2>/dev/null
  openssl pkey -in key.pem -pubout -out "$served/platform.public.pem"
  serve grants.py "$served"
  jq --null-input --rawfile key key.pem --arg base "$base" \
    '{type: "service_account", client_email: "ci", private_key_id: "k", private_key: $key, token_uri: ($base + "/authlib/token")}' >google.json
  attempt tok add mine --google-credentials google.json
  [ "$code" -eq 0 ]
  [ "$(secret-tool lookup service tok username "mine/private_key@$origin")" = "$(cat key.pem)" ]
  [ "$(config | grep --count 'PRIVATE KEY' || :)" -eq 0 ]
  rm key.pem google.json
  attempt tok token mine
  [ "$code" -eq 0 ]
}

fact_it_can_be_tried_at_once() {
  endpoint "$secret"
  request "$secret" >request
  attempt tok add mine --from-curl --client-id id --try <request
  [ "$code" -eq 0 ]
  [ "$(requests /oauth/token)" -eq 1 ]
}

fact_on_a_terminal_the_editor_is_opened_on_an_empty_request() {
  endpoint "$secret"
  request "$secret" >request
  cat >editor <<'SH'
#!/bin/sh
cp "$1" seen
cp request "$1"
SH
  chmod +x editor
  # No echo of the terminal's own: what is typed is the answers to whatever is asked.
  EDITOR=$PWD/editor timeout 30 script --quiet --flush --return --command 'stty -echo; tok add mine --from-curl' screen \
    < <(printf 'y\n\n\n\n') >/dev/null
  grep --quiet 'Paste the example request' seen
  config | grep --quiet '^\[profiles.mine\]$'
  [ "$(lookup mine)" = "$secret" ]
  [ "$(grep --count --fixed-strings "$secret" screen || :)" -eq 0 ]
}

# A person types when asked, and not before: what is typed ahead the terminal shows.
answer_when() {
  local tries
  for ((tries = 0; tries < 400; tries++)); do
    ! grep --quiet "$1" screen || break
    sleep 0.05
  done
  printf '%s\n' "$2"
}

fact_on_a_terminal_what_is_missing_is_asked_and_the_secret_is_not_shown() {
  endpoint "$secret"
  mkfifo typed
  : >screen
  { answer_when 'Client id' 0a1b2c3d4e; answer_when 'Write this' y; answer_when 'not shown' "$secret"; } >typed &
  timeout 30 script --quiet --flush --return --command "tok add asked --token-url '$base/oauth/token'" screen <typed >/dev/null
  config | grep --quiet '^client_id = "0a1b2c3d4e"$'
  [ "$(lookup asked)" = "$secret" ]
  [ "$(grep --count --fixed-strings "$secret" screen || :)" -eq 0 ]
}

run_facts
