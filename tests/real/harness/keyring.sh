# shellcheck shell=bash
# A Secret Service that is there and unlocked, as a desktop has one: gnome-keyring on a private bus. Sourced before all else, for it starts
# the test again on that bus.
if [ -z "${DBUS_SESSION_BUS_ADDRESS-}" ]; then
  exec dbus-run-session -- bash "$0"
fi

# Unlocked by a password on stdin, as a login would. Its name on the bus says that it is ready.
printf %s 'the login password' |
  gnome-keyring-daemon --unlock --foreground --components=secrets >"$TMPDIR/gnome-keyring" 2>&1 &
daemon=$!
is_ready() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
    string:org.freedesktop.secrets | grep --quiet 'boolean true'
}
for ((tries = 0; ; tries++)); do
  ! is_ready || break
  if ((tries == 200)) || ! kill -0 "$daemon"; then
    cat "$TMPDIR/gnome-keyring" >&2
    printf 'gnome-keyring-daemon did not start\n' >&2
    exit 1
  fi
  sleep 0.05
done
