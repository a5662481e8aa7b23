# shellcheck shell=bash disable=SC2016 # the scripts in single quotes are for the shells they are given to
# Completion in bash, zsh, fish and elvish as Debian ships them: a person types a part of a line and the Tab key.
#
# bash, zsh and elvish run on a pseudo-terminal (zsh's own zpty opens it), because only there do their line editors
# work. That Tab did its part shows in what the completed line prints. fish can be asked for its completions by a command.
# PowerShell is in no package of Debian's.
. "$REAL/harness/facts.sh"

two_profiles() {
  configure <<'TOML'
[profiles.cint]
token_url = "https://one.example.com/token"
client_id = "id"

[profiles.hotel]
token_url = "https://two.example.com/token"
client_id = "id"
TOML
}

# types SHELL SETUP LINE WORDS: in an interactive SHELL, after SETUP, which ends by printing the sum of 40 and 2 behind
# `ready-`, LINE is typed, and WORDS come to stand on the screen.
types() {
  cat >typist.zsh <<'ZSH'
# typist.zsh SHELL SETUP LINE WORDS
zmodload zsh/zpty
zpty -b person $1
# The sum tells the shell's answer from the echo of what is typed.
zpty -w person "$2"
screen=
until [[ $screen == *ready-42* ]]; do
  zpty -r -t person chunk && screen+=$chunk || sleep 0.02
done
zpty -w -n person "$3"$'\n'
until [[ ${screen#*ready-42} == *$4* ]]; do
  zpty -r -t person chunk && screen+=$chunk || sleep 0.02
done
print -r -- "${screen#*ready-42}"
zpty -d person
ZSH
  attempt env TERM=xterm zsh -f typist.zsh "$@"
  [ "$code" -eq 0 ]
}

ready='echo ready-$((40 + 2))'
bash_types() { types 'bash --norc --noprofile -i' "source <(tok completions bash); $ready" "$@"; }
zsh_types() { types 'zsh -f -i' "autoload -Uz compinit; compinit -u -D; source <(tok completions zsh); $ready" "$@"; }
elvish_types() { types 'elvish -norc' 'eval (tok completions elvish | slurp); echo ready-(+ 40 2)' "$@"; }

fact_bash_completes_a_profile_of_the_config() {
  two_profiles
  bash_types $'tok show ci\t' one.example.com
}

fact_bash_completes_a_command_and_an_option() {
  two_profiles
  bash_types $'tok lis\t --js\t' '"profile":"hotel"'
}

fact_bash_completes_a_secret_and_a_page() {
  configure <<'TOML'
[profiles.cint]
token_url = "https://one.example.com/token"
client_id = "id"
secrets   = { session = {} }
params    = { a = "${secret.session}" }
TOML
  bash_types $'tok secret check cint ses\t' 'session'
  bash_types $'tok help sec\t' 'tok secret'
}

fact_zsh_completes_a_profile_of_the_config() {
  two_profiles
  zsh_types $'tok show ho\t' two.example.com
}

fact_zsh_completes_a_command_and_an_option() {
  two_profiles
  zsh_types $'tok lis\t --js\t' '"profile":"hotel"'
}

fact_elvish_completes_a_profile_of_the_config() {
  two_profiles
  elvish_types $'tok show ci\t' one.example.com
}

fact_elvish_completes_a_command_and_an_option() {
  two_profiles
  elvish_types $'tok lis\t --js\t' '"profile":"hotel"'
}

# fish_offers LINE: the completions fish has for it, one per line, without their descriptions.
fish_offers() {
  attempt fish --no-config -c 'tok completions fish | source; complete -C $argv[1]' "$1"
  [ "$code" -eq 0 ]
  cut -f 1 "$out"
}

fact_fish_completes_a_profile_of_the_config() {
  two_profiles
  [ "$(fish_offers 'tok show ci')" = cint ]
  [ "$(fish_offers 'tok exec cint ho')" = hotel ]
}

fact_fish_completes_commands_and_options() {
  two_profiles
  [ "$(fish_offers 'tok lis')" = list ]
  [ "$(fish_offers 'tok list --js')" = --json ]
}

run_facts
