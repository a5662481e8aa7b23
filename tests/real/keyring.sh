# shellcheck shell=bash
# The keyring is a real Secret Service, and another program sees in it what tok says it stored.
#
# gnome-keyring on a private bus stands in for a desktop's; secret-tool (libsecret) is the second opinion. Both ways
# matter: what tok stores must be found by the documented lookup, and what that tool stores must be used by tok.
. "$REAL/harness/keyring.sh"
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# Every character that some encoding on the way treats as its own.
secret='a+b/c=d:e%f&g h é'

# Each fact's endpoint has a port of its own, and so its own entries.
lookup() { secret-tool lookup service tok username "cint/client_secret@$origin"; }

fact_a_secret_set_from_stdin_is_what_secret_tool_finds() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  [ "$code" -eq 0 ]
  [ "$(lookup)" = "$secret" ]
}

fact_one_newline_at_the_end_of_stdin_is_not_part_of_the_secret() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf '%s\n' "$secret")
  [ "$code" -eq 0 ]
  # $(…) would strip a newline that should not be there.
  lookup >found
  printf %s "$secret" | cmp - found
}

# The profile's private key, a new one, in the file key.pem.
new_key() {
  printf 'secrets = { private_key = {} }\n' >>"$XDG_CONFIG_HOME/tok/config.toml"
  openssl ecparam -name prime256v1 -genkey -out key.pem
}

fact_a_key_of_many_lines_is_stored_whole_from_stdin() {
  endpoint "$secret"
  new_key
  attempt tok secret set cint private_key <key.pem
  [ "$code" -eq 0 ]
  secret-tool lookup service tok username "cint/private_key@$origin" >found
  head --bytes=-1 key.pem | cmp - found
}

# paste FILE [NAME]: `tok secret set cint NAME` at a terminal into which FILE is pasted; then what a shell would read on it, as `left: ….`.
paste() {
  # The shell is named: `read -t` is not in every one.
  attempt env SHELL="$BASH" script --quiet --return --command \
    "tok secret set cint ${2-}; read -r -t 1 line; printf 'left: %s.\n' \"\$line\"" typescript <"$1"
}

fact_a_key_pasted_at_the_prompt_is_stored_whole_and_no_line_is_left_for_the_shell() {
  endpoint "$secret"
  new_key
  paste key.pem private_key
  [ "$(grep --count 'left: \.' "$out")" -eq 1 ]
  secret-tool lookup service tok username "cint/private_key@$origin" >found
  head --bytes=-1 key.pem | cmp - found
}

fact_a_key_pasted_with_what_openssl_writes_before_it_is_stored_with_it() {
  endpoint "$secret"
  new_key
  openssl req -x509 -new -key key.pem -subj /CN=x -out certificate.pem
  openssl pkcs12 -export -inkey key.pem -in certificate.pem -passout pass: -out both.p12
  openssl pkcs12 -in both.p12 -passin pass: -nodes >pasted
  # The certificate comes first, and neither of the two begins on the first line.
  head --lines=1 pasted | grep --quiet 'Bag Attributes'
  [ "$(grep --max-count=1 -- '-----BEGIN ' pasted)" = '-----BEGIN CERTIFICATE-----' ]
  paste pasted private_key
  [ "$(grep --count 'left: \.' "$out")" -eq 1 ]
  secret-tool lookup service tok username "cint/private_key@$origin" >found
  head --bytes=-1 pasted | cmp - found
}

fact_of_lines_pasted_at_the_prompt_that_are_no_key_the_first_is_stored_and_none_is_left_for_the_shell() {
  endpoint "$secret"
  printf '%s\n' "$secret" 'touch pasted' 'touch pasted' >lines
  paste lines
  [ "$(grep --count 'left: \.' "$out")" -eq 1 ]
  grep --quiet 'only the first line is taken' "$out"
  [ "$(lookup)" = "$secret" ]
}

fact_secret_set_prints_no_secret() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  [ "$code" -eq 0 ]
  cat "$out" "$err" >printed
  [ "$(grep --count --fixed-strings --file="$served/secret" printed)" -eq 0 ]
}

fact_secret_check_tells_a_stored_secret_from_a_missing_one() {
  endpoint "$secret"
  attempt tok secret check cint
  [ "$code" -eq 4 ]
  attempt tok secret set cint < <(printf %s "$secret")
  attempt tok secret check cint
  [ "$code" -eq 0 ]
  cat "$out" "$err" >printed
  [ "$(grep --count --fixed-strings --file="$served/secret" printed)" -eq 0 ]
}

fact_the_stored_secret_fetches_a_token() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_a_keyring_that_is_turned_off_keeps_what_is_in_it_and_gives_none_of_it() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  for command in 'token cint' 'secret delete cint'; do
    # shellcheck disable=SC2086 # The words of the command.
    attempt env TOK_KEYRING=off "$(command -v tok)" $command
    [ "$code" -eq 4 ]
    [ ! -s "$out" ]
    grep --quiet 'TOK_KEYRING is off' "$err"
  done
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_a_secret_stored_by_secret_tool_fetches_a_token() {
  endpoint "$secret"
  printf %s "$secret" | secret-tool store --label='from outside' service tok username "cint/client_secret@$origin"
  attempt tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
}

fact_set_replaces_a_secret_stored_by_secret_tool() {
  endpoint "$secret"
  printf %s 'the old one' | secret-tool store --label='from outside' service tok username "cint/client_secret@$origin"
  attempt tok secret set cint < <(printf %s "$secret")
  [ "$code" -eq 0 ]
  secret-tool search --all service tok username "cint/client_secret@$origin" >entries 2>/dev/null
  [ "$(grep --count '^secret = ' entries)" -eq 1 ]
  [ "$(lookup)" = "$secret" ]
  attempt tok token cint
  [ "$code" -eq 0 ]
}

fact_a_deleted_secret_is_gone_and_the_next_token_ends_with_4() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  [ "$(lookup)" = "$secret" ]
  attempt tok secret delete cint
  [ "$code" -eq 0 ]
  gone=0
  lookup || gone=$?
  [ "$gone" -eq 1 ]
  attempt tok token cint
  [ "$code" -eq 4 ]
  prints_nothing
  says 'tok secret set cint'
  says TOK_CINT_CLIENT_SECRET
  [ "$(requests /oauth/token)" -eq 0 ]
}

fact_a_secret_stored_for_one_host_is_not_sent_to_another() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  sed -i 's/127\.0\.0\.1/localhost/' "$XDG_CONFIG_HOME/tok/config.toml"
  attempt tok token cint
  [ "$code" -eq 4 ]
  prints_nothing
  [ "$(requests /oauth/token)" -eq 0 ]
}

fact_a_cached_token_needs_no_keyring() {
  endpoint "$secret"
  attempt tok secret set cint < <(printf %s "$secret")
  attempt tok token cint
  attempt env --unset=DBUS_SESSION_BUS_ADDRESS tok token cint
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(requests /oauth/token)" -eq 1 ]
}

run_facts
