# shellcheck shell=bash
# Every kind of key, in every form that people have it in, authenticates at oidc-provider.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"
. "$REAL/harness/oidc.sh"

keys=$TMPDIR/keys
mkdir "$keys"

# key NAME ALG KIND…: a new key NAME.pem, as NAME.jwk too, and a client of this name that signs with it.
key() {
  local name=$1 alg=$2
  shift 2
  openssl genpkey -algorithm "$@" -out "$keys/$name.pem" 2>/dev/null
  node -p 'JSON.stringify({...require("crypto").createPrivateKey(require("fs").readFileSync(0)).export({format: "jwk"}), kid: "k-1"})' \
    <"$keys/$name.pem" >"$keys/$name.jwk"
  register "$name" "$alg" "$keys/$name.pem"
}

authority
key rsa-2048 RS256 RSA -pkeyopt rsa_keygen_bits:2048
key rsa-4096 PS512 RSA -pkeyopt rsa_keygen_bits:4096
key p-256 ES256 EC -pkeyopt ec_paramgen_curve:P-256
key p-384 ES384 EC -pkeyopt ec_paramgen_curve:P-384
key ed25519 EdDSA ed25519
serve oauth-server.mjs "$served"

# profile NAME ALG [KEYS]: the profile `real` of this client.
profile() {
  cat <<TOML | configure
[profiles.real]
token_url   = "$base/token"
client_id   = "$1"
auth_method = "private_key_jwt"
assertion   = { alg = "$2" ${3-} }
ca_file     = "$served/ca.pem"
client_cert = "cert.pem"
client_key  = { file = "$keys/$1.pem" }
TOML
  openssl req -x509 -new -key "$keys/$1.pem" -subj /CN=client -days 2 -out "$XDG_CONFIG_HOME/tok/cert.pem" 2>/dev/null
}

# form NAME FORM: the key in this form.
form() {
  local pem=$keys/$1.pem jwk=$keys/$1.jwk
  case $2 in
    pkcs8) cat "$pem" ;;
    traditional) openssl pkey -in "$pem" -traditional ;;
    crlf) sed 's/$/\r/' "$pem" ;;
    backslash-n) awk '{ printf "%s\\n", $0 }' "$pem" ;;
    quoted) printf '"%s"\n' "$(cat "$pem")" ;;
    jwk) cat "$jwk" ;;
    jwks) printf '{"keys":[%s]}' "$(cat "$jwk")" ;;
    base64-pem) openssl base64 -in "$pem" ;;
    base64-jwk) openssl base64 -A -in "$jwk" ;;
    base64-der) openssl pkey -in "$pem" -outform DER | openssl base64 -A ;;
  esac
}

# Only the forms with a `kid` of their own name it; the server finds the key of a client with one key without.
fact_every_key_authenticates_in_every_form() {
  local name alg form
  while read -r name alg; do
    profile "$name" "$alg"
    for form in pkcs8 traditional crlf backslash-n quoted jwk jwks base64-pem base64-jwk base64-der; do
      # Ed25519 has none of its own.
      if [ "$name-$form" = ed25519-traditional ]; then continue; fi
      TOK_REAL_PRIVATE_KEY=$(form "$name" "$form")
      export TOK_REAL_PRIVATE_KEY
      attempt tok token real --refresh
      [ "$code" -eq 0 ]
      [ -s "$out" ]
    done
  done <<'KEYS'
rsa-2048 RS256
rsa-4096 PS512
p-256 ES256
p-384 ES384
ed25519 EdDSA
KEYS
}

fact_the_certificate_of_the_key_in_the_header_is_accepted() {
  profile rsa-2048 RS256 ', headers = { x5t = true, "x5t#S256" = true, x5c = true }'
  TOK_REAL_PRIVATE_KEY=$(form rsa-2048 pkcs8)
  export TOK_REAL_PRIVATE_KEY
  attempt tok token real -v
  [ "$code" -eq 0 ]
  says '"x5c":["'
  openssl x509 -in "$XDG_CONFIG_HOME/tok/cert.pem" -outform DER | openssl dgst -sha256 -binary | basenc --base64url | tr -d '=\n' >thumbprint
  says "\"x5t#S256\":\"$(cat thumbprint)\""
}

# refused_with_a_command FILE: the key is refused, and the command of the hint, for this file, reads it.
refused_with_a_command() {
  local command
  profile rsa-2048 RS256
  printf 'secrets = { private_key = { file = "%s" } }\n' "$1" >>"$XDG_CONFIG_HOME/tok/config.toml"
  attempt tok token real --refresh
  [ "$code" -eq 4 ]
  prints_nothing
  command=$(sed -n 's/^hint: .*`\({ command = .* }\)`.*$/\1/p' "$err" | sed "s|FILE|$1|")
  [ -n "$command" ]
  profile rsa-2048 RS256
  printf 'secrets = { private_key = %s }\n' "$command" >>"$XDG_CONFIG_HOME/tok/config.toml"
  attempt env KEY_PASSWORD=tok-real tok token real --refresh
  [ "$code" -eq 0 ]
  [ -s "$out" ]
}

fact_the_command_of_the_hint_reads_encrypted_keys() {
  local key=$keys/rsa-2048.pem
  unset TOK_REAL_PRIVATE_KEY
  profile rsa-2048 RS256
  openssl pkcs12 -export -inkey "$key" -in "$XDG_CONFIG_HOME/tok/cert.pem" -passout pass:tok-real -out key.p12
  openssl base64 -in key.p12 -out key.p12.txt
  openssl pkcs8 -topk8 -in "$key" -passout pass:tok-real -out key.pkcs8
  openssl rsa -in "$key" -traditional -aes128 -passout pass:tok-real -out key.pkcs1 2>/dev/null
  refused_with_a_command "$PWD/key.p12"
  refused_with_a_command "$PWD/key.pkcs8"
  refused_with_a_command "$PWD/key.pkcs1"
  profile rsa-2048 RS256
  printf 'secrets = { private_key = { file = "%s" } }\n' "$PWD/key.p12.txt" >>"$XDG_CONFIG_HOME/tok/config.toml"
  attempt tok token real --refresh
  [ "$code" -eq 4 ]
  grep -q 'this is a PKCS#12 file' "$err"
}

fact_another_clients_key_is_refused() {
  profile p-256 ES256
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem 2>/dev/null
  TOK_REAL_PRIVATE_KEY=$(cat other.pem)
  export TOK_REAL_PRIVATE_KEY
  attempt tok token real
  [ "$code" -eq 5 ]
  prints_nothing
}

run_facts
