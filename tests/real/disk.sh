# shellcheck shell=bash
# What only the system can do to a cache: a read-only file system, a full one, files of another user, no home at all, and sudo.
#
# Each time the token is printed, the exit code is 0 and one note says what is wrong; nothing of others is touched. Mounts and other users take
# root, or sudo.
. "$REAL/harness/facts.sh"
. "$REAL/harness/server.sh"

# The user that tok runs as where root would be stopped by nothing, and another one.
user=61001 other=61002

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --preserve-env "$@"; fi; }

if ! command -v setpriv >/dev/null || ! command -v sudo >/dev/null; then
  packages=(util-linux sudo)
  if [ "$(id -u)" -eq 0 ]; then
    apt-get -o DPkg::Lock::Timeout=300 update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${packages[@]}" >&2
  else
    printf 'please install (Debian names): %s\n' "${packages[*]}" >&2
    exit 1
  fi
fi

# A copy that the other users may run, in a folder that they may enter.
public=$(mktemp -d /tmp/tok-disk.XXXXXX)
chmod 755 "$public"
cp "$(command -v tok)" "$public/tok"
chmod 755 "$public/tok"
clean_up() {
  local folder
  # Also what a fact mounted that ended early.
  while read -r _ folder _; do
    case $folder in "$public"/*) as_root umount "$folder" ;; esac
  done </proc/mounts
  as_root rm -rf "$public"
}
trap clean_up EXIT

# someone: an endpoint, and a home for $user outside of this test's own folders, which others may not enter; its config is the user's.
someone() {
  endpoint right
  home=$public/$RANDOM$RANDOM
  mkdir -p "$home/config/tok" "$home/cache"
  cp "$XDG_CONFIG_HOME/tok/config.toml" "$home/config/tok/"
  chmod -R go+rX "$home"
  as_root chown -R "$user:$user" "$home"
}

# as_user VARIABLE=VALUE… ARGUMENTS…: attempts tok as $user with these variables and nothing else in its environment.
as_user() {
  attempt as_root_exec setpriv --reuid="$user" --regid="$user" --clear-groups env --ignore-environment \
    TOK_CINT_CLIENT_SECRET=right HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" "$@"
}

# `timeout` runs programs, not functions.
mkdir "$TMPDIR/bin"
if [ "$(id -u)" -eq 0 ]; then printf '#!/bin/sh\nexec "$@"\n'; else printf '#!/bin/sh\nexec sudo "$@"\n'; fi >"$TMPDIR/bin/as_root_exec"
chmod 755 "$TMPDIR/bin/as_root_exec"
PATH=$TMPDIR/bin:$PATH

prints_the_token_with_one_note() {
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ "$(grep --count '^tok: note: ' "$err")" -eq 1 ]
  [ "$(grep --count '' "$err")" -eq 1 ]
}

prints_the_token_and_nothing_else() {
  [ "$code" -eq 0 ]
  [ "$(cat "$out")" = "$token" ]
  [ ! -s "$err" ]
}

# everything FOLDER: what is in it, whose, with which mode and contents.
everything() { as_root find "$1" -printf '%P %u %m %s\n' | sort; as_root find "$1" -type f -exec sha256sum {} + | sort; }

fact_a_read_only_folder_is_one_note() {
  someone
  as_root chmod 555 "$home/cache"
  for again in 1 2; do
    as_user "$public/tok" token cint
    prints_the_token_with_one_note
  done
  as_root chmod 755 "$home/cache"
  [ -z "$(ls "$home/cache")" ]
}

fact_a_read_only_file_system_is_one_note_and_a_good_token_in_it_is_used() {
  someone
  as_root mount -t tmpfs -o "size=1m,mode=755,uid=$user" tmpfs "$home/cache"
  as_root mount -o remount,ro "$home/cache"
  as_user "$public/tok" token cint
  prints_the_token_with_one_note
  as_root mount -o remount,rw "$home/cache"
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  as_root mount -o remount,ro "$home/cache"
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  [ "$(requests /oauth/token)" -eq 2 ]
  as_root umount "$home/cache"
}

fact_a_full_file_system_is_one_note_and_nothing_half_is_left() {
  someone
  as_root mount -t tmpfs -o "size=64k,mode=755,uid=$user" tmpfs "$home/cache"
  as_root dd if=/dev/zero of="$home/cache/filler" bs=1k 2>dd.said || :
  grep --quiet 'No space left' dd.said
  for again in 1 2; do
    as_user "$public/tok" token cint
    prints_the_token_with_one_note
    says 'No space left'
  done
  left=$(as_root find "$home/cache" -name '*.json*')
  [ -z "$left" ]
  as_root rm "$home/cache/filler"
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  [ "$(requests /oauth/token)" -eq 3 ]
  as_root umount "$home/cache"
}

fact_a_good_token_on_a_full_file_system_is_used() {
  someone
  as_root mount -t tmpfs -o "size=64k,mode=755,uid=$user" tmpfs "$home/cache"
  as_user "$public/tok" token cint
  as_root dd if=/dev/zero of="$home/cache/filler" bs=1k 2>dd.said || :
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  [ "$(requests /oauth/token)" -eq 1 ]
  as_root umount "$home/cache"
}

fact_a_folder_of_another_user_is_not_used() {
  someone
  as_root mkdir -m 777 "$home/cache/tok"
  as_root chown "$other" "$home/cache/tok"
  before=$(everything "$home/cache/tok")
  as_user "$public/tok" token cint
  prints_the_token_with_one_note
  says "another user (uid $other)"
  [ "$(everything "$home/cache/tok")" = "$before" ]
}

fact_an_entry_of_another_user_is_not_used_and_replaced() {
  someone
  as_user "$public/tok" token cint
  as_root sh -c "chown $other $home/cache/tok/cint.*.json"
  as_user "$public/tok" token cint
  prints_the_token_with_one_note
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  [ "$(requests /oauth/token)" -eq 2 ]
}

fact_a_lock_of_another_user_is_one_note() {
  someone
  as_user "$public/tok" token cint
  as_root sh -c "chown $other $home/cache/tok/cint.*.lock; rm $home/cache/tok/cint.*.json"
  as_user "$public/tok" token cint
  prints_the_token_with_one_note
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
}

fact_no_home_is_one_note() {
  someone
  # Nobody has this id, so no folder stands in the list of users either.
  attempt as_root_exec setpriv --reuid="$user" --regid="$user" --clear-groups env --ignore-environment \
    TOK_CINT_CLIENT_SECRET=right "$public/tok" token cint --config "$home/config/tok/config.toml"
  prints_the_token_with_one_note
  says 'no home folder'
}

fact_a_home_that_is_not_there_and_cannot_be_made_is_one_note() {
  someone
  for home_variable in HOME=/proc/nowhere HOME=/nowhere/at/all; do
    attempt as_root_exec setpriv --reuid="$user" --regid="$user" --clear-groups env --ignore-environment \
      TOK_CINT_CLIENT_SECRET=right "$home_variable" "$public/tok" token cint --config "$home/config/tok/config.toml"
    prints_the_token_with_one_note
  done
  [ ! -e /nowhere ]
}

fact_sudo_leaves_nothing_of_roots_in_the_users_cache() {
  someone
  # As sudo does where it keeps HOME: root with the user's home, and the user's name in SUDO_UID.
  sudo_tok() {
    attempt as_root_exec env --ignore-environment SUDO_UID="$user" SUDO_GID="$user" TOK_CINT_CLIENT_SECRET=right \
      HOME="$home" XDG_CONFIG_HOME="$home/config" "$@" "$public/tok" token cint
  }
  sudo_tok
  prints_the_token_with_one_note
  sudo_tok XDG_CACHE_HOME="$home/cache"
  prints_the_token_with_one_note
  as_user "$public/tok" token cint
  prints_the_token_and_nothing_else
  before=$(everything "$home/cache")
  sudo_tok XDG_CACHE_HOME="$home/cache"
  prints_the_token_with_one_note
  [ "$(everything "$home/cache")" = "$before" ]
  foreign=$(as_root find "$home" ! -user "$user")
  [ -z "$foreign" ]
}

run_facts
