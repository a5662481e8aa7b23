# shellcheck shell=bash
# A job without a stored secret gets a token: every source of an identity with every kind of server that takes one.
#
# The metadata servers of Azure and Google have a fixed address, so the test has a network of its own in which it owns that
# address, and a /run of its own for a pod's projected volume. The platforms are stand-ins (servers/platforms.mjs), because
# no machine is all of them. oidc-provider, authlib, idpyoidc and OpenBao are real; Google and Entra are stand-ins
# (servers/grants.py).
if [ -z "${KEYLESS_OWN_NETWORK-}" ]; then
  export KEYLESS_OWN_NETWORK=1
  [ "$(id -u)" -eq 0 ] || set -- --map-root-user
  exec unshare "$@" --net --mount --pid --fork --kill-child --mount-proc -- bash "$0"
fi
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

ip link set lo up
ip address add 169.254.169.254/32 dev lo
mount -t tmpfs tmpfs /run

at=$TMPDIR/keyless
mkdir "$at" "$at/platforms" "$at/grants" "$at/oidc" "$at/exchange"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$at/platforms/platform.pem" 2>/dev/null
openssl pkey -in "$at/platforms/platform.pem" -pubout -out "$at/grants/platform.public.pem"
printf '{"iss":"ci","sub":"ci"}' >"$at/platforms/claims.json"
: >"$at/platforms/asked"
serve platforms.mjs "$at/platforms"
platforms=$base
serve grants.py "$at/grants"
grants=$base
serve exchange.py "$at/exchange"
exchange=$base

key=$(node -p 'JSON.stringify(require("crypto").createPublicKey(require("fs").readFileSync(0)).export({format: "jwk"}))' \
  <"$at/grants/platform.public.pem")
jq --null-input --argjson key "$key" '[
  { client_id: "ci", token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "RS256",
    jwks: { keys: [$key + { kid: "platform", use: "sig" }] } },
  { client_id: "post", client_secret: "introspects", token_endpoint_auth_method: "client_secret_post" }
]' >"$at/oidc/clients.json"
(
  cd "$at/oidc"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -days 2 \
    -subj '/CN=tok test server' -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
)
serve oauth-server.mjs "$at/oidc"
oidc=$base

bao=http://127.0.0.1:8200
PATH=$REAL/servers/.venv/bin:$PATH HOME=$at bao server -dev -dev-no-store-token -dev-root-token-id=root \
  -dev-listen-address=127.0.0.1:8200 >"$at/bao.log" 2>&1 &
for ((tries = 0; ; tries++)); do
  ! curl --silent --fail --output /dev/null "$bao/v1/sys/health" || break
  if ((tries == 200)); then
    cat "$at/bao.log" >&2
    printf 'bao did not start\n' >&2
    exit 1
  fi
  sleep 0.1
done
# to_bao PATH: sends the JSON on stdin as root.
to_bao() { curl --silent --show-error --fail --header 'X-Vault-Token: root' --json @- "$bao/v1/$1"; }
printf '{"type":"jwt"}' | to_bao sys/auth/jwt
jq --null-input --rawfile key "$at/grants/platform.public.pem" '{jwt_validation_pubkeys: [$key], bound_issuer: "ci"}' |
  to_bao auth/jwt/config
printf %s '{"role_type":"jwt","user_claim":"sub","bound_subject":"ci","token_ttl":"10m",
  "bound_audiences":["https://bao.example","api://AzureADTokenExchange"]}' | to_bao auth/jwt/role/ci

# Each source prints the profile's `identity` for an audience, and sets up what its platform gives to a job.
mint() { curl --silent --show-error --fail --get --data-urlencode "audience=$1" "$platforms/mint"; }
from_variable() {
  API_ID_TOKEN=$(mint "$1")
  export API_ID_TOKEN
  identity="{ env = \"API_ID_TOKEN\", audience = \"$1\" }"
}
from_file() {
  mint "$1" >id
  identity="{ file = \"$PWD/id\", audience = \"$1\" }"
}
from_command() {
  identity="{ command = [\"curl\", \"-sSG\", \"--data-urlencode\", \"audience=$1\", \"$platforms/mint\"], audience = \"$1\" }"
}
from_github() {
  export GITHUB_ACTIONS=true ACTIONS_ID_TOKEN_REQUEST_URL="$platforms/github?api-version=2.0"
  export ACTIONS_ID_TOKEN_REQUEST_TOKEN=github-request
  identity="{ from = \"github\", audience = \"$1\" }"
  allowed="origins = [\"$platforms\"]"
}
from_kubernetes() {
  mkdir -p /run/secrets/tok
  mint "$1" >/run/secrets/tok/token
  identity="{ from = \"kubernetes\", audience = \"$1\" }"
}
from_azure_machine() { identity="{ from = \"azure\", audience = \"$1\" }"; }
from_azure_app() {
  export IDENTITY_ENDPOINT="$platforms/msi/token" IDENTITY_HEADER=app-header
  from_azure_machine "$1"
}
from_google_machine() { identity="{ from = \"gcp\", audience = \"$1\" }"; }
# Its audience is always the same.
from_azure_pipelines() {
  export SYSTEM_OIDCREQUESTURI="$platforms/oidctoken" SYSTEM_ACCESSTOKEN=pipeline-access
  identity='{ from = "azure_pipelines", service_connection = "connection" }'
  allowed="origins = [\"$platforms\"]"
}

