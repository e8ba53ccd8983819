# shellcheck shell=bash
# Puts files into archives so that the same files give the same bytes, whoever packs them, wherever and whenever. scripts/release sources it.
# `root`, `say` and `sha256` are those of scripts/toolchain.sh, and SOURCE_DATE_EPOCH is the time that files in archives get.

# The same order, letters and rights everywhere.
export LC_ALL=C TZ=UTC
umask 022

# archive FOLDER FILE: everything in FOLDER, below a folder of its name.
archive() {
  tar --create --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    --directory "$(dirname "$1")" "$(basename "$1")" | gzip -n -9 >"$2"
}

# pack_client CLIENT STAGE OUT: the npm package of the sources in CLIENT. It is packed in a folder of its own, because npm takes over the rights
# that files have in a checkout.
pack_client() {
  mkdir -p "$2"
  "$1/node_modules/.bin/tsc" --project "$1/tsconfig.build.json" --outDir "$2/dist"
  cp "$1/package.json" "$1/README.md" "$1/SPEC.md" "$1/LICENSE" "$2/"
  chmod -R u=rwX,go=rX "$2"
  (cd "$2" && npm pack --ignore-scripts --silent --pack-destination "$3" >/dev/null)
}

# deployable WRANGLER: wrangler.toml without the part that builds, which needs what an archive does not have.
deployable() { awk '/^\[/ { building = $0 == "[build]" } !building' "$1"; }

# sums FOLDER: a hash of each file in it, in SHA256SUMS.
sums() {
  (cd "$1" && rm -f SHA256SUMS && "${sha256[@]}" -- * >.sums && mv .sums SHA256SUMS)
}
