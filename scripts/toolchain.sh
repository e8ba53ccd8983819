# shellcheck shell=bash disable=SC2034 # what is set here is used by the scripts that source it
# The places and versions of the project's tools. The other scripts source this file.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The version of a crate in Cargo.lock.
locked() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/.* = |"/, ""); print; exit }' Cargo.lock
}

# worker-build is released together with `worker`, and wasm-bindgen's command line refuses a crate of
# another version than its own: Cargo.lock decides both.
worker_build_version=$(locked worker)
wasm_bindgen_version=$(locked wasm-bindgen)

# Only scripts/audit needs it. A newer one may check more: raise it together with deny.toml.
cargo_deny_version=0.20.2

# The tools are outside the checkout, in a folder per version. Compiling them takes minutes, and a fresh clone
# can use them again.
tools=${XDG_CACHE_HOME:-$HOME/.cache}/roomcast
worker_build=$tools/worker-build-$worker_build_version/bin/worker-build
wasm_bindgen=$tools/wasm-bindgen-$wasm_bindgen_version/bin/wasm-bindgen
cargo_deny=$tools/cargo-deny-$cargo_deny_version/bin/cargo-deny

# Cargo's option that keeps the folders of this machine out of what is compiled: messages of panics name places in the sources. So the same sources
# give the same bytes in every checkout. It joins the flags of .cargo/config.toml, in the place of which RUSTFLAGS would come.
without_paths() {
  local crates=${CARGO_HOME:-$HOME/.cargo}/registry/src sources sysroot commit flags
  # The folder of the crates has a name that depends on the registry, so one has to be there.
  compgen -G "$crates/*" >/dev/null || cargo fetch --locked --quiet
  sysroot=$(rustc --print sysroot)
  commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
  # The last one that fits counts. Where the sources of the standard library are installed, the compiler would name them.
  flags="'--remap-path-prefix=$root=/roomcast','--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$commit'"
  for sources in "$crates"/*; do flags="$flags,'--remap-path-prefix=$sources=/crates'"; done
  printf "target.'cfg(all())'.rustflags=[%s]" "$flags"
}

# shellcheck disable=SC2034 # scripts/build and scripts/packing.sh use it
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi

# The system's node only has to run npm. Everything else runs on the `node` of package.json.
use_npm_tools() { PATH=$root/node_modules/.bin:$PATH; }

# A Chromium for the tests that drive pages: $CHROMIUM, or the first one installed.
find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" && return
  done
  return 1
}

# Whether the servers are there that the tests of `roomcast bridge` start. Debian keeps those of Postgres out of the PATH.
find_buses() {
  command -v redis-server >/dev/null && command -v nats-server >/dev/null &&
    { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
}