google=projects/1/locations/global/workloadIdentityPools/ci/providers/x

# Each target configures its profile with an identity of a source, and says what comes of it.
to_oidc_provider() {
  "$1" "$oidc"
  configure <<TOML
[profiles.p]
token_url   = "$oidc/token"
client_id   = "ci"
auth_method = "identity"
identity    = $identity
ca_file     = "$at/oidc/server.pem"
${allowed-}
TOML
  gets
  curl --silent --show-error --fail --cacert "$at/oidc/server.pem" "$oidc/token/introspection" --data client_id=post \
    --data client_secret=introspects --data-urlencode "token=$(cat "$out")" >answer
  [ "$(jq '.active and .client_id == "ci"' answer)" = true ]
}
to_authlib() {
  "$1" https://grants.example
  configure <<TOML
[profiles.p]
token_url  = "$grants/authlib/token"
grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
params     = { assertion = "\${identity}" }
identity   = $identity
${allowed-}
TOML
  gets
}
to_openbao() {
  "$1" https://bao.example
  configure <<TOML
[profiles.p]
provider = "openbao-jwt"
vars     = { address = "$bao", role = "ci" }
identity = $identity
${allowed-}
TOML
  gets header
  curl --silent --show-error --fail --header @"$out" "$bao/v1/auth/token/lookup-self" >answer
  [ "$(jq --raw-output .data.display_name answer)" = jwt-ci ]
}
to_google_sts() {
  "$1" "https://iam.googleapis.com/$google"
  configure <<TOML
[profiles.p]
provider  = "google-sts"
token_url = "$grants/v1/token"
vars      = { provider = "$google" }
identity  = $identity
${allowed-}
TOML
  gets
  [ "$(cat "$out")" = federated ]
}
to_google_service_account() {
  "$1" "https://iam.googleapis.com/$google"
  configure <<TOML
[profiles.p]
provider  = "google-impersonation"
token_url = "$grants/v1/projects/-/serviceAccounts/\${var.service_account}:generateAccessToken"
vars      = { provider = "$google", service_account = "sync@p.example" }
identity  = $identity
${allowed-}
$(sed -n '/^\[\[steps/,$p' "$REAL/../../src/profile/catalogue/google-impersonation.toml" |
    sed "s|\[\[steps|[[profiles.p.steps|; s|https://sts.googleapis.com|$grants|")
TOML
  gets
  [ "$(cat "$out")" = account ]
}
to_entra() {
  "$1" api://AzureADTokenExchange
  configure <<TOML
[profiles.p]
provider    = "entra"
token_url   = "$grants/\${var.tenant}/oauth2/v2.0/token"
client_id   = "app"
vars        = { tenant = "tenant" }
auth_method = "identity"
identity    = $identity
${allowed-}
TOML
  gets
  [ "$(cat "$out")" = graph ]
}

# gets [FORM]: a token comes, then the same one from the cache, for which nothing is asked.
gets() {
  attempt tok -q "${1-token}" p
  [ "$code" -eq 0 ]
  cp "$out" first
  local before
  before=$(wc -l <"$at/platforms/asked")
  attempt tok -q "${1-token}" p
  [ "$code" -eq 0 ]
  cmp first "$out"
  [ "$(wc -l <"$at/platforms/asked")" = "$before" ]
}

for target in oidc_provider authlib openbao google_sts google_service_account entra; do
  for source in variable file command github kubernetes azure_machine azure_app google_machine azure_pipelines; do
    case $source-$target in
      # These take only audiences that name themselves.
      azure_pipelines-oidc_provider | azure_pipelines-google_*) continue ;;
      azure_pipelines-authlib) continue ;;
    esac
    eval "fact_an_identity_from_${source}_gets_a_token_of_$target() { to_$target from_$source; }"
  done
done

