# shellcheck shell=bash
# Starts processes so that none of them is left when the script ends, however it ends. Other scripts source
# this file. It takes over the traps.

groups=()

# Starts a command in a process group of its own, so that processes that it starts are ended with it.
start() {
  set -m
  "$@" </dev/null &
  set +m
  groups+=($!)
}

# Runs a command to its end. A shell that waits in this way handles a signal at once, and not only after the
# command.
run() {
  start "$@"
  wait $!
  unset 'groups[${#groups[@]}-1]'
}

stop_all() {
  trap '' INT TERM HUP
  local group
  for group in ${groups[@]+"${groups[@]}"}; do signal TERM "$group" || true; done
  for group in ${groups[@]+"${groups[@]}"}; do
    for _ in {1..50}; do
      signal 0 "$group" || continue 2
      sleep 0.1
    done
    signal KILL "$group" || true
  done
}

signal() { kill -s "$1" -- "-$2" 2>/dev/null; }

trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
