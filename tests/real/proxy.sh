# shellcheck shell=bash
# tok goes through the proxies that curl goes through: the rows of proxy.txt, which src/http/proxy.rs reads too, asked of curl.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# trim WORDS: prints them without the blanks around them.
trim() {
  local words=$1
  words=${words#"${words%%[![:space:]]*}"}
  printf %s "${words%"${words##*[![:space:]]}"}"
}

# chosen HOST [VARIABLE…]: prints where curl connects to for HOST: a proxy's address, `direct` or `refused`.
chosen() {
  local host=$1 said
  shift
  said=$(env -i PATH="$PATH" "$@" curl --disable --silent --verbose --max-time 0.2 --connect-timeout 0.2 \
    --resolve provider.example:443:192.0.2.9 --resolve a.provider.example:443:192.0.2.9 "https://$host/" 2>&1) || true
  case $said in
    *[Uu]nsupported\ proxy*) echo refused ;;
    *'Trying 10.0.0.'*) sed -n 's/^\*  *Trying \(.*\)\.\.\.$/\1/p' <<<"$said" | head -n 1 ;;
    *) echo direct ;;
  esac
}

fact_curl_chooses_the_same_proxies() {
  local host variables expected curl pair pairs rows=0
  while IFS='|' read -r host variables expected curl; do
    case $host in '#'* | '') continue ;; esac
    curl=$(trim "$curl")
    IFS=';' read -ra pairs <<<"$(trim "$variables")"
    local given=()
    for pair in "${pairs[@]}"; do given+=("$(trim "${pair//\\t/$'\t'}")"); done
    [ "$(chosen "$(trim "$host")" "${given[@]}")" = "${curl:-$(trim "$expected")}" ] || {
      printf 'curl differs: %s | %s\n' "$host" "$variables" >&2
      return 1
    }
    rows=$((rows + 1))
  done <"$REAL/proxy.txt"
  [ "$rows" -ge 40 ]
}

# tls_proxy: starts a proxy that is reached over TLS, and a profile whose host only that proxy finds.
tls_proxy() {
  mkdir served
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=proxy -addext subjectAltName=DNS:provider.example,IP:127.0.0.1 \
    -keyout served/key.pem -out served/cert.pem 2>/dev/null
  serve tls-proxy.mjs "$PWD/served"
  configure <<TOML
[profiles.p]
token_url = "https://provider.example:8443/token"
client_id = "id"
ca_file   = "$PWD/$1"
TOML
}

fact_a_proxy_is_reached_over_tls_with_its_credentials() {
  tls_proxy served/cert.pem
  printed=$(HTTPS_PROXY="https://user:p%40ss@$origin" TOK_P_CLIENT_SECRET=s3cret tok token p)
  [ "$printed" = t0ken ]
  [ "$(cat served/requests)" = "CONNECT provider.example:8443 Basic $(printf user:p@ss | base64)
POST /token -" ]
}

fact_a_proxy_with_an_untrusted_certificate_is_named() {
  local code=0
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.pem 2>/dev/null
  tls_proxy other.pem
  HTTPS_PROXY="https://$origin" TOK_P_CLIENT_SECRET=s3cret tok token p 2>said || code=$?
  [ "$code" -eq 8 ]
  grep -q "no trusted connection to the proxy $origin" said
  [ ! -e served/requests ]
}

run_facts
