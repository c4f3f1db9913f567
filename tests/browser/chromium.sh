#!/usr/bin/env bash
# Prints the path of Chromium: $CHROMIUM_BIN, or a "chromium" or "google-chrome" on PATH.
# If there is none, it installs Debian's package, which needs root.
set -euo pipefail

find_chromium() { command -v "${CHROMIUM_BIN:-chromium}" || command -v chromium-browser || command -v google-chrome; }

if ! found=$(find_chromium); then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'chromium.sh: "make browser" needs Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM_BIN' >&2
    exit 1
  fi
  echo 'chromium.sh: installing the Debian package chromium' >&2
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium >&2
  found=$(find_chromium)
fi
echo "$found"
