# shellcheck shell=bash
# `tok show PROFILE --curl` prints a command that sends what tok sends: judged by running it, with the real shells and the real curl, and comparing
# the two requests byte by byte.
#
# The secret holds every character that a shell, a here-document, curl's config, JSON, a form or Basic treats as its own.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

shells=(sh bash)
# shellcheck disable=SC2016 # nothing is to be expanded
secret='+/=:%& é"\$x`y`'\''${z}!#{[]}~ end\n'

# recorder: starts the server; its folder is in $served, its address in $base.
recorder() {
  served=$PWD/recorder
  mkdir "$served"
  printf '{"access_token":"the-token","token_type":"Bearer","expires_in":3600,"data":[{"tok":"a/b c\\"d"}]}' >"$served/answer"
  : >"$served/requests"
  serve recorder.mjs "$served"
}

# sends_the_same KEYS…: with these keys, tok and the printed command make the same requests, and the command prints the answer.
sends_the_same() {
  recorder
  configure <<TOML
[profiles.p]
client_id = "my \$id:1"
secrets = { key = {} }
$*
TOML
  sed -i "s#URL#$base#g" "$XDG_CONFIG_HOME/tok/config.toml"
  export TOK_P_CLIENT_SECRET=$secret TOK_P_KEY='k"e\y$1'
  attempt tok token p --no-cache
  [ "$code" -eq 0 ]
  mv "$served/requests" of_tok
  [ -s of_tok ]
  attempt tok show p --curl
  [ "$code" -eq 0 ]
  cp "$out" command
  [ "$(grep --count --fixed-strings -e "$secret" command)" -eq 0 ]
  for shell in "${shells[@]}"; do
    : >"$served/requests"
    attempt "$shell" command
    [ "$code" -eq 0 ]
    [ "$(jq --raw-output .access_token "$out")" = the-token ]
    diff of_tok "$served/requests"
  done
}

fact_a_form_with_the_secret_in_it() {
  sends_the_same 'token_url = "URL/t?v=1&w=a%20b"
    auth_method = "client_secret_post"
    scope = ["a", "b c"]
    params = { quote = "a\"b\\c\n$d`e`", key = "${secret.key}", list = [1, "x"] }'
}

fact_json_with_the_secret_inside_strings() {
  sends_the_same 'token_url = "URL/t"
    auth_method = "client_secret_post"
    encoding = "json"
    params = { quote = "a\"b\\c$d`e`", pre = "x-${client_secret}-${secret.key}-y", n = { a = [1, true, 0.5], "k\"ey" = "${secret.key}" } }'
}

fact_a_query_in_a_get() {
  sends_the_same 'token_url = "URL/t?v=1"
    method = "GET"
    auth_method = "client_secret_post"
    params = { brackets = "[1-3]{a,b}" }'
}

fact_basic_credentials_percent_encoded_first() {
  sends_the_same 'token_url = "URL/t"'
}

fact_basic_credentials_as_they_stand() {
  sends_the_same 'token_url = "URL/t"
    basic_encoding = "raw"'
}

fact_secrets_in_headers_and_no_body() {
  sends_the_same 'token_url = "URL/t"
    auth_method = "none"
    encoding = "none"
    headers = { x-key = "a ${secret.key} b", x-id = "${client_id}", Accept = "text/plain" }'
}

fact_functions_of_secrets() {
  sends_the_same 'token_url = "URL/${urlencode(secret.key)}/t"
    auth_method = "none"
    headers = { Authorization = "Basic ${base64(base64(client_id) ~ '"':'"' ~ base64(client_secret))}" }
    params = { hash = "${sha256(client_secret ~ secret.key)}", twice = "${urlencode(urlencode(client_secret))}" }'
}

fact_a_value_of_the_environment_is_read_when_the_command_runs() {
  export THE_TENANT='a "b" c'
  sends_the_same 'token_url = "URL/t"
    params = { tenant = "${env.THE_TENANT}" }'
  [ "$(grep --count --fixed-strings -e "$THE_TENANT" command)" -eq 0 ]
}

fact_steps_before_the_token_request() {
  sends_the_same 'token_url = "URL/t"
    auth_method = "none"
    headers = { x-session = "${step.login.data.0.tok}" }
    params = { again = "${step.login.data.0.tok}" }
    [[profiles.p.steps]]
    name = "login"
    url = "URL/login"
    encoding = "json"
    params = { password = "${client_secret}" }'
}

fact_a_query_beside_a_body_and_what_a_step_keeps_under_another_name() {
  sends_the_same 'token_url = "URL/t?v=1"
    method = "PUT"
    auth_method = "none"
    query = { key = "${secret.key}", session = "${step.login.session.tok}" }
    params = { plain = "a" }
    [[profiles.p.steps]]
    name = "login"
    url = "URL/login"
    response = { keep = { session = "/data/0" } }'
}

fact_without_its_variables_the_command_says_which_and_sends_nothing() {
  sends_the_same 'token_url = "URL/t"'
  : >"$served/requests"
  unset TOK_P_CLIENT_SECRET
  for shell in "${shells[@]}"; do
    attempt "$shell" command
    [ "$code" -ne 0 ]
    says TOK_P_CLIENT_SECRET
    [ ! -s "$served/requests" ]
  done
}

fact_no_programs_arguments_hold_a_secret() {
  # Each program the commands run writes down its arguments first.
  mkdir spies
  for program in curl od awk sed tr base64 openssl cut jq; do
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >>%s\nexec %s "$@"\n' "$PWD/arguments" "$(command -v "$program")" >"spies/$program"
  done
  chmod +x spies/*
  PATH=$PWD/spies:$PATH
  secret=hunter2hunter2
  sends_the_same 'token_url = "URL/t"
    encoding = "json"
    headers = { x-key = "${client_secret}" }
    params = { plain = "${client_secret}", hash = "${sha256(client_secret)}", code = "${base64(client_secret)}" }'
  grep --quiet --fixed-strings -e -K arguments
  [ "$(grep --count --fixed-strings -e "$secret" arguments)" -eq 0 ]
}

fact_a_signature_that_no_shell_can_make_is_said() {
  configure <<'TOML'
[profiles.p]
token_url = "https://a.example/t"
client_id = "id"
params = { sign = "${hmac_sha256(client_secret, client_id)}" }
TOML
  attempt tok show p --curl
  [ "$code" -eq 2 ]
  prints_nothing
  says 'hmac_sha256'
  says 'cannot be shown as a curl command'
}

run_facts
