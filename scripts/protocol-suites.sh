#!/bin/sh
# Runs an official protocol suite (a checkout of socketio/engine.io-protocol or socketio/socket.io-protocol)
# against Parley's socket layer, or with --reference against Node's own server.
#   scripts/protocol-suites.sh [--reference] [--steady] [--times N] [--only PATTERN] CHECKOUT
# --steady gives the suite's client one message at a time (see docs/reference/socket-protocol-suites.md).
# The suites talk to port 3000. PYTHON names the interpreter (default: .venv/bin/python).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
reference="" steady="" times=1 only=""
while [ $# -gt 1 ]; do
  case $1 in
    --reference) reference=1 ;;
    --steady) steady=1 ;;
    --times) times=$2; shift ;;
    --only) only=$2; shift ;;
    *) echo "unknown option: $1" >&2; exit 2 ;;
  esac
  shift
done
checkout=${1:?"usage: scripts/protocol-suites.sh [--reference] [--steady] [--times N] [--only PATTERN] CHECKOUT"}
[ -d "$checkout/test-suite" ] && checkout=$checkout/test-suite
work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT INT TERM

cp "$checkout"/package.json "$checkout"/package-lock.json "$checkout"/*.js "$work"
case $(sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' "$work/package.json" | head -n 1) in
  engine.io-*) kind=--engine ;;
  socket.io-*) kind="" ;;
  *) echo "$checkout is no protocol suite" >&2; exit 2 ;;
esac
npm --prefix "$work" ci --silent --no-audit --no-fund
if [ -n "$steady" ]; then
  npm --prefix "$work" install --no-save --silent --no-audit --no-fund ws@8.21.3
  cat > "$work/node-imports.js" <<'JS'
import fetch from "node-fetch";
import { WebSocket } from "ws";
import chai from "chai";
import chaiString from "chai-string";
chai.use(chaiString);
class SteadyWebSocket extends WebSocket {
  constructor(url) {
    super(url, { allowSynchronousEvents: false });
  }
}
Object.assign(globalThis, { fetch, chai, WebSocket: SteadyWebSocket });
JS
fi

cd "$root"
if [ -n "$reference" ]; then
  [ -d bench/node/node_modules ] || npm --prefix bench/node ci --silent --no-audit --no-fund
  # shellcheck disable=SC2086
  node bench/node/echo.js $kind & server=$!
else
  # shellcheck disable=SC2086
  "$python" -m bench.socket_echo $kind & server=$!
fi
for _ in 1 2 3 4 5 6 7 8 9 10; do
  node -e 'require("net").connect(3000, "localhost").on("connect", () => process.exit(0)).on("error", () => process.exit(1))' && break
  sleep 0.5
done

failed=0
while [ "$times" -gt 0 ]; do
  (cd "$work" && npx --no-install mocha ${only:+--grep "$only"} test-suite.js) || failed=1
  times=$((times - 1))
done
exit $failed
