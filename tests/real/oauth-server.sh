# shellcheck shell=bash
# tok gets tokens from an OAuth server that others wrote, and that server accepts them.
#
# Our own test provider reads the RFCs as tok does, mistakes included. oidc-provider is certified, decodes Basic
# credentials by RFC 6749 §2.3.1, and answers introspection (RFC 7662) about the tokens it gave. It is reached over
# TLS, with a certificate authority made for this run, so trust is set up as it is in a company network.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# Every character that form and Basic encoding treat as their own, within RFC 6749's VSCHAR: the server takes no é.
secret='a+b/c=d:e%f&g h'

served=$TMPDIR/server
mkdir "$served"
cat >"$served/clients.json" <<JSON
[
  { "client_id": "basic", "client_secret": "$secret", "token_endpoint_auth_method": "client_secret_basic" },
  { "client_id": "post", "client_secret": "$secret", "token_endpoint_auth_method": "client_secret_post" },
  { "client_id": "plus", "client_secret": "a+b", "token_endpoint_auth_method": "client_secret_basic" },
  { "client_id": "shares", "client_secret": "$secret", "token_endpoint_auth_method": "client_secret_jwt" }
]
JSON

# Clients that sign, each in its algorithm with a key of its own: `signs-RS256` with signs-RS256.pem, and so on.
algorithms='RS256 PS256 ES256 EdDSA'
for algorithm in $algorithms; do
  case $algorithm in
    RS256 | PS256) kind='RSA -pkeyopt rsa_keygen_bits:2048' ;;
    ES256) kind='EC -pkeyopt ec_paramgen_curve:P-256' ;;
    EdDSA) kind=ed25519 ;;
  esac
  # shellcheck disable=SC2086 # $kind is several words
  openssl genpkey -algorithm $kind -out "$served/signs-$algorithm.pem" 2>/dev/null
  openssl pkey -in "$served/signs-$algorithm.pem" -pubout -out "$served/signs-$algorithm.public.pem"
  key=$(node -p 'JSON.stringify(require("crypto").createPublicKey(require("fs").readFileSync(0)).export({format: "jwk"}))' \
    <"$served/signs-$algorithm.public.pem")
  jq --arg algorithm "$algorithm" --argjson key "$key" '. + [{
    client_id: ("signs-" + $algorithm),
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: $algorithm,
    jwks: { keys: [$key + { kid: "k-1", use: "sig" }] }
  }]' "$served/clients.json" >"$served/clients"
  mv "$served/clients" "$served/clients.json"
done
(
  cd "$served"
  key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  # shellcheck disable=SC2086 # $key is several words
  openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 -subj '/CN=tok test authority' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign'
  # shellcheck disable=SC2086
  openssl req $key -keyout server.key -out server.csr -subj '/CN=tok test server'
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
) 2>/dev/null
serve oauth-server.mjs "$served"

# client ID METHOD: the profile `real` for this client; more keys may follow on stdin.
client() {
  { printf '[profiles.real]\ntoken_url = "%s/token"\nclient_id = "%s"\nauth_method = "%s"\n' "$base" "$1" "$2"; cat; } |
    configure
  export TOK_REAL_CLIENT_SECRET=$secret
}

# trust: a ca_file, relative to the config.
trust() {
  cp "$served/ca.pem" "$XDG_CONFIG_HOME/tok/ca.pem"
  printf 'ca_file = "ca.pem"\n' >>"$XDG_CONFIG_HOME/tok/config.toml"
}

# introspect: what the server says of the token in $out, asked by curl on its own authority.
introspect() {
  printf %s "$secret" >client_secret
  head --bytes=-1 "$out" >token
  curl --silent --show-error --fail --cacert "$served/ca.pem" "$base/token/introspection" \
    --data client_id=post --data-urlencode client_secret@client_secret --data-urlencode token@token
}

fact_client_secret_basic_gets_a_token_the_server_accepts() {
  client basic client_secret_basic
  trust
  attempt tok token real
  [ "$code" -eq 0 ]
  introspect >answer
  [ "$(jq '.active and .client_id == "basic"' answer)" = true ]
}

