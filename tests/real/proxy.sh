# shellcheck shell=bash
# tok goes through the proxies that curl goes through: the rows of proxy.txt, which src/http/proxy.rs reads too, asked of curl.
. "$REAL/harness/facts.sh"

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

run_facts
