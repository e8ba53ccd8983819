#!/usr/bin/env bash
# What worker-build runs as its esbuild (scripts/build): bundles the Worker with the entry src/shell/entry.js, in place of the one that
# worker-build has just written.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

# Its name is among the arguments of esbuild, so a worker-build that calls it otherwise is noticed.
entry=shim.js
[[ " $* " == *" ./$entry "* && -f $entry ]] || {
  printf 'error: worker-build has no entry %s any more: adapt scripts/bundle.sh\n' "$entry" >&2
  exit 1
}
cp "$root/src/shell/entry.js" "$entry"
exec "$root/node_modules/.bin/esbuild" "$@"
