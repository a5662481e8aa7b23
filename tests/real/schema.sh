# shellcheck shell=bash
# `tok schema` beside a validator that others wrote (check-jsonschema): it accepts what tok accepts, and refuses the
# mistakes that a schema can know of.
. "$REAL/harness/facts.sh"

validator=$REAL/servers/.venv/bin/check-jsonschema

# valid FILE…: the validator accepts all of them.
valid() { attempt "$validator" --schemafile schema.json "$@"; [ "$code" -eq 0 ]; }

# refused: how many files of the last attempt the validator refuses.
refused() { jq '[.errors[].filename] | unique | length' "$out"; }

# profile FILE KEYS…: a config of one profile that is complete, and these lines.
profile() {
  printf '[profiles.p]\ntoken_url = "https://auth.example.com/token"\nclient_id = "i"\n' >"$1"
  printf '%s\n' "${@:2}" >>"$1"
}

fact_the_schema_is_one() {
  tok schema >schema.json
  "$validator" --check-metaschema schema.json
}

fact_the_example_and_every_commented_key_of_it_are_valid() {
  tok schema >schema.json
  local line count=0
  # Steps come last, as a table of their own.
  while IFS= read -r line; do
    count=$((count + 1))
    profile "key-$count.toml" "$line"
  done < <(sed '/^#\[\[/,$d' "$REAL/../../config.example.toml" | sed -n 's/^#\([a-z]\)/\1/p')
  [ "$count" -gt 40 ]
  profile steps.toml "$(sed -n '/^#\[\[/,$p' "$REAL/../../config.example.toml" | sed 's/^#//; s/profiles\.every/profiles.p/')"
  valid "$REAL/../../config.example.toml" steps.toml key-*.toml
}

fact_defaults_and_a_profile_that_extends_another_are_valid() {
  tok schema >schema.json
  profile config.toml '[profiles.q]' 'extends = "p"' '[defaults]' 'timeout = "10s"'
  valid config.toml
}

fact_tok_and_the_validator_refuse_the_same_mistakes() {
  tok schema >schema.json
  local line count=0
  while IFS= read -r line; do
    count=$((count + 1))
    profile "wrong-$count.toml" "$line"
    attempt tok --config "wrong-$count.toml" show p
    [ "$code" -eq 3 ] || { printf 'tok accepts: %s\n' "$line" >&2; return 1; }
  done <<'END'
token_ur = "x"
url = "x"
audience = 7
timeout = "soon"
timeout = true
scope = 7
scope = ["a", 7]
auth_method = "basic"
method = "post"
encoding = "xml"
cache = "disk"
client_secret = "s"
client_secret = { evn = "X" }
client_secret = { command = "pass show p" }
secrets = ["a"]
vars = { a = 1 }
params = "a=b"
headers = ["a: b"]
names = { clientid = "x" }
origins = "https://a.example"
response = "/data"
response = { rot = "/data" }
response = { expires_in_unit = "weeks" }
response = { status = "302" }
response = { keep = "x" }
response = { expires_at_unit = "yyyy" }
assertion = { alg = "none" }
steps = { name = "s" }
steps = [{ nam = "s" }]
END
  [ "$count" -ge 20 ]
  attempt "$validator" --output-format json --schemafile schema.json wrong-*.toml
  [ "$(refused)" -eq "$count" ]
}

fact_what_is_outside_of_profiles_is_refused() {
  tok schema >schema.json
  local text count=0
  for text in '[p]' '[default]' 'timeout = "1s"' '[defaults]
extends = "p"' '[profiles."a b"]'; do
    count=$((count + 1))
    printf '%s\n' "$text" >"wrong-$count.toml"
  done
  attempt "$validator" --output-format json --schemafile schema.json wrong-*.toml
  [ "$(refused)" -eq "$count" ]
}

run_facts
