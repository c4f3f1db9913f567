#!/usr/bin/env bash
# Prints the path of Chromium: $CHROMIUM_BIN, or one on PATH. If there is none, it
# installs Debian's package, which needs root.
set -euo pipefail

fail() {
  echo "chromium.sh: $*" >&2
  exit 1
}

on_path() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if [ -n "${CHROMIUM_BIN:-}" ]; then
  command -v "$CHROMIUM_BIN" || fail "CHROMIUM_BIN=$CHROMIUM_BIN is not a program"
  exit
fi
if ! on_path; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    fail '"make browser" needs Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM_BIN'
  echo 'chromium.sh: installing the Debian package chromium' >&2
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; } >&2 ||
    fail 'apt-get could not install chromium'
  on_path || fail 'the package chromium has no program chromium'
fi
