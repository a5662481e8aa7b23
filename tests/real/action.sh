# shellcheck shell=bash
# The step of the GitHub action: the release if there is one with the right checksum, otherwise a build of the sources.
#
# `gh` and `cargo` are stand-ins, because neither a release nor another build can be had here; the step itself runs as it is.
. "$REAL/harness/facts.sh"

step=$REAL/../../packaging/action

# runner: what a runner gives to a step; $release is the folder that `gh` downloads from.
runner() {
  mkdir bin temp release
  export RUNNER_TEMP=$PWD/temp GITHUB_PATH=$PWD/path RUNNER_OS=Linux RUNNER_ARCH=X64 REPOSITORY=owner/tok RELEASE=v1.2.3
  cat >bin/gh <<SH
#!/bin/sh
[ "\$1 \$2 \$3 \$4 \$5" = "release download v1.2.3 --repo owner/tok" ] || exit 1
[ -e "$PWD/release/SHA256SUMS" ] || exit 1
while [ "\$1" != --dir ]; do shift; done
cp "$PWD"/release/* "\$2"
SH
  cat >bin/cargo <<SH
#!/bin/sh
printf '%s\n' "\$*" >"$PWD/built"
cp "$(command -v tok)" "$PWD/temp/tok/bin/tok"
SH
  chmod +x bin/gh bin/cargo
  PATH=$PWD/bin:$PATH
}

# released: a release that contains tok for this system.
released() {
  local name=tok-1.2.3-x86_64-unknown-linux-musl
  mkdir "$name"
  cp "$(command -v tok)" "$name/tok"
  tar -czf "release/$name.tar.gz" "$name"
  (cd release && sha256sum "$name.tar.gz" >SHA256SUMS)
}

fact_a_release_is_downloaded_and_added_to_the_path() {
  runner
  released
  attempt bash "$step"
  [ "$code" -eq 0 ]
  [ "$(cat path)" = "$PWD/temp/tok/bin" ]
  [ "$(temp/tok/bin/tok --version)" = "$(tok --version)" ]
  [ ! -e built ]
}

fact_without_a_release_the_sources_are_built_with_the_locked_versions() {
  runner
  attempt bash "$step"
  [ "$code" -eq 0 ]
  grep --quiet -- '--locked' built
  [ "$(cat path)" = "$PWD/temp/tok/bin" ]
}

fact_a_wrong_checksum_stops_the_job() {
  runner
  released
  printf x >>release/tok-1.2.3-x86_64-unknown-linux-musl.tar.gz
  attempt bash "$step"
  [ "$code" -eq 1 ]
  grep --quiet '::error::the checksum' "$out"
  [ ! -e path ] && [ ! -e built ]
}

run_facts