fact_client_secret_post_gets_a_token_the_server_accepts() {
  client post client_secret_post
  trust
  attempt tok token real
  [ "$code" -eq 0 ]
  introspect >answer
  [ "$(jq '.active and .client_id == "post"' answer)" = true ]
}

fact_each_kind_of_key_signs_in_and_the_server_accepts_the_token() {
  for algorithm in $algorithms; do
    client "signs-$algorithm" private_key_jwt <<TOML
assertion = { kid = "k-1", alg = "$algorithm" }
TOML
    trust
    TOK_REAL_PRIVATE_KEY=$(cat "$served/signs-$algorithm.pem")
    export TOK_REAL_PRIVATE_KEY
    # Twice: the server takes no assertion a second time.
    for _ in 1 2; do
      attempt tok token real --refresh
      [ "$code" -eq 0 ]
    done
    introspect >answer
    [ "$(jq ".active and .client_id == \"signs-$algorithm\"" answer)" = true ]
  done
}

fact_a_key_the_server_does_not_know_ends_with_5() {
  client signs-RS256 private_key_jwt
  trust
  TOK_REAL_PRIVATE_KEY=$(cat "$served/signs-PS256.pem")
  export TOK_REAL_PRIVATE_KEY
  attempt tok token real
  [ "$code" -eq 5 ]
  prints_nothing
  says invalid_client
}

fact_the_client_secret_signs_in() {
  client shares client_secret_jwt
  trust
  attempt tok token real
  [ "$code" -eq 0 ]
  introspect >answer
  [ "$(jq '.active and .client_id == "shares"' answer)" = true ]
}

fact_resource_and_scope_are_in_the_grant() {
  client basic client_secret_basic <<'TOML'
resource = "https://api.example.com/orders"
scope    = "api:read"
TOML
  trust
  attempt tok token real
  [ "$code" -eq 0 ]
  introspect >answer
  [ "$(jq '.active and .aud == "https://api.example.com/orders" and .scope == "api:read"' answer)" = true ]
}

fact_the_lifetime_tok_tells_is_the_servers() {
  client basic client_secret_basic
  trust
  attempt tok json real
  [ "$code" -eq 0 ]
  cp "$out" told
  jq --raw-output .access_token told >"$out"
  introspect >answer
  # exp is in whole seconds, rounded up or down on either side.
  [ "$(jq --slurpfile told told '(.exp - ($told[0].expires_at | sub("\\.[0-9]+"; "") | fromdate)) | . >= -2 and . <= 2' answer)" = true ]
}

fact_SSL_CERT_FILE_is_trusted_without_ca_file() {
  client basic client_secret_basic
  export SSL_CERT_FILE=$served/ca.pem
  attempt tok token real
  [ "$code" -eq 0 ]
  introspect >answer
  [ "$(jq .active answer)" = true ]
}

fact_an_unknown_authority_ends_with_8() {
  client basic client_secret_basic
  attempt tok token real
  [ "$code" -eq 8 ]
  prints_nothing
  says certificate
}

fact_a_wrong_secret_ends_with_5_and_the_servers_own_words() {
  for method in basic post; do
    client "$method" "client_secret_$method"
    trust
    export TOK_REAL_CLIENT_SECRET=wrong
    attempt tok token real
    [ "$code" -eq 5 ]
    prints_nothing
    says invalid_client
  done
}

fact_a_resource_the_server_does_not_have_ends_with_5_and_its_own_words() {
  client basic client_secret_basic <<'TOML'
resource = "https://api.example.com/no-such"
TOML
  trust
  attempt tok token real
  [ "$code" -eq 5 ]
  prints_nothing
  says invalid_target
}

# A `+` sent raw is a space to a server that decodes, which is then simply a wrong secret.
fact_raw_basic_is_refused_by_a_server_that_decodes_and_the_hint_names_the_other_encoding() {
  client plus client_secret_basic <<'TOML'
basic_encoding = "raw"
TOML
  trust
  export TOK_REAL_CLIENT_SECRET=a+b
  attempt tok token real
  [ "$code" -eq 5 ]
  prints_nothing
  says invalid_client
  says basic_encoding
  says rfc6749

  sed -i 's/"raw"/"rfc6749"/' "$XDG_CONFIG_HOME/tok/config.toml"
  attempt tok token real
  [ "$code" -eq 0 ]
}

run_facts
