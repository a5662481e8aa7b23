# shellcheck shell=bash disable=SC2016 # the scripts in single quotes are for the shells they are given to
# What `tok for …` prints is read by the programs it is meant for: curl, the shells, git, cargo, kubectl, skopeo.
#
# Their documentation says what they read; only they know what they take. skopeo stands in for docker, whose
# credential helpers it runs as docker does, and needs no daemon. PowerShell is in no package of Debian's, and Debian's
# Bazel (4.2) is older than credential helpers: what is printed for these two is compared with their documentation alone.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# Whatever a shell or a protocol treats in its own way, within what may be in a header.
awkward=$'a\'b"c\\d$(id)`id`%41#;&|*~!e'

# asks_everyone TOKEN: starts servers/asks-everyone.mjs, which gives this token, and configures the profile `p` for it.
# Over TLS as well, if with_tls came before.
asks_everyone() {
  token=$1
  served=$PWD/server
  mkdir -p "$served"
  printf %s "$token" >"$served/token"
  : >"$served/requests"
  serve asks-everyone.mjs "$served"
  configure <<TOML
[profiles.p]
token_url = "$base/token"
client_id = "id"
response  = { token_chars = "visible" }
TOML
  export TOK_P_CLIENT_SECRET=s3cret
}

# with_tls: a key and a certificate for 127.0.0.1 that nobody vouches for.
with_tls() {
  mkdir server
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server/key -out server/certificate \
    -days 2 -subj '/CN=tok test server' -addext 'subjectAltName=IP:127.0.0.1'
  cat server/key server/certificate >server/tls.pem
}

# shown PATH: the last Authorization header that was shown for this path.
shown() { authorization "$1" | tail -n 1; }

# basic USER: what a client sends that was answered with this user and the token.
basic() { printf 'Basic %s' "$(printf '%s:%s' "$1" "$token" | base64 --wrap 0)"; }

# helper NAME COMMAND: an executable NAME on the PATH that runs COMMAND with the arguments it gets.
helper() {
  mkdir -p bin
  printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"bin/$1"
  chmod +x "bin/$1"
  export PATH="$PWD/bin:$PATH"
}

fact_curl_reads_its_config_and_sends_the_header_to_the_letter() {
  asks_everyone "$awkward"
  attempt sh -c 'C=$(tok for curl p) && printf "%s\n" "$C" | curl --silent --show-error --fail -K - "$0/version"' "$base"
  [ "$code" -eq 0 ]
  [ "$(shown /version)" = "Bearer $token" ]
}

fact_a_shell_gets_the_token_to_the_letter() {
  asks_everyone "$awkward"
  for shell in sh bash; do
    attempt "$shell" -e -c 'E=$(tok for sh p --name T); eval "$E"; exec printenv T'
    [ "$code" -eq 0 ]
    [ "$(cat "$out")" = "$token" ]
  done
}

