#!/usr/bin/env bash
# Kills the server of a recovery run and returns when its successor answers. The bench starts the successor.
#
#   kill-9.sh PID URL
set -euo pipefail

kill -9 "$1"
while kill -0 "$1" 2>/dev/null; do sleep 0.005; done
for _ in {1..1000}; do
  curl --silent --fail --output /dev/null --max-time 1 "$2" && exit
  sleep 0.01
done
echo "error: $2 still does not answer" >&2
exit 1
