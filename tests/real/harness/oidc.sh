# shellcheck shell=bash
# Sets up oidc-provider's folder: a certificate authority made for this run, and clients that sign.

served=$TMPDIR/server

# authority: the folder with the server's certificate and no client yet.
authority() {
  mkdir "$served"
  printf '[]' >"$served/clients.json"
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
}

# register CLIENT ALG PEM: a client that signs with this private key.
register() {
  local key
  key=$(openssl pkey -in "$3" -pubout | node -p \
    'JSON.stringify(require("crypto").createPublicKey(require("fs").readFileSync(0)).export({format: "jwk"}))')
  jq --arg client "$1" --arg algorithm "$2" --argjson key "$key" '. + [{
    client_id: $client,
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: $algorithm,
    jwks: { keys: [$key + { kid: "k-1", use: "sig" }] }
  }]' "$served/clients.json" >"$served/clients"
  mv "$served/clients" "$served/clients.json"
}
