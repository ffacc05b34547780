#!/bin/sh
# Starts the travel desk's services and then Parley, which serves the agent; `make serve EXAMPLE=travel_desk` runs it.
#   BIN=.venv/bin examples/travel_desk/start.sh [options of `parley serve`]
# Without PARLEY_MODEL (or PARLEY_MODELS) a script answers in the place of a language model.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../.venv/bin}
port=$(sed -n 's|^  desk: *"*http://localhost:\([0-9]*\).*|\1|p' "$here/agent.yaml")

if ! "$bin/python" -c 'import mcp.server.mcpserver' 2>/dev/null; then
  echo "Installing what the travel desk needs (once) ..."
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$bin/python" -r "$here/requirements.txt"
  else
    "$bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  fi
fi

key=$("$bin/python" -c 'import secrets; print(secrets.token_hex(16))')
export PARLEY_SECRET_DESK_KEY="$key"
[ -n "${PARLEY_MODEL:-}${PARLEY_MODELS:-}" ] || export PARLEY_MODEL="scripted:$here/model.yaml"

answers() {
  "$bin/python" -c 'import socket, sys; socket.create_connection(("localhost", int(sys.argv[1])), 1)' "$port" 2>/dev/null
}
if answers; then
  echo "Port $port is taken. Choose another in $here/agent.yaml, under \`desk\` and \`private_hosts\`." >&2
  exit 1
fi
# It ends by itself when Parley, which takes the place of this script, is gone.
DESK_KEY="$key" "$bin/python" "$here/desk.py" "$port" &
desk=$!
until answers; do
  kill -0 "$desk" 2>/dev/null || { echo "The travel desk's services did not start." >&2; exit 1; }
  sleep 0.2
done
exec "$bin/parley" serve "$here" "$@"
