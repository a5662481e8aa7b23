# shellcheck shell=bash
# Issuers that others wrote: their metadata gives tok everything but the credentials, and the tokens of a JWT issuer verify.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# issuer SCRIPT SECRET: starts the server, and configures the profile `real` with its issuer; more keys may follow on stdin.
issuer() {
  served=$PWD/server
  mkdir "$served"
  serve "$1" "$served"
  { printf '[profiles.real]\nissuer = "%s"\nclient_id = "me"\n' "$base"; cat; } | configure
  export TOK_REAL_CLIENT_SECRET=$2
}

fact_a_jwt_of_oidc_provider_is_verified() {
  issuer issuer-oidc-provider.mjs 'a+b/c=d:e%f&g h' <<<'resource = "https://api.example.com/jwt"'
  attempt tok inspect real --verify --json
  [ "$code" -eq 0 ]
  jq --exit-status '.verified and .checked.rfc9068 and .checked.aud == ["https://api.example.com/jwt"]' "$out"
  attempt tok inspect real --verify
  grep --quiet "^verified .*RS256 by a key of $base" "$out"
}

fact_oidc_provider_introspects_and_revokes() {
  issuer issuer-oidc-provider.mjs 'a+b/c=d:e%f&g h' <<<'resource = "https://api.example.com/opaque"'
  attempt tok introspect real --json
  [ "$code" -eq 0 ]
  jq --exit-status '.active and .client_id == "me"' "$out"
  tok token real >before
  attempt tok revoke real
  [ "$code" -eq 0 ]
  prints_nothing
  says 'revoked and dropped'
  # The provider knows the token no longer, and the next run gets another one.
  curl --silent --user 'me:a%2Bb%2Fc%3Dd%3Ae%25f%26g+h' --data-urlencode "token=$(cat before)" "$base/token/introspection" >known
  jq --exit-status '.active == false' known
  tok token real >after
  ! cmp before after
}

fact_authlib_publishes_by_rfc_8414_only() {
  issuer issuer_authlib.py s3cret </dev/null
  attempt tok token real -v
  [ "$code" -eq 0 ]
  says '/tenant/.well-known/openid-configuration'
  says '/.well-known/oauth-authorization-server/tenant'
  attempt tok show real
  grep --quiet 'auth_method .*client_secret_post .*issuer' "$out"
  attempt tok revoke real
  [ "$code" -eq 0 ]
}

fact_django_oauth_toolkit_is_an_issuer_with_a_path() {
  issuer issuer_django.py s3cret </dev/null
  attempt tok token real -v
  [ "$code" -eq 0 ]
  says '/.well-known/oauth-authorization-server/o'
  attempt tok revoke real
  [ "$code" -eq 0 ]
}

fact_glewlwyd_publishes_endpoints_with_a_double_slash() {
  issuer glewlwyd.py s3cret <<<'scope = "read"'
  attempt tok token real -v
  [ "$code" -eq 0 ]
  says '/api/oidc/.well-known/openid-configuration'
  says '//api/oidc/token'
  attempt tok inspect real --verify
  [ "$code" -eq 0 ]
  grep --quiet "^verified .*RS256 by a key of $base" "$out"
  attempt tok introspect real --json
  [ "$code" -eq 0 ]
  jq --exit-status '.active' "$out"
  attempt tok revoke real
  [ "$code" -eq 0 ]
}

fact_oauth2_mock_server_has_another_issuer_and_is_refused_with_its_name() {
  issuer oauth2-mock-server.mjs unused </dev/null
  other=$(cat "$served/issuer")
  [ "$other" != "$base" ]
  attempt tok token real
  [ "$code" -eq 3 ]
  prints_nothing
  says "is \`$base\`, but the metadata there is that of \`$other\`"
  says "write \`issuer = \"$other\"\`"
  # The hint is right: there the server gives a token that verifies.
  { printf '[profiles.real]\nissuer = "%s"\nclient_id = "me"\nauth_method = "none"\n' "$other"; } | configure
  attempt tok token real
  [ "$code" -eq 0 ]
  attempt tok inspect real --verify
  [ "$code" -eq 0 ]
}

run_facts
