# shellcheck shell=bash
# A program signs the assertion, so that the key never leaves OpenSSL, a PKCS #11 token (SoftHSM) or ssh-agent.
#
# oidc-provider checks each signature. The commands are those of docs/secrets.md.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"
. "$REAL/harness/oidc.sh"

helper=$REAL/../../docs/ssh-agent-sign.py
keys=$TMPDIR/keys
mkdir "$keys"

# key NAME ALG KIND…: a new key, and a client of this name that signs with it.
key() {
  local name=$1 alg=$2
  shift 2
  openssl genpkey -algorithm "$@" -out "$keys/$name.pem" 2>/dev/null
  register "$name" "$alg" "$keys/$name.pem"
}

authority
key RS256 RS256 RSA -pkeyopt rsa_keygen_bits:2048
key PS256 PS256 RSA -pkeyopt rsa_keygen_bits:2048
key ES256 ES256 EC -pkeyopt ec_paramgen_curve:P-256
key ES384 ES384 EC -pkeyopt ec_paramgen_curve:P-384
key EdDSA EdDSA ed25519
serve oauth-server.mjs "$served"

# signs CLIENT ALG COMMAND: a token by this `sh` command, twice, and the provider knows the token.
signs() {
  cat <<TOML | configure
[profiles.real]
token_url   = "$base/token"
client_id   = "$1"
auth_method = "private_key_jwt"
assertion   = { alg = "$2", kid = "k-1" }
sign        = { command = ["sh", "-c", '''$3'''] }
ca_file     = "$served/ca.pem"
TOML
  attempt tok token real
  [ "$code" -eq 0 ]
  attempt tok token real --refresh
  [ "$code" -eq 0 ]
  [ -s "$out" ]
}

fact_openssl_signs() {
  signs RS256 RS256 "openssl dgst -sha256 -sign $keys/RS256.pem"
  signs PS256 PS256 "openssl dgst -sha256 -sign $keys/PS256.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"
  signs ES256 ES256 "openssl dgst -sha256 -sign $keys/ES256.pem"
  signs ES384 ES384 "openssl dgst -sha384 -sign $keys/ES384.pem | openssl base64"
  # It reads what Ed25519 signs from a file whose size it knows.
  signs EdDSA EdDSA "t=\$(mktemp) && cat >\$t && openssl pkeyutl -sign -rawin -inkey $keys/EdDSA.pem -in \$t; s=\$?; rm \$t; exit \$s"
}

fact_ssh_agent_signs() {
  local alg finger SSH_AUTH_SOCK=$PWD/agent
  export SSH_AUTH_SOCK
  ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null &
  local agent=$!
  for _ in $(seq 200); do [ -S "$SSH_AUTH_SOCK" ] && break; read -r -t 0.05 <> <(:) || :; done
  for alg in RS256 ES256 ES384 EdDSA; do
    cp "$keys/$alg.pem" key
    chmod 600 key
    # ssh-keygen reads PKCS #8 of Ed25519 only in its own format, so ssh-add gets what it reads.
    if [ $alg = EdDSA ]; then python3 "$REAL/servers/openssh-ed25519.py" <"$keys/$alg.pem" >key; fi
    ssh-add -q key
    finger=$(ssh-add -l | tail -n 1 | cut -d ' ' -f 2)
    signs "$alg" "$alg" "python3 $helper $finger"
  done
  attempt python3 "$helper" SHA256:unknown
  [ "$code" -eq 1 ]
  prints_nothing
  kill "$agent"
}

fact_a_pkcs11_token_signs() {
  local module
  module=$(find /usr/lib -name libsofthsm2.so | head -n 1)
  mkdir tokens
  printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$PWD" >softhsm2.conf
  export SOFTHSM2_CONF=$PWD/softhsm2.conf PIN=1234
  softhsm2-util --init-token --free --label tok --so-pin 0000 --pin "$PIN"
  softhsm2-util --import "$keys/RS256.pem" --token tok --label rsa --id 01 --pin "$PIN"
  softhsm2-util --import "$keys/ES256.pem" --token tok --label ec --id 02 --pin "$PIN"
  local tool="pkcs11-tool --module $module --login --pin env:PIN"
  signs RS256 RS256 "$tool --id 01 --sign --mechanism SHA256-RSA-PKCS"
  signs ES256 ES256 "openssl dgst -sha256 -binary | $tool --id 02 --sign --mechanism ECDSA"
  signs ES256 ES256 "openssl dgst -sha256 -binary | $tool --id 02 --sign --mechanism ECDSA --signature-format openssl"
  PIN=9999 attempt tok token real --refresh
  [ "$code" -eq 4 ]
  prints_nothing
  says '`sign`: command sh: failed with'
}

fact_a_cached_token_runs_no_program() {
  signs RS256 RS256 "echo ran >>$PWD/runs; openssl dgst -sha256 -sign $keys/RS256.pem"
  attempt tok token real
  [ "$code" -eq 0 ]
  [ "$(wc -l <runs)" -eq 2 ]
}

run_facts