fact_fish_gets_the_token_to_the_letter() {
  asks_everyone "$awkward"
  attempt fish --no-config -c 'tok for fish p --name T | source; and printenv T'
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_a_shell_reads_a_dotenv_line_as_it_stands() {
  asks_everyone 'abc.d-e_f~+/=='
  attempt sh -e -c 'tok for dotenv p >build.env; set -a; . ./build.env; exec printenv TOK_TOKEN'
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_git_logs_in_with_the_token() {
  asks_everyone "$awkward"
  export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
  git config --global credential.helper "!tok for git --host $origin p"
  attempt git ls-remote "$base/repository"
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$(printf '%040d\tHEAD\n%040d\trefs/heads/main' 0 0 | tr 0 a)" ]
  [ "$(shown /repository/info/refs)" = "$(basic oauth2)" ]
}

fact_git_gets_no_token_for_a_host_that_is_not_listed() {
  asks_everyone secret-token
  export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
  git config --global credential.helper '!tok for git --host git.example.com p'
  attempt git ls-remote "$base/repository"
  [ "$code" -ne 0 ]
  says "no answer for \`$origin\`"
  [ "$(shown /repository/info/refs)" = null ]
  [ "$(requests /token)" -eq 0 ]
}

fact_git_has_a_refused_token_fetched_again() {
  asks_everyone first
  export GIT_CONFIG_NOSYSTEM=1
  git config --global credential.helper "!tok for git --host $origin p"
  describe() { printf 'protocol=http\nhost=%s\n' "$origin"; }
  describe | git credential fill >filled
  grep --quiet '^password=first$' filled
  printf second >"$served/token"
  describe | git credential fill | grep --quiet '^password=first$'
  git credential reject <filled
  describe | git credential fill | grep --quiet '^password=second$'
}

# cargo's own folder and rustup's are found by the home that this file does not have.
real_cargo() {
  local home
  home=$(getent passwd "$(id -u)" | cut -d : -f 6)
  if [ -d "$home/.rustup" ]; then export RUSTUP_HOME=$home/.rustup; fi
  export CARGO_HOME=$PWD/cargo
  mkdir "$CARGO_HOME"
  cat >"$CARGO_HOME/config.toml" <<TOML
[registries.private]
index = "sparse+$base/index/"
credential-provider = ["cargo:token-from-stdout", "tok", "for", "cargo", "--bearer", "--host", "$1", "p"]
TOML
}

fact_cargo_asks_a_private_registry_with_the_token() {
  asks_everyone 'abc.d-e_f~+/=='
  real_cargo "$origin"
  attempt cargo search --registry private nothing
  [ "$code" -eq 0 ]
  [ "$(shown /index/config.json)" = "Bearer $token" ]
  [ "$(shown /api/v1/crates)" = "Bearer $token" ]
}

fact_cargo_gets_no_token_for_a_registry_that_is_not_listed() {
  asks_everyone secret-token
  real_cargo crates.example.com
  attempt cargo search --registry private nothing
  [ "$code" -ne 0 ]
  says 'may not have this token'
  [ "$(shown /index/config.json)" = null ]
  [ "$(requests /token)" -eq 0 ]
}

# v1beta1, for Debian's kubectl is older than v1. It shows credentials to servers with TLS alone.
fact_kubectl_runs_it_as_its_credential_plugin() {
  with_tls
  asks_everyone "$awkward"
  cat >kubeconfig <<YAML
apiVersion: v1
kind: Config
current-context: c
contexts: [{ name: c, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: "$(cat "$served/tls")", certificate-authority: "$served/certificate" } }]
users:
  - name: u
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: tok
        args: [for, kubectl, p]
        interactiveMode: Never
        provideClusterInfo: true
YAML
  attempt kubectl --kubeconfig kubeconfig get --raw /version
  [ "$code" -eq 0 ]
  [ "$(jq -r .minor "$out")" = 20 ]
  [ "$(shown /version)" = "Bearer $token" ]
}

fact_a_client_of_docker_registries_logs_in_with_the_token() {
  asks_everyone "$awkward"
  helper docker-credential-p "tok for docker --host $origin --username u p"
  printf '{"credHelpers":{"%s":"p"}}' "$origin" >auth.json
  attempt skopeo --insecure-policy list-tags --authfile auth.json --tls-verify=false "docker://$origin/image"
  [ "$code" -eq 0 ]
  [ "$(jq -r '.Tags[0]' "$out")" = latest ]
  [ "$(shown /v2/image/tags/list)" = "$(basic u)" ]
}

fact_a_registry_that_is_not_listed_is_asked_without_credentials() {
  asks_everyone secret-token
  helper docker-credential-p 'tok for docker --host registry.example.com p'
  printf '{"credHelpers":{"%s":"p"}}' "$origin" >auth.json
  attempt skopeo --insecure-policy list-tags --authfile auth.json --tls-verify=false "docker://$origin/image"
  [ "$code" -eq 0 ]
  [ "$(requests /token)" -eq 0 ]
  # What skopeo sends when it has nothing: an empty name and an empty password.
  [ "$(shown /v2/image/tags/list)" = "Basic $(printf : | base64)" ]
}

run_facts
