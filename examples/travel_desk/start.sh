#!/bin/sh
# Starts the travel desk's services and then Parley, which serves the agent; `make serve EXAMPLE=travel_desk` runs it.
#   BIN=.venv/bin examples/travel_desk/start.sh [options of `parley serve`]
# Without PARLEY_MODEL (or PARLEY_MODELS) a script answers in the place of a language model.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../../.venv/bin}
port=$(sed -n 's|^  desk: *"*http://localhost:\([0-9]*\).*|\1|p' "$here/agent.yaml")

if ! "$bin/python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mcp") is None)'; then
  echo "Installing what the travel desk needs (once) ..."
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$bin/python" -r "$here/requirements.txt"
  else
    "$bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  fi
fi

PARLEY_SECRET_DESK_KEY=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export PARLEY_SECRET_DESK_KEY
[ -n "${PARLEY_MODEL:-}${PARLEY_MODELS:-}" ] || export PARLEY_MODEL="scripted:$here/model.yaml"

# The services say when they are ready. They end by themselves when Parley, which takes this script's place, is gone.
ready=$(mktemp)
DESK_KEY=$PARLEY_SECRET_DESK_KEY "$bin/python" "$here/desk.py" "$port" >"$ready" &
desk=$!
until [ -s "$ready" ]; do
  kill -0 "$desk" 2>/dev/null || { rm -f "$ready"; exit 1; }
  sleep 0.1
done
rm -f "$ready"
exec "$bin/parley" serve "$here" "$@"
