#!/bin/sh
# Installs what the tests need beside Python packages: Node.js, Chromium, the sqlite3 shell and jq.
set -eu
missing=""
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v sqlite3 >/dev/null 2>&1 || missing="$missing sqlite3"
command -v jq >/dev/null 2>&1 || missing="$missing jq"
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "The tests need:$missing. Install them and run again." >&2; exit 1; }
  sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
installed=tests/node/node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ tests/node/package-lock.json -nt "$installed" ]; then
  npm --prefix tests/node ci --loglevel=error --no-audit --no-fund
fi