# asks: a profile whose identity comes from a metadata server.
asks() {
  "$1" https://grants.example
  configure <<TOML
[profiles.p]
token_url  = "$grants/authlib/token"
grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
params     = { assertion = "\${identity}" }
identity   = $identity
TOML
}
both='from_azure_machine from_google_machine'

fact_a_metadata_server_is_asked_without_a_proxy_and_gets_nothing_but_its_own_field() {
  export http_proxy=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9 GCE_METADATA_HOST=127.0.0.1:9
  for source in $both; do
    asks "$source"
    attempt tok token p --refresh
    [ "$code" -eq 0 ]
    tail -n 1 "$at/platforms/asked" >asked
    [ "$(jq --raw-output '.headers | keys | join(" ")' asked)" = 'accept accept-encoding host metadata user-agent' ] ||
      [ "$(jq --raw-output '.headers | keys | join(" ")' asked)" = 'accept accept-encoding host metadata-flavor user-agent' ]
  done
}

fact_a_metadata_server_that_refuses_redirects_or_answers_with_a_page_is_exit_4_or_7() {
  trap 'rm -f "$at/platforms/fault"' EXIT
  for source in $both; do
    asks "$source"
    for fault in refuse:4 redirect:4 html:7; do
      printf %s "${fault%:*}" >"$at/platforms/fault"
      attempt tok token p
      [ "$code" -eq "${fault#*:}" ]
      prints_nothing
      says 'metadata server'
    done
  done
  says 'is not a JWT'
  [ -z "$(jq 'select(.path == "/elsewhere")' "$at/platforms/asked")" ]
}

fact_a_silent_metadata_server_costs_no_more_than_the_deadline() {
  trap 'rm -f "$at/platforms/fault"' EXIT
  printf silent >"$at/platforms/fault"
  asks from_azure_machine
  attempt tok token p --timeout 1s
  [ "$code" -eq 4 ]
  prints_nothing
  says 'does not answer'
  [ "$(jq -n "$took < 5")" = true ]
}

fact_a_machine_without_a_metadata_server_is_told_so() {
  asks from_google_machine
  attempt unshare --net -- tok token p
  [ "$code" -eq 4 ]
  prints_nothing
  says "Google's metadata server does not answer"
  says 'only the platform'
}

fact_an_expired_token_in_a_pods_volume_is_exit_4() {
  asks from_kubernetes
  printf 'e30.%s.c2ln' "$(printf '{"aud":"https://grants.example","exp":1500000000}' | basenc --base64url | tr -d =)" \
    >/run/secrets/tok/token
  attempt tok token p
  [ "$code" -eq 4 ]
  prints_nothing
  says 'expired at 2017-07-14'
}

fact_an_identity_for_another_subject_is_refused_with_what_to_compare() {
  asks from_google_machine
  trap 'printf "{\"iss\":\"ci\",\"sub\":\"ci\"}" >"$at/platforms/claims.json"' EXIT
  printf '{"iss":"ci","sub":"other"}' >"$at/platforms/claims.json"
  attempt tok token p
  [ "$code" -eq 5 ]
  says 'tok doctor p --fetch'
  attempt tok doctor p --fetch
  grep --quiet --fixed-strings "Google's metadata server: iss \`ci\`, sub \`other\`, aud \`https://grants.example\`" "$out"
}

# idpyoidc exchanges the tokens that it issued itself, so the subject is one of those.
exchanges() {
  configure <<TOML
[profiles.p]
token_url     = "$exchange/token"
client_id     = "client"
auth_method   = "client_secret_post"
subject_token = "\${secret.subject}"
secrets       = { subject = { file = "$at/exchange/subject" } }
$1
TOML
  export TOK_P_CLIENT_SECRET='a secret of the exchanging client'
  attempt tok -q token p
}

fact_idpyoidc_exchanges_a_token_and_says_its_type() {
  exchanges ''
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" != "$(cat "$at/exchange/subject")" ]
  exchanges 'requested_token_type = "urn:ietf:params:oauth:token-type:access_token"'
  [ "$code" -eq 0 ]
}

fact_what_idpyoidc_refuses_of_an_exchange_ends_with_5_and_its_words() {
  exchanges 'requested_token_type = "urn:ietf:params:oauth:token-type:jwt"'
  [ "$code" -eq 5 ]
  says 'Unsupported requested token type'
  exchanges 'resource = "https://unknown.example"'
  [ "$code" -eq 5 ]
  says invalid_target
  exchanges 'actor_token = "${secret.subject}"'
  [ "$code" -eq 5 ]
  says 'Actor token not supported'
}

run_facts
