# shellcheck shell=bash
# The Debian package: it can be built from the program under test, installed by dpkg, and what it installs works.
#
# It is installed under a folder of this test's own, so that the machine stays as it is; apt is asked whether it would
# install it here as well.
. "$REAL/harness/facts.sh"

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)

package=$("$REAL/../../packaging/deb" "$(command -v tok)" "$TMPDIR")

# installed: leaves in $root a folder that dpkg has installed the package under.
installed() {
  root=$PWD/root
  mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
  : >"$root/var/lib/dpkg/status"
  # What it depends on is outside of the folder.
  "${as_root[@]}" dpkg --root="$root" --log=/dev/null --force-depends --install "$package"
}

fact_dpkg_installs_a_program_that_runs() {
  installed
  [ "$("$root/usr/bin/tok" --version)" = "$(tok --version)" ]
  [ "$(dpkg-query --root="$root" --show --showformat '${Version}' tok-fetch)" = "$(tok --version | cut -d ' ' -f 2)" ]
}

fact_everything_in_it_belongs_to_root_and_only_root_may_write_it() {
  dpkg-deb --contents "$package" >contents
  [ -s contents ]
  [ -z "$(grep --invert-match ' root/root ' contents)" ]
  [ -z "$(grep --extended-regexp '^.{5}w|^.{8}w' contents)" ]
}

fact_licences_and_readme_come_with_it() {
  installed
  grep --quiet 'Apache License' "$root/usr/share/doc/tok-fetch/copyright"
  grep --quiet 'Permission is hereby granted' "$root/usr/share/doc/tok-fetch/copyright"
  cmp "$REAL/../../README.md" "$root/usr/share/doc/tok-fetch/README.md"
  cmp "$REAL/../../config.example.toml" "$root/usr/share/doc/tok-fetch/config.example.toml"
}

fact_manual_pages_and_completions_are_where_their_readers_look() {
  installed
  tok man >page
  gzip --decompress --stdout "$root/usr/share/man/man1/tok.1.gz" | cmp page -
  [ -f "$root/usr/share/man/man1/tok-for-git.1.gz" ]
  for file in bash-completion/completions/tok zsh/vendor-completions/_tok fish/vendor_completions.d/tok.fish; do
    [ -s "$root/usr/share/$file" ]
  done
}

fact_apt_would_install_it_on_this_machine() {
  attempt apt-get --simulate install "$package"
  [ "$code" -eq 0 ]
  grep --quiet '^Inst tok-fetch ' "$out"
}

run_facts
